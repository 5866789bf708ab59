//! The timeline: every event about a learner, and who may see which of them.
//!
//! An organisation sees what it recorded itself, what was recorded on its own records, and what was
//! shared with it; nothing else. Rows hold ids, moments and sealed copies only.
//!
//! | to see | open |
//! |---|---|
//! | what an event changes | `apply.rs` |
//! | which share shows which entry, and since when | `share.rs` |
//! | the state of a transition after corrections | `steps.rs` |
//! | reading entries | `query.rs`; transitions and cases: `subjects.rs`; an organisation's stream: `follow.rs` |

mod apply;
mod entry;
mod follow;
mod query;
mod rows;
mod share;
mod steps;
mod subjects;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_trait::async_trait;
use onward_domain::ids::LearnerId;
use onward_log::Recorded;
use uuid::Uuid;

use crate::engine::erase;
use crate::engine::fold::{Said, Unfit, View};
use crate::engine::registry::Generation;
use crate::engine::store::{Ddl, Tx};
use crate::engine::table::{Stored, Table, changed, insert, load, upsert};
use crate::error::ViewError;

use entry::{EntryRow, FeedRow};
use rows::{LearnerRow, LinkRow, SubjectRow};
use share::ShareRow;

pub use entry::{Depth, Entry};
pub use follow::Stretch;
pub use query::{EntriesPage, EntriesQuery, TimelineOrder, TimelineView};
pub use subjects::{Subject, SubjectKind, SubjectsPage, SubjectsQuery};

/// The fold.
pub(crate) struct Timeline;

/// Everything about one learner record that an event can touch.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    /// Whose record it is; none before it is registered.
    learner: Option<LearnerRow>,
    shares: Vec<ShareRow>,
    links: Vec<LinkRow>,
    subjects: Vec<SubjectRow>,
    /// New entries; those written before are never loaded.
    entries: Vec<EntryRow>,
    /// New lines of the organisations' streams.
    feed: Vec<FeedRow>,
    /// New shares that also cover entries written before.
    opened: Vec<ShareRow>,
}

/// Everything but whose record it was, and that it was erased. Lines of organisations' streams are found by
/// their key: who could see anything, and what there was to see.
const ERASE: [&str; 5] = [
    "DELETE FROM timeline_g_feed WHERE organisation IN ( \
     SELECT owner FROM timeline_g_entry WHERE learner = $1 \
     UNION SELECT organisation FROM timeline_g_entry WHERE learner = $1 \
     UNION SELECT organisation FROM timeline_g_share WHERE learner = $1) \
     AND position IN (SELECT position FROM timeline_g_entry \
     WHERE learner = $1 AND event_type <> 'learner.learner_erased')",
    "DELETE FROM timeline_g_entry WHERE learner = $1 AND event_type <> 'learner.learner_erased'",
    "DELETE FROM timeline_g_share WHERE learner = $1",
    "DELETE FROM timeline_g_link WHERE learner = $1",
    "DELETE FROM timeline_g_subject WHERE learner = $1",
];

#[async_trait]
impl View for Timeline {
    const NAME: &'static str = "timeline";
    const VERSION: i64 = 1;
    const TABLES: Ddl = Ddl {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    };
    const ROWS: &'static [Table] = &[
        <LearnerRow as Stored>::TABLE,
        <ShareRow as Stored>::TABLE,
        <LinkRow as Stored>::TABLE,
        <SubjectRow as Stored>::TABLE,
        <EntryRow as Stored>::TABLE,
        <FeedRow as Stored>::TABLE,
    ];

    type Rows = Rows;

    fn group(recorded: &Recorded) -> Option<Uuid> {
        recorded.learner.map(LearnerId::uuid)
    }

    /// Nothing about a learner is written before its registration: there is nothing to load.
    fn begins(recorded: &Recorded) -> bool {
        recorded.event_type == "learner.learner_registered"
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
        for (learner, found) in load::<LearnerRow>(tx, generation, groups).await? {
            all.entry(learner).or_default().learner = found.into_iter().next();
        }
        for (learner, found) in load::<ShareRow>(tx, generation, groups).await? {
            all.entry(learner).or_default().shares = found;
        }
        for (learner, found) in load::<LinkRow>(tx, generation, groups).await? {
            all.entry(learner).or_default().links = found;
        }
        for (learner, found) in load::<SubjectRow>(tx, generation, groups).await? {
            all.entry(learner).or_default().subjects = found;
        }
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
        let mut learners = Vec::new();
        for (learner, rows) in after {
            let old = before.get(learner).unwrap_or(&nothing);
            learners.extend(rows.learner.iter().filter(|_| rows.learner != old.learner).cloned());
            all.shares.extend(changed(&old.shares, &rows.shares));
            all.links.extend(changed(&old.links, &rows.links));
            all.subjects.extend(changed(&old.subjects, &rows.subjects));
            all.entries.extend(rows.entries.iter().cloned());
            all.feed.extend(rows.feed.iter().cloned());
            all.opened.extend(rows.opened.iter().cloned());
        }
        upsert(tx, generation, &learners).await?;
        upsert(tx, generation, &all.shares).await?;
        upsert(tx, generation, &all.links).await?;
        upsert(tx, generation, &all.subjects).await?;
        insert(tx, generation, &all.entries).await?;
        insert(tx, generation, &all.feed).await?;
        follow::show_earlier(tx, generation, &all.opened).await
    }
}
