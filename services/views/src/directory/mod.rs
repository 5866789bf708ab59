//! The directory: organisations, their numbers and their members.
//!
//! What an organisation publishes about itself stands here in clear; a member's name, issuer and
//! subject are a sealed copy.

mod apply;
mod members;
mod organisations;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_trait::async_trait;
use onward_log::{Position, Recorded};
use uuid::Uuid;

use crate::engine::fold::{Said, Unfit, View};
use crate::engine::registry::{Generation, Served};
use crate::engine::store::{Ddl, Store, Tx};
use crate::engine::table::{Stored, Table, changed, load, upsert};
use crate::error::ViewError;

use rows::{MemberRow, NumberRow, OrganisationRow, SaidRow};

pub use members::{Member, MembersPage, MembersQuery};
pub use organisations::{Organisation, OrganisationsPage, OrganisationsQuery};

/// The fold.
pub(crate) struct Directory;

/// Reads of the view `directory`.
#[derive(Clone)]
pub struct DirectoryView {
    pub(crate) store: Store,
    pub(crate) served: Served,
}

impl DirectoryView {
    /// The position that this view reflects. Read it before a query, never after.
    ///
    /// # Errors
    /// The database.
    pub async fn position(&self) -> Result<Position, ViewError> {
        self.served.position(&self.store).await
    }
}

/// One organisation, or one membership.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    organisations: Vec<OrganisationRow>,
    numbers: Vec<NumberRow>,
    members: Vec<MemberRow>,
    /// New copies of events with a sealed part; those written before are never loaded.
    said: Vec<SaidRow>,
}

#[async_trait]
impl View for Directory {
    const NAME: &'static str = "directory";
    const VERSION: i64 = 1;
    const TABLES: Ddl = Ddl {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    };
    const ROWS: &'static [Table] = &[
        <OrganisationRow as Stored>::TABLE,
        <NumberRow as Stored>::TABLE,
        <MemberRow as Stored>::TABLE,
        <SaidRow as Stored>::TABLE,
    ];

    type Rows = Rows;

    fn group(recorded: &Recorded) -> Option<Uuid> {
        recorded.learner.is_none().then_some(recorded.stream)
    }

    fn apply(rows: &mut Rows, said: &Said<'_>) -> Result<(), Unfit> {
        apply::apply(rows, said)
    }

    async fn load(
        tx: &mut Tx,
        generation: Generation,
        groups: &[Uuid],
    ) -> Result<HashMap<Uuid, Rows>, ViewError> {
        let mut all: HashMap<Uuid, Rows> = HashMap::new();
        for (group, found) in load::<OrganisationRow>(tx, generation, groups).await? {
            all.entry(group).or_default().organisations = found;
        }
        for (group, found) in load::<NumberRow>(tx, generation, groups).await? {
            all.entry(group).or_default().numbers = found;
        }
        for (group, found) in load::<MemberRow>(tx, generation, groups).await? {
            all.entry(group).or_default().members = found;
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
        for (group, rows) in after {
            let old = before.get(group).unwrap_or(&nothing);
            all.organisations.extend(changed(&old.organisations, &rows.organisations));
            all.numbers.extend(changed(&old.numbers, &rows.numbers));
            all.members.extend(changed(&old.members, &rows.members));
            all.said.extend(rows.said.iter().cloned());
        }
        upsert(tx, generation, &all.organisations).await?;
        upsert(tx, generation, &all.numbers).await?;
        upsert(tx, generation, &all.members).await?;
        upsert(tx, generation, &all.said).await
    }
}
