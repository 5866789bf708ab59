//! The inbox: one row a handover, for the organisation that sends it and the one that receives it.
//!
//! A row holds who, where it stands, and when each step was recorded; the pack is a sealed copy of the
//! latest draft or, from the release on, of the release.

mod apply;
mod query;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_trait::async_trait;
use onward_domain::ids::LearnerId;
use onward_log::Recorded;
use uuid::Uuid;

use crate::engine::erase;
use crate::engine::fold::{Said, Unfit, View, area};
use crate::engine::registry::Generation;
use crate::engine::store::{Ddl, Tx};
use crate::engine::table::{Stored, Table, changed, load, upsert};
use crate::error::ViewError;

use rows::{HandoverRow, MoveRow, PackRow};

pub use query::{
    Handover, HandoversPage, HandoversQuery, InboxCursor, InboxOrder, InboxView, Side,
};

/// The fold.
pub(crate) struct Inbox;

/// Everything about one learner record that an event can touch.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    handovers: Vec<HandoverRow>,
    packs: Vec<PackRow>,
    /// First days, by which a receiver orders its inbox.
    moves: Vec<MoveRow>,
}

/// Everything about a learner.
const ERASE: [&str; 3] = [
    "DELETE FROM inbox_g_pack WHERE stream IN \
     (SELECT handover FROM inbox_g_handover WHERE learner = $1)",
    "DELETE FROM inbox_g_handover WHERE learner = $1",
    "DELETE FROM inbox_g_move WHERE learner = $1",
];

#[async_trait]
impl View for Inbox {
    const NAME: &'static str = "inbox";
    const VERSION: i64 = 1;
    const TABLES: Ddl = Ddl {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    };
    const ROWS: &'static [Table] =
        &[<HandoverRow as Stored>::TABLE, <PackRow as Stored>::TABLE, <MoveRow as Stored>::TABLE];

    type Rows = Rows;

    fn group(recorded: &Recorded) -> Option<Uuid> {
        let wanted = matches!(area(recorded), "handover" | "transition");
        recorded.learner.filter(|_| wanted).map(LearnerId::uuid)
    }

    fn apply(rows: &mut Rows, said: &Said<'_>) -> Result<(), Unfit> {
        apply::apply(rows, said)
    }

    async fn erase(tx: &mut Tx, generation: Generation, learner: Uuid) -> Result<(), ViewError> {
        erase::run(tx, generation, learner, &ERASE).await
    }

    async fn load(
        tx: &mut Tx,
        generation: Generation,
        groups: &[Uuid],
    ) -> Result<HashMap<Uuid, Rows>, ViewError> {
        let mut all: HashMap<Uuid, Rows> = HashMap::new();
        for (learner, found) in load::<HandoverRow>(tx, generation, groups).await? {
            all.entry(learner).or_default().handovers = found;
        }
        for (learner, found) in load::<MoveRow>(tx, generation, groups).await? {
            all.entry(learner).or_default().moves = found;
        }
        // Packs are large and only ever replaced: they are not loaded.
        Ok(all)
    }

    async fn save(
        tx: &mut Tx,
        generation: Generation,
        before: &HashMap<Uuid, Rows>,
        after: &HashMap<Uuid, Rows>,
    ) -> Result<(), ViewError> {
        let nothing = Rows::default();
        let mut all = Rows::default();
        for (learner, rows) in after {
            let old = before.get(learner).unwrap_or(&nothing);
            all.handovers.extend(changed(&old.handovers, &rows.handovers));
            all.packs.extend(rows.packs.iter().cloned());
            all.moves.extend(changed(&old.moves, &rows.moves));
        }
        upsert(tx, generation, &all.handovers).await?;
        upsert(tx, generation, &all.packs).await?;
        upsert(tx, generation, &all.moves).await
    }
}
