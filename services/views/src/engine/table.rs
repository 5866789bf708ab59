//! Rows of a view as typed values: loaded by group, saved in bulk, only where they changed.

use std::cmp::Ordering::Equal;
use std::collections::HashMap;

use uuid::Uuid;

use super::registry::Generation;
use super::store::Tx;
use super::value::{Kind, Row, Value};
use crate::error::ViewError;

/// One table of a view. Its name holds `_g_`, which stands for the generation.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Every column, in the order of [`Stored::values`].
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// The primary key.
    pub(crate) key: &'static [&'static str],
    /// The column by which the rows of one fold are loaded.
    pub(crate) group: &'static str,
    /// By what a row tells its partition.
    pub(crate) place: Place,
}

/// By what a row tells the partition of the log that it follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// This column names the learner.
    Learner(&'static str),
    /// This column is the partition.
    Column(&'static str),
    /// Events without a learner: partition 0.
    First,
}

/// A row that can be written to and read from its table.
pub(crate) trait Stored: Clone + PartialEq + Send + Sync + Sized {
    const TABLE: Table;

    /// The group that the row belongs to.
    fn group(&self) -> Uuid;

    /// One value for each column of the table.
    fn values(&self) -> Vec<Value>;

    /// Reads a row back.
    ///
    /// # Errors
    /// A column that is missing or holds what was never written.
    fn read(row: &Row) -> Result<Self, ViewError>;
}

/// Rows a statement on SQLite: few shapes, so that each is prepared once.
const SHAPES: [usize; 4] = [256, 32, 4, 1];

/// New rows from which on PostgreSQL takes them by COPY: half the server's work of an INSERT, but a
/// round trip more.
const COPIED: usize = 128;

/// The columns of a table, for a SELECT.
pub(crate) fn names(table: &Table) -> String {
    names_of(table, "")
}

/// As [`names`], each led by an alias such as `e.`.
pub(crate) fn names_of(table: &Table, alias: &str) -> String {
    let names: Vec<String> =
        table.columns.iter().map(|(name, _)| format!("{alias}{name}")).collect();
    names.join(", ")
}

/// Loads every row of the groups.
pub(crate) async fn load<R: Stored>(
    tx: &mut Tx,
    generation: Generation,
    groups: &[Uuid],
) -> Result<HashMap<Uuid, Vec<R>>, ViewError> {
    let mut found: HashMap<Uuid, Vec<R>> = HashMap::new();
    if groups.is_empty() {
        return Ok(found);
    }
    let table = R::TABLE;
    let sql = generation.sql(&format!(
        "SELECT {} FROM {} WHERE {}",
        names(&table),
        table.name,
        tx.among_ids(table.group, 1)
    ));
    for row in tx.rows(sql, vec![Value::Ids(groups.to_vec())]).await? {
        let row = R::read(&row)?;
        found.entry(row.group()).or_default().push(row);
    }
    Ok(found)
}

/// The rows of `after` that are new or differ from those of `before`.
pub(crate) fn changed<R: Stored>(before: &[R], after: &[R]) -> Vec<R> {
    after.iter().filter(|row| !before.contains(row)).cloned().collect()
}

/// Writes rows that may be there already.
pub(crate) async fn upsert<R: Stored>(
    tx: &mut Tx,
    generation: Generation,
    rows: &[R],
) -> Result<(), ViewError> {
    let table = R::TABLE;
    let set: Vec<String> = table
        .columns
        .iter()
        .filter(|(name, _)| !table.key.contains(name))
        .map(|(name, _)| format!("{name} = excluded.{name}"))
        .collect();
    let action = if set.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        format!("DO UPDATE SET {}", set.join(", "))
    };
    let tail = format!(" ON CONFLICT ({}) {action}", table.key.join(", "));
    write(tx, generation, rows, &tail).await
}

/// Writes rows that cannot be there: a doubled one is a fault and fails the transaction.
pub(crate) async fn insert<R: Stored>(
    tx: &mut Tx,
    generation: Generation,
    rows: &[R],
) -> Result<(), ViewError> {
    write(tx, generation, rows, "").await
}

