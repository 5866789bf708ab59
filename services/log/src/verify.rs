//! Recomputes what the log says of itself: positions, versions, partition sequences, the hash chain,
//! and the chain of the record of reads. Names the first thing that is wrong.

use std::collections::HashMap;

use uuid::Uuid;

use crate::access::AccessEntry;
use crate::chain::{EventHash, Linked, event_hash};
use crate::error::LogError;
use crate::log::Log;
use crate::partition::{PARTITIONS, partition_of};
use crate::plan::BEFORE_THE_FIRST;
use crate::position::Position;
use crate::recorded::{Recorded, micros};
use crate::sql::log_fault;

/// Events read at once.
const TOGETHER: usize = 2_000;

/// A log that is what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Where it ends.
    pub head: Position,
    /// The hash of its last event.
    pub hash: EventHash,
    /// Streams in it.
    pub streams: u64,
    /// Lines in the record of reads.
    pub reads: u64,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyFault {
    /// An event is missing, altered, or not in its place.
    #[error("position {position}: {what}")]
    Event {
        /// Where.
        position: Position,
        /// What.
        what: &'static str,
    },
    /// The tables beside the events do not agree with them.
    #[error("{0}")]
    Table(&'static str),
    /// A line of the record of reads.
    #[error("record of reads, line {line}: {what}")]
    Read {
        /// Which line.
        line: u64,
        /// What.
        what: &'static str,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What was recomputed so far.
struct Walk {
    position: Position,
    hash: EventHash,
    recorded_at: i64,
    sequences: [u64; PARTITIONS],
    streams: HashMap<Uuid, (u64, Position)>,
}

impl Log {
    /// Recomputes the whole log. `progress` hears of every piece that was good.
    ///
    /// # Errors
    /// The first fault.
    pub async fn verify(
        &self,
        mut progress: impl FnMut(Position) + Send,
    ) -> Result<Verified, VerifyFault> {
        let mut walk = Walk {
            position: Position::START,
            hash: BEFORE_THE_FIRST,
            recorded_at: 0,
            sequences: [0; PARTITIONS],
            streams: HashMap::new(),
        };
        let end = self.store().head().await.map_err(|error| log_fault(&error))?;
        while walk.position < Position::new(end.position) {
            let left = usize::try_from(end.position - walk.position.get()).unwrap_or(TOGETHER);
            let events = self.store().after(walk.position, TOGETHER.min(left)).await;
            let events = events.map_err(|error| log_fault(&error))?;
            if events.is_empty() {
                return Err(fault(walk.position.next(), "the event is missing"));
            }
            events.iter().try_for_each(|event| walk.step(event))?;
            progress(walk.position);
        }
        if walk.hash != end.hash || walk.sequences != end.sequences {
            return Err(VerifyFault::Table("the newest batch row does not agree with the events"));
        }
        self.verify_streams(&walk).await?;
        let reads = self.verify_reads().await?;
        let streams = walk.streams.len() as u64;
        Ok(Verified { head: walk.position, hash: walk.hash, streams, reads })
    }

    /// The optimistic locks sum up to the events, where nobody has appended meanwhile.
    async fn verify_streams(&self, walk: &Walk) -> Result<(), VerifyFault> {
        let store = self.store();
        let totals = store.stream_totals().await.map_err(|error| log_fault(&error))?;
        let head = store.head().await.map_err(|error| log_fault(&error))?;
        let expected = (walk.streams.len() as u64, walk.position.get());
        if head.position == walk.position.get()
            && (totals.0.cast_unsigned(), totals.1.cast_unsigned()) != expected
        {
            return Err(VerifyFault::Table("the streams' versions do not agree with the events"));
        }
        Ok(())
    }

    async fn verify_reads(&self) -> Result<u64, VerifyFault> {
        let (mut line, mut before) = (0_i64, BEFORE_THE_FIRST);
        loop {
            let rows = self.store().access_after(line, 2_000).await;
            let rows = rows.map_err(|error| log_fault(&error))?;
            if rows.is_empty() {
                return Ok(line.cast_unsigned());
            }
            for row in rows {
                line += 1;
                let fault = |what| VerifyFault::Read { line: line.cast_unsigned(), what };
                if row.0 != line {
                    return Err(fault("the line is missing"));
                }
                let entry = AccessEntry {
                    sequence: row.0,
                    at: row.1,
                    organisation: row.2,
                    member: row.3,
                    role: row.4,
                    purpose: row.5,
                    method: row.6,
                    learners: row.7,
                    request_id: row.8,
                    hash: row.9.try_into().unwrap_or_default(),
                };
                before = entry.hashed(&before);
                if before != entry.hash {
                    return Err(fault("the line or its hash was altered"));
                }
            }
        }
    }
}

fn fault(position: Position, what: &'static str) -> VerifyFault {
    VerifyFault::Event { position, what }
}

impl Walk {
    fn step(&mut self, event: &Recorded) -> Result<(), VerifyFault> {
        let position = self.position.next();
        let wrong = |what| Err(fault(position, what));
        if event.position != position {
            return wrong("the event is missing");
        }
        if event.partition != partition_of(event.learner) {
            return wrong("the partition is not the learner's");
        }
        let sequence = &mut self.sequences[usize::from(event.partition)];
        *sequence += 1;
        if event.partition_sequence != *sequence {
            return wrong("the partition sequence has a gap");
        }
        let stream = self.streams.entry(event.stream).or_default();
        if event.version != stream.0 + 1 {
            return wrong("the stream's version has a gap");
        }
        if event.previous != stream.1 {
            return wrong("the event does not name the one before it in its stream");
        }
        *stream = (event.version, position);
        if micros(event.recorded_at) < self.recorded_at {
            return wrong("it was recorded before the event below it");
        }
        self.recorded_at = micros(event.recorded_at);
        self.hash = event_hash(&self.hash, &linked(event));
        if event.hash != self.hash {
            return wrong("the event or its hash was altered");
        }
        self.position = position;
        Ok(())
    }
}

fn linked(event: &Recorded) -> Linked<'_> {
    Linked {
        position: event.position.get(),
        partition: event.partition,
        partition_sequence: event.partition_sequence,
        stream: event.stream,
        version: event.version,
        event_id: event.event_id.uuid(),
        learner: event.learner.map(onward_domain::ids::LearnerId::uuid),
        event_type: &event.event_type,
        schema_version: event.schema_version,
        recorded_at: micros(event.recorded_at),
        public: &event.public,
        sealed: &event.sealed,
    }
}
