//! The log that is altered: every kind of fact, requests that were repeated, requests of many events, reads,
//! and checkpoints along the way.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use futures::FutureExt;
use onward_domain::event::{Event, Provenance};
use onward_domain::ids::{OrganisationId, RequestId};
use onward_log::codec::{Kind, decode, encode};
use onward_log::proof::{SignedCheckpoint, VerifierKey};
use onward_log::{Attempt, Call, Log, Outside, Read, Request};
use onward_tests::servers::project_root;
use sqlx::Connection;
use uuid::Uuid;

use super::super::place::{Notes, Place, new_learner, once, organisation, registered, sqlite};

/// Rounds over all kinds of facts.
const ROUNDS: u32 = 9;
/// Lines in the record of reads, each round.
const READS: usize = 5;

/// A log, closed, and what is known about it outside of its database.
pub(super) struct Made {
    pub events: u64,
    pub newest: SignedCheckpoint,
    pub keys: Vec<VerifierKey>,
    /// Copies of the database from earlier, where it is one file.
    pub copies: Vec<PathBuf>,
}

impl Made {
    /// One checkpoint and the log's key.
    pub(super) fn outside(&self) -> Outside {
        Outside { checkpoints: vec![self.newest.clone()], keys: self.keys.clone() }
    }
}

/// Any fact of any concept.
#[derive(Clone)]
struct Told(Event);

impl From<Told> for Event {
    fn from(told: Told) -> Self {
        told.0
    }
}

impl TryFrom<Event> for Told {
    type Error = Event;

    fn try_from(event: Event) -> Result<Self, Event> {
        Ok(Self(event))
    }
}

/// What each kind of fact says, from the bytes that are kept of it. The erasure of a learner comes last:
/// nothing is written about them afterwards.
fn every_kind() -> anyhow::Result<Vec<(Kind, Provenance, Event)>> {
    let folder = project_root().join("tests/fixtures/events");
    let mut facts = Vec::new();
    for kind in Kind::ALL {
        let text = std::fs::read_to_string(folder.join(kind.event_type()).join("v1.hex"))?;
        let part = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            hex::decode(line.unwrap_or_default().trim())
        };
        let (public, personal) = (part("public")?, part("personal")?);
        let read = decode(kind.event_type(), 1, &public, &personal);
        let (provenance, event) = read.map_err(|_| anyhow::anyhow!("{}", kind.event_type()))?;
        facts.push((*kind, provenance, event));
    }
    Ok(facts)
}

/// What is said of no learner is sealed for the stream that it is said in.
fn stream_of(provenance: &Provenance, event: &Event) -> Uuid {
    let encoded = encode(provenance, event);
    let subject = encoded.subject.filter(|_| encoded.learner.is_none());
    subject.unwrap_or_else(Uuid::now_v7)
}

fn erases(kind: Kind) -> bool {
    kind.event_type().ends_with(".learner_erased")
}

async fn tell(
    log: &Log,
    stream: Uuid,
    provenance: &Provenance,
    event: Option<&Event>,
    id: Uuid,
) -> anyhow::Result<()> {
    let told: Vec<Told> = event.cloned().map(Told).into_iter().collect();
    let attempt: Attempt = Arc::new(move |unit| {
        let told = told.clone();
        async move {
            let mut loaded = unit.load::<Notes<Told>>(stream).await?;
            unit.decide(&mut loaded, told)?;
            unit.issue("stream_id", stream.to_string());
            Ok(())
        }
        .boxed()
    });
    let body = id.as_bytes().to_vec().into();
    let id = RequestId::new(id);
    let request =
        Request { organisation: provenance.organisation, id, method: "Test/Append", body };
    let call = Call { request: Some(request), provenance: provenance.clone() };
    log.execute(call, attempt).await?;
    Ok(())
}

fn read(organisation: OrganisationId, number: usize) -> Read {
    Read {
        organisation,
        member: number.is_multiple_of(2).then(|| Uuid::now_v7().into()),
        role: "SENCO".to_owned(),
        purpose: "support".to_owned(),
        method: "TimelineService/GetTimeline".to_owned(),
        learners: (0..=number % 3).map(|_| new_learner()).collect(),
        request_id: number.is_multiple_of(3).then(Uuid::now_v7),
        at: jiff::Timestamp::now(),
    }
}

/// Makes the log.
pub(super) async fn make(place: &Place) -> anyhow::Result<Made> {
    let log = place.open().await?;
    let facts = every_kind()?;
    let mut copies = Vec::new();
    for round in 0..ROUNDS {
        let last = round + 1 == ROUNDS;
        let telling = facts.iter().filter(|(kind, ..)| !erases(*kind));
        for (number, (_, provenance, event)) in telling.enumerate() {
            let stream = stream_of(provenance, event);
            tell(&log, stream, provenance, Some(event), Uuid::now_v7()).await?;
            if number % 4 == 0 {
                // The same step again, under another id: an answer that names no new event.
                tell(&log, stream, provenance, None, Uuid::now_v7()).await?;
                tell(&log, stream, provenance, Some(event), Uuid::now_v7()).await?;
            }
        }
        let learner = new_learner();
        let many = vec![registered(learner, "Adeyemi"); 7];
        log.execute(once(organisation()), super::super::place::append(learner.uuid(), many))
            .await?;
        for number in 0..READS {
            log.access().record(read(organisation(), number)).await?;
        }
        if round % 3 == 1 {
            log.sign_checkpoint().await?;
            copies.extend(copy(place, round).await?);
        }
        if last {
            for (_, provenance, event) in facts.iter().filter(|(kind, ..)| erases(*kind)) {
                let stream = stream_of(provenance, event);
                tell(&log, stream, provenance, Some(event), Uuid::now_v7()).await?;
            }
        }
    }
    let newest = log.sign_checkpoint().await?;
    let (keys, events) = (vec![log.verifier_key()], log.head().await?.get());
    log.close().await;
    Ok(Made { events, newest, keys, copies })
}

/// A copy of the database as it is now; none on PostgreSQL.
async fn copy(place: &Place, round: u32) -> anyhow::Result<Option<PathBuf>> {
    if place.database.is_some() {
        return Ok(None);
    }
    let to = place.folder.path().join(format!("older-{round}.db"));
    let mut connection = sqlite(&place.data().join("log.db")).await?;
    let into = to.to_str().context("a path in UTF-8")?;
    sqlx::query("VACUUM INTO $1").bind(into).execute(&mut connection).await?;
    connection.close().await?;
    Ok(Some(to))
}
