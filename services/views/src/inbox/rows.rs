//! The rows of the inbox.

use uuid::Uuid;

use crate::engine::kept::{self, Kept};
use crate::engine::table::{Place, Stored, Table};
use crate::engine::value::{Kind, Row, Value};
use crate::error::ViewError;

/// A handover and where it stands. Moments are those of recording.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HandoverRow {
    pub(crate) handover: Uuid,
    /// The sender's record.
    pub(crate) learner: Uuid,
    pub(crate) sender: Uuid,
    pub(crate) receiver: Uuid,
    pub(crate) transition: Option<Uuid>,
    /// The receiver's own record, once accepted.
    pub(crate) receiver_learner: Option<Uuid>,
    pub(crate) state: String,
    pub(crate) pack_version: i64,
    pub(crate) drafted_at: i64,
    pub(crate) edited_at: Option<i64>,
    pub(crate) released_at: Option<i64>,
    pub(crate) delivered_at: Option<i64>,
    pub(crate) opened_at: Option<i64>,
    pub(crate) accepted_at: Option<i64>,
    pub(crate) declined_at: Option<i64>,
    pub(crate) confirmed_at: Option<i64>,
    pub(crate) withdrawn_at: Option<i64>,
    pub(crate) drafted_position: i64,
    pub(crate) released_position: Option<i64>,
    pub(crate) changed_position: i64,
    pub(crate) changed_at: i64,
    /// Version of the stream.
    pub(crate) version: i64,
    /// The learner's planned first day as a number that orders; beyond all days where not known.
    pub(crate) first_day: i64,
}

/// Orders a handover without a known first day behind all others.
pub(crate) const NO_DAY: i64 = i64::MAX;

impl Stored for HandoverRow {
    const TABLE: Table = Table {
        name: "inbox_g_handover",
        columns: &[
            ("handover", Kind::Id),
            ("learner", Kind::Id),
            ("sender", Kind::Id),
            ("receiver", Kind::Id),
            ("transition", Kind::Id),
            ("receiver_learner", Kind::Id),
            ("state", Kind::Text),
            ("pack_version", Kind::Int),
            ("drafted_at", Kind::Int),
            ("edited_at", Kind::Int),
            ("released_at", Kind::Int),
            ("delivered_at", Kind::Int),
            ("opened_at", Kind::Int),
            ("accepted_at", Kind::Int),
            ("declined_at", Kind::Int),
            ("confirmed_at", Kind::Int),
            ("withdrawn_at", Kind::Int),
            ("drafted_position", Kind::Int),
            ("released_position", Kind::Int),
            ("changed_position", Kind::Int),
            ("changed_at", Kind::Int),
            ("row_version", Kind::Int),
            ("first_day", Kind::Int),
        ],
        key: &["handover"],
        group: "learner",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.handover.into(),
            self.learner.into(),
            self.sender.into(),
            self.receiver.into(),
            self.transition.into(),
            self.receiver_learner.into(),
            self.state.as_str().into(),
            self.pack_version.into(),
            self.drafted_at.into(),
            self.edited_at.into(),
            self.released_at.into(),
            self.delivered_at.into(),
            self.opened_at.into(),
            self.accepted_at.into(),
            self.declined_at.into(),
            self.confirmed_at.into(),
            self.withdrawn_at.into(),
            self.drafted_position.into(),
            self.released_position.into(),
            self.changed_position.into(),
            self.changed_at.into(),
            self.version.into(),
            self.first_day.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            handover: row.id("handover")?,
            learner: row.id("learner")?,
            sender: row.id("sender")?,
            receiver: row.id("receiver")?,
            transition: row.id_or_null("transition")?,
            receiver_learner: row.id_or_null("receiver_learner")?,
            state: row.text("state")?,
            pack_version: row.int("pack_version")?,
            drafted_at: row.int("drafted_at")?,
            edited_at: row.int_or_null("edited_at")?,
            released_at: row.int_or_null("released_at")?,
            delivered_at: row.int_or_null("delivered_at")?,
            opened_at: row.int_or_null("opened_at")?,
            accepted_at: row.int_or_null("accepted_at")?,
            declined_at: row.int_or_null("declined_at")?,
            confirmed_at: row.int_or_null("confirmed_at")?,
            withdrawn_at: row.int_or_null("withdrawn_at")?,
            drafted_position: row.int("drafted_position")?,
            released_position: row.int_or_null("released_position")?,
            changed_position: row.int("changed_position")?,
            changed_at: row.int("changed_at")?,
            version: row.int("row_version")?,
            first_day: row.int("first_day")?,
        })
    }
}

/// The copy of the event that carries the pack: the latest draft, then the release.
#[derive(Clone, PartialEq)]
pub(crate) struct PackRow(pub(crate) Kept);

impl Stored for PackRow {
    const TABLE: Table = Table {
        name: "inbox_g_pack",
        columns: &kept::COLUMNS,
        key: &["stream"],
        group: "stream",
        place: Place::Column("partition"),
    };

    fn group(&self) -> Uuid {
        self.0.stream
    }

    fn values(&self) -> Vec<Value> {
        self.0.values()
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Kept::read(row).map(Self)
    }
}

/// The planned first day of a transition, as a number that orders.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MoveRow {
    pub(crate) transition: Uuid,
    pub(crate) learner: Uuid,
    pub(crate) first_day: i64,
}

impl Stored for MoveRow {
    const TABLE: Table = Table {
        name: "inbox_g_move",
        columns: &[("transition", Kind::Id), ("learner", Kind::Id), ("first_day", Kind::Int)],
        key: &["transition"],
        group: "learner",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        vec![self.transition.into(), self.learner.into(), self.first_day.into()]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            transition: row.id("transition")?,
            learner: row.id("learner")?,
            first_day: row.int("first_day")?,
        })
    }
}
