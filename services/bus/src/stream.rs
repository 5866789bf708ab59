//! Is the stream the log's copy? Asked whenever a relay takes over, and while it copies.
//!
//! A stream whose sequences can no longer equal the log's positions (deleted, purged, damaged, made
//! by somebody else) is not mended in place: its subjects are moved aside and the next incarnation
//! begins. A stream that knows more than the log, or something else, means that the database was
//! restored from an older copy; mending would hide a loss, so copying halts until somebody accepts it.

use std::fmt::Display;

use async_nats::jetstream;
use async_nats::jetstream::stream::{Info, RawMessageErrorKind};
use onward_log::{CopyNote, CopyState, Log, Position, Recorded};

use crate::connect::Bus;
use crate::envelope::Envelope;
use crate::incarnation::{self, Incarnation, Incarnations};
use crate::settings::{self, as_made, whole};
use crate::subject;

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
         {head}): was the database restored from an older copy? copying is halted until an operator \
         accepts the loss: onward log accept-restore"
    )]
    AheadOfLog {
        /// Name of the stream.
        stream: String,
        /// Its last sequence.
        copied: Position,
        /// The log's last position.
        head: Position,
    },
    /// Copying was halted, by this process or another, before this start or after; the line says why.
    #[error("{0}")]
    Halted(String),
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

    /// Copying was stopped on purpose, since mending would hide a loss.
    pub(crate) fn is_a_halt(&self) -> bool {
        matches!(self, Self::AheadOfLog { .. } | Self::Halted(_) | Self::OfAnotherLog { .. })
    }

    pub(crate) fn server(error: &dyn Display) -> Self {
        Self::Server(error.to_string())
    }
}

/// The stream of the present incarnation and where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) number: u32,
    pub(crate) last: Position,
    /// The log's epoch when it was made.
    pub(crate) epoch: u64,
}

impl Present {
    pub(crate) fn name(&self) -> String {
        subject::stream_name(self.number)
    }
}

