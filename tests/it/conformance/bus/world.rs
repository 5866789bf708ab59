//! A log, a nats-server and a relay between them, and the little that tests need to ask of each.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::{HeaderMap, jetstream};
use futures::{FutureExt, TryStreamExt};
use jiff::civil::date;
use onward_bus::{Bus, BusOptions, BusStatus, Envelope, Relay};
use onward_domain::decider::{Decider, Outcome, Refusal};
use onward_domain::event::{LearnerFact, Provenance};
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::learner::{LearnerRegistered, Person};
use onward_log::{Attempt, Call, Log, Options, Position, Recorded};
use onward_tests::servers::Nats;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ground::Ground;

/// A bound on what comes to pass in a moment, so that a hang has a name.
const BOUND: Duration = Duration::from_secs(60);

/// Waits for what must come, and gives up after a minute with `what` in the message.
pub(super) async fn soon<T>(what: &str, coming: impl Future<Output = T>) -> anyhow::Result<T> {
    tokio::time::timeout(BOUND, coming).await.with_context(|| format!("{what}: not in a minute"))
}

/// A running relay.
pub(super) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) fn start(bus: &Bus) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(Relay::new(bus.clone()).run(stop.clone()));
        Self { stop, task }
    }

    /// Nobody relays.
    pub(super) fn none() -> Self {
        Self { stop: CancellationToken::new(), task: tokio::spawn(async {}) }
    }

    /// Asks it to stop and waits until it has.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        soon("the end of the relay", self.task).await??;
        Ok(())
    }

    /// Ends it as a crash does: nothing is given up.
    pub(super) async fn crash(self) {
        self.task.abort();
        // Aborted: there is no answer.
        let _ = self.task.await;
    }
}

/// A log on SQLite with its copy.
pub(super) struct Copied {
    pub(super) nats: Nats,
    pub(super) folder: TempDir,
    pub(super) log: Log,
    pub(super) bus: Bus,
    pub(super) relay: Running,
}

impl Copied {
    pub(super) async fn start() -> anyhow::Result<Self> {
        Self::start_with(Nats::start().await?, |_| {}).await
    }

    /// With a server that may be away, and other options.
    pub(super) async fn start_with(
        nats: Nats,
        change: impl FnOnce(&mut BusOptions),
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("onward-bus-").tempdir()?;
        let log = Log::open(Options::sqlite(folder.path().join("data"))).await?;
        Self::over(nats, folder, log, change).await
    }

    /// Over a log that stands on ground of the test's own.
    pub(super) async fn on(
        ground: &Ground,
        nats: Nats,
        change: impl FnOnce(&mut BusOptions),
    ) -> anyhow::Result<Self> {
        // The ground has the log's folder; this one stays empty.
        let folder = tempfile::Builder::new().prefix("onward-bus-").tempdir()?;
        Self::over(nats, folder, ground.open().await?, change).await
    }

    /// Over a log that is open already.
    pub(super) async fn over(
        nats: Nats,
        folder: TempDir,
        log: Log,
        change: impl FnOnce(&mut BusOptions),
    ) -> anyhow::Result<Self> {
        let bus = connect(&nats, &log, change).await?;
        let relay = Running::start(&bus);
        Ok(Self { nats, folder, log, bus, relay })
    }

    pub(super) async fn streams(&self) -> anyhow::Result<jetstream::Context> {
        Ok(jetstream::new(self.nats.client().await?))
    }

    /// Waits until the copy has come as far as the log is now.
    pub(super) async fn caught_up(&self) -> anyhow::Result<BusStatus> {
        caught_up(&self.bus, &self.log).await
    }

    /// Waits until the status is as it should be.
    pub(super) async fn told(
        &self,
        what: &str,
        as_it_should: impl FnMut(&BusStatus) -> bool,
    ) -> anyhow::Result<BusStatus> {
        told(&self.bus, what, as_it_should).await
    }

