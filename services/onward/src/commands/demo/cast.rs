//! Who plays: the sample organisations, one member of each, and their tokens.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_contract::access::v1::MemberRole;
use onward_contract::directory::v1::{AddMemberRequest, ListOrganisationsRequest, Organisation};
use onward_contract::operations::v1::GetStatusRequest;
use onward_contract::receipt::v1::Actor;
use onward_domain::ids::OrganisationId;
use uuid::Uuid;

use crate::commands::client::{Server, told};
use crate::commands::import::Own;

/// Names in the sample file begin so.
pub const PRIMARY: &str = "Elmbridge Primary";
pub const ACADEMY: &str = "Elmbridge Academy";
pub const COLLEGE: &str = "Riverside College";
pub const PROVIDER: &str = "Northgate Skills";
pub const UNIVERSITY: &str = "University of Sampleton";
pub const ALTERNATIVE: &str = "Oak Lodge";
pub const NURSERY: &str = "Beckside Nursery";
pub const MOORSIDE: &str = "Moorside Primary";
pub const AUTHORITY: &str = "Barnet";
pub const LONDON: &str = "ELSEC London";
pub const YORKSHIRE: &str = "ELSEC Yorkshire";

/// Organisation, the member's name, subject of its token, roles.
const PEOPLE: &[(&str, &str, &str, &[MemberRole])] = &[
    (PRIMARY, "Priya Nair", "senco", &[MemberRole::Senco, MemberRole::Leadership]),
    (ACADEMY, "Daniel Osborne", "senco", &[MemberRole::Senco, MemberRole::Leadership]),
    (COLLEGE, "Ruth Calloway", "support_lead", &[MemberRole::SupportLead]),
    (PROVIDER, "Imran Sheikh", "support_lead", &[MemberRole::SupportLead]),
    (UNIVERSITY, "Helen Strand", "support_lead", &[MemberRole::SupportLead]),
    (ALTERNATIVE, "Marcus Bell", "senco", &[MemberRole::Senco, MemberRole::SupportLead]),
    (NURSERY, "Joanne Firth", "senco", &[MemberRole::Senco, MemberRole::Leadership]),
    (MOORSIDE, "Alan Reid", "senco", &[MemberRole::Senco]),
    (AUTHORITY, "Sofia Marchetti", "caseworker", &[MemberRole::Caseworker]),
    (LONDON, "Nadine Okoro", "clinician", &[MemberRole::Triage, MemberRole::Clinician]),
    (YORKSHIRE, "Tom Hargreaves", "clinician", &[MemberRole::Triage, MemberRole::Clinician]),
];

/// One player.
pub struct Player {
    /// Its registration.
    pub organisation: Organisation,
    /// The server, as its member.
    pub server: Server,
    /// The member, as it answers for a step.
    pub actor: Actor,
    /// The member's token.
    pub token: String,
}

/// Everybody who plays.
pub struct Cast {
    key: DevelopmentKey,
    operator: Own,
    players: HashMap<&'static str, Player>,
}

/// How long a token of the demo is good for.
const TTL: Duration = Duration::from_secs(12 * 60 * 60);

impl Cast {
    /// The operator alone.
    pub async fn begin(url: &str, key: &Path, operator: OrganisationId) -> anyhow::Result<Self> {
        let key = DevelopmentKey::load(key)?;
        let token = key.sign("operator", operator, Timestamp::now(), TTL)?;
        let operator = Own::of(Server::dial(url, &token).await?).await?;
        Ok(Self { key, operator, players: HashMap::new() })
    }

    /// The operator.
    pub fn operator(&self) -> &Own {
        &self.operator
    }

    /// Gives every organisation its member, and everybody a token.
    pub async fn join(&mut self) -> anyhow::Result<()> {
        let organisations = self.organisations().await?;
        for &(name, person, subject, roles) in PEOPLE {
            let organisation = organisations
                .iter()
                .find(|organisation| organisation.name.starts_with(name))
                .with_context(|| format!("{name} is in the sample file"))?
                .clone();
            let request = AddMemberRequest {
                request_id: Uuid::now_v7().to_string(),
                organisation_id: organisation.organisation_id.clone(),
                issuer: DEVELOPMENT_ISSUER.to_owned(),
                subject: subject.to_owned(),
                name: person.to_owned(),
                roles: roles.iter().map(|role| (*role).into()).collect(),
                ..Default::default()
            };
            let mut directory = self.operator.server.directory();
            directory.add_member(request).await.map_err(|s| told(&s))?;
            let id: OrganisationId = organisation.organisation_id.parse()?;
            let token = self.key.sign(subject, id, Timestamp::now(), TTL)?;
            let server = self.operator.server.with_token(&token)?;
            let actor = Actor {
                name: person.to_owned(),
                role: subject.replace('_', " "),
                client: String::new(),
            };
            self.players.insert(name, Player { organisation, server, actor, token });
        }
        Ok(())
    }

    async fn organisations(&self) -> anyhow::Result<Vec<Organisation>> {
        let request = ListOrganisationsRequest {
            page_size: 500,
            min_position: self.head().await?,
            ..Default::default()
        };
        let mut directory = self.operator.server.directory();
        let reply = directory.list_organisations(request).await.map_err(|s| told(&s))?;
        Ok(reply.into_inner().organisations)
    }

    /// Where the log ends now: a reader that asks for it sees everything that was written.
    pub async fn head(&self) -> anyhow::Result<String> {
        let mut operations = self.operator.server.operations();
        let status =
            operations.get_status(GetStatusRequest::default()).await.map_err(|s| told(&s))?;
        Ok(status.into_inner().log.unwrap_or_default().head_position)
    }

    /// A player by the beginning of its name.
    pub fn player(&self, name: &str) -> anyhow::Result<&Player> {
        self.players.get(name).with_context(|| format!("{name} plays"))
    }

    /// A player as an importing organisation.
    pub async fn own(&self, name: &str) -> anyhow::Result<Box<Own>> {
        Ok(Box::new(Own::of(self.player(name)?.server.clone()).await?))
    }

    /// Everybody, by name.
    pub fn players(&self) -> Vec<(&'static str, &Player)> {
        PEOPLE.iter().filter_map(|(name, ..)| Some((*name, self.players.get(name)?))).collect()
    }
}
