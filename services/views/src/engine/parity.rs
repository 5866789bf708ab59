//! Are the views what the log says? The log is folded again, into a file of its own that is thrown away,
//! exactly as far as the live views have come, and the rows of both are compared.
//!
//! The live views are read in one snapshot, beside whoever serves them; nothing is written there. Tables are
//! compared by their number of rows and a sum of the rows' hashes, so that neither order nor size matters.

use std::path::Path;
use std::sync::Arc;

use futures::TryStreamExt as _;
use onward_log::{Log, PARTITIONS, Position};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};

use super::apply::{Running, prepare};
use super::fold::{Applier, Prepared};
use super::parked;
use super::registry::{self, Generation};
use super::store::{Ddl, Storage, Store, Tx};
use super::value::Kind;
use crate::error::ViewError;

/// Events folded at once.
const BATCH: usize = 512;

/// A view that is what the log says, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equal {
    /// The view.
    pub view: &'static str,
    /// Rows that were compared; none where the live view is of another version than this program.
    pub rows: Option<u64>,
}

/// A view that is not what the log says.
#[derive(Debug, thiserror::Error)]
pub enum ParityFault {
    /// The rows of a table differ.
    #[error(
        "the view {view} is not what the log says: {table} has {live} rows, {folded} by the log"
    )]
    Differs {
        /// The view.
        view: &'static str,
        /// The table.
        table: String,
        /// Rows in it.
        live: u64,
        /// Rows that follow from the log.
        folded: u64,
    },
    /// The live view says that it has come further than the log.
    #[error("the view {view} has come further than the log")]
    Ahead {
        /// The view.
        view: &'static str,
    },
    /// The views or the log could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
}

impl From<sqlx::Error> for ParityFault {
    fn from(error: sqlx::Error) -> Self {
        Self::View(error.into())
    }
}

/// How far a live view has come: the last sequence of each partition.
struct Reached {
    running: Running,
    sequences: [u64; PARTITIONS],
}

/// Rows, and the sum of their hashes as four numbers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    sum: [u64; 4],
}

