//! Transitions and Disabled Students' Allowance cases, as one organisation may see them.

use jiff::Timestamp;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_log::{Position, Recorded};
use uuid::Uuid;

use super::entry::EntryRow;
use super::query::TimelineView;
use super::rows::SubjectRow;
use crate::engine::number;
use crate::engine::table::{Stored as _, names, names_of};
use crate::engine::value::Value;
use crate::error::ViewError;

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// A transition.
    Transition,
    /// A Disabled Students' Allowance case.
    Dsa,
}

impl SubjectKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Transition => "transition",
            Self::Dsa => "dsa",
        }
    }
}

/// One transition or case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The transition's or case's id, which is its stream.
    pub id: Uuid,
    /// The record that it is about.
    pub learner: LearnerId,
    /// The organisation that keeps the record.
    pub owner: OrganisationId,
    /// Code of its `TransitionState` or `DsaState`.
    pub state: String,
    /// Type of the event that began it, `transition.post16_move_recorded` for example.
    pub begun_as: String,
    /// Authority named.
    pub authority: Option<OrganisationId>,
    /// Setting left.
    pub source: Option<OrganisationId>,
    /// Setting entered; the provider of a case.
    pub destination: Option<OrganisationId>,
    /// The transition that a case belongs to.
    pub transition: Option<Uuid>,
    /// Where it began in the log.
    pub begun: Position,
    /// When it was first recorded.
    pub begun_at: Timestamp,
    /// Where it last changed.
    pub changed: Position,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Version of its stream.
    pub version: u64,
}

/// Which transitions or cases to list.
#[derive(Debug, Clone)]
pub struct SubjectsQuery {
    /// Who asks.
    pub caller: OrganisationId,
    /// Transitions or cases.
    pub kind: SubjectKind,
    /// Of this person, across the linked records; else of every learner that the caller may see.
    pub learner: Option<LearnerId>,
    /// Codes of `TransitionState` or `DsaState`; all when empty.
    pub states: Vec<String>,
    /// Types of the event that began it; all when empty.
    pub begun_as: Vec<String>,
    /// Go on behind this beginning.
    pub after: Option<Position>,
    /// At most so many; at least 1.
    pub limit: u16,
}

impl SubjectsQuery {
    /// All of one kind that the caller may see, 50 at a time.
    pub fn new(caller: OrganisationId, kind: SubjectKind) -> Self {
        Self {
            caller,
            kind,
            learner: None,
            states: Vec::new(),
            begun_as: Vec::new(),
            after: None,
            limit: 50,
        }
    }
}

/// Transitions or cases, by their beginning.
#[derive(Debug, Clone)]
pub struct SubjectsPage {
    /// In the order of the log.
    pub subjects: Vec<Subject>,
    /// There is more: ask with `after` set to this.
    pub next: Option<Position>,
}

impl TimelineView {
    /// Lists transitions or cases: those of the caller's own records, and those shared with it.
    ///
    /// # Errors
    /// The database.
    pub async fn subjects(&self, query: &SubjectsQuery) -> Result<SubjectsPage, ViewError> {
        let limit = i64::from(query.limit.max(1));
        let mut values = vec![
            Value::from(query.caller.uuid()),
            query.kind.as_str().into(),
            number::of_position(query.after.unwrap_or_default()).into(),
        ];
        let mut more = String::new();
        if let Some(learner) = query.learner {
            let records = self.records_of_person(learner).await?;
            values.push(Value::Ids(records.into_iter().map(LearnerId::uuid).collect()));
            more += &format!(" AND {}", self.store.among_ids("s.learner", values.len()));
        }
        for (column, list) in [("s.state", &query.states), ("s.begun_as", &query.begun_as)] {
            if !list.is_empty() {
                values.push(Value::Texts(list.clone()));
                more += &format!(" AND {}", self.store.among(column, values.len()));
            }
        }
        let sql = self.served.sql(&format!(
            "SELECT {} FROM timeline_g_subject s WHERE s.kind = $2 AND s.begun_position > $3{more} \
             AND (s.owner = $1 OR EXISTS (SELECT 1 FROM timeline_g_share h \
               WHERE h.learner = s.learner AND h.organisation = $1 AND h.ended_at IS NULL \
               AND ((h.scope IN ('transition', 'named') AND h.subject = s.subject) \
                 OR (h.scope = 'history' AND h.position >= s.changed_position)))) \
             ORDER BY s.begun_position LIMIT {}",
            names_of(&SubjectRow::TABLE, "s."),
            limit + 1
        ));
        let rows = self.store.rows(sql, values).await?;
        let rows = rows.iter().map(SubjectRow::read).collect::<Result<Vec<_>, _>>()?;
        let mut subjects = rows.into_iter().map(subject).collect::<Result<Vec<_>, _>>()?;
        let more = subjects.len() > usize::from(query.limit.max(1));
        subjects.truncate(usize::from(query.limit.max(1)));
        let next = if more { subjects.last().map(|last| last.begun) } else { None };
        Ok(SubjectsPage { subjects, next })
    }

    /// The events of these streams, each stream in its order: fold them once opened. Who may see them
    /// was settled by [`TimelineView::subjects`].
    ///
    /// # Errors
    /// The database.
    pub async fn events_of(&self, streams: &[Uuid]) -> Result<Vec<Recorded>, ViewError> {
        let sql = self.served.sql(&format!(
            "SELECT {} FROM timeline_g_entry WHERE {} ORDER BY position",
            names(&EntryRow::TABLE),
            self.store.among_ids("stream", 1)
        ));
        let rows = self.store.rows(sql, vec![Value::Ids(streams.to_vec())]).await?;
        rows.iter().map(|row| EntryRow::read(row)?.kept.recorded()).collect()
    }
}

fn subject(row: SubjectRow) -> Result<Subject, ViewError> {
    Ok(Subject {
        id: row.subject,
        learner: LearnerId::new(row.learner),
        owner: OrganisationId::new(row.owner),
        state: row.state,
        begun_as: row.begun_as,
        authority: row.authority.map(OrganisationId::new),
        source: row.source.map(OrganisationId::new),
        destination: row.destination.map(OrganisationId::new),
        transition: row.transition,
        begun: number::position(row.begun_position),
        begun_at: number::moment(row.begun_at)?,
        changed: number::position(row.changed_position),
        changed_at: number::moment(row.changed_at)?,
        version: u64::try_from(row.version).unwrap_or_default(),
    })
}
