//! Whose record a learner is, which records are one person's, and what is under way for a learner.

use uuid::Uuid;

use super::steps::Steps;
use crate::engine::table::{Place, Stored, Table};
use crate::engine::value::{Kind, Row, Value};
use crate::error::ViewError;

/// A record of a learner and the organisation that keeps it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LearnerRow {
    pub(crate) learner: Uuid,
    pub(crate) organisation: Uuid,
}

impl Stored for LearnerRow {
    const TABLE: Table = Table {
        name: "timeline_g_learner",
        columns: &[("learner", Kind::Id), ("organisation", Kind::Id)],
        key: &["learner"],
        group: "learner",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        vec![self.learner.into(), self.organisation.into()]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self { learner: row.id("learner")?, organisation: row.id("organisation")? })
    }
}

/// Two records of one person, seen from one of them; the other has a row of its own.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LinkRow {
    pub(crate) learner: Uuid,
    pub(crate) other: Uuid,
    pub(crate) other_organisation: Uuid,
    pub(crate) position: i64,
}

impl Stored for LinkRow {
    const TABLE: Table = Table {
        name: "timeline_g_link",
        columns: &[
            ("learner", Kind::Id),
            ("other", Kind::Id),
            ("other_organisation", Kind::Id),
            ("position", Kind::Int),
        ],
        key: &["learner", "other"],
        group: "learner",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.learner.into(),
            self.other.into(),
            self.other_organisation.into(),
            self.position.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            learner: row.id("learner")?,
            other: row.id("other")?,
            other_organisation: row.id("other_organisation")?,
            position: row.int("position")?,
        })
    }
}

/// A transition or a Disabled Students' Allowance case of a learner.
#[derive(Clone, PartialEq)]
pub(crate) struct SubjectRow {
    pub(crate) subject: Uuid,
    pub(crate) learner: Uuid,
    pub(crate) owner: Uuid,
    /// `transition` or `dsa`.
    pub(crate) kind: String,
    /// Type of the event that began it: for a transition it tells which of the eleven kinds.
    pub(crate) begun_as: String,
    pub(crate) state: String,
    /// What the state follows from, for transitions.
    pub(crate) steps: Steps,
    pub(crate) authority: Option<Uuid>,
    pub(crate) source: Option<Uuid>,
    pub(crate) destination: Option<Uuid>,
    /// The transition that a case belongs to.
    pub(crate) transition: Option<Uuid>,
    pub(crate) begun_position: i64,
    pub(crate) begun_at: i64,
    pub(crate) changed_position: i64,
    pub(crate) changed_at: i64,
    pub(crate) version: i64,
}

impl Stored for SubjectRow {
    const TABLE: Table = Table {
        name: "timeline_g_subject",
        columns: &[
            ("subject", Kind::Id),
            ("learner", Kind::Id),
            ("owner", Kind::Id),
            ("kind", Kind::Text),
            ("begun_as", Kind::Text),
            ("state", Kind::Text),
            ("steps", Kind::Text),
            ("authority", Kind::Id),
            ("source", Kind::Id),
            ("destination", Kind::Id),
            ("transition", Kind::Id),
            ("begun_position", Kind::Int),
            ("begun_at", Kind::Int),
            ("changed_position", Kind::Int),
            ("changed_at", Kind::Int),
            ("version", Kind::Int),
        ],
        key: &["subject"],
        group: "learner",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.subject.into(),
            self.learner.into(),
            self.owner.into(),
            self.kind.as_str().into(),
            self.begun_as.as_str().into(),
            self.state.as_str().into(),
            self.steps.to_string().into(),
            self.authority.into(),
            self.source.into(),
            self.destination.into(),
            self.transition.into(),
            self.begun_position.into(),
            self.begun_at.into(),
            self.changed_position.into(),
            self.changed_at.into(),
            self.version.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            subject: row.id("subject")?,
            learner: row.id("learner")?,
            owner: row.id("owner")?,
            kind: row.text("kind")?,
            begun_as: row.text("begun_as")?,
            state: row.text("state")?,
            steps: row.text("steps")?.parse()?,
            authority: row.id_or_null("authority")?,
            source: row.id_or_null("source")?,
            destination: row.id_or_null("destination")?,
            transition: row.id_or_null("transition")?,
            begun_position: row.int("begun_position")?,
            begun_at: row.int("begun_at")?,
            changed_position: row.int("changed_position")?,
            changed_at: row.int("changed_at")?,
            version: row.int("version")?,
        })
    }
}