/// Compares every live view with a fold of its own, in a file in `scratch`, which is empty. `progress` hears
/// of the last position folded.
pub(crate) async fn compare(
    storage: &Storage,
    log: &Log,
    appliers: Vec<Arc<dyn Applier>>,
    scratch: &Path,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Vec<Equal>, ParityFault> {
    let mut live = look(storage).await?;
    let folded = Store::open(&Storage::Sqlite { folder: scratch.to_owned() }).await?;
    registry::register(&folded, &appliers, false).await?;
    let (mut equal, mut views) = (Vec::new(), Vec::new());
    for applier in appliers {
        // Of an empty store each view is live at once, in its first generation.
        let generation = Generation(1);
        match registry::live(&mut live, applier.name()).await? {
            Some((at, version)) if version == applier.version() => {
                let sequences = sequences(&mut live, applier.name(), at).await?;
                views.push((Reached { running: Running { applier, generation }, sequences }, at));
            }
            _ => equal.push(Equal { view: applier.name(), rows: None }),
        }
    }
    fold(log, &folded, &views, &mut progress).await?;
    let mut tx = folded.begin().await?;
    for (view, at) in &views {
        equal.push(same(&mut live, *at, &mut tx, view).await?);
    }
    // Closing waits for what is lent out.
    drop(tx);
    folded.close().await;
    Ok(equal)
}

/// One snapshot of the live views.
async fn look(storage: &Storage) -> Result<Tx, ViewError> {
    match storage {
        Storage::Sqlite { folder } => {
            let options = SqliteConnectOptions::new()
                .filename(folder.join("views.db"))
                .create_if_missing(false)
                .read_only(true);
            let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
            Ok(Tx::Sqlite(pool.begin().await?))
        }
        Storage::Postgres { url, schema, .. } => {
            let options = super::store::postgres_options(url, schema.as_deref())?;
            let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
            let mut transaction = pool.begin().await?;
            let one = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
            sqlx::query(one).execute(&mut *transaction).await?;
            Ok(Tx::Postgres(transaction))
        }
    }
}

async fn sequences(
    live: &mut Tx,
    view: &str,
    generation: Generation,
) -> Result<[u64; PARTITIONS], ViewError> {
    let sql = "SELECT partition, sequence FROM view_checkpoint WHERE view = $1 AND generation = $2";
    let mut sequences = [0; PARTITIONS];
    for row in live.rows(sql.to_owned(), vec![view.into(), generation.0.into()]).await? {
        let partition = usize::try_from(row.int("partition")?).ok();
        let place = partition.and_then(|at| sequences.get_mut(at));
        let place = place.ok_or(ViewError::Damaged("a partition that does not exist"))?;
        *place = row.int("sequence")?.cast_unsigned();
    }
    Ok(sequences)
}

/// Folds the log into the scratch file, for each view as far as the live one has come.
async fn fold(
    log: &Log,
    folded: &Store,
    views: &[(Reached, Generation)],
    progress: &mut (impl FnMut(Position) + Send),
) -> Result<(), ParityFault> {
    let mut left: Vec<u64> =
        views.iter().map(|(view, _)| view.sequences.iter().sum::<u64>()).collect();
    let mut position = Position::START;
    while left.iter().any(|left| *left > 0) {
        let events = log.read(position, BATCH).await;
        let events = events.map_err(|error| ViewError::Log(error.to_string()))?;
        let Some(last) = events.last() else {
            let ahead = left.iter().position(|left| *left > 0).unwrap_or_default();
            return Err(ParityFault::Ahead { view: views[ahead].0.running.name() });
        };
        position = last.position;
        let prepared = prepare(log, events).await?;
        for ((view, _), left) in views.iter().zip(&mut left) {
            *left -= step(folded, view, &prepared).await?;
        }
        progress(position);
    }
    Ok(())
}

/// Folds what the live view has folded of these events; answers how many they were.
async fn step(folded: &Store, view: &Reached, events: &[Prepared]) -> Result<u64, ViewError> {
    let reached = |event: &&Prepared| {
        let recorded = &event.recorded;
        recorded.partition_sequence <= view.sequences[usize::from(recorded.partition)]
    };
    let wanted: Vec<&Prepared> = events.iter().filter(reached).collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let (name, generation) = (view.running.name(), view.running.generation);
    let mut tx = folded.begin().await?;
    let mut parked = parked::keys(&mut tx).await?;
    let blocked = parked.remove(&(name.to_owned(), generation.0)).unwrap_or_default();
    let aside = view.running.applier.apply(&mut tx, generation, &wanted, blocked).await?;
    parked::add(&mut tx, name, generation, &aside).await?;
    tx.commit().await?;
    Ok(wanted.len() as u64)
}

async fn same(
    live: &mut Tx,
    at: Generation,
    folded: &mut Tx,
    view: &Reached,
) -> Result<Equal, ParityFault> {
    let (name, generation) = (view.running.name(), view.running.generation);
    let mut rows = 0;
    for (table, columns) in tables(view.running.applier.ddl()) {
        let there = sum(live, &at.sql(&table), &columns).await?;
        let here = sum(folded, &generation.sql(&table), &columns).await?;
        if there != here {
            let (table, live, folded) = (at.sql(&table), there.rows, here.rows);
            return Err(ParityFault::Differs { view: name, table, live, folded });
        }
        rows += here.rows;
    }
    Ok(Equal { view: name, rows: Some(rows) })
}

/// The tables of a view and what their columns hold, read from the statements that make them.
fn tables(ddl: Ddl) -> Vec<(String, Vec<(String, Kind)>)> {
    let mut tables: Vec<(String, Vec<(String, Kind)>)> = Vec::new();
    let mut inside = false;
    for line in ddl.postgres.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE IF NOT EXISTS ") {
            let name = rest.split_whitespace().next().unwrap_or_default();
            tables.push((name.to_owned(), Vec::new()));
            inside = true;
        } else if line.starts_with(')') {
            inside = false;
        } else if inside && let Some((_, columns)) = tables.last_mut() {
            let mut words = line.split_whitespace();
            let (name, holds) = (words.next().unwrap_or_default(), words.next());
            let holds = holds.map(|word| word.trim_end_matches(','));
            let kind = match holds {
                Some("BIGINT") => Kind::Int,
                Some("UUID") => Kind::Id,
                Some("TEXT") => Kind::Text,
                Some("BYTEA") => Kind::Bytes,
                _ => continue,
            };
            columns.push((name.to_owned(), kind));
        }
    }
    tables
}

