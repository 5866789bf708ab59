//! One unacknowledged consumer of the stream, as a task of its own: events in order, without a hole,
//! each proven by the log's chain of hashes. Ends at the first thing that is not so; whoever reads
//! then turns to the log.
//!
//! The client's own ordered consumer is not used: made anew before its first message, it would begin
//! at the stream's first instead of where it was told to.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::{Config, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use futures::StreamExt;
use onward_log::{EventHash, Log, LogError, Position, Recorded};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::connect::Bus;
use crate::envelope::{Envelope, EnvelopeFault};
use crate::stream::{self, StreamFault};

/// Events that wait for the follower.
const AHEAD: usize = 2_000;

/// Messages that the server is asked for at a time.
const ASKED: usize = 1_000;

/// How often a silent server says that it is alive; after twice as long without, it counts as gone.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How long the server keeps the consumer of a follower that has gone.
const FORGOTTEN: Duration = Duration::from_secs(30);

/// The hash before the first event.
const GENESIS: EventHash = [0; 32];

/// Why the stream is not read any further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error(transparent)]
    Stream(#[from] StreamFault),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("there is no good stream")]
    NoStream,
    #[error("the consumer failed: {0}")]
    Consumer(String),
    #[error("the stream has a hole at {0}")]
    Hole(Position),
    #[error("the message at {1} of the stream ONWARD_{0} {2}")]
    Wrong(u32, Position, Wrong),
}

/// What is wrong with a message that the server brought.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("is not one of ours: {0}")]
    Foreign(EnvelopeFault),
    #[error("does not follow from the one before")]
    Broken,
}

/// A running consumer. Dropping it ends it.
pub(crate) struct StreamReader {
    pub(crate) events: mpsc::Receiver<Recorded>,
    _task: AbortOnDropHandle<()>,
}

impl StreamReader {
    /// Begins with the event after `after`.
    pub(crate) fn start(bus: Bus, after: Position) -> Self {
        let (sender, events) = mpsc::channel(AHEAD);
        let task = tokio::spawn(async move {
            let Err(ended) = feed(&bus, after, &sender).await else { return };
            tracing::debug!(%ended, "followers read the log instead of the stream");
            // What the server itself brings and is wrong, is wrong for everybody. (A hole may be the
            // consumer's own: the relay and the audit look for those.)
            if let Ended::Wrong(incarnation, position, _) = &ended
                && !bus.log_agrees(*incarnation, *position).await
            {
                bus.condemn(*incarnation, ended.to_string()).await;
            }
        });
        Self { events, _task: AbortOnDropHandle::new(task) }
    }
}

/// Reads until the follower has gone (`Ok`) or something is not as it should be.
async fn feed(bus: &Bus, after: Position, follower: &mpsc::Sender<Recorded>) -> Result<(), Ended> {
    let mut proven = Proven::open(bus, after).await?;
    loop {
        let event = proven.next().await?;
        if follower.send(event).await.is_err() {
            return Ok(());
        }
    }
}

/// A consumer's messages, each proven to be the next event of the log.
pub(crate) struct Proven {
    incarnation: u32,
    messages: Stream,
    reached: Position,
    hash: EventHash,
}

impl Proven {
    /// Begins with the event after `after`, which the log must hold.
    pub(crate) async fn open(bus: &Bus, after: Position) -> Result<Self, Ended> {
        let hash = hash_at(&bus.log, after).await?;
        let (incarnation, messages) = open(bus, after).await?;
        Ok(Self { incarnation, messages, reached: after, hash })
    }

    /// The incarnation that is read.
    pub(crate) fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// Waits for the next event.
    pub(crate) async fn next(&mut self) -> Result<Recorded, Ended> {
        let message = self.messages.next().await;
        let message = message.ok_or_else(|| Ended::Consumer("it ended".to_owned()))?;
        let message = message.map_err(|error| Ended::Consumer(error.to_string()))?;
        let info = message.info().map_err(|error| Ended::Consumer(error.to_string()))?;
        let next = self.reached.next();
        if info.stream_sequence != next.get() {
            return Err(Ended::Hole(next));
        }
        let (headers, subject) = (message.headers.as_ref(), message.subject.as_str());
        let event = Envelope::incoming(next.get(), subject, headers, &message.payload)
            .map_err(|fault| Ended::Wrong(self.incarnation, next, Wrong::Foreign(fault)))?;
        if Envelope::hash_after(&self.hash, &event) != event.hash {
            return Err(Ended::Wrong(self.incarnation, next, Wrong::Broken));
        }
        (self.reached, self.hash) = (next, event.hash);
        Ok(event)
    }
}

/// Opens a consumer of the present incarnation, once that is found to be this log's copy: a stream
/// that a restored database knows nothing of must not be followed.
async fn open(bus: &Bus, after: Position) -> Result<(u32, Stream), Ended> {
    let failed = |error: &dyn std::fmt::Display| Ended::Consumer(error.to_string());
    let context = jetstream::new(bus.client.clone());
    let present = stream::observe(&context, &bus.log).await?.ok_or(Ended::NoStream)?;
    let stream =
        context.get_stream_no_info(present.name()).await.map_err(|error| failed(&error))?;
    let config = Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after.get() + 1 },
        ack_policy: AckPolicy::None,
        inactive_threshold: FORGOTTEN,
        num_replicas: 1,
        memory_storage: true,
        ..Config::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(|error| failed(&error))?;
    let messages = consumer.stream().max_messages_per_batch(ASKED).heartbeat(HEARTBEAT).messages();
    Ok((present.number, messages.await.map_err(|error| failed(&error))?))
}

async fn hash_at(log: &Log, position: Position) -> Result<EventHash, LogError> {
    let Some(before) = position.get().checked_sub(1) else { return Ok(GENESIS) };
    let event = log.read(Position::new(before), 1).await?;
    Ok(event.first().ok_or(LogError::Damaged(position))?.hash)
}
