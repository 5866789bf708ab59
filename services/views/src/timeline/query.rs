//! Reading a learner's timeline as one organisation may see it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_log::Position;
use uuid::Uuid;

use super::entry::{Entry, EntryRow};
use super::rows::LinkRow;
use super::share::{ShareRow, visible};
use crate::engine::number;
use crate::engine::registry::Served;
use crate::engine::store::Store;
use crate::engine::table::{Stored as _, names};
use crate::engine::value::Value;
use crate::error::ViewError;

/// Rows read at once while looking for visible ones.
const CHUNK: i64 = 512;
/// More records of one person than there are: a guard against a run of wrong links.
const MOST_RECORDS: usize = 64;

/// Reads of the view `timeline`.
#[derive(Clone)]
pub struct TimelineView {
    pub(crate) store: Store,
    pub(crate) served: Served,
}

/// In which order entries are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimelineOrder {
    /// As recorded, oldest first.
    #[default]
    OldestFirst,
    /// As recorded, newest first.
    NewestFirst,
}

/// Which entries of a learner to read.
#[derive(Debug, Clone)]
pub struct EntriesQuery {
    /// Who asks.
    pub caller: OrganisationId,
    /// One record of the person; the linked ones are read with it.
    pub learner: LearnerId,
    /// Only what the caller could know at this moment.
    pub as_known_at: Option<Timestamp>,
    /// `learner`, `transition`, `dsa`, `handover`, `referral`; all when empty.
    pub areas: Vec<String>,
    /// Full event types, `transition.arrival_recorded` for example; all when empty.
    pub types: Vec<String>,
    /// Recorded at or after this moment. When something happened is sealed: filter on it once opened.
    pub recorded_from: Option<Timestamp>,
    /// Recorded before this moment.
    pub recorded_before: Option<Timestamp>,
    /// Order.
    pub order: TimelineOrder,
    /// Go on behind this position, in the order asked for.
    pub after: Option<Position>,
    /// Nothing behind this position of the log.
    pub until: Option<Position>,
    /// At most so many; at least 1.
    pub limit: u16,
}

impl EntriesQuery {
    /// Everything about a learner, oldest first, 50 at a time.
    pub fn new(caller: OrganisationId, learner: LearnerId) -> Self {
        Self {
            caller,
            learner,
            as_known_at: None,
            areas: Vec::new(),
            types: Vec::new(),
            recorded_from: None,
            recorded_before: None,
            order: TimelineOrder::OldestFirst,
            after: None,
            until: None,
            limit: 50,
        }
    }
}

/// Entries that the caller may see.
#[derive(Debug, Clone)]
pub struct EntriesPage {
    /// In the order asked for.
    pub entries: Vec<Entry>,
    /// There is more: ask with `after` set to this.
    pub next: Option<Position>,
}

impl TimelineView {
    /// The position that this view reflects. Read it before a query, never after.
    ///
    /// # Errors
    /// The database.
    pub async fn position(&self) -> Result<Position, ViewError> {
        self.served.position(&self.store).await
    }

    /// Whether the organisation may ask about this record at all: it keeps it, or something of it is
    /// shared with it now. Everybody else is told that there is no such learner.
    ///
    /// # Errors
    /// The database.
    pub async fn may_see(
        &self,
        caller: OrganisationId,
        learner: LearnerId,
    ) -> Result<bool, ViewError> {
        let sql = self.served.sql(
            "SELECT 1 FROM timeline_g_learner WHERE learner = $1 AND organisation = $2 \
             UNION ALL SELECT 1 FROM timeline_g_share \
             WHERE learner = $1 AND organisation = $2 AND ended_at IS NULL LIMIT 1",
        );
        let values = vec![learner.uuid().into(), caller.uuid().into()];
        Ok(!self.store.rows(sql, values).await?.is_empty())
    }

    /// Every record of the person that this record is one of, itself included.
    ///
    /// # Errors
    /// The database.
    pub async fn records_of_person(&self, learner: LearnerId) -> Result<Vec<LearnerId>, ViewError> {
        let mut known = BTreeSet::from([learner.uuid()]);
        let mut edge = vec![learner.uuid()];
        while !edge.is_empty() && known.len() < MOST_RECORDS {
            let sql = self.served.sql(&format!(
                "SELECT {} FROM timeline_g_link WHERE {}",
                names(&LinkRow::TABLE),
                self.store.among_ids("learner", 1)
            ));
            let mut next = Vec::new();
            for row in self.store.rows(sql, vec![Value::Ids(edge)]).await? {
                let other = LinkRow::read(&row)?.other;
                if known.insert(other) {
                    next.push(other);
                }
            }
            edge = next;
        }
        Ok(known.into_iter().map(LearnerId::new).collect())
    }

