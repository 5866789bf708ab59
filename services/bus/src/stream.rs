//! The stream's settings, checked whenever a relay takes over, and its incarnations.
//!
//! A stream whose sequences can no longer equal the log's positions (deleted, purged, damaged, made
//! by somebody else) is not mended in place: its subjects are moved aside and the next incarnation
//! begins. A stream that knows more than the log, or something else, means that the database was
//! restored from an older copy; mending would hide a loss, so the relay halts and says so.

use std::collections::VecDeque;
use std::fmt::Display;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, RawMessageErrorKind, RetentionPolicy, State, StorageType,
};
use futures::TryStreamExt;
use onward_log::{Log, Position};
use uuid::Uuid;

use crate::connect::BusOptions;
use crate::envelope::Envelope;
use crate::subject;

/// The stream's own word on whose copy it is: the log's id, which no other log has.
const COPY_OF: &str = "onward-log";

/// Incarnations that may be spent within a minute before the relay waits.
const MOST_A_MINUTE: usize = 5;

/// Why the stream cannot be used now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamFault {
    /// The server did not answer, or refused.
    #[error("the stream cannot be reached: {0}")]
    Server(String),
    /// The log did not answer.
    #[error("the log cannot be read")]
    Log(#[from] onward_log::LogError),
    /// The copy knows what the log does not: relaying stops until somebody has looked.
    #[error(
        "the stream {stream} holds what the log does not (the stream ends at {copied}, the log at \
         {head}): was the database restored from an older copy? relaying is halted until the stream \
         is removed"
    )]
    AheadOfLog {
        /// Name of the stream.
        stream: String,
        /// Its last sequence.
        copied: Position,
        /// The log's last position.
        head: Position,
    },
    /// Whatever is made is spoilt again: going on would fill the server with spent incarnations.
    #[error(
        "the stream was spoilt {0} times within a minute: whoever writes to its subjects or changes \
         it must be stopped; the next incarnation waits"
    )]
    Spoilt(usize),
    /// Two logs share a server.
    #[error(
        "the stream {stream} is the copy of another log: relaying is halted until it is removed"
    )]
    OfAnotherLog {
        /// Name of the stream.
        stream: String,
    },
}

impl StreamFault {
    /// Nothing changes until somebody has looked.
    pub(crate) fn halts(&self) -> bool {
        !matches!(self, Self::Server(_) | Self::Log(_))
    }

    fn server(error: &dyn Display) -> Self {
        Self::Server(error.to_string())
    }
}

/// The stream of the present incarnation and where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) number: u32,
    pub(crate) last: Position,
}

impl Present {
    pub(crate) fn name(&self) -> String {
        subject::stream_name(self.number)
    }
}

/// What was found when the newest incarnation was looked at.
enum Found {
    Good(Position),
    /// It cannot equal the log any more, for the reason given.
    Spent(&'static str),
}

/// What an incarnation is made with.
struct Made<'a> {
    log: Uuid,
    options: &'a BusOptions,
    first: u64,
}

impl Made<'_> {
    fn settings(&self, name: &str) -> Config {
        Config {
            name: name.to_owned(),
            subjects: vec![subject::LISTENED.to_owned()],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            num_replicas: self.options.replicas,
            deny_delete: true,
            deny_purge: true,
            allow_direct: true,
            allow_atomic_publish: true,
            first_sequence: Some(self.first),
            description: Some("Onward: a copy of the log; sequence = position".to_owned()),
            metadata: [(COPY_OF.to_owned(), self.log.to_string())].into(),
            ..Config::default()
        }
    }
}

/// Settings that a copy depends on. What only costs (replicas, windows, limits on consumers) may be
/// changed by whoever runs the server.
fn as_made(found: &Config) -> bool {
    let keeps_all = found.retention == RetentionPolicy::Limits
        && found.discard == DiscardPolicy::New
        && found.storage == StorageType::File
        && found.max_age.is_zero()
        && found.max_messages <= 0
        && found.max_messages_per_subject <= 0
        && found.max_bytes <= 0
        && found.max_message_size <= 0;
    let takes_only_ours = found.subjects == [subject::LISTENED]
        && found.mirror.is_none()
        && found.sources.as_ref().is_none_or(Vec::is_empty)
        && found.subject_transform.is_none();
    let cannot_be_rewritten = found.deny_delete && found.deny_purge && !found.allow_rollup;
    keeps_all && takes_only_ours && cannot_be_rewritten && found.allow_atomic_publish
}

/// Every message from the first that it was made for to the last is there.
fn whole(config: &Config, state: &State) -> bool {
    let first = config.first_sequence.unwrap_or(1).max(1);
    state.first_sequence == first
        && state.messages == (state.last_sequence + 1).saturating_sub(first)
}

/// Which numbers are free, and how often one was taken of late.
#[derive(Default)]
pub(crate) struct Incarnations {
    /// The lowest number that is not known to have been used.
    pub(crate) free: u32,
    begun: VecDeque<Instant>,
}

impl Incarnations {
    /// Notes that one begins, unless too many have.
    fn begin(&mut self) -> Result<(), StreamFault> {
        self.begun.retain(|at| at.elapsed() < Duration::from_secs(60));
        if self.begun.len() >= MOST_A_MINUTE {
            return Err(StreamFault::Spoilt(self.begun.len()));
        }
        self.begun.push_back(Instant::now());
        Ok(())
    }
}

