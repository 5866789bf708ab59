//! What the log hands out: stored events, opened events, receipts.

use bytes::Bytes;
use jiff::Timestamp;
use onward_domain::decider::Version;
use onward_domain::event::{Event, Provenance};
use onward_domain::ids::{EventId, LearnerId};
use uuid::Uuid;

use crate::position::Position;

/// An event as stored. Nothing in it is personal but the sealed part, which needs a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log.
    pub position: Position,
    /// The position of its stream's event before this one; [`Position::START`] for the first.
    pub previous: Position,
    /// Its partition, 0 (no learner) to 63.
    pub partition: u8,
    /// Its place in the partition: 1, 2, 3, … without gaps.
    pub partition_sequence: u64,
    /// The stream it belongs to.
    pub stream: Uuid,
    /// Its place in the stream: 1, 2, 3, … without gaps.
    pub version: Version,
    /// Its id, time-ordered.
    pub event_id: EventId,
    /// The record of the learner that it is about; none for organisations.
    pub learner: Option<LearnerId>,
    /// `<area>.<snake message name>`.
    pub event_type: String,
    /// Version of the type's shape.
    pub schema_version: u16,
    /// When it was recorded, to the microsecond; never before the event below it.
    pub recorded_at: Timestamp,
    /// Wire bytes of the public fields.
    pub public: Bytes,
    /// Everything else, sealed under the subject's key; empty when there is nothing else.
    pub sealed: Bytes,
    /// SHA-256 over all of this and the hash before.
    pub hash: [u8; 32],
}

impl Recorded {
    /// Whose key seals it: the learner, or the stream where there is no learner.
    pub fn subject(&self) -> Uuid {
        self.learner.map_or(self.stream, LearnerId::uuid)
    }
}

/// An event opened and decoded. No `Debug`: it is personal.
#[derive(Clone, PartialEq)]
pub struct Opened {
    /// Who said so, and when it happened.
    pub provenance: Provenance,
    /// The fact.
    pub event: Event,
}

/// What a writer gets, and gets again whenever it repeats the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The last position of the request.
    pub position: Position,
    /// The version that the request's first stream came to.
    pub stream_version: Version,
    /// The events, in order; none when nothing new had to be recorded.
    pub event_ids: Vec<EventId>,
    /// When they were recorded.
    pub recorded_at: Timestamp,
}

/// Whole microseconds since 1970, as SQL keeps moments.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The moment of a number of microseconds, held to what a `Timestamp` can be.
pub(crate) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
