//! Names of organisations and members, joined when an answer is made: views and facts hold ids.

use onward_contract::directory::v1 as wire;
use onward_domain::ids::{MemberId, OrganisationId};
use onward_domain::learner::Setting;
use onward_domain::organisation::Member;

use crate::Doors;
use crate::status::Failure;

impl Doors {
    /// Name of an organisation; empty where the directory does not have it.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn name_of(&self, organisation: OrganisationId) -> Result<String, Failure> {
        let registered = self.registration(organisation).await?;
        Ok(registered.map(|registered| registered.name.clone()).unwrap_or_default())
    }

    /// An organisation as answers name it.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn shown_organisation(
        &self,
        organisation: OrganisationId,
    ) -> Result<wire::Setting, Failure> {
        let registered = self.registration(organisation).await?;
        let setting = Setting { organisation: Some(organisation), ..Setting::default() };
        Ok(crate::wire::setting::shown(&setting, registered.as_deref()))
    }

    /// What to call a setting of a fact: its name in the directory, as it was said, or its number.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn name_of_setting(&self, setting: &Setting) -> Result<String, Failure> {
        if let Some(organisation) = setting.organisation {
            let name = self.name_of(organisation).await?;
            if !name.is_empty() {
                return Ok(name);
            }
        }
        Ok(setting.name.clone().or_else(|| setting.number.clone()).unwrap_or_default())
    }

    /// Name of a member; empty where it was erased.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn name_of_member(&self, member: MemberId) -> Result<String, Failure> {
        match self.log().load::<Member>(member.uuid()).await {
            Ok(loaded) => Ok(loaded.state.added.map(|added| added.fact.name).unwrap_or_default()),
            Err(onward_log::LogError::Erased) => Ok(String::new()),
            Err(error) => Err(error.into()),
        }
    }
}
