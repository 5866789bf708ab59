//! An entry of the timeline: one event, copied as it lies in the log.

use jiff::Timestamp;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_log::Recorded;
use uuid::Uuid;

use crate::engine::kept::{self, Kept};
use crate::engine::table::{Place, Stored, Table};
use crate::engine::value::{Kind, Row, Value};
use crate::error::ViewError;

/// One event about a learner.
#[derive(Clone, PartialEq)]
pub(crate) struct EntryRow {
    pub(crate) kept: Kept,
    pub(crate) learner: Uuid,
    /// Whose record the learner is.
    pub(crate) owner: Uuid,
    /// Who recorded the event.
    pub(crate) organisation: Uuid,
    /// `learner`, `transition`, `dsa`, `handover` or `referral`.
    pub(crate) area: String,
    /// The event that this one corrects.
    pub(crate) corrects: Option<Uuid>,
    pub(crate) transition: Option<Uuid>,
    pub(crate) handover: Option<Uuid>,
}

const OWN: [(&str, Kind); 6] = [
    ("owner", Kind::Id),
    ("organisation", Kind::Id),
    ("area", Kind::Text),
    ("corrects", Kind::Id),
    ("transition", Kind::Id),
    ("handover", Kind::Id),
];

const COLUMNS: [(&str, Kind); kept::COLUMNS.len() + OWN.len()] = {
    let mut all = [("", Kind::Int); kept::COLUMNS.len() + OWN.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < kept::COLUMNS.len() {
            kept::COLUMNS[at]
        } else {
            OWN[at - kept::COLUMNS.len()]
        };
        at += 1;
    }
    all
};

impl Stored for EntryRow {
    const TABLE: Table = Table {
        name: "timeline_g_entry",
        columns: &COLUMNS,
        key: &["position"],
        group: "learner",
        place: Place::Column("partition"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        let mut values = self.kept.values();
        values.extend([
            self.owner.into(),
            self.organisation.into(),
            self.area.as_str().into(),
            self.corrects.into(),
            self.transition.into(),
            self.handover.into(),
        ]);
        values
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        let kept = Kept::read(row)?;
        Ok(Self {
            learner: kept.learner.ok_or(ViewError::Damaged("an entry about nobody"))?,
            owner: row.id("owner")?,
            organisation: row.id("organisation")?,
            area: row.text("area")?,
            corrects: row.id_or_null("corrects")?,
            transition: row.id_or_null("transition")?,
            handover: row.id_or_null("handover")?,
            kept,
        })
    }
}

/// How much of an entry the caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// That the step was taken, by whom and when; nothing of the sealed part.
    Step,
    /// Everything.
    Full,
}

/// An entry as the caller may see it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The event as it lies in the log: give it to `Log::open_event`, unless `depth` is `Step`.
    pub recorded: Recorded,
    /// The record that it is about.
    pub learner: LearnerId,
    /// The organisation that keeps that record.
    pub owner: OrganisationId,
    /// The organisation that recorded it.
    pub organisation: OrganisationId,
    /// `learner`, `transition`, `dsa`, `handover` or `referral`.
    pub area: String,
    /// The event that this one corrects.
    pub corrects: Option<Uuid>,
    /// The transition that it is about, or that its handover or case belongs to.
    pub transition: Option<Uuid>,
    /// The handover that it is about, or that linked the records.
    pub handover: Option<Uuid>,
    /// Since when the caller could know it: recorded or, where it was shared later, shared.
    pub known_at: Timestamp,
    /// How much of it the caller may see.
    pub depth: Depth,
}

/// A line of an organisation's stream: it may see (or could once see) this entry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct FeedRow {
    pub(crate) organisation: Uuid,
    pub(crate) position: i64,
    pub(crate) learner: Uuid,
}

impl Stored for FeedRow {
    const TABLE: Table = Table {
        name: "timeline_g_feed",
        columns: &[("organisation", Kind::Id), ("position", Kind::Int), ("learner", Kind::Id)],
        key: &["organisation", "position"],
        group: "learner",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        vec![self.organisation.into(), self.position.into(), self.learner.into()]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            organisation: row.id("organisation")?,
            position: row.int("position")?,
            learner: row.id("learner")?,
        })
    }
}
