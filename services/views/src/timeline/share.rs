//! What was shared with an organisation that does not keep the record, and what such a share shows.
//! Pure: the same function answers lists, streams and `as_known_at`.

use std::str::FromStr;

use uuid::Uuid;

use super::entry::{Depth, EntryRow};
use crate::engine::table::{Place, Stored, Table};
use crate::engine::value::{Kind, Row, Value};
use crate::error::ViewError;

/// What a share is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// A handover's own events from its release on, for the receiver.
    Handover,
    /// The transition that a released handover is for, for the receiver: a destination sees nothing
    /// before the release.
    Transition,
    /// The record's history up to a release, for the receiver, where it was sent along.
    History,
    /// A transition, for the authority and the setting left that are named in it.
    Named,
    /// A referral, for its pathfinder: steps only, until a member of the team holds it.
    Referral,
}

impl Scope {
    const ALL: [(Self, &str); 5] = [
        (Self::Handover, "handover"),
        (Self::Transition, "transition"),
        (Self::History, "history"),
        (Self::Named, "named"),
        (Self::Referral, "referral"),
    ];

    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, text)| text)
    }
}

impl FromStr for Scope {
    type Err = ViewError;

    fn from_str(text: &str) -> Result<Self, ViewError> {
        let found = Self::ALL.iter().find(|(_, known)| *known == text);
        found.map(|(scope, _)| *scope).ok_or(ViewError::Damaged("a share of an unknown scope"))
    }
}

/// One share.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ShareRow {
    pub(crate) learner: Uuid,
    /// With whom.
    pub(crate) organisation: Uuid,
    pub(crate) scope: Scope,
    /// The stream that is shared; for a history, the handover that carries it.
    pub(crate) subject: Uuid,
    /// What the share came with: the handover, or the subject itself.
    pub(crate) via: Uuid,
    /// Position of the event that began it.
    pub(crate) position: i64,
    pub(crate) known_at: i64,
    /// Since when everything is shown and not only steps; none while only steps are.
    pub(crate) full_at: Option<i64>,
    /// Reading ended: nothing is shown any more, at whatever moment it was known.
    pub(crate) ended_at: Option<i64>,
}

/// Events that a history never carries: whose other record this is, and that somebody asked for an erasure.
const OWN: [&str; 2] = ["learner.record_linked", "learner.erasure_requested"];

impl ShareRow {
    /// Whether the share shows the entry at all.
    pub(crate) fn covers(&self, entry: &EntryRow) -> bool {
        if self.ended_at.is_some() || self.learner != entry.learner {
            return false;
        }
        let stream = entry.kept.stream == self.subject;
        match self.scope {
            Scope::Handover => stream && entry.kept.position >= self.position,
            Scope::Transition | Scope::Named | Scope::Referral => stream,
            Scope::History => {
                matches!(entry.area.as_str(), "learner" | "transition" | "dsa")
                    && !OWN.contains(&entry.kept.event_type.as_str())
                    && entry.kept.position <= self.position
            }
        }
    }

    fn depth_at(&self, moment: i64) -> Depth {
        if self.full_at.is_some_and(|full| full <= moment) { Depth::Full } else { Depth::Step }
    }
}

/// Since when the caller could know the entry, and how much of it; none where it is not shown.
/// `as_known_at` is a moment of recording; without one, now.
pub(crate) fn visible(
    entry: &EntryRow,
    caller: Uuid,
    shares: &[ShareRow],
    as_known_at: Option<i64>,
) -> Option<(i64, Depth)> {
    let moment = as_known_at.unwrap_or(i64::MAX);
    let recorded_at = entry.kept.recorded_at;
    if entry.owner == caller || entry.organisation == caller {
        return (recorded_at <= moment).then_some((recorded_at, Depth::Full));
    }
    let mut seen: Option<(i64, Depth)> = None;
    let mine = shares.iter().filter(|share| share.organisation == caller && share.covers(entry));
    for share in mine {
        let known_at = recorded_at.max(share.known_at);
        if known_at > moment {
            continue;
        }
        let depth = share.depth_at(moment);
        seen = Some(seen.map_or((known_at, depth), |(earlier, deeper)| {
            (earlier.min(known_at), deeper.max(depth))
        }));
    }
    seen
}

impl Stored for ShareRow {
    const TABLE: Table = Table {
        name: "timeline_g_share",
        columns: &[
            ("learner", Kind::Id),
            ("organisation", Kind::Id),
            ("scope", Kind::Text),
            ("subject", Kind::Id),
            ("via", Kind::Id),
            ("position", Kind::Int),
            ("known_at", Kind::Int),
            ("full_at", Kind::Int),
            ("ended_at", Kind::Int),
        ],
        key: &["learner", "organisation", "scope", "subject", "via"],
        group: "learner",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.learner
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.learner.into(),
            self.organisation.into(),
            self.scope.as_str().into(),
            self.subject.into(),
            self.via.into(),
            self.position.into(),
            self.known_at.into(),
            self.full_at.into(),
            self.ended_at.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            learner: row.id("learner")?,
            organisation: row.id("organisation")?,
            scope: row.text("scope")?.parse()?,
            subject: row.id("subject")?,
            via: row.id("via")?,
            position: row.int("position")?,
            known_at: row.int("known_at")?,
            full_at: row.int_or_null("full_at")?,
            ended_at: row.int_or_null("ended_at")?,
        })
    }
}
