//! Two generations of a view, row by row: those partitions of which both have applied the same events,
//! in one snapshot; again and again until each partition was seen level once. Bytes are compared where
//! the version is the same, else keys.

use std::collections::BTreeSet;
use std::time::Duration;

use onward_domain::ids::LearnerId;
use onward_log::{PARTITIONS, Position, partition_of};
use tokio_util::sync::CancellationToken;

use super::apply::Running;
use super::checkpoint;
use super::number;
use super::registry::{self, Generation, GenerationState};
use super::store::{Store, Tx};
use super::table::{Place, Table};
use super::value::{Row, Value};
use crate::error::ViewError;

/// Snapshots that are taken at most; where writes are so dense that some partition is never level,
/// it is told that it was not compared.
const ROUNDS: usize = 200;
/// Between two snapshots: about what an engine needs for a batch.
const PAUSE: Duration = Duration::from_millis(25);

/// What a comparison with the live generation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Position of the generation at the end of it.
    pub position: Position,
    /// Partitions of the log that were compared, of 64.
    pub partitions: u32,
    /// Rows that the generation has.
    pub rows: u64,
    /// Rows that one of the two lacks, or that differ.
    pub differences: u64,
}

impl Comparison {
    /// Everything was compared and is the same.
    pub fn is_equal(&self) -> bool {
        self.differences == 0 && usize::try_from(self.partitions) == Ok(PARTITIONS)
    }
}

/// The last comparison of a generation; none where there was none.
pub(crate) async fn last(
    store: &Store,
    view: &str,
    generation: Generation,
) -> Result<Option<Comparison>, ViewError> {
    let rows = store.rows(LAST.to_owned(), vec![view.into(), generation.0.into()]).await?;
    rows.first().map(read).transpose()
}

/// As [`last`], inside a transaction.
pub(crate) async fn last_in(
    tx: &mut Tx,
    view: &str,
    generation: Generation,
) -> Result<Option<Comparison>, ViewError> {
    let rows = tx.rows(LAST.to_owned(), vec![view.into(), generation.0.into()]).await?;
    rows.first().map(read).transpose()
}

const LAST: &str = "SELECT compared_position, partitions, rows_compared, differences \
                    FROM view_build WHERE view = $1 AND generation = $2 \
                    AND compared_position IS NOT NULL";

fn read(row: &Row) -> Result<Comparison, ViewError> {
    let count = |column: &str| Ok::<_, ViewError>(u64::try_from(row.int(column)?).unwrap_or(0));
    Ok(Comparison {
        position: number::position(row.int("compared_position")?),
        partitions: u32::try_from(row.int("partitions")?).unwrap_or_default(),
        rows: count("rows_compared")?,
        differences: count("differences")?,
    })
}

/// Compares a generation with the live one and keeps what it came to.
///
/// # Errors
/// `NothingThere` where there is no other live generation; the database.
pub(crate) async fn compare(
    store: &Store,
    view: &Running,
    cancel: &CancellationToken,
) -> Result<Comparison, ViewError> {
    let listed = registry::list(store, view.name()).await?;
    let live = listed
        .iter()
        .rev()
        .find(|one| one.state == GenerationState::Live && one.generation != view.generation)
        .ok_or(ViewError::NothingThere)?;
    let same = live.version == view.applier.version();
    let mut seen: BTreeSet<u8> = BTreeSet::new();
    let mut sum = Comparison { position: Position::START, partitions: 0, rows: 0, differences: 0 };
    for _ in 0..ROUNDS {
        let mut tx = store.begin_snapshot().await?;
        let level = checkpoint::level(&mut tx, view.name(), live.generation, view.generation);
        let level = level.await?;
        let fresh: BTreeSet<u8> = level.partitions.difference(&seen).copied().collect();
        if !fresh.is_empty() {
            (sum.position, sum.rows) = (level.position, 0);
            for table in view.applier.tables() {
                let pair = Pair { old: live.generation, new: view.generation, same };
                sum.differences += pair.differences(&mut tx, table, &fresh).await?;
                sum.rows += pair.rows(&mut tx, table).await?;
            }
            seen.extend(fresh);
        }
        tx.commit().await?;
        if seen.len() == PARTITIONS || cancel.is_cancelled() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    sum.partitions = u32::try_from(seen.len()).unwrap_or_default();
    if !cancel.is_cancelled() {
        keep(store, view, sum).await?;
    }
    Ok(sum)
}

async fn keep(store: &Store, view: &Running, sum: Comparison) -> Result<(), ViewError> {
    let number = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
    let mut tx = store.begin().await?;
    tx.execute(
        "UPDATE view_build SET compared_position = $3, partitions = $4, rows_compared = $5, \
         differences = $6 WHERE view = $1 AND generation = $2"
            .to_owned(),
        vec![
            view.name().into(),
            view.generation.0.into(),
            number::of_position(sum.position).into(),
            i64::from(sum.partitions).into(),
            number(sum.rows),
            number(sum.differences),
        ],
    )
    .await?;
    tx.commit().await
}

/// Two generations of one view.
struct Pair {
    old: Generation,
    new: Generation,
    /// Both were folded by the same version: all columns have to agree.
    same: bool,
}

impl Pair {
    /// Rows of these partitions that one of the two lacks, or that differ.
    async fn differences(
        &self,
        tx: &mut Tx,
        table: &Table,
        partitions: &BTreeSet<u8>,
    ) -> Result<u64, ViewError> {
        if !tx.has_table(&self.old.sql(table.name)).await? {
            return Ok(0);
        }
        let mut differences = 0;
        for row in tx.rows(self.sql(table), Vec::new()).await? {
            let partition = match table.place {
                Place::Learner(_) => partition_of(Some(LearnerId::new(row.id("place")?))),
                Place::Column(_) => u8::try_from(row.int("place")?).unwrap_or_default(),
                Place::First => 0,
            };
            if partitions.contains(&partition) {
                differences += u64::try_from(row.int("count")?).unwrap_or_default();
            }
        }
        Ok(differences)
    }

    fn sql(&self, table: &Table) -> String {
        let both = |name: &str| format!("a.{name} = b.{name}");
        let on: Vec<String> = table.key.iter().map(|name| both(name)).collect();
        let first = table.key.first().copied().unwrap_or_default();
        let mut differs = format!("a.{first} IS NULL OR b.{first} IS NULL");
        if self.same {
            for (name, _) in table.columns.iter().filter(|(name, _)| !table.key.contains(name)) {
                differs += &format!(" OR a.{name} IS DISTINCT FROM b.{name}");
            }
        }
        let place = match table.place {
            Place::Learner(name) | Place::Column(name) => format!("COALESCE(a.{name}, b.{name})"),
            Place::First => "CAST(0 AS BIGINT)".to_owned(),
        };
        format!(
            "SELECT {place} AS place, COUNT(*) AS count FROM {} a FULL JOIN {} b ON {} \
             WHERE {differs} GROUP BY 1",
            self.old.sql(table.name),
            self.new.sql(table.name),
            on.join(" AND ")
        )
    }

    async fn rows(&self, tx: &mut Tx, table: &Table) -> Result<u64, ViewError> {
        let sql = format!("SELECT COUNT(*) AS count FROM {}", self.new.sql(table.name));
        let rows = tx.rows(sql, Vec::new()).await?;
        let count = rows.first().map(|row| row.int("count")).transpose()?.unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
