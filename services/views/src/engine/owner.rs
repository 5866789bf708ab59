//! Who may apply events to which partitions. A slice is every eighth partition; its owner row holds a
//! worker, a time to live and an epoch that grows with each new owner. An applying transaction locks
//! the rows of its slices and compares the epochs, so that an owner that was paused past its time
//! changes nothing.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::store::{Store, Tx};
use super::value::Value;
use crate::error::ViewError;

/// Slices of the partitions: the most processes that can share the work.
pub(crate) const SLICES: u8 = 8;
/// How long an owner that says nothing keeps its slices.
const TTL_MS: i64 = 5_000;

/// The slices that this worker owns, each with the epoch of its ownership.
pub(crate) type Owned = BTreeMap<u8, i64>;

/// The slice of a partition.
pub(crate) const fn slice_of(partition: u8) -> u8 {
    partition % SLICES
}

struct OwnerRow {
    slice: u8,
    worker: Option<Uuid>,
    epoch: i64,
    expired: bool,
}

/// Renews what the worker owns, takes what is free up to its fair share, and gives back what is above
/// it. `alone`: nobody else can have the storage open, so that what a dead process left behind is
/// taken over at once.
pub(crate) async fn claim(store: &Store, worker: Uuid, alone: bool) -> Result<Owned, ViewError> {
    let clock = store.clock();
    let mut tx = store.begin().await?;
    // First the owner rows, in one order everywhere: two claims cannot lock each other out.
    let rows = owner_rows(&mut tx, clock).await?;
    if alone {
        // The dead count for nothing, or half of the work would wait until their time is over.
        let others = "DELETE FROM view_worker WHERE worker <> $1".to_owned();
        tx.execute(others, vec![worker.into()]).await?;
    }
    let share = fair_share(&mut tx, clock, worker).await?;
    let mine = rows.iter().filter(|row| row.worker == Some(worker)).count();
    let mut surplus = mine.saturating_sub(share);
    let mut wanted = share.saturating_sub(mine);
    let mut owned = Owned::new();
    for row in rows {
        if row.worker == Some(worker) {
            if surplus > 0 {
                surplus -= 1;
                give_back(&mut tx, row.slice).await?;
            } else {
                set(&mut tx, clock, row.slice, worker, row.epoch).await?;
                owned.insert(row.slice, row.epoch);
            }
        } else if wanted > 0 && (alone || row.expired || row.worker.is_none()) {
            wanted -= 1;
            set(&mut tx, clock, row.slice, worker, row.epoch + 1).await?;
            owned.insert(row.slice, row.epoch + 1);
        }
    }
    tx.commit().await?;
    Ok(owned)
}

async fn owner_rows(tx: &mut Tx, clock: &str) -> Result<Vec<OwnerRow>, ViewError> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT slice, worker, epoch, \
         CAST(CASE WHEN until_ms < {clock} THEN 1 ELSE 0 END AS BIGINT) AS expired \
         FROM view_owner ORDER BY slice{lock}"
    );
    let mut rows = Vec::new();
    for row in tx.rows(sql, Vec::new()).await? {
        rows.push(OwnerRow {
            slice: u8::try_from(row.int("slice")?)
                .map_err(|_| ViewError::Damaged("a slice out of range"))?,
            worker: row.id_or_null("worker")?,
            epoch: row.int("epoch")?,
            expired: row.flag("expired")?,
        });
    }
    Ok(rows)
}

/// Says that the worker lives, and answers how many slices each living worker should have.
async fn fair_share(tx: &mut Tx, clock: &str, worker: Uuid) -> Result<usize, ViewError> {
    tx.execute(
        format!(
            "INSERT INTO view_worker (worker, until_ms) VALUES ($1, {clock} + {TTL_MS}) \
             ON CONFLICT (worker) DO UPDATE SET until_ms = excluded.until_ms"
        ),
        vec![worker.into()],
    )
    .await?;
    tx.execute(format!("DELETE FROM view_worker WHERE until_ms < {clock}"), Vec::new()).await?;
    let rows = tx.rows("SELECT COUNT(*) AS living FROM view_worker".to_owned(), Vec::new()).await?;
    let living = rows.first().map(|row| row.int("living")).transpose()?.unwrap_or(1);
    Ok(usize::from(SLICES).div_ceil(usize::try_from(living).unwrap_or(1).max(1)))
}

async fn set(
    tx: &mut Tx,
    clock: &str,
    slice: u8,
    worker: Uuid,
    epoch: i64,
) -> Result<(), ViewError> {
    let sql = format!(
        "UPDATE view_owner SET worker = $2, epoch = $3, until_ms = {clock} + {TTL_MS} \
         WHERE slice = $1"
    );
    tx.execute(sql, vec![i64::from(slice).into(), worker.into(), epoch.into()]).await?;
    Ok(())
}

async fn give_back(tx: &mut Tx, slice: u8) -> Result<(), ViewError> {
    let sql = "UPDATE view_owner SET worker = NULL, until_ms = 0 WHERE slice = $1";
    tx.execute(sql.to_owned(), vec![i64::from(slice).into()]).await?;
    Ok(())
}

/// Gives everything back, so that the next process need not wait.
pub(crate) async fn release(store: &Store, worker: Uuid) -> Result<(), ViewError> {
    let mut tx = store.begin().await?;
    owner_rows(&mut tx, store.clock()).await?;
    for sql in [
        "UPDATE view_owner SET worker = NULL, until_ms = 0 WHERE worker = $1",
        "DELETE FROM view_worker WHERE worker = $1",
    ] {
        tx.execute(sql.to_owned(), vec![worker.into()]).await?;
    }
    tx.commit().await
}

/// Holds the ownership of the slices until the transaction ends.
///
/// # Errors
/// `NotOwner` where one of them has another owner or epoch by now.
pub(crate) async fn hold(tx: &mut Tx, worker: Uuid, owned: &Owned) -> Result<(), ViewError> {
    let lock = if tx.is_postgres() { " FOR SHARE" } else { "" };
    let sql = format!(
        "SELECT slice, worker, epoch FROM view_owner WHERE {} ORDER BY slice{lock}",
        tx.among("slice", 1)
    );
    let slices = owned.keys().map(|slice| i64::from(*slice)).collect();
    let rows = tx.rows(sql, vec![Value::Ints(slices)]).await?;
    let mut held = 0;
    for row in rows {
        let slice = u8::try_from(row.int("slice")?).unwrap_or(u8::MAX);
        let epoch = row.int("epoch")?;
        if row.id_or_null("worker")? == Some(worker) && owned.get(&slice) == Some(&epoch) {
            held += 1;
        }
    }
    if held == owned.len() { Ok(()) } else { Err(ViewError::NotOwner) }
}

/// Keeps any owner of the slice from applying until the transaction ends.
pub(crate) async fn exclude(tx: &mut Tx, slice: u8) -> Result<(), ViewError> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let sql = format!("SELECT epoch FROM view_owner WHERE slice = $1{lock}");
    tx.rows(sql, vec![i64::from(slice).into()]).await?;
    Ok(())
}

/// Keeps everybody from applying until the transaction ends.
pub(crate) async fn exclude_all(tx: &mut Tx) -> Result<(), ViewError> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let sql = format!("SELECT epoch FROM view_owner ORDER BY slice{lock}");
    tx.rows(sql, Vec::new()).await.map(drop)
}
