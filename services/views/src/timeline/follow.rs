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
use crate::engine::table::{Stored as _, names_of};
use crate::engine::value::Value;
use crate::error::ViewError;

/// Adds the entries that a share opens, written before it began, to the organisation's stream.
pub(super) async fn show_earlier(
    tx: &mut Tx,
    generation: Generation,
    share: &ShareRow,
) -> Result<(), ViewError> {
    let mut values =
        vec![share.organisation.into(), share.learner.into(), Value::from(share.position)];
    let which = if share.scope == Scope::History {
        "area IN ('learner', 'transition', 'dsa')"
    } else {
        values.push(share.subject.into());
        "stream = $4"
    };
    // WHERE before ON CONFLICT: SQLite needs one to tell it from a join.
    let sql = generation.sql(&format!(
        "INSERT INTO timeline_g_feed (organisation, position, learner) \
         SELECT $1, position, learner FROM timeline_g_entry \
         WHERE learner = $2 AND position <= $3 AND {which} ON CONFLICT DO NOTHING"
    ));
    tx.execute(sql, values).await.map(drop)
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
        let sql = self.generation.sql(&format!(
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
