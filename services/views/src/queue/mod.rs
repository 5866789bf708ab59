//! The queue: one row a referral, for the pathfinder's team and for the setting that referred.
//!
//! Every state is in exactly one bucket, so that received is the sum of the buckets at any position.
//! Days are kept as numbers that order; the form is a sealed copy.

mod apply;
mod erase;
mod query;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_trait::async_trait;
use onward_log::Recorded;
use uuid::Uuid;

use crate::engine::fold::{Said, Unfit, View, area};
use crate::engine::registry::Generation;
use crate::engine::store::{Ddl, Tx};
use crate::engine::table::{Stored, Table, load, upsert};
use crate::error::ViewError;

use rows::{FormRow, ReferralRow};

pub use query::{Count, QueueCursor, QueueQuery, QueueView, Referral, ReferralsPage, Whose};

/// The fold.
pub(crate) struct Queue;

/// One referral.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    referral: Option<ReferralRow>,
    /// A new copy of the form; the one written before is never loaded.
    form: Option<FormRow>,
}

#[async_trait]
impl View for Queue {
    const NAME: &'static str = "queue";
    const VERSION: i64 = 1;
    const TABLES: Ddl = Ddl {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    };
    const ROWS: &'static [Table] = &[<ReferralRow as Stored>::TABLE, <FormRow as Stored>::TABLE];

    type Rows = Rows;

    fn group(recorded: &Recorded) -> Option<Uuid> {
        (area(recorded) == "referral").then_some(recorded.stream)
    }

    fn apply(rows: &mut Rows, said: &Said<'_>) -> Result<(), Unfit> {
        apply::apply(rows, said)
    }

    fn erased(rows: &mut Rows, recorded: &Recorded) {
        erase::fold(rows, recorded);
    }

    async fn erase(tx: &mut Tx, generation: Generation, learner: Uuid) -> Result<(), ViewError> {
        erase::rows(tx, generation, learner).await
    }

    async fn load(
        tx: &mut Tx,
        generation: Generation,
        groups: &[Uuid],
    ) -> Result<HashMap<Uuid, Rows>, ViewError> {
        let found = load::<ReferralRow>(tx, generation, groups).await?;
        let one = |(referral, found): (Uuid, Vec<ReferralRow>)| {
            (referral, Rows { referral: found.into_iter().next(), form: None })
        };
        Ok(found.into_iter().map(one).collect())
    }

    async fn save(
        tx: &mut Tx,
        generation: Generation,
        before: &HashMap<Uuid, Rows>,
        after: &HashMap<Uuid, Rows>,
    ) -> Result<(), ViewError> {
        let mut referrals = Vec::new();
        let mut forms = Vec::new();
        for (referral, rows) in after {
            let old = before.get(referral).and_then(|rows| rows.referral.as_ref());
            referrals.extend(rows.referral.iter().filter(|row| Some(*row) != old).cloned());
            forms.extend(rows.form.iter().cloned());
        }
        upsert(tx, generation, &referrals).await?;
        upsert(tx, generation, &forms).await
    }
}
