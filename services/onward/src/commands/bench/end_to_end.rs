//! From a call to the entry in the timeline: a school records transitions through gRPC at a steady
//! rate, and its organisation's watch shows them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_contract::access::v1::{MemberRole, OrganisationKind};
use onward_contract::directory::v1 as directory;
use onward_contract::directory::v1::{SettingRef, setting_ref::Setting};
use onward_contract::learner::v1 as learner;
use onward_contract::operations::v1::GetStatusRequest;
use onward_contract::timeline::v1::{
    WatchOrganisationRequest, watch_organisation_response::Message,
};
use onward_contract::transition::v1 as transition;
use onward_domain::ids::OrganisationId;
use serde_json::{Map, json};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::figures::{self, Cell, Figures, rounded};
use super::ground::{self, Made};
use super::streams;
use crate::app::App;
use crate::cli::BenchArgs;
use crate::commands::bootstrap::first_operator;
use crate::commands::client::{Server, told};
use crate::commands::import::date;
use crate::config::Settings;

/// Learners among whom the transitions are spread.
const LEARNERS: usize = 500;

/// How long the watch may take to show the last call.
const TAIL: Duration = Duration::from_secs(30);

/// Calls whose entries have not been seen yet: event id → when the call began.
type Open = Arc<Mutex<HashMap<String, Instant>>>;

/// Runs the bench.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    streams::none(args.nats.as_deref()).await?;
    let folder = ground::folder(&args)?;
    let database = Made::on(args.postgres.as_deref()).await?;
    let mut settings = Settings::default();
    settings.database.data = folder.path().join("data");
    settings.database.postgres = database.as_ref().map(Made::url);
    settings.bus.nats.clone_from(&args.nats);
    settings.http.listen = "127.0.0.1:0".to_owned();
    let key = settings.development_key_file();
    let app = App::open(settings.checked()?).await?;
    ground::empty(app.log()).await?;
    let url = format!("http://{}", app.address()?);
    let first = first_operator(app.log(), "Bench", DEVELOPMENT_ISSUER, "operator").await?;
    let stop = CancellationToken::new();
    let server = tokio::spawn(app.run(stop.clone()));
    let key = DevelopmentKey::load(&key)?;
    let measured = measure(&args, &url, &key, first.organisation).await;
    stop.cancel();
    server.await.context("the server")??;
    Made::remove(database).await?;
    streams::remove(args.nats.as_deref()).await?;
    measured
}

async fn measure(
    args: &BenchArgs,
    url: &str,
    key: &DevelopmentKey,
    operator: OrganisationId,
) -> anyhow::Result<()> {
    let school = school(url, key, operator).await?;
    let learners = Arc::new(learners(&school).await?);
    let open: Open = Arc::default();
    let watch = watch(&school, Arc::clone(&open)).await?;
    let begun = Instant::now();
    let called = call_at_rate(args, url, key, &school, &learners, &open).await?;
    let took = begun.elapsed();
    let seen = tokio::time::timeout(TAIL, watch.finish(&open)).await;
    let mut seen = seen.context("the watch did not show every entry")??;
    let mut more = Map::new();
    more.insert("rate_asked".into(), json!(args.rate));
    more.insert("bus".into(), json!(args.nats.is_some()));
    more.insert("visible_p50_ms".into(), json!(rounded(seen.percentile(0.50))));
    more.insert("visible_p99_ms".into(), json!(rounded(seen.percentile(0.99))));
    let backend = if args.postgres.is_some() { "postgres" } else { "sqlite" };
    let cell =
        Cell { workload: "end-to-end", backend, clients: args.clients, batch: 1, took, more };
    figures::print(cell, called)
}

/// The school that records, as its SENCO.
pub struct School {
    server: Server,
    /// Its id.
    pub id: OrganisationId,
}

/// Registers a school with a SENCO.
///
/// # Errors
/// The operator may not.
pub async fn school(
    url: &str,
    key: &DevelopmentKey,
    operator: OrganisationId,
) -> anyhow::Result<School> {
    let hours = Duration::from_secs(6 * 60 * 60);
    let token = key.sign("operator", operator, Timestamp::now(), hours)?;
    let operator = Server::dial(url, &token).await?;
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
    let id: OrganisationId = id.parse()?;
    let token = key.sign("senco", id, Timestamp::now(), hours)?;
    Ok(School { server: operator.with_token(&token)?, id })
}

/// Registers learners at the school.
///
/// # Errors
/// The SENCO may not.
pub async fn learners(school: &School) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::with_capacity(LEARNERS);
    for number in 0..LEARNERS {
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
        let registered = school.server.learners().register_learner(request).await;
        ids.push(registered.map_err(|s| told(&s))?.into_inner().learner_id);
    }
    Ok(ids)
}

