//! The organisation that imports: who it is, and ids that follow from what a row says.

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onward_contract::directory::v1::{GetOrganisationRequest, Organisation};
use onward_domain::ids::OrganisationId;
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
        let organisation = reply.into_inner().organisation.context("an organisation")?;
        Ok(Self { server, organisation, id })
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
