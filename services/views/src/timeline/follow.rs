//! An organisation's stream: every entry that it may see, by position.

use std::collections::HashMap;

use onward_domain::ids::OrganisationId;
use onward_log::Position;
use uuid::Uuid;

use super::entry::{Entry, EntryRow};
use super::query::TimelineView;
use super::share::{Scope, ShareRow};
use crate::engine::number;
use crate::engine::registry::Generation;
use crate::engine::store::Tx;
use crate::engine::table::{Stored as _, names_of, with_rows};
use crate::engine::value::{Kind, Value};
use crate::error::ViewError;

/// Columns of the shares that [`show_earlier`] is given; no subject stands for a history.
const SHARES: [(&str, Kind); 4] = [
    ("organisation", Kind::Id),
    ("learner", Kind::Id),
    ("position", Kind::Int),
    ("subject", Kind::Id),
];

/// Adds the entries that shares open, written before each began, to the organisations' streams.
pub(super) async fn show_earlier(
    tx: &mut Tx,
    generation: Generation,
    shares: &[ShareRow],
) -> Result<(), ViewError> {
    let row = |share: &ShareRow| {
        let subject = Some(share.subject).filter(|_| share.scope != Scope::History);
        vec![
            Value::from(share.organisation),
            share.learner.into(),
            share.position.into(),
            subject.into(),
        ]
    };
    let rows = shares.iter().map(row).collect();
    // CROSS JOIN keeps SQLite from reading all entries first; WHERE before ON CONFLICT tells it from
    // a join's condition.
    with_rows(tx, &SHARES, rows, |given| {
        generation.sql(&format!(
            "INSERT INTO timeline_g_feed (organisation, position, learner) \
             SELECT s.organisation, e.position, e.learner \
             FROM {given} s CROSS JOIN timeline_g_entry e \
             WHERE e.learner = s.learner AND e.position <= s.position \
             AND (e.stream = s.subject OR (s.subject IS NULL \
               AND e.area IN ('learner', 'transition', 'dsa'))) ON CONFLICT DO NOTHING"
        ))
    })
    .await
}

/// A stretch of an organisation's stream.
pub struct Stretch {
    /// The entries, by position.
    pub entries: Vec<Entry>,
    /// Ask for what lies after this next; it may be beyond the last entry.
    pub next: Position,
    /// There was as much as was asked for: ask again at once.
    pub more: bool,
}

impl TimelineView {
    /// What an organisation may see after a position, oldest first: at most `limit` entries.
    ///
    /// An entry that was shared later keeps its place: whoever follows from before a release sees the
    /// release, and reads what came with it by [`TimelineView::entries`].
    ///
    /// # Errors
    /// The database.
    pub async fn follow(
        &self,
        caller: OrganisationId,
        after: Position,
        limit: u16,
    ) -> Result<Stretch, ViewError> {
        // Nothing beyond what every partition has reached is handed out: a slower one could still add
        // an entry below it, which a follower would then never see.
        let reached = self.position().await?;
        let sql = self.served.sql(&format!(
            "SELECT {} FROM timeline_g_feed f JOIN timeline_g_entry e ON e.position = f.position \
             WHERE f.organisation = $1 AND f.position > $2 AND f.position <= $3 \
             ORDER BY f.position LIMIT $4",
            names_of(&EntryRow::TABLE, "e.")
        ));
        let values = vec![
            caller.uuid().into(),
            number::of_position(after).into(),
            number::of_position(reached).into(),
            i64::from(limit).into(),
        ];
        let rows = self.store.rows(sql, values).await?;
        let rows = rows.iter().map(EntryRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() >= usize::from(limit);
        let next = match rows.last() {
            Some(last) if more => number::position(last.kept.position),
            _ => after.max(reached),
        };
        let mut learners: Vec<Uuid> = rows.iter().map(|row| row.learner).collect();
        learners.sort_unstable();
        learners.dedup();
        let mut shares: HashMap<Uuid, Vec<ShareRow>> = HashMap::new();
        for share in self.shares(caller, &learners).await? {
            shares.entry(share.learner).or_default().push(share);
        }
        let none = Vec::new();
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let shares = shares.get(&row.learner).unwrap_or(&none);
            entries.extend(self.show(row, caller, shares, None)?);
        }
        Ok(Stretch { entries, next, more })
    }
}
