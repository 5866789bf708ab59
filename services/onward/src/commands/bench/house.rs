//! A whole server in the bench's own process, on ground of its own, and a school in it that records.

use std::time::Duration;

use anyhow::Context;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_contract::access::v1::{MemberRole, OrganisationKind};
use onward_contract::directory::v1 as directory;
use onward_contract::directory::v1::{SettingRef, setting_ref::Setting};
use onward_contract::learner::v1 as learner;
use onward_contract::transition::v1 as transition;
use onward_domain::ids::OrganisationId;
use onward_log::Log;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::filling::{self, Filled};
use super::ground::{self, Made};
use super::{room, streams};
use crate::app::{App, log_options};
use crate::cli::BenchArgs;
use crate::commands::bootstrap::first_operator;
use crate::commands::client::{Server, told};
use crate::commands::import::date;
use crate::config::Settings;
use crate::role::Role;

/// Learners that are registered at once.
const REGISTERING: usize = 64;

/// How long the tokens of a bench count.
const TOKEN: Duration = Duration::from_secs(6 * 60 * 60);

/// A server and what it stands on.
pub struct House {
    url: String,
    key: DevelopmentKey,
    operator: OrganisationId,
    stop: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
    database: Option<Made>,
    nats: Option<String>,
    folder: TempDir,
    /// What was there before.
    pub filled: Filled,
}

impl House {
    /// Opens a server with these shares of the work, all of them where none is named, on a log that is
    /// filled with so many events first.
    ///
    /// # Errors
    /// It cannot be opened, or the log or nats-server is in use, or the events would not fit.
    pub async fn open(
        args: &BenchArgs,
        roles: Option<Vec<Role>>,
        prefill: u64,
    ) -> anyhow::Result<Self> {
        streams::none(args.nats.as_deref()).await?;
        let folder = ground::folder(args)?;
        let database = Made::with_room(args, &folder, prefill * room::LOG).await?;
        let mut settings = Settings::default();
        settings.database.data = folder.path().join("data");
        settings.database.postgres = database.as_ref().map(Made::url);
        settings.bus.nats.clone_from(&args.nats);
        settings.http.listen = "127.0.0.1:0".to_owned();
        if let Some(roles) = roles {
            settings.roles = roles;
        }
        let key = settings.development_key_file();
        let filled = fill(&settings, prefill).await?;
        let app = App::open(settings.checked()?).await?;
        let url = format!("http://{}", app.address()?);
        let first = first_operator(app.log(), "Bench", DEVELOPMENT_ISSUER, "operator").await?;
        let stop = CancellationToken::new();
        let server = tokio::spawn(app.run(stop.clone()));
        let key = DevelopmentKey::load(&key)?;
        let (operator, nats) = (first.organisation, args.nats.clone());
        Ok(Self { url, key, operator, stop, server, database, nats, folder, filled })
    }

    /// Stops the server and takes everything away again.
    ///
    /// # Errors
    /// The server failed, or something is left behind.
    pub async fn leave(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.server.await.context("the server")??;
        self.folder.close()?;
        Made::remove(self.database).await?;
        streams::remove(self.nats.as_deref()).await
    }

    /// A school with a SENCO, and so many learners of its own.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn school(&self, learners: u32) -> anyhow::Result<School> {
        School::at(&self.url, &self.key, self.operator, learners).await
    }
}

/// Fills a log that nobody has written to.
async fn fill(settings: &Settings, events: u64) -> anyhow::Result<Filled> {
    let log = Log::open(log_options(settings, true)).await?;
    ground::empty(&log).await?;
    let filled = filling::fill(&log, events).await?;
    log.close().await;
    Ok(filled)
}

/// The school that records, as its SENCO.
pub struct School {
    url: String,
    /// The SENCO's token.
    pub token: String,
    /// A connection.
    pub server: Server,
    /// Ids of its learners.
    pub learners: Vec<String>,
}

impl School {
    /// Makes one at a server, with so many learners of its own.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn at(
        url: &str,
        key: &DevelopmentKey,
        operator: OrganisationId,
        learners: u32,
    ) -> anyhow::Result<Self> {
        let token = key.sign("operator", operator, Timestamp::now(), TOKEN)?;
        let operator = Server::dial(url, &token).await?;
        let id = register(&operator).await?;
        let token = key.sign("senco", id, Timestamp::now(), TOKEN)?;
        let server = operator.with_token(&token)?;
        let learners = register_learners(&server, learners).await?;
        Ok(Self { url: url.to_owned(), token, server, learners })
    }

    /// Further connections, as a handful of systems would have them.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn connections(&self, count: u32) -> anyhow::Result<Vec<Server>> {
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Server::dial(&self.url, &self.token).await?);
        }
        Ok(connections)
    }
}

async fn register(operator: &Server) -> anyhow::Result<OrganisationId> {
    let request = directory::RegisterOrganisationRequest {
        request_id: Uuid::now_v7().to_string(),
        kind: OrganisationKind::School.into(),
        name: "Bench School".to_owned(),
        identifiers: Some(directory::OrganisationIdentifiers {
            urn: "199901".to_owned(),
            ..Default::default()
        }),
        phase: directory::Phase::Primary.into(),
        ..Default::default()
    };
    let registered = operator.directory().register_organisation(request).await;
    let id = registered.map_err(|s| told(&s))?.into_inner().organisation_id;
    let request = directory::AddMemberRequest {
        request_id: Uuid::now_v7().to_string(),
        organisation_id: id.clone(),
        issuer: DEVELOPMENT_ISSUER.to_owned(),
        subject: "senco".to_owned(),
        name: "Bench".to_owned(),
        roles: vec![MemberRole::Senco.into()],
        ..Default::default()
    };
    operator.directory().add_member(request).await.map_err(|s| told(&s))?;
    Ok(id.parse()?)
}

async fn register_learners(server: &Server, count: u32) -> anyhow::Result<Vec<String>> {
    let ids = futures::stream::iter(0..count).map(|number| {
        let server = server.clone();
        async move {
            let request = learner::RegisterLearnerRequest {
                request_id: Uuid::now_v7().to_string(),
                details: Some(learner::LearnerDetails {
                    forename: format!("Bench{number}"),
                    surname: "Sample".to_owned(),
                    date_of_birth: Some(date(jiff::civil::Date::constant(2015, 3, 4))),
                    ..Default::default()
                }),
                ..Default::default()
            };
            let registered = server.learners().register_learner(request).await;
            Ok(registered.map_err(|s| told(&s))?.into_inner().learner_id)
        }
    });
    ids.buffer_unordered(REGISTERING).try_collect().await
}

/// A phase transfer of a learner, from the school to one that the directory does not know.
pub fn transfer(learner_id: &str) -> transition::RecordTransitionRequest {
    let urn = |urn: &str| SettingRef { setting: Some(Setting::Urn(urn.to_owned())) };
    let day = date(jiff::civil::Date::constant(2030, 9, 2));
    transition::RecordTransitionRequest {
        request_id: Uuid::now_v7().to_string(),
        learner_id: learner_id.to_owned(),
        home_la_code: "302".to_owned(),
        detail: Some(transition::record_transition_request::Detail::PhaseTransfer(
            transition::PhaseTransfer {
                from: Some(urn("199901")),
                to: Some(urn("199902")),
                year_group: "6".to_owned(),
                planned: Some(transition::PlannedDate {
                    planned: Some(transition::planned_date::Planned::Day(day)),
                }),
                basis: transition::SupportBasis::SenSupport.into(),
            },
        )),
        ..Default::default()
    }
}