/// The present incarnation, checked against the log; the next one where the present is spent or gone.
pub(crate) async fn present(
    context: &jetstream::Context,
    log: &Log,
    options: &BusOptions,
    incarnations: &mut Incarnations,
) -> Result<Present, StreamFault> {
    let newest = newest(context).await?;
    if let Some(number) = newest {
        incarnations.free = incarnations.free.max(number.saturating_add(1));
        match look(context, log, number).await? {
            Found::Good(last) => return Ok(Present { number, last }),
            Found::Spent(why) => {
                incarnations.begin()?;
                let stream = subject::stream_name(number);
                tracing::warn!(stream, why, "the copy's next incarnation begins");
                retire(context, number).await?;
            }
        }
    }
    let present = create(context, log, options, incarnations.free).await?;
    incarnations.free = present.number.saturating_add(1);
    Ok(present)
}

/// The present incarnation as it stands, if there is a good one. Mends nothing.
pub(crate) async fn observe(
    context: &jetstream::Context,
    log: &Log,
) -> Result<Option<Present>, StreamFault> {
    let Some(number) = newest(context).await? else { return Ok(None) };
    Ok(match look(context, log, number).await? {
        Found::Good(last) => Some(Present { number, last }),
        Found::Spent(_) => None,
    })
}

/// The stream is still what it was when it was last looked at. A cheap question: one round trip.
pub(crate) async fn unchanged(
    context: &jetstream::Context,
    present: &Present,
) -> Result<bool, StreamFault> {
    match context.get_stream(present.name()).await {
        Ok(stream) => {
            let Info { config, state, .. } = stream.cached_info();
            let ends = state.last_sequence == present.last.get();
            Ok(ends && as_made(config) && whole(config, state))
        }
        Err(error) => Err(StreamFault::server(&error)),
    }
}

/// The first position of an incarnation.
pub(crate) async fn first(
    context: &jetstream::Context,
    present: &Present,
) -> Result<Position, StreamFault> {
    let stream = context.get_stream(present.name()).await;
    let stream = stream.map_err(|error| StreamFault::server(&error))?;
    Ok(Position::new(stream.cached_info().state.first_sequence.max(1)))
}

async fn newest(context: &jetstream::Context) -> Result<Option<u32>, StreamFault> {
    let names: Vec<String> =
        context.stream_names().try_collect().await.map_err(|error| StreamFault::server(&error))?;
    Ok(names.iter().filter_map(|name| subject::incarnation_of(name)).max())
}

async fn look(context: &jetstream::Context, log: &Log, number: u32) -> Result<Found, StreamFault> {
    let name = subject::stream_name(number);
    let stream = context.get_stream(&name).await.map_err(|error| StreamFault::server(&error))?;
    let Info { config, state, .. } = stream.cached_info();
    match config.metadata.get(COPY_OF) {
        None => return Ok(Found::Spent("somebody else made it")),
        Some(id) if *id != log.id().to_string() => {
            return Err(StreamFault::OfAnotherLog { stream: name });
        }
        Some(_) => {}
    }
    if !as_made(config) {
        return Ok(Found::Spent("its settings are not the ones it was made with"));
    }
    if !whole(config, state) {
        return Ok(Found::Spent("messages are missing from it"));
    }
    let last = Position::new(state.last_sequence);
    if state.messages == 0 {
        return not_ahead(log, name, last).await;
    }
    let message = match stream.get_raw_message(last.get()).await {
        Ok(message) => message,
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
            return Ok(Found::Spent("its last message cannot be read"));
        }
        Err(error) => return Err(StreamFault::server(&error)),
    };
    match Envelope::incoming(message.sequence, Some(&message.headers), &message.payload) {
        Ok(copied) => same_in_log(log, name, &copied).await,
        Err(_) => Ok(Found::Spent("its last message is not one of ours")),
    }
}

/// A stream without a message is good, unless it was made for a log that had come further.
async fn not_ahead(log: &Log, stream: String, copied: Position) -> Result<Found, StreamFault> {
    let head = log.head().await?;
    if copied > head {
        return Err(StreamFault::AheadOfLog { stream, copied, head });
    }
    Ok(Found::Good(copied))
}

/// The log has the same event at the same place: then, by the chain, everything below is the same too.
async fn same_in_log(
    log: &Log,
    stream: String,
    copied: &onward_log::Recorded,
) -> Result<Found, StreamFault> {
    let before = Position::new(copied.position.get() - 1);
    let stored = log.read(before, 1).await?;
    if stored.first().is_some_and(|event| event.hash == copied.hash) {
        return Ok(Found::Good(copied.position));
    }
    let head = log.head().await?;
    Err(StreamFault::AheadOfLog { stream, copied: copied.position, head })
}

async fn create(
    context: &jetstream::Context,
    log: &Log,
    options: &BusOptions,
    number: u32,
) -> Result<Present, StreamFault> {
    let head = log.head().await?;
    let first = head.get().saturating_sub(options.kept) + 1;
    let name = subject::stream_name(number);
    let made = Made { log: log.id(), options, first };
    context
        .create_stream(made.settings(&name))
        .await
        .map_err(|error| StreamFault::server(&error))?;
    tracing::info!(stream = name, first, "a new incarnation of the copy");
    Ok(Present { number, last: Position::new(first - 1) })
}

/// Moves the subjects of a spent incarnation aside, so that the next one can have them.
async fn retire(context: &jetstream::Context, number: u32) -> Result<(), StreamFault> {
    let stream = context
        .get_stream(subject::stream_name(number))
        .await
        .map_err(|error| StreamFault::server(&error))?;
    let mut config = stream.cached_info().config.clone();
    config.subjects = vec![subject::retired(number)];
    context.update_stream(config).await.map_err(|error| StreamFault::server(&error))?;
    Ok(())
}