async fn write<R: Stored>(
    tx: &mut Tx,
    generation: Generation,
    rows: &[R],
    tail: &str,
) -> Result<(), ViewError> {
    if rows.is_empty() {
        return Ok(());
    }
    let table = R::TABLE;
    let head = generation.sql(&format!("INSERT INTO {} ({})", table.name, names(&table)));
    let values = in_order(&table, rows.iter().map(Stored::values).collect());
    if tx.is_postgres() && tail.is_empty() && rows.len() >= COPIED {
        return tx.copy(&generation.sql(table.name), &names(&table), &values).await;
    }
    if tx.is_postgres() {
        // WHERE TRUE keeps the parser from reading ON CONFLICT as a join's condition.
        let sql =
            format!("{head} SELECT * FROM UNNEST({}) WHERE TRUE{tail}", arrays(table.columns));
        return tx.unnest(sql, table.columns, values).await;
    }
    let text = |shape| format!("{head} VALUES {}{tail}", tuples(shape, table.columns.len()));
    in_shapes(tx, values, text).await
}

/// The rows by their key, as the tree of the table has them: neighbours then go into one page, one after
/// the other, instead of each into another.
fn in_order(table: &Table, mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let place = |key: &&str| table.columns.iter().position(|(name, _)| name == key);
    let key: Vec<usize> = table.key.iter().filter_map(place).collect();
    rows.sort_unstable_by(|one, other| {
        key.iter().map(|at| one[*at].cmp(&other[*at])).find(|by| by.is_ne()).unwrap_or(Equal)
    });
    rows
}

/// Runs a statement on SQLite for all the rows, some at a time.
async fn in_shapes(
    tx: &mut Tx,
    rows: Vec<Vec<Value>>,
    text: impl Fn(usize) -> String + Send,
) -> Result<(), ViewError> {
    let mut rest = rows.into_iter();
    for shape in SHAPES {
        while rest.len() >= shape {
            let values = rest.by_ref().take(shape).flatten().collect();
            tx.execute(text(shape), values).await?;
        }
    }
    Ok(())
}

/// Runs a statement over rows that are handed in with it: `text` gets what to select them from.
pub(crate) async fn with_rows(
    tx: &mut Tx,
    columns: &[(&'static str, Kind)],
    rows: Vec<Vec<Value>>,
    text: impl Fn(&str) -> String + Send + Sync,
) -> Result<(), ViewError> {
    if rows.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    if tx.is_postgres() {
        let arrays = arrays(columns);
        let given = format!("(SELECT * FROM UNNEST({arrays}) AS u ({}))", names.join(", "));
        return tx.unnest(text(&given), columns, rows).await;
    }
    let named: Vec<String> =
        (1_usize..).zip(&names).map(|(place, name)| format!("column{place} AS {name}")).collect();
    in_shapes(tx, rows, |shape| {
        let values = tuples(shape, columns.len());
        text(&format!("(SELECT {} FROM (VALUES {values}))", named.join(", ")))
    })
    .await
}

/// `$1::UUID[], $2::BIGINT[]` for two columns.
fn arrays(columns: &[(&'static str, Kind)]) -> String {
    let places: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, (_, kind))| format!("${}::{}[]", place + 1, array_type(*kind)))
        .collect();
    places.join(", ")
}

/// `(?, ?), (?, ?)` for two rows of two columns. Without numbers: SQLite looks for the name of a numbered one
/// in a list of them all, once for each value that is bound, which was a third of a rebuild.
fn tuples(rows: usize, columns: usize) -> String {
    let tuple = format!("({})", vec!["?"; columns].join(", "));
    vec![tuple; rows].join(", ")
}

const fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "BIGINT",
        Kind::Id => "UUID",
        Kind::Text => "TEXT",
        Kind::Bytes => "BYTEA",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_place() {
        assert_eq!(tuples(2, 3), "(?, ?, ?), (?, ?, ?)");
    }
}
