//! Who builds or compares a generation: one worker at a time, with a time to live and an epoch that
//! grows with each new one. What a killed builder had written stands; the next goes on behind it.

use uuid::Uuid;

use super::apply::Running;
use super::registry::Generation;
use super::store::{Store, Tx};
use super::value::Value;
use crate::error::ViewError;

/// How long a builder that says nothing keeps the generation.
const TTL_MS: i64 = 5_000;

/// Takes or keeps the work on a generation; its epoch, unless somebody else has it. `alone`: nobody else
/// can have the storage open, so that what a dead process left behind is taken over at once.
pub(crate) async fn claim(
    store: &Store,
    view: &Running,
    worker: Uuid,
    alone: bool,
) -> Result<Option<i64>, ViewError> {
    let clock = store.clock();
    let mut tx = store.begin().await?;
    let key = || vec![view.name().into(), Value::from(view.generation.0), worker.into()];
    let sql = format!(
        "INSERT INTO view_build (view, generation, worker, epoch, until_ms) \
         VALUES ($1, $2, $3, 1, {clock} + {TTL_MS}) ON CONFLICT (view, generation) DO UPDATE \
         SET epoch = CASE WHEN view_build.worker = excluded.worker THEN view_build.epoch \
                     ELSE view_build.epoch + 1 END, \
         worker = excluded.worker, until_ms = excluded.until_ms \
         WHERE view_build.worker IS NULL OR view_build.worker = excluded.worker \
         OR view_build.until_ms < {clock} OR {}",
        if alone { "TRUE" } else { "FALSE" }
    );
    let taken = tx.execute(sql, key()).await?;
    let sql = "SELECT epoch FROM view_build WHERE view = $1 AND generation = $2 AND worker = $3";
    let rows = tx.rows(sql.to_owned(), key()).await?;
    let epoch = rows.first().map(|row| row.int("epoch")).transpose()?;
    tx.commit().await?;
    Ok(epoch.filter(|_| taken == 1))
}

/// Holds the work until the transaction ends.
///
/// # Errors
/// `NotOwner` where somebody else has it by now.
pub(crate) async fn hold(
    tx: &mut Tx,
    view: &Running,
    worker: Uuid,
    epoch: i64,
) -> Result<(), ViewError> {
    let lock = if tx.is_postgres() { " FOR SHARE" } else { "" };
    let sql = format!(
        "SELECT epoch FROM view_build WHERE view = $1 AND generation = $2 AND worker = $3 \
         AND epoch = $4{lock}"
    );
    let values = vec![view.name().into(), view.generation.0.into(), worker.into(), epoch.into()];
    if tx.rows(sql, values).await?.is_empty() { Err(ViewError::NotOwner) } else { Ok(()) }
}

/// Gives the work up, so that the next need not wait.
pub(crate) async fn release(store: &Store, view: &Running, worker: Uuid) -> Result<(), ViewError> {
    let mut tx = store.begin().await?;
    let sql = "UPDATE view_build SET worker = NULL, until_ms = 0 \
               WHERE view = $1 AND generation = $2 AND worker = $3";
    let values = vec![view.name().into(), view.generation.0.into(), worker.into()];
    tx.execute(sql.to_owned(), values).await?;
    tx.commit().await
}

/// Takes the work away from whoever has it: what it has begun ends before this transaction goes on, and
/// nothing of it comes after.
pub(crate) async fn revoke(
    tx: &mut Tx,
    view: &str,
    generation: Generation,
) -> Result<(), ViewError> {
    let sql = "UPDATE view_build SET worker = NULL, epoch = epoch + 1 \
               WHERE view = $1 AND generation = $2";
    tx.execute(sql.to_owned(), vec![view.into(), generation.0.into()]).await.map(drop)
}
