//! The organisation that imports: who it is, and ids that follow from what a row says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onward_contract::directory::v1::setting_ref::Setting as Named;
use onward_contract::directory::v1::{
    GetOrganisationRequest, ListOrganisationsRequest, Organisation, OrganisationIdentifiers,
    SettingRef,
};
use onward_contract::receipt::v1::Receipt;
use onward_domain::decider::Now;
use onward_domain::ids::OrganisationId;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::commands::client::{Server, told};

/// The importing organisation, connected.
#[derive(Clone)]
pub struct Own {
    /// The server, as this organisation.
    pub server: Server,
    /// Its registration.
    pub organisation: Organisation,
    id: OrganisationId,
    /// The newest position that this import knows of: what is read must not be older.
    position: Arc<Mutex<String>>,
    /// Settings that were looked up: the organisation, where there is one.
    settings: Arc<Mutex<HashMap<String, Option<Organisation>>>>,
}

impl Own {
    /// Asks the server who the token's organisation is.
    ///
    /// # Errors
    /// The token names no organisation, or the server refuses.
    pub async fn of(server: Server) -> anyhow::Result<Self> {
        let id = organisation_of(server.token())?;
        let request =
            GetOrganisationRequest { organisation_id: id.to_string(), ..Default::default() };
        let reply = server.directory().get_organisation(request).await.map_err(|s| told(&s))?;
        let reply = reply.into_inner();
        let organisation = reply.organisation.context("an organisation")?;
        let position = Arc::new(Mutex::new(reply.position));
        Ok(Self { server, organisation, id, position, settings: Arc::default() })
    }

    /// The moment, as the server would take it.
    pub fn now(&self) -> Now {
        onward_api::guard::now(jiff::Timestamp::now())
    }

    /// What is read must show everything up to here.
    pub fn position(&self) -> String {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the position of a write, so that the next reading shows it.
    pub fn wrote(&self, receipt: Option<&Receipt>) {
        let Some(receipt) = receipt else { return };
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        // Positions are text of one width whose order is the log's.
        if *position < receipt.position {
            position.clone_from(&receipt.position);
        }
    }

    /// The organisation that a setting is, where the directory has it. Asked once.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn setting(&self, named: &SettingRef) -> Result<Option<Organisation>, Box<Status>> {
        let (key, identifiers) = match &named.setting {
            Some(Named::OrganisationId(id)) => {
                let only = Organisation { organisation_id: id.clone(), ..Default::default() };
                return Ok(Some(only));
            }
            Some(Named::Urn(urn)) => {
                (urn, OrganisationIdentifiers { urn: urn.clone(), ..Default::default() })
            }
            Some(Named::EyUrn(ey_urn)) => {
                (ey_urn, OrganisationIdentifiers { ey_urn: ey_urn.clone(), ..Default::default() })
            }
            Some(Named::Laestab(laestab)) => {
                let laestab_only =
                    OrganisationIdentifiers { laestab: laestab.clone(), ..Default::default() };
                (laestab, laestab_only)
            }
            Some(Named::Ukprn(ukprn)) => {
                (ukprn, OrganisationIdentifiers { ukprn: ukprn.clone(), ..Default::default() })
            }
            _ => return Ok(None),
        };
        if let Some(known) =
            self.settings.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
        {
            return Ok(known);
        }
        let found = self.with_number(identifiers).await?;
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        settings.insert(key.clone(), found.clone());
        Ok(found)
    }

    /// The organisation with these numbers.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn with_number(
        &self,
        identifiers: OrganisationIdentifiers,
    ) -> Result<Option<Organisation>, Box<Status>> {
        let request = ListOrganisationsRequest {
            identifiers: Some(identifiers),
            min_position: self.position(),
            page_size: 1,
            ..Default::default()
        };
        let found = self.server.directory().list_organisations(request).await?.into_inner();
        Ok(found.organisations.into_iter().next())
    }

    /// A request id that follows from what a row says: the same row gives the same id, for ever.
    pub fn request_id(&self, kind: &str, key: &str, content: &[u8]) -> String {
        // The parts are kept apart by their lengths, so that no two rows can run into each other.
        let mut name = Vec::new();
        for part in [kind.as_bytes(), key.as_bytes(), content] {
            name.extend((part.len() as u64).to_be_bytes());
            name.extend_from_slice(part);
        }
        Uuid::new_v5(&self.id.uuid(), &name).to_string()
    }

    /// Whether a number (URN, early-years URN, LAESTAB or UKPRN) is the organisation's own.
    pub fn holds(&self, number: &str) -> bool {
        let own = self.organisation.identifiers.clone().unwrap_or_default();
        [own.urn, own.ey_urn, own.laestab, own.ukprn]
            .iter()
            .any(|held| !held.is_empty() && held == number)
    }

    /// Code of the authority that the organisation is or lies in.
    pub fn la_code(&self) -> String {
        self.organisation.identifiers.clone().unwrap_or_default().la_code
    }
}

/// `org` of a token. The server verifies it; this only needs to know it.
fn organisation_of(token: &str) -> anyhow::Result<OrganisationId> {
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: serde_json::Value = claims
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| anyhow!("the token is not one"))?;
    claims
        .get("org")
        .and_then(|org| org.as_str())
        .and_then(|org| org.parse().ok())
        .ok_or_else(|| anyhow!("the token names no organisation"))
}

/// What the answer to an empty request says of whether the caller may make one: the server judges the
/// caller before the fields, and an empty request changes nothing.
///
/// # Errors
/// The caller may not.
pub fn may<T>(answer: Result<tonic::Response<T>, Status>) -> anyhow::Result<()> {
    match answer {
        Err(status) if status.code() != Code::InvalidArgument => Err(told(&status)),
        _ => Ok(()),
    }
}