    /// Waits until a line of this kind says what befell the copy last.
    pub(super) async fn befell(&self, what: &str) -> anyhow::Result<BusStatus> {
        let said = |now: &BusStatus| now.incident.as_ref().is_some_and(|it| it.what.contains(what));
        self.told(&format!("the word that {what:?}"), said).await
    }

    /// The copy is whole and equal to the log; the stream that holds it is answered.
    pub(super) async fn is_equal(&self) -> anyhow::Result<String> {
        let status = self.caught_up().await?;
        let name = status.stream.context("the status names no stream")?;
        is_copy(&self.streams().await?, &name, &self.log).await?;
        Ok(name)
    }

    /// Stops in order: relay, log. What remains is the server and the folder.
    pub(super) async fn stop(self) -> anyhow::Result<(Nats, TempDir)> {
        self.relay.stop().await?;
        self.log.close().await;
        Ok((self.nats, self.folder))
    }
}

pub(super) async fn connect(
    nats: &Nats,
    log: &Log,
    change: impl FnOnce(&mut BusOptions),
) -> anyhow::Result<Bus> {
    let mut options = BusOptions::new(nats.url());
    change(&mut options);
    Ok(Bus::connect(options, log.clone()).await?)
}

pub(super) async fn told(
    bus: &Bus,
    what: &str,
    as_it_should: impl FnMut(&BusStatus) -> bool,
) -> anyhow::Result<BusStatus> {
    let mut status: watch::Receiver<BusStatus> = bus.status();
    let found = match soon(what, status.wait_for(as_it_should)).await {
        Ok(found) => found?.clone(),
        Err(late) => bail!("{late}; the status is {:?}", bus.status().borrow()),
    };
    Ok(found)
}

pub(super) async fn caught_up(bus: &Bus, log: &Log) -> anyhow::Result<BusStatus> {
    let head = log.head().await?;
    told(bus, "the copy at the log's head", |now| now.copied >= head && now.fault.is_none()).await
}

/// A message that a stream holds.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: Vec<u8>,
}

/// Everything that a stream holds, in order.
pub(super) async fn messages(
    streams: &jetstream::Context,
    name: &str,
) -> anyhow::Result<Vec<Held>> {
    let stream = streams.get_stream(name).await?;
    let wanted = stream.cached_info().state.messages;
    let config = pull::Config { ack_policy: AckPolicy::None, ..pull::Config::default() };
    let consumer = stream.create_consumer(config).await?;
    let mut all = Vec::new();
    while (all.len() as u64) < wanted {
        let left = usize::try_from(wanted)? - all.len();
        let batch = consumer.fetch().max_messages(left.min(500)).messages().await?;
        let before = all.len();
        all.extend(batch.map_err(anyhow::Error::from_boxed).try_collect::<Vec<_>>().await?);
        ensure!(all.len() > before, "the stream brings no more than {before} of {wanted}");
    }
    let held = all.into_iter().map(|message| {
        let info = message.info().map_err(anyhow::Error::from_boxed)?;
        Ok(Held {
            sequence: info.stream_sequence,
            subject: message.subject.to_string(),
            headers: message.headers.clone().unwrap_or_default(),
            payload: message.payload.to_vec(),
        })
    });
    held.collect()
}

/// Whatever a stream holds is what the log has at that position, and it holds all up to the head.
pub(super) async fn is_copy(
    streams: &jetstream::Context,
    name: &str,
    log: &Log,
) -> anyhow::Result<()> {
    let held = messages(streams, name).await?;
    let state = streams.get_stream(name).await?.cached_info().state.clone();
    let events = everything(log, Position::new(state.first_sequence - 1)).await?;
    ensure!(state.last_sequence == log.head().await?.get(), "{state:?} ends elsewhere");
    ensure!(held.len() == events.len(), "{} messages of {} events", held.len(), events.len());
    for (message, event) in held.iter().zip(&events) {
        ensure!(message.sequence == event.position.get(), "{} is out of place", message.sequence);
        let (headers, subject) = (Some(&message.headers), &message.subject);
        let copy = Envelope::incoming(message.sequence, subject, headers, &message.payload)?;
        ensure!(copy == *event, "the copy of {} differs", event.position);
    }
    Ok(())
}