/// A watch that takes the time when an entry is shown.
struct Watch {
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
    shown: mpsc::UnboundedReceiver<Duration>,
}

async fn watch(school: &School, open: Open) -> anyhow::Result<Watch> {
    let status = school.server.operations().get_status(GetStatusRequest::default()).await;
    let head = status.map_err(|s| told(&s))?.into_inner().log.unwrap_or_default().head_position;
    let request =
        WatchOrganisationRequest { from_position: head, ..WatchOrganisationRequest::default() };
    let watched = school.server.timelines().watch_organisation(request).await;
    let mut entries = watched.map_err(|s| told(&s))?.into_inner();
    let (tell, shown) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        while let Some(message) = entries.message().await.map_err(|s| told(&s))? {
            let Some(Message::Entry(entry)) = message.message else { continue };
            let seen = Instant::now();
            // The entry may be shown before the caller has its answer; then the caller finds it here.
            let begun = open.lock().await.remove(&entry.event_id);
            match begun {
                Some(begun) => {
                    if tell.send(seen - begun).is_err() {
                        return Ok(());
                    }
                }
                None => {
                    open.lock().await.insert(entry.event_id, seen);
                }
            }
        }
        Ok(())
    });
    Ok(Watch { task, shown })
}

impl Watch {
    /// Waits until every call's entry has been shown.
    async fn finish(mut self, open: &Open) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        loop {
            while let Ok(took) = self.shown.try_recv() {
                figures.call(took);
            }
            if open.lock().await.is_empty() {
                break;
            }
            match self.shown.recv().await {
                Some(took) => figures.call(took),
                None => break,
            }
        }
        self.task.abort();
        Ok(figures)
    }
}

async fn call_at_rate(
    args: &BenchArgs,
    url: &str,
    key: &DevelopmentKey,
    school: &School,
    learners: &Arc<Vec<String>>,
    open: &Open,
) -> anyhow::Result<Figures> {
    let token = key.sign("senco", school.id, Timestamp::now(), Duration::from_secs(3600))?;
    let until = Instant::now() + Duration::from_secs(args.seconds.into());
    let mut callers = Vec::new();
    // A handful of connections, as a handful of systems would have; the callers share them.
    let mut connections = Vec::new();
    for _ in 0..args.clients.min(8) {
        connections.push(Server::dial(url, &token).await?);
    }
    let pause = match args.rate {
        0 => Duration::ZERO,
        rate => Duration::from_secs_f64(f64::from(args.clients) / f64::from(rate)),
    };
    for caller in 0..args.clients {
        let server = connections[caller as usize % connections.len()].clone();
        let (learners, open) = (Arc::clone(learners), Arc::clone(open));
        let offset = pause.mul_f64(f64::from(caller) / f64::from(args.clients));
        callers.push(tokio::spawn(async move {
            calls(&server, &learners, caller as usize, offset, pause, until, &open).await
        }));
    }
    let mut figures = Figures::default();
    for caller in callers {
        figures.add(caller.await?);
    }
    Ok(figures)
}

async fn calls(
    server: &Server,
    learners: &[String],
    caller: usize,
    offset: Duration,
    pause: Duration,
    until: Instant,
    open: &Open,
) -> Figures {
    let mut figures = Figures::default();
    let mut next = caller;
    let mut due = Instant::now() + offset;
    while due < until && Instant::now() < until {
        // Calls are due at fixed times, so that a slow answer does not thin out the load behind it.
        tokio::time::sleep_until(due.into()).await;
        let begun = Instant::now();
        match server
            .transitions()
            .record_transition(request(&learners[next % learners.len()]))
            .await
        {
            Ok(reply) => {
                figures.call(begun.elapsed());
                let receipt = reply.into_inner().receipt.unwrap_or_default();
                settle(open, receipt.event_ids.first().cloned().unwrap_or_default(), begun).await;
            }
            Err(_) => figures.errors += 1,
        }
        next += 257;
        due = if pause.is_zero() { Instant::now() } else { due + pause };
    }
    figures
}

/// Leaves the call's beginning for the watch. An entry that was shown before its call was answered
/// is as good as shown with the answer.
async fn settle(open: &Open, event_id: String, begun: Instant) {
    let mut open = open.lock().await;
    if open.remove(&event_id).is_none() {
        open.insert(event_id, begun);
    }
}

/// Asks to record a move of this learner.
pub fn request(learner_id: &str) -> transition::RecordTransitionRequest {
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
