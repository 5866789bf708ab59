//! Events that a view could not apply. The learner (or, without one, the stream) waits, with the
//! reason; later events of the same learner are listed behind, and everybody else goes on. A retry
//! applies them in order and stops at the first that still cannot be applied.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use onward_log::{Log, Position};
use uuid::Uuid;

use super::apply::{Running, prepare};
use super::fold::{SetAside, parked_key};
use super::narrow;
use super::number;
use super::owner::{self, slice_of};
use super::registry::Generation;
use super::store::{Store, Tx};
use super::value::{Row, Value};
use crate::error::ViewError;

/// One event that a view has set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The view.
    pub view: String,
    /// The learner whose events wait; the stream, where the event is about no learner.
    pub key: Uuid,
    /// The event's place in the log.
    pub position: Position,
    /// Its type.
    pub event_type: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Why it waits. Nothing about a learner in it.
    pub reason: String,
    /// It only waits behind another one.
    pub behind: bool,
    /// How often it was tried again.
    pub tries: u64,
}

impl Parked {
    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            view: row.text("view")?,
            key: row.id("parked")?,
            position: number::position(row.int("position")?),
            event_type: row.text("event_type")?,
            recorded_at: number::moment(row.int("recorded_at")?)?,
            reason: row.text("reason")?,
            behind: row.flag("behind")?,
            tries: u64::try_from(row.int("tries")?).unwrap_or_default(),
        })
    }
}

/// The learners that wait, by view and generation.
pub(crate) async fn keys(tx: &mut Tx) -> Result<HashMap<(String, i64), HashSet<Uuid>>, ViewError> {
    let sql = "SELECT DISTINCT view, generation, parked FROM view_parked";
    let mut keys: HashMap<(String, i64), HashSet<Uuid>> = HashMap::new();
    for row in tx.rows(sql.to_owned(), Vec::new()).await? {
        let of = (row.text("view")?, row.int("generation")?);
        keys.entry(of).or_default().insert(row.id("parked")?);
    }
    Ok(keys)
}

