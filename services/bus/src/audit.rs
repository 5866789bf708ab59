//! Does the copy equal the log? Every message of a range is read, must follow by the log's chain of hashes
//! from the one before (the first from the log's own event below it), and must be what the log holds at
//! that position, field by field. Counts need no look of their own: sequences are positions.

use std::time::Duration;

use async_nats::jetstream;
use onward_log::{Position, Recorded};

use crate::connect::Bus;
use crate::read_stream::{Ended, Proven};
use crate::stream::{self, Message, StreamFault};
use crate::subject;

/// Longest wait for the next message: a server that says it has one and does not bring it has lost it.
const WAIT: Duration = Duration::from_secs(10);

/// Events that are compared at a time.
pub(crate) const RANGE: usize = 500;

/// A copy that was found whole and equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// The stream.
    pub stream: String,
    /// Its first position.
    pub first: Position,
    /// The last position that was compared.
    pub last: Position,
}

/// The copy does not equal the log, or could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// From this position on.
    #[error("the copy differs from the log at position {position}: {what}")]
    Differs {
        /// The first position that is wrong.
        position: Position,
        /// In which way.
        what: String,
    },
    /// The copy follows by the chain and the log does not hold the same, or both hold the same and it does not
    /// follow: the log is what was altered.
    #[error("the log does not agree with its own chain at position {0}: run onward verify")]
    LogDiffers(Position),
    /// There is no stream that could be this log's copy.
    #[error("there is no copy to compare: {0}")]
    NoCopy(String),
    /// The server or the log did not answer to the end.
    #[error("the comparison did not come to its end: {0}")]
    Interrupted(String),
}

impl Bus {
    /// Compares the whole of the present incarnation, up to where it ends when this begins.
    ///
    /// # Errors
    /// The first position that is wrong, or why there was nothing to compare.
    pub async fn audit(&self) -> Result<Audited, AuditFault> {
        let context = jetstream::new(self.client.clone());
        let observed = stream::observe(&context, &self.log).await.map_err(no_copy)?;
        let present = observed.ok_or_else(|| AuditFault::NoCopy("it is spent".to_owned()))?;
        let stream = subject::stream_name(present.number);
        let first = stream::first(&context, &present).await.map_err(no_copy)?;
        let before = Position::new(first.get() - 1);
        if before < present.last {
            let mut comparison = Comparison::open(self, before).await?;
            while comparison.reached < present.last {
                comparison.range(present.last).await?;
            }
        }
        Ok(Audited { stream, first, last: present.last })
    }
}

impl Bus {
    /// The log holds at this position what the stream holds: whatever is wrong with it, is wrong with the log.
    /// Leaving such a stream would mend nothing, and in the end remove what shows the alteration.
    pub(crate) async fn log_agrees(&self, incarnation: u32, position: Position) -> bool {
        let context = jetstream::new(self.client.clone());
        let stream = subject::stream_name(incarnation);
        let Ok(Message::Ours(copied)) = stream::message(&context, &stream, position).await else {
            return false;
        };
        let stored = self.log.read(Position::new(position.get() - 1), 1).await;
        stored.is_ok_and(|stored| stored.first() == Some(copied.as_ref()))
    }
}

/// A comparison under way.
pub(crate) struct Comparison {
    bus: Bus,
    proven: Proven,
    pub(crate) reached: Position,
}

impl Comparison {
    /// Begins after `after`.
    pub(crate) async fn open(bus: &Bus, after: Position) -> Result<Self, AuditFault> {
        let proven = Proven::open(bus, after).await.map_err(|ended| interrupted(&ended))?;
        Ok(Self { bus: bus.clone(), proven, reached: after })
    }

    /// The incarnation that is compared.
    pub(crate) fn incarnation(&self) -> u32 {
        self.proven.incarnation()
    }

    /// Compares the next range, up to `until` at most.
    pub(crate) async fn range(&mut self, until: Position) -> Result<(), AuditFault> {
        let left = usize::try_from(until.get() - self.reached.get()).unwrap_or(RANGE);
        let stored = self.bus.log.read(self.reached, left.min(RANGE)).await;
        let stored = stored.map_err(|error| AuditFault::Interrupted(error.to_string()))?;
        if stored.is_empty() {
            return Err(AuditFault::Interrupted("the log ends before its copy".to_owned()));
        }
        for event in stored {
            let copied = self.next().await?;
            if copied != event {
                return Err(AuditFault::LogDiffers(event.position));
            }
            self.reached = event.position;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Recorded, AuditFault> {
        let next = self.reached.next();
        let came = tokio::time::timeout(WAIT, self.proven.next()).await;
        match came.unwrap_or(Err(Ended::Hole(next))) {
            Ok(event) => Ok(event),
            Err(Ended::Hole(position)) => Err(self.hole(position).await),
            Err(ended @ Ended::Wrong(..)) => {
                match self.bus.log_agrees(self.incarnation(), next).await {
                    true => Err(AuditFault::LogDiffers(next)),
                    false => Err(AuditFault::Differs { position: next, what: ended.to_string() }),
                }
            }
            Err(ended) => Err(interrupted(&ended)),
        }
    }

    /// What a consumer did not bring: is it not there, or was it lost on the way?
    async fn hole(&self, position: Position) -> AuditFault {
        let context = jetstream::new(self.bus.client.clone());
        let stream = subject::stream_name(self.incarnation());
        match stream::message(&context, &stream, position).await {
            Ok(Message::Foreign) => {
                let what = format!("the stream {stream} does not hold it");
                AuditFault::Differs { position, what }
            }
            Ok(Message::Ours(_)) => AuditFault::Interrupted("a message came too late".to_owned()),
            Err(fault) => AuditFault::Interrupted(fault.to_string()),
        }
    }
}

pub(crate) fn no_copy(fault: StreamFault) -> AuditFault {
    match fault {
        StreamFault::Server(_) | StreamFault::Log(_) => AuditFault::Interrupted(fault.to_string()),
        _ => AuditFault::NoCopy(fault.to_string()),
    }
}

fn interrupted(ended: &Ended) -> AuditFault {
    AuditFault::Interrupted(ended.to_string())
}