/// All events after a position.
pub(super) async fn everything(log: &Log, after: Position) -> anyhow::Result<Vec<Recorded>> {
    let mut events = Vec::new();
    loop {
        let reached = events.last().map_or(after, |last: &Recorded| last.position);
        let more = log.read(reached, 500).await?;
        if more.is_empty() {
            return Ok(events);
        }
        events.extend(more);
    }
}

/// Streams of the server by name, with their subjects.
pub(super) async fn subjects_of(
    streams: &jetstream::Context,
) -> anyhow::Result<Vec<(String, Vec<String>)>> {
    let infos: Vec<_> = streams.streams().try_collect().await?;
    Ok(infos.into_iter().map(|info| (info.config.name, info.config.subjects)).collect())
}

// === writing

/// Takes whatever facts it is given: the bus is tested here, and no rule.
struct Notes;

impl Decider for Notes {
    type State = ();
    type Command = Vec<LearnerFact>;
    type Fact = LearnerFact;

    fn decide(_state: &(), command: Vec<LearnerFact>) -> Result<Outcome<LearnerFact>, Refusal> {
        Ok(Outcome::Recorded(command))
    }

    fn evolve(_state: &mut (), _fact: &LearnerFact) {}
}

/// An invented child with this surname.
pub(super) fn person(surname: &str) -> Person {
    Person {
        surname: surname.to_owned(),
        forename: "Thaddeus".to_owned(),
        known_as: None,
        date_of_birth: date(2014, 5, 17),
        sex: None,
        postcode: Some("ZZ98 7QX".to_owned()),
        nc_year: None,
        home_language: None,
        looked_after: None,
        sensitive: false,
    }
}

/// Appends so many facts about one learner in one request, on a stream of their own.
pub(super) async fn append_named(
    log: &Log,
    learner: LearnerId,
    count: usize,
    surname: &str,
) -> anyhow::Result<()> {
    let registered = LearnerRegistered { learner, person: person(surname), own_ref: None };
    let facts = vec![LearnerFact::Registered(registered); count];
    let stream = Uuid::now_v7();
    let attempt: Attempt = Arc::new(move |unit| {
        let facts = facts.clone();
        async move {
            let mut loaded = unit.fresh::<Notes>(stream);
            unit.decide(&mut loaded, facts)?;
            Ok(())
        }
        .boxed()
    });
    let organisation = OrganisationId::new(Uuid::now_v7());
    let provenance =
        Provenance { organisation, member: None, actor: None, occurred: None, external_ref: None };
    log.execute(Call { request: None, provenance }, attempt).await?;
    Ok(())
}

/// Appends so many facts in one request.
pub(super) async fn append(log: &Log, count: usize) -> anyhow::Result<()> {
    append_named(log, LearnerId::new(Uuid::from_u128(7)), count, "Adeyemi").await
}

/// Callers that append at the same time: each makes `calls` requests of one to `most` events.
pub(super) async fn many_callers(
    log: &Log,
    callers: u64,
    calls: usize,
    most: usize,
) -> anyhow::Result<()> {
    let caller = |number: u64| {
        let log = log.clone();
        tokio::spawn(async move {
            let learner = LearnerId::new(Uuid::from_u128(100 + u128::from(number)));
            for call in 0..calls {
                append_named(&log, learner, call % most + 1, "Adeyemi").await?;
            }
            anyhow::Ok(())
        })
    };
    let ended = futures::future::try_join_all((0..callers).map(caller)).await?;
    ended.into_iter().collect()
}

/// With a lease this short an idle relay looks at its stream several times a second.
pub(super) fn watchful(options: &mut BusOptions) {
    options.lease = Duration::from_millis(900);
}

/// Copies a folder and all that is in it.
pub(super) fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &copy)?;
        } else {
            std::fs::copy(entry.path(), &copy)?;
        }
    }
    Ok(())
}

/// What the log calls the facts that are appended here.
pub(super) const REGISTERED: &str = "learner.learner_registered";