/// Lists events that were set aside.
pub(crate) async fn add(
    tx: &mut Tx,
    view: &str,
    generation: Generation,
    aside: &[SetAside<'_>],
) -> Result<(), ViewError> {
    for SetAside { recorded, reason, behind } in aside {
        tx.execute(
            "INSERT INTO view_parked (view, generation, position, parked, partition, event_type, \
             recorded_at, reason, behind, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)"
                .to_owned(),
            vec![
                view.into(),
                generation.0.into(),
                number::of_position(recorded.position).into(),
                parked_key(recorded).into(),
                i64::from(recorded.partition).into(),
                recorded.event_type.as_str().into(),
                number::of_moment(recorded.recorded_at).into(),
                (*reason).into(),
                (*behind).into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// The parked events of a view, by position, after one of them.
pub(crate) async fn list(
    store: &Store,
    view: &str,
    generation: Generation,
    after: Position,
    limit: i64,
) -> Result<Vec<Parked>, ViewError> {
    let sql = "SELECT * FROM view_parked WHERE view = $1 AND generation = $2 AND position > $3 \
               ORDER BY position LIMIT $4";
    let after = number::of_position(after);
    let values = vec![view.into(), generation.0.into(), after.into(), limit.into()];
    store.rows(sql.to_owned(), values).await?.iter().map(Parked::read).collect()
}

/// How many learners wait in a view.
pub(crate) async fn count(
    store: &Store,
    view: &str,
    generation: Generation,
) -> Result<u64, ViewError> {
    let sql = "SELECT COUNT(DISTINCT parked) AS waiting FROM view_parked \
               WHERE view = $1 AND generation = $2";
    let rows = store.rows(sql.to_owned(), vec![view.into(), generation.0.into()]).await?;
    let waiting = rows.first().map(|row| row.int("waiting")).transpose()?.unwrap_or_default();
    Ok(u64::try_from(waiting).unwrap_or_default())
}

/// For each of these learners that waits in the view: since when it is not up to date.
pub(crate) async fn since(
    store: &Store,
    view: &str,
    generation: Generation,
    keys: &[Uuid],
) -> Result<Vec<(Uuid, Timestamp)>, ViewError> {
    let sql = format!(
        "SELECT parked, MIN(recorded_at) AS since FROM view_parked \
         WHERE view = $1 AND generation = $2 AND {} GROUP BY parked",
        store.among_ids("parked", 3)
    );
    let values = vec![view.into(), generation.0.into(), Value::Ids(keys.to_vec())];
    let one = |row: &Row| Ok((row.id("parked")?, number::moment(row.int("since")?)?));
    store.rows(sql, values).await?.iter().map(one).collect()
}

/// The learners that wait in a view and in these slices, with the partition of each.
pub(crate) async fn waiting(
    store: &Store,
    view: &str,
    generation: Generation,
) -> Result<Vec<(Uuid, u8)>, ViewError> {
    let sql = "SELECT DISTINCT parked, partition FROM view_parked \
               WHERE view = $1 AND generation = $2";
    let rows = store.rows(sql.to_owned(), vec![view.into(), generation.0.into()]).await?;
    let one = |row: &Row| {
        let partition = u8::try_from(row.int("partition")?);
        Ok((row.id("parked")?, partition.map_err(|_| ViewError::Damaged("a partition"))?))
    };
    rows.iter().map(one).collect()
}

/// What a retry came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retried {
    /// Events that are applied now.
    pub applied: u64,
    /// Events that still wait.
    pub waiting: u64,
}

/// Tries the parked events of one learner again, in order, up to the first that still fails. Runs
/// while no owner applies to that learner's slice.
pub(crate) async fn retry(
    store: &Store,
    log: &Log,
    view: &Running,
    key: Uuid,
    partition: u8,
) -> Result<Retried, ViewError> {
    let mut tx = store.begin().await?;
    owner::exclude(&mut tx, slice_of(partition)).await?;
    let positions = positions(&mut tx, view, key).await?;
    let mut done = Retried { applied: 0, waiting: u64::try_from(positions.len()).unwrap_or(0) };
    for position in positions {
        let before = Position::new(position.get().saturating_sub(1));
        let mut events =
            log.read(before, 1).await.map_err(|fault| ViewError::Log(fault.to_string()))?;
        events.retain(|event| event.position == position);
        let prepared = prepare(log, events).await?;
        let Some(one) = prepared.first() else {
            return Err(ViewError::Log("a parked event is not in the log".to_owned()));
        };
        let aside = narrow::apply(&mut tx, view, &[one], HashSet::new()).await?;
        if let Some(aside) = aside.first() {
            still(&mut tx, view, position, aside.reason).await?;
            break;
        }
        remove(&mut tx, view, position).await?;
        done.applied += 1;
        done.waiting -= 1;
    }
    tx.commit().await?;
    Ok(done)
}

async fn positions(tx: &mut Tx, view: &Running, key: Uuid) -> Result<Vec<Position>, ViewError> {
    let sql = "SELECT position FROM view_parked WHERE view = $1 AND generation = $2 \
               AND parked = $3 ORDER BY position";
    let values = vec![view.name().into(), view.generation.0.into(), key.into()];
    let rows = tx.rows(sql.to_owned(), values).await?;
    rows.iter().map(|row| row.int("position").map(number::position)).collect()
}

/// Lets all that waits of one learner go.
pub(crate) async fn forget(
    tx: &mut Tx,
    view: &str,
    generation: Generation,
    key: Uuid,
) -> Result<(), ViewError> {
    let sql = "DELETE FROM view_parked WHERE parked = $1 AND view = $2 AND generation = $3";
    let values = vec![key.into(), view.into(), generation.0.into()];
    tx.execute(sql.to_owned(), values).await.map(drop)
}

async fn still(
    tx: &mut Tx,
    view: &Running,
    position: Position,
    reason: &str,
) -> Result<(), ViewError> {
    let sql = "UPDATE view_parked SET tries = tries + 1, reason = $4, behind = 0 \
               WHERE view = $1 AND generation = $2 AND position = $3";
    let values = vec![
        view.name().into(),
        view.generation.0.into(),
        number::of_position(position).into(),
        reason.into(),
    ];
    tx.execute(sql.to_owned(), values).await.map(drop)
}

async fn remove(tx: &mut Tx, view: &Running, position: Position) -> Result<(), ViewError> {
    let sql = "DELETE FROM view_parked WHERE view = $1 AND generation = $2 AND position = $3";
    let position = number::of_position(position);
    let values = vec![view.name().into(), view.generation.0.into(), position.into()];
    tx.execute(sql.to_owned(), values).await.map(drop)
}