/// What was found when the newest incarnation was looked at.
enum Found {
    Good(Position),
    /// It cannot equal the log any more, for the reason given; how it is retired.
    Spent(String, &'static str),
}

impl Found {
    fn spent(why: &str) -> Self {
        Self::Spent(why.to_owned(), settings::SPENT)
    }
}

/// The present incarnation, checked against the log; the next one where the present is spent or gone.
/// Whatever is out of order is said and remembered.
pub(crate) async fn present(
    bus: &Bus,
    context: &jetstream::Context,
    incarnations: &mut Incarnations,
) -> Result<Present, StreamFault> {
    let log = &bus.log;
    let state = log.copy_state().await?;
    bus.tell_state(&state);
    if let Some(halted) = state.halted {
        return Err(StreamFault::Halted(halted.what));
    }
    let all = incarnation::all(context).await?;
    match all.iter().rev().find(|incarnation| !incarnation.is_retired()) {
        Some(live) => {
            let found = look(context, log, live).await;
            if let Err(fault @ StreamFault::AheadOfLog { .. }) = &found {
                bus.halt(fault).await;
            }
            match condemned(&state, live.number, found?) {
                Found::Good(last) => return good(bus, &state, incarnations, live, last).await,
                Found::Spent(why, retired) => {
                    incarnations.begin()?;
                    let name = subject::stream_name(live.number);
                    bus.incident(format!("the stream {name} is left: {why}; the next begins"))
                        .await;
                    incarnation::retire(context, live, retired).await?;
                }
            }
        }
        // Not the first one ever: somebody took it away, or the server lost it.
        None if state.incarnation > 0 && !incarnations.is_unmade(state.incarnation) => {
            incarnations.begin()?;
            let name = subject::stream_name(state.incarnation);
            bus.incident(format!("the stream {name} is gone; the next begins")).await;
        }
        None => {}
    }
    let newest = all.last().map_or(0, |newest| newest.number);
    incarnation::create(context, log, &bus.options, incarnations, newest).await
}

/// An incarnation that the audit found unequal to the log is spent, however good its end looks; and one that
/// a late relay made when a later number had been given out.
fn condemned(state: &CopyState, number: u32, found: Found) -> Found {
    match (&state.condemned, found) {
        (Some((condemned, why)), Found::Good(_)) if *condemned == number => Found::spent(why),
        (_, Found::Good(_)) if number < state.incarnation => {
            Found::spent("a later one had been begun before it was made")
        }
        (_, found) => found,
    }
}

/// Goes on with a good incarnation; one that ends before where it had been is said to have lost its tail.
async fn good(
    bus: &Bus,
    state: &CopyState,
    incarnations: &mut Incarnations,
    live: &Incarnation,
    last: Position,
) -> Result<Present, StreamFault> {
    let number = live.number;
    let known = |(of, position): (u32, Position)| if of == number { position } else { last };
    let had = known((state.incarnation, state.copied)).max(known(incarnations.reached));
    if last < had {
        let name = subject::stream_name(number);
        let lost = format!(
            "the stream {name} lost its tail: it ends at {last} and had come to {had}; the rest is sent again"
        );
        bus.incident(lost).await;
    }
    incarnations.reached = (number, last);
    if state.incarnation != number || state.copied != last {
        bus.log.note_copy(CopyNote::Reached(number, last)).await?;
    }
    Ok(Present { number, last, epoch: settings::epoch_of(&live.info.config) })
}

/// The present incarnation as it stands, if there is a good one. Mends nothing, remembers nothing.
pub(crate) async fn observe(
    context: &jetstream::Context,
    log: &Log,
) -> Result<Option<Present>, StreamFault> {
    let all = incarnation::all(context).await?;
    let Some(live) = all.iter().rev().find(|incarnation| !incarnation.is_retired()) else {
        return Ok(None);
    };
    let epoch = settings::epoch_of(&live.info.config);
    Ok(match look(context, log, live).await? {
        Found::Good(last) => Some(Present { number: live.number, last, epoch }),
        Found::Spent(..) => None,
    })
}

/// Where the stream ends, if it is otherwise what it was when it was last looked at. A cheap question: one
/// round trip.
pub(crate) async fn still_ends(
    context: &jetstream::Context,
    present: &Present,
) -> Result<Option<Position>, StreamFault> {
    match context.get_stream(present.name()).await {
        Ok(stream) => {
            let Info { config, state, .. } = stream.cached_info();
            let good = as_made(config) && whole(config, state);
            Ok(good.then_some(Position::new(state.last_sequence)))
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

async fn look(
    context: &jetstream::Context,
    log: &Log,
    live: &Incarnation,
) -> Result<Found, StreamFault> {
    let name = subject::stream_name(live.number);
    let Info { config, state, .. } = &live.info;
    let last = Position::new(state.last_sequence);
    match config.metadata.get(settings::COPY_OF) {
        None => return Ok(Found::spent("somebody else made it")),
        Some(id) if *id != log.id().to_string() => {
            return Err(StreamFault::OfAnotherLog { stream: name });
        }
        Some(_) => {}
    }
    match (settings::epoch_of(config), log.epoch().await?) {
        (made, now) if made < now => {
            let why = "it is from before the log was restored".to_owned();
            return Ok(Found::Spent(why, settings::BEFORE_RESTORE));
        }
        // The log was restored from a copy that is older than a restore that somebody had accepted.
        (made, now) if made > now => return Err(ahead(log, name, last).await?),
        _ => {}
    }
    if !as_made(config) {
        return Ok(Found::spent("its settings are not the ones it was made with"));
    }
    if !whole(config, state) {
        return Ok(Found::spent("messages are missing from it"));
    }
    if state.messages == 0 {
        // It was made for a log that had come at least this far.
        return match last > log.head().await? {
            true => Err(ahead(log, name, last).await?),
            false => Ok(Found::Good(last)),
        };
    }
    same_in_log(context, log, name, last, state.messages > 1).await
}

/// The log has the same event at the same place: then, by the chain, everything below is the same too.
async fn same_in_log(
    context: &jetstream::Context,
    log: &Log,
    name: String,
    last: Position,
    more: bool,
) -> Result<Found, StreamFault> {
    let Message::Ours(copied) = message(context, &name, last).await? else {
        return Ok(Found::spent("its last message is not one of ours, or cannot be read"));
    };
    let below = Position::new(last.get() - 1);
    let stored = log.read(below, 1).await?;
    if stored.first().is_some_and(|event| event.hash == copied.hash) {
        return Ok(Found::Good(last));
    }
    // A message that does not even follow from the one before it is damaged, or somebody's invention; one
    // that does is from a log that had gone on.
    if more {
        let follows = match message(context, &name, below).await? {
            Message::Ours(before) => Envelope::hash_after(&before.hash, &copied) == copied.hash,
            Message::Foreign => false,
        };
        if !follows {
            return Ok(Found::spent("its last message is damaged"));
        }
    }
    Err(ahead(log, name, last).await?)
}

async fn ahead(log: &Log, stream: String, copied: Position) -> Result<StreamFault, StreamFault> {
    Ok(StreamFault::AheadOfLog { stream, copied, head: log.head().await? })
}

/// What is stored at a sequence.
pub(crate) enum Message {
    /// One of our events, in its place.
    Ours(Box<Recorded>),
    /// Something else, or nothing.
    Foreign,
}

/// Reads one message of a stream.
pub(crate) async fn message(
    context: &jetstream::Context,
    stream: &str,
    at: Position,
) -> Result<Message, StreamFault> {
    let stream = context.get_stream_no_info(stream).await;
    let stream = stream.map_err(|error| StreamFault::server(&error))?;
    let message = match stream.get_raw_message(at.get()).await {
        Ok(message) => message,
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
            return Ok(Message::Foreign);
        }
        Err(error) => return Err(StreamFault::server(&error)),
    };
    let (headers, subject) = (Some(&message.headers), message.subject.as_str());
    let ours = Envelope::incoming(message.sequence, subject, headers, &message.payload);
    Ok(ours.map_or(Message::Foreign, |event| Message::Ours(Box::new(event))))
}
