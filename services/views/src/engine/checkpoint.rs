//! How far a view has come: for each partition the last sequence applied, for each slice the position
//! up to which everything was seen. The view's position is the lowest of these, so that a reader who
//! waits for a position never waits on an idle partition.

use std::collections::{BTreeMap, BTreeSet};

use onward_log::Position;

use super::number;
use super::owner::{Owned, slice_of};
use super::registry::Generation;
use super::store::{Store, Tx};
use super::value::Value;
use crate::error::ViewError;

/// What an owner knows of its slices of one view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Track {
    /// Partition → last sequence applied.
    pub(crate) sequences: BTreeMap<u8, i64>,
    /// Slice → position seen.
    pub(crate) scanned: BTreeMap<u8, i64>,
}

impl Track {
    /// Whether the event of this position and partition is still to be applied by this owner.
    pub(crate) fn wants(&self, position: i64, partition: u8) -> bool {
        self.scanned.get(&slice_of(partition)).is_some_and(|scanned| position > *scanned)
    }

    /// The position up to which every slice owned has seen everything.
    pub(crate) fn lowest(&self) -> Option<i64> {
        self.scanned.values().min().copied()
    }

    /// Moves a partition on by one event.
    ///
    /// # Errors
    /// `Disordered` where the sequence is not the next one.
    pub(crate) fn advance(&mut self, partition: u8, sequence: i64) -> Result<(), ViewError> {
        let last = self.sequences.entry(partition).or_default();
        if sequence != *last + 1 {
            return Err(ViewError::Disordered);
        }
        *last = sequence;
        Ok(())
    }

    /// Everything up to the position was seen.
    pub(crate) fn saw(&mut self, position: i64) {
        for scanned in self.scanned.values_mut() {
            *scanned = position.max(*scanned);
        }
    }
}

/// Reads the track of the slices owned.
pub(crate) async fn load(
    store: &Store,
    view: &str,
    generation: Generation,
    owned: &Owned,
) -> Result<Track, ViewError> {
    let mut track = Track::default();
    let key = || vec![view.into(), Value::from(generation.0)];
    let sql = "SELECT partition, sequence FROM view_checkpoint WHERE view = $1 AND generation = $2";
    for row in store.rows(sql.to_owned(), key()).await? {
        let partition = small(row.int("partition")?)?;
        if owned.contains_key(&slice_of(partition)) {
            track.sequences.insert(partition, row.int("sequence")?);
        }
    }
    let sql = "SELECT slice, scanned FROM view_progress WHERE view = $1 AND generation = $2";
    for row in store.rows(sql.to_owned(), key()).await? {
        let slice = small(row.int("slice")?)?;
        if owned.contains_key(&slice) {
            track.scanned.insert(slice, row.int("scanned")?);
        }
    }
    Ok(track)
}

fn small(number: i64) -> Result<u8, ViewError> {
    u8::try_from(number).map_err(|_| ViewError::Damaged("a partition out of range"))
}

/// How a batch moves one view on.
pub(crate) struct Moved<'a> {
    pub(crate) view: &'a str,
    pub(crate) generation: Generation,
    pub(crate) old: &'a Track,
    pub(crate) new: &'a Track,
}

/// One entry of a track that moved.
struct Step<'a> {
    view: &'a str,
    generation: i64,
    key: u8,
    old: i64,
    new: i64,
}

/// Writes what changed between the tracks of some views, each only where the database still holds the
/// old value. `last` is the hash of the event up to which everything was seen now.
///
/// # Errors
/// `NotOwner` where one does not: somebody else has applied in the meantime.
pub(crate) async fn save(tx: &mut Tx, moved: &[Moved<'_>], last: &[u8]) -> Result<(), ViewError> {
    let sequences = |one: &Track| one.sequences.clone();
    let scanned = |one: &Track| one.scanned.clone();
    let of = ("view_checkpoint", "partition", "sequence");
    swap(tx, of, steps(moved, sequences), None).await?;
    swap(tx, ("view_progress", "slice", "scanned"), steps(moved, scanned), Some(last)).await
}

/// Every entry that moved.
fn steps<'a>(moved: &[Moved<'a>], of: impl Fn(&Track) -> BTreeMap<u8, i64>) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for one in moved {
        let (old, new) = (of(one.old), of(one.new));
        for (key, new) in new {
            let old = old.get(&key).copied().unwrap_or_default();
            if old != new {
                let (view, generation) = (one.view, one.generation.0);
                steps.push(Step { view, generation, key, old, new });
            }
        }
    }
    steps
}

/// Steps a statement: one shape, so that it is prepared once. What is over is filled up with steps that
/// match nothing.
const SHAPE: usize = 32;