async fn sum(tx: &mut Tx, table: &str, columns: &[(String, Kind)]) -> Result<Sum, ViewError> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let sql = format!("SELECT {} FROM {table}", names.join(", "));
    let mut sum = Sum::default();
    macro_rules! add_all {
        ($transaction:expr) => {{
            let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut **$transaction);
            while let Some(row) = rows.try_next().await? {
                let mut hash = Sha256::new();
                for (at, (_, kind)) in columns.iter().enumerate() {
                    match kind {
                        Kind::Int => part(
                            &mut hash,
                            row.try_get::<Option<i64>, _>(at)?.map(i64::to_be_bytes),
                        ),
                        Kind::Id => part(&mut hash, row.try_get::<Option<uuid::Uuid>, _>(at)?),
                        Kind::Text => part(&mut hash, row.try_get::<Option<String>, _>(at)?),
                        Kind::Bytes => part(&mut hash, row.try_get::<Option<Vec<u8>>, _>(at)?),
                    }
                }
                sum.add(&hash.finalize().into());
            }
        }};
    }
    match tx {
        Tx::Sqlite(transaction) => add_all!(transaction),
        Tx::Postgres(transaction) => add_all!(transaction),
    }
    Ok(sum)
}

/// A value, led by whether there is one and by its length.
fn part(hash: &mut Sha256, value: Option<impl AsRef<[u8]>>) {
    let Some(value) = value else { return hash.update([0]) };
    let bytes = value.as_ref();
    hash.update([1]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

impl Sum {
    fn add(&mut self, hash: &[u8; 32]) {
        self.rows += 1;
        let numbers =
            hash.chunks_exact(8).map(|part| part.iter().fold(0, |n, b| n << 8 | u64::from(*b)));
        for (sum, number) in self.sum.iter_mut().zip(numbers) {
            *sum = sum.wrapping_add(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_from_their_statements() {
        let ddl = Ddl {
            sqlite: "",
            postgres: "-- A view.\nCREATE TABLE IF NOT EXISTS x_g_row (\n    id UUID NOT NULL PRIMARY KEY, -- it\n    \
                       day BIGINT,\n    PRIMARY KEY (id)\n);\nCREATE INDEX IF NOT EXISTS i\n    ON x_g_row (day);\n\
                       CREATE TABLE IF NOT EXISTS x_g_other (\n    name TEXT NOT NULL,\n    said BYTEA\n);\n",
        };
        let found = tables(ddl);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x_g_row", "x_g_other"]);
        let columns =
            |at: usize| found[at].1.iter().map(|(n, k)| (n.as_str(), *k)).collect::<Vec<_>>();
        assert_eq!(columns(0), [("id", Kind::Id), ("day", Kind::Int)]);
        assert_eq!(columns(1), [("name", Kind::Text), ("said", Kind::Bytes)]);
    }

    #[test]
    fn order_does_not_matter_and_every_row_counts() {
        let (mut one, mut other) = (Sum::default(), Sum::default());
        one.add(&[1; 32]);
        one.add(&[2; 32]);
        other.add(&[2; 32]);
        assert_ne!(one, other);
        other.add(&[1; 32]);
        assert_eq!(one, other);
    }
}
