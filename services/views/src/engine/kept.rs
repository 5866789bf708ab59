//! A copy of a stored event inside a view: ids, moments, and the sealed bytes as they are in the log.
//! It is opened when it is read, with the learner's key; without the key it says nothing.

use bytes::Bytes;
use onward_domain::ids::{EventId, LearnerId};
use onward_log::Recorded;
use uuid::Uuid;

use super::number;
use super::value::{Kind, Row, Value};
use crate::error::ViewError;

/// The columns of a copy, in the order of [`Kept::values`].
pub(crate) const COLUMNS: [(&str, Kind); 14] = [
    ("position", Kind::Int),
    ("previous", Kind::Int),
    ("partition", Kind::Int),
    ("partition_sequence", Kind::Int),
    ("stream", Kind::Id),
    ("version", Kind::Int),
    ("event_id", Kind::Id),
    ("learner", Kind::Id),
    ("event_type", Kind::Text),
    ("schema_version", Kind::Int),
    ("recorded_at", Kind::Int),
    ("public_part", Kind::Bytes),
    ("sealed_part", Kind::Bytes),
    ("hash", Kind::Bytes),
];

/// An event as it lies in the log.
#[derive(Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) position: i64,
    pub(crate) previous: i64,
    pub(crate) partition: i64,
    pub(crate) partition_sequence: i64,
    pub(crate) stream: Uuid,
    pub(crate) version: i64,
    pub(crate) event_id: Uuid,
    pub(crate) learner: Option<Uuid>,
    pub(crate) event_type: String,
    pub(crate) schema_version: i64,
    pub(crate) recorded_at: i64,
    pub(crate) public: Bytes,
    pub(crate) sealed: Bytes,
    pub(crate) hash: [u8; 32],
}

/// Numbers of the log stay far below 2^63.
fn number_of(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl From<&Recorded> for Kept {
    fn from(recorded: &Recorded) -> Self {
        Self {
            position: number::of_position(recorded.position),
            previous: number::of_position(recorded.previous),
            partition: i64::from(recorded.partition),
            partition_sequence: number_of(recorded.partition_sequence),
            stream: recorded.stream,
            version: number_of(recorded.version),
            event_id: recorded.event_id.uuid(),
            learner: recorded.learner.map(LearnerId::uuid),
            event_type: recorded.event_type.clone(),
            schema_version: i64::from(recorded.schema_version),
            recorded_at: number::of_moment(recorded.recorded_at),
            public: recorded.public.clone(),
            sealed: recorded.sealed.clone(),
            hash: recorded.hash,
        }
    }
}

impl Kept {
    /// The event again, ready for `Log::open_event`.
    ///
    /// # Errors
    /// `Damaged`, where the row holds what was never written.
    pub(crate) fn recorded(&self) -> Result<Recorded, ViewError> {
        let far = |_| ViewError::Damaged("a number out of range");
        Ok(Recorded {
            position: number::position(self.position),
            previous: number::position(self.previous),
            partition: u8::try_from(self.partition).map_err(far)?,
            partition_sequence: u64::try_from(self.partition_sequence).map_err(far)?,
            stream: self.stream,
            version: u64::try_from(self.version).map_err(far)?,
            event_id: EventId::new(self.event_id),
            learner: self.learner.map(LearnerId::new),
            event_type: self.event_type.clone(),
            schema_version: u16::try_from(self.schema_version).map_err(far)?,
            recorded_at: number::moment(self.recorded_at)?,
            public: self.public.clone(),
            sealed: self.sealed.clone(),
            hash: self.hash,
        })
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        vec![
            self.position.into(),
            self.previous.into(),
            self.partition.into(),
            self.partition_sequence.into(),
            self.stream.into(),
            self.version.into(),
            self.event_id.into(),
            self.learner.into(),
            self.event_type.as_str().into(),
            self.schema_version.into(),
            self.recorded_at.into(),
            self.public.as_ref().into(),
            self.sealed.as_ref().into(),
            self.hash.as_slice().into(),
        ]
    }

    pub(crate) fn read(row: &Row) -> Result<Self, ViewError> {
        let hash = row.bytes("hash")?;
        Ok(Self {
            position: row.int("position")?,
            previous: row.int("previous")?,
            partition: row.int("partition")?,
            partition_sequence: row.int("partition_sequence")?,
            stream: row.id("stream")?,
            version: row.int("version")?,
            event_id: row.id("event_id")?,
            learner: row.id_or_null("learner")?,
            event_type: row.text("event_type")?,
            schema_version: row.int("schema_version")?,
            recorded_at: row.int("recorded_at")?,
            public: row.bytes("public_part")?.into(),
            sealed: row.bytes("sealed_part")?.into(),
            hash: hash.try_into().map_err(|_| ViewError::Damaged("a hash of another length"))?,
        })
    }
}