/// `hash` is kept beside the value, where there is a column for it.
async fn swap(
    tx: &mut Tx,
    (table, key, value): (&str, &str, &str),
    steps: Vec<Step<'_>>,
    hash: Option<&[u8]>,
) -> Result<(), ViewError> {
    let beside = hash.map(|_| format!(", hash = ${}", 5 * SHAPE + 1)).unwrap_or_default();
    for some in steps.chunks(SHAPE) {
        let mut values = Vec::with_capacity(5 * SHAPE);
        for step in some {
            values.extend([step.view.into(), step.generation.into()]);
            values.extend([Value::from(i64::from(step.key)), step.old.into(), step.new.into()]);
        }
        for _ in some.len()..SHAPE {
            values.extend(["".into(), Value::from(0), Value::from(0), 0.into(), 0.into()]);
        }
        values.extend(hash.map(Value::from));
        let lines: Vec<String> = (0..SHAPE).map(|line| places(line * 5)).collect();
        let sql = format!(
            "UPDATE {table} SET {value} = step.n{beside} FROM ({}) AS step \
             WHERE {table}.view = step.v AND {table}.generation = step.g \
             AND {table}.{key} = step.k AND {table}.{value} = step.o",
            lines.join(" UNION ALL ")
        );
        let done = tx.execute(sql, values).await?;
        if usize::try_from(done) != Ok(some.len()) {
            return Err(ViewError::NotOwner);
        }
    }
    Ok(())
}

fn places(at: usize) -> String {
    format!(
        "SELECT CAST(${} AS TEXT) AS v, CAST(${} AS BIGINT) AS g, CAST(${} AS BIGINT) AS k, \
         CAST(${} AS BIGINT) AS o, CAST(${} AS BIGINT) AS n",
        at + 1,
        at + 2,
        at + 3,
        at + 4,
        at + 5
    )
}

/// The position up to which a generation has seen everything.
pub(crate) async fn position(
    store: &Store,
    view: &str,
    generation: Generation,
) -> Result<Position, ViewError> {
    let sql =
        "SELECT MIN(scanned) AS lowest FROM view_progress WHERE view = $1 AND generation = $2";
    let rows = store.rows(sql.to_owned(), vec![view.into(), generation.0.into()]).await?;
    let lowest = rows.first().map(|row| row.int_or_null("lowest")).transpose()?.flatten();
    Ok(number::position(lowest.unwrap_or_default()))
}

/// What two generations have in common, in one snapshot.
pub(crate) async fn level(
    tx: &mut Tx,
    view: &str,
    one: Generation,
    other: Generation,
) -> Result<Level, ViewError> {
    let sql = "SELECT a.partition, b.sequence FROM view_checkpoint a JOIN view_checkpoint b \
               ON b.view = a.view AND b.partition = a.partition AND b.sequence = a.sequence \
               WHERE a.view = $1 AND a.generation = $2 AND b.generation = $3";
    let values = || vec![view.into(), one.0.into(), Value::from(other.0)];
    let rows = tx.rows(sql.to_owned(), values()).await?;
    let partitions =
        rows.iter().map(|row| small(row.int("partition")?)).collect::<Result<_, _>>()?;
    // A slice that the second has not seen as far as the first.
    let sql = "SELECT COUNT(*) AS behind FROM view_progress a JOIN view_progress b \
               ON b.view = a.view AND b.slice = a.slice AND b.scanned < a.scanned \
               WHERE a.view = $1 AND a.generation = $2 AND b.generation = $3";
    let rows = tx.rows(sql.to_owned(), values()).await?;
    let behind = rows.first().map(|row| row.int("behind")).transpose()?.unwrap_or_default();
    let sql =
        "SELECT MIN(scanned) AS lowest FROM view_progress WHERE view = $1 AND generation = $2";
    let rows = tx.rows(sql.to_owned(), vec![view.into(), other.0.into()]).await?;
    let lowest = rows.first().map(|row| row.int_or_null("lowest")).transpose()?.flatten();
    Ok(Level {
        partitions,
        behind: behind > 0,
        position: number::position(lowest.unwrap_or_default()),
    })
}

/// How two generations stand to each other.
pub(crate) struct Level {
    /// Partitions of which both have applied the same events.
    pub(crate) partitions: BTreeSet<u8>,
    /// The second has seen less than the first.
    pub(crate) behind: bool,
    /// What the second has seen.
    pub(crate) position: Position,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(sequences: &[(u8, i64)], scanned: &[(u8, i64)]) -> Track {
        Track {
            sequences: sequences.iter().copied().collect(),
            scanned: scanned.iter().copied().collect(),
        }
    }

    #[test]
    fn given_a_partition_at_3_only_4_follows() {
        let mut at = track(&[(5, 3)], &[(5, 10)]);
        assert!(at.advance(5, 3).is_err() && at.advance(5, 5).is_err());
        assert!(at.advance(5, 4).is_ok());
        assert_eq!(at.sequences.get(&5), Some(&4));
    }

    #[test]
    fn only_slices_owned_want_events_and_only_once() {
        let mut at = track(&[], &[(1, 10), (2, 20)]);
        assert!(at.wants(11, 1) && at.wants(11, 9));
        assert!(!at.wants(11, 2), "seen already");
        assert!(!at.wants(11, 3), "somebody else's");
        assert_eq!(at.lowest(), Some(10));
        at.saw(15);
        assert_eq!(at, track(&[], &[(1, 15), (2, 20)]));
    }

    #[test]
    fn only_what_moved_is_written() {
        let old = track(&[(1, 1), (2, 2)], &[]);
        let new = track(&[(1, 1), (2, 5), (3, 1)], &[]);
        let moved = [Moved { view: "timeline", generation: Generation(1), old: &old, new: &new }];
        let steps = steps(&moved, |track| track.sequences.clone());
        let steps: Vec<_> = steps.iter().map(|step| (step.key, step.old, step.new)).collect();
        assert_eq!(steps, [(2, 2, 5), (3, 0, 1)]);
    }
}
