//! Settings as callers name them → organisations of the house.
//!
//! An organisation's registration never changes once it is stored, so what was read once is kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use onward_contract::directory::v1 as wire;
use onward_contract::directory::v1::setting_ref::Setting as Named;
use onward_domain::decider::Refusal;
use onward_domain::ids::OrganisationId;
use onward_domain::learner::Setting;
use onward_domain::numbers::{self, Kind, Outcome};
use onward_domain::organisation::{Organisation, OrganisationRegistered};
use onward_log::Key;

use crate::Doors;
use crate::keys;
use crate::status::Failure;

/// Most registrations that are kept in memory.
const MOST_KEPT: usize = 50_000;

/// Registrations read before.
#[derive(Default)]
pub(crate) struct Registrations(RwLock<HashMap<OrganisationId, Arc<OrganisationRegistered>>>);

/// A setting that a caller named, and what the directory says about it.
#[derive(Clone, Default)]
pub struct Resolved {
    /// As a fact holds it.
    pub setting: Setting,
    /// Its registration, where it is registered.
    pub registered: Option<Arc<OrganisationRegistered>>,
}

impl Resolved {
    /// The organisation, where it is registered.
    pub fn organisation(&self) -> Option<OrganisationId> {
        self.setting.organisation
    }
}

impl Doors {
    /// The registration of an organisation.
    ///
    /// # Errors
    /// The log cannot be read. `Ok(None)`: no such organisation.
    pub async fn registration(
        &self,
        id: OrganisationId,
    ) -> Result<Option<Arc<OrganisationRegistered>>, Failure> {
        let kept = &self.registrations().0;
        if let Some(found) = kept.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Some(Arc::clone(found)));
        }
        let registered = match self.history::<Organisation>(id.uuid()).await {
            Ok(history) => history.state.registered,
            Err(Failure::Refused(Refusal::NotFound)) => None,
            Err(failure) => return Err(failure),
        };
        let Some(registered) = registered else { return Ok(None) };
        let registered = Arc::new(registered.fact);
        let mut kept = kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.insert(id, Arc::clone(&registered));
        }
        Ok(Some(registered))
    }

    /// The setting that a caller names, if it names one.
    ///
    /// # Errors
    /// The number cannot be one, `NOT_FOUND` for an unknown organisation id, or the log cannot be read.
    pub async fn setting(
        &self,
        field: &str,
        named: Option<&wire::SettingRef>,
    ) -> Result<Option<Resolved>, Failure> {
        let Some(named) = named.and_then(|named| named.setting.as_ref()) else { return Ok(None) };
        match named {
            Named::OrganisationId(id) => {
                let path = format!("{field}.organisation_id");
                let id = crate::wire::id(&path, id)?;
                let registered = self.registration(id).await?;
                if registered.is_none() {
                    return Err(Refusal::NotFound.into());
                }
                let setting = Setting { organisation: Some(id), ..Setting::default() };
                Ok(Some(Resolved { setting, registered }))
            }
            Named::Name(name) => {
                let setting = Setting { name: Some(name.clone()), ..Setting::default() };
                Ok(Some(Resolved { setting, registered: None }))
            }
            Named::Urn(value) => self.numbered(field, "urn", Kind::Urn, value).await,
            Named::EyUrn(value) => self.numbered(field, "ey_urn", Kind::EyUrn, value).await,
            Named::Laestab(value) => self.numbered(field, "laestab", Kind::Laestab, value).await,
            Named::Ukprn(value) => self.numbered(field, "ukprn", Kind::Ukprn, value).await,
            Named::OdsCode(value) => self.numbered(field, "ods_code", Kind::Ods, value).await,
        }
    }

    /// As [`Doors::setting`], for a setting that has to be there.
    ///
    /// # Errors
    /// It is missing, or as [`Doors::setting`].
    pub async fn required_setting(
        &self,
        field: &str,
        named: Option<&wire::SettingRef>,
    ) -> Result<Resolved, Failure> {
        let resolved = self.setting(field, named).await?;
        resolved.ok_or_else(|| Refusal::field(field, "must be given").into())
    }

    /// The setting of a fact, as answers show it.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn setting_shown(&self, setting: &Setting) -> Result<wire::Setting, Failure> {
        let registered = match setting.organisation {
            Some(organisation) => self.registration(organisation).await?,
            None => None,
        };
        Ok(crate::wire::setting::shown(setting, registered.as_deref()))
    }

    /// The authority with a code, as an organisation of the house.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn authority(&self, la_code: &str) -> Result<Option<OrganisationId>, Failure> {
        let found = self.find(&[keys::authority(la_code)]).await?;
        Ok(found.first().map(|found| OrganisationId::new(found.stream)))
    }

    /// The organisation that holds an official number, if one does.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn holder_of(
        &self,
        kind: &str,
        value: &str,
    ) -> Result<Option<OrganisationId>, Failure> {
        let found = self.find(&[keys::organisation_number(kind, value)]).await?;
        Ok(found.first().map(|found| OrganisationId::new(found.stream)))
    }

    /// The key by which [`Doors::setting`] will look a setting up, where it will.
    pub(crate) fn key_of_setting(named: &wire::SettingRef) -> Option<Key> {
        let (name, kind, value) = match named.setting.as_ref()? {
            Named::OrganisationId(_) | Named::Name(_) => return None,
            Named::Urn(value) => ("urn", Kind::Urn, value),
            Named::EyUrn(value) => ("ey_urn", Kind::EyUrn, value),
            Named::Laestab(value) => ("laestab", Kind::Laestab, value),
            Named::Ukprn(value) => ("ukprn", Kind::Ukprn, value),
            Named::OdsCode(value) => ("ods_code", Kind::Ods, value),
        };
        let checked = numbers::check(kind, value);
        let valid = checked.outcome == Outcome::Valid;
        valid.then(|| keys::organisation_number(name, &checked.cleaned))
    }

    async fn numbered(
        &self,
        field: &str,
        name: &str,
        kind: Kind,
        value: &str,
    ) -> Result<Option<Resolved>, Failure> {
        let checked = numbers::check(kind, value);
        if checked.outcome != Outcome::Valid {
            let path = format!("{field}.{name}");
            return Err(Refusal::field(path, format!("is not a valid {name}")).into());
        }
        let organisation = self.holder_of(name, &checked.cleaned).await?;
        let registered = match organisation {
            Some(id) => self.registration(id).await?,
            None => None,
        };
        let setting = Setting { organisation, number: Some(checked.cleaned), name: None };
        Ok(Some(Resolved { setting, registered }))
    }
}