    /// What the caller may see of a person, across the linked records.
    ///
    /// # Errors
    /// The database.
    pub async fn entries(&self, query: &EntriesQuery) -> Result<EntriesPage, ViewError> {
        let records = self.records_of_person(query.learner).await?;
        let learners: Vec<Uuid> = records.into_iter().map(LearnerId::uuid).collect();
        let shares = self.shares(query.caller, &learners).await?;
        let limit = usize::from(query.limit.max(1));
        let mut page = EntriesPage { entries: Vec::new(), next: None };
        let mut after = query.after;
        loop {
            let rows = self.chunk(query, &learners, after).await?;
            let full = i64::try_from(rows.len()).is_ok_and(|count| count >= CHUNK);
            for row in rows {
                after = Some(number::position(row.kept.position));
                let Some(entry) = self.show(row, query.caller, &shares, query.as_known_at)? else {
                    continue;
                };
                if page.entries.len() == limit {
                    page.next = page.entries.last().map(|last| last.recorded.position);
                    return Ok(page);
                }
                page.entries.push(entry);
            }
            if !full {
                return Ok(page);
            }
        }
    }

    /// What lies after a position, oldest first, as far as every partition has come: for a stream of one
    /// learner. An entry of before that was shared later keeps its place, as in
    /// [`TimelineView::follow`].
    ///
    /// # Errors
    /// The database.
    pub async fn entries_after(
        &self,
        caller: OrganisationId,
        learner: LearnerId,
        after: Position,
        limit: u16,
    ) -> Result<EntriesPage, ViewError> {
        let query =
            EntriesQuery { after: Some(after), limit, ..EntriesQuery::new(caller, learner) };
        self.entries(&query).await
    }

    async fn chunk(
        &self,
        query: &EntriesQuery,
        learners: &[Uuid],
        after: Option<Position>,
    ) -> Result<Vec<EntryRow>, ViewError> {
        let mut values = vec![Value::Ids(learners.to_vec())];
        let mut conditions = vec![self.store.among_ids("learner", 1)];
        let (compare, direction) = match query.order {
            TimelineOrder::OldestFirst => (">", "ASC"),
            TimelineOrder::NewestFirst => ("<", "DESC"),
        };
        let mut when = |condition: &str, value: Value| {
            values.push(value);
            conditions.push(format!("{condition} ${}", values.len()));
        };
        if let Some(after) = after {
            when(&format!("position {compare}"), number::of_position(after).into());
        }
        if let Some(until) = query.until {
            when("position <=", number::of_position(until).into());
        }
        if let Some(from) = query.recorded_from {
            when("recorded_at >=", number::of_moment(from).into());
        }
        if let Some(before) = query.recorded_before {
            when("recorded_at <", number::of_moment(before).into());
        }
        // Nothing recorded later can have been known.
        if let Some(known) = query.as_known_at {
            when("recorded_at <=", number::of_moment(known).into());
        }
        for (column, list) in [("area", &query.areas), ("event_type", &query.types)] {
            if !list.is_empty() {
                values.push(Value::Texts(list.clone()));
                conditions.push(self.store.among(column, values.len()));
            }
        }
        let sql = self.served.sql(&format!(
            "SELECT {} FROM timeline_g_entry WHERE {} ORDER BY position {direction} LIMIT {CHUNK}",
            names(&EntryRow::TABLE),
            conditions.join(" AND ")
        ));
        self.store.rows(sql, values).await?.iter().map(EntryRow::read).collect()
    }

    pub(super) async fn shares(
        &self,
        caller: OrganisationId,
        learners: &[Uuid],
    ) -> Result<Vec<ShareRow>, ViewError> {
        let sql = self.served.sql(&format!(
            "SELECT {} FROM timeline_g_share \
             WHERE organisation = $1 AND ended_at IS NULL AND {}",
            names(&ShareRow::TABLE),
            self.store.among_ids("learner", 2)
        ));
        let values = vec![caller.uuid().into(), Value::Ids(learners.to_vec())];
        self.store.rows(sql, values).await?.iter().map(ShareRow::read).collect()
    }

    pub(super) fn show(
        &self,
        row: EntryRow,
        caller: OrganisationId,
        shares: &[ShareRow],
        as_known_at: Option<Timestamp>,
    ) -> Result<Option<Entry>, ViewError> {
        let moment = as_known_at.map(number::of_moment);
        let Some((known_at, depth)) = visible(&row, caller.uuid(), shares, moment) else {
            return Ok(None);
        };
        Ok(Some(Entry {
            recorded: row.kept.recorded()?,
            learner: LearnerId::new(row.learner),
            owner: OrganisationId::new(row.owner),
            organisation: OrganisationId::new(row.organisation),
            area: row.area,
            corrects: row.corrects,
            transition: row.transition,
            handover: row.handover,
            known_at: number::moment(known_at)?,
            depth,
        }))
    }
}
