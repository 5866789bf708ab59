//! Changing the key-encryption key while others work: every wrapped key is wrapped anew, no event is
//! touched. Each row says which key wrapped it, so that a rotation that was killed is gone on with by the
//! next, and both keys open what they wrapped until then.
//!
//! First the store says that the new key wraps (from then on nobody adds a row under the old one), then the
//! rows follow, then the old key file is put aside under its id: backups from before still need it.

use std::path::Path;

use uuid::Uuid;

use super::files::{self, sync_folder};
use super::kek::{CURRENT, Kek, KekId, KekSource, NEXT, RETIRED};
use super::ring::wrap_check;
use super::store::{Row, Store, on_store, row};
use super::{Held, KeyStore, associated};
use crate::error::{Cause, LogError, OpenError};
use crate::sql::{key_store, key_store_fault};

/// Keys wrapped anew in one commit.
const TOGETHER: i64 = 200;

/// What a rotation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// Keys that were wrapped anew.
    pub rewrapped: u64,
    /// The key that wraps now is another than before.
    pub changed: bool,
}

impl KeyStore {
    /// Changes the key-encryption key: with key files a new one is made, else the first one of the source is
    /// changed to. Safe to kill and to run again; `progress` is told how many are done, and of how many.
    ///
    /// # Errors
    /// The store or the source of the key cannot be used.
    pub async fn rotate(&self, mut progress: impl FnMut(u64, u64)) -> Result<Rotated, LogError> {
        let (store, ring) = (&self.0.0.store, &self.0.0.ring);
        let folder = &self.0.0.folder;
        let files = matches!(ring.source(), KekSource::File);
        if files {
            files::read_or_make(&folder.join(NEXT)).map_err(unreadable)?;
        }
        let before = ring.present();
        let next = ring.read().await?.into_iter().next();
        let next = next.ok_or(LogError::Unavailable(Cause::Keys))?;
        if next.id != before.id {
            let check = wrap_check(&next, self.0.0.id).map_err(unreadable)?;
            store.switch(&check, next.id).await?;
        }
        ring.renew(store).await?;
        let rewrapped = self.rewrap(&next, &mut progress).await?;
        store.fold_away().await?;
        if files {
            put_aside(folder).map_err(unreadable)?;
        }
        Ok(Rotated { rewrapped, changed: rewrapped > 0 || next.id != before.id })
    }

    async fn rewrap(
        &self,
        next: &Kek,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<u64, LogError> {
        let (store, ring) = (&self.0.0.store, &self.0.0.ring);
        let all = store.count_others(next.id).await?;
        let (mut done, mut after) = (0, Uuid::nil());
        loop {
            let rows = store.others(next.id, after).await?;
            let Some(last) = rows.last() else { return Ok(done) };
            after = last.subject;
            let mut anew = Vec::with_capacity(rows.len());
            for row in &rows {
                let fault = LogError::Unavailable(Cause::Keys);
                let key = match ring.unwrap(store, row).await? {
                    Held::Key(key) => key,
                    Held::Destroyed => continue,
                    Held::Unusable => return Err(fault),
                };
                let wrapped = next.key.seal(key.bytes(), &associated(row.subject));
                anew.push((row, wrapped.map_err(|_| fault)?));
            }
            store.rewrap(&anew, next.id).await?;
            done += anew.len() as u64;
            progress(done, all.max(done));
        }
    }
}

/// The old key gets its id for a name, the new one the old one's place. After a crash in between there is
/// no `kek`, and the rest is done by the next rotation: whatever lies in the folder is read.
fn put_aside(folder: &Path) -> Result<(), OpenError> {
    let (current, next) = (folder.join(CURRENT), folder.join(NEXT));
    let present = files::read(&current)?;
    let fault = |error: std::io::Error| OpenError::Io { path: current.clone(), kind: error.kind() };
    if let Some(present) = present {
        let aside = folder.join(format!("{RETIRED}{}", hex::encode(Kek::new(*present).id)));
        std::fs::rename(&current, &aside).map_err(fault)?;
    }
    std::fs::rename(&next, &current).map_err(fault)?;
    sync_folder(&current)
}

fn unreadable(error: OpenError) -> LogError {
    tracing::error!(%error, "the key-encryption key cannot be changed");
    LogError::Unavailable(Cause::Keys)
}

impl Store {
    /// From now on this key wraps, and nobody adds a key that another wrapped.
    async fn switch(&self, check: &[u8], kek: KekId) -> Result<(), LogError> {
        let done = on_store!(self, pool => {
            let update = sqlx::query(key_store::SWITCH).bind(check).bind(kek.to_vec());
            update.execute(pool).await.map(drop)
        });
        done.map_err(|error| key_store_fault(&error))
    }

    /// A store from before keys had ids says which one wrapped all of it.
    pub(super) async fn adopt(&self, check: &[u8], kek: KekId) -> Result<(), OpenError> {
        let done: Result<(), sqlx::Error> = async {
            on_store!(self, pool => {
                sqlx::query(key_store::ADOPT).bind(kek.to_vec()).execute(pool).await?;
                let update = sqlx::query(key_store::SWITCH).bind(check).bind(kek.to_vec());
                update.execute(pool).await.map(drop)
            })
        }
        .await;
        done.map_err(crate::sql::open_fault)
    }

    async fn count_others(&self, kek: KekId) -> Result<u64, LogError> {
        let count: Result<i64, sqlx::Error> = on_store!(self, pool => {
            sqlx::query_scalar(key_store::COUNT_OTHERS).bind(kek.to_vec()).fetch_one(pool).await
        });
        Ok(count.map_err(|error| key_store_fault(&error))?.unsigned_abs())
    }

    async fn others(&self, kek: KekId, after: Uuid) -> Result<Vec<Row>, LogError> {
        type Columns = (Uuid, Option<Vec<u8>>, Option<Vec<u8>>);
        let rows: Result<Vec<Columns>, sqlx::Error> = on_store!(self, pool => {
            let query = sqlx::query_as(key_store::OTHERS).bind(after).bind(kek.to_vec());
            query.bind(TOGETHER).fetch_all(pool).await
        });
        Ok(rows.map_err(|error| key_store_fault(&error))?.into_iter().map(row).collect())
    }

    async fn rewrap(&self, rows: &[(&Row, Vec<u8>)], kek: KekId) -> Result<(), LogError> {
        let done: Result<(), sqlx::Error> = async {
            on_store!(self, pool => {
                let mut change = pool.begin().await?;
                for (row, wrapped) in rows {
                    let update = sqlx::query(key_store::REWRAP).bind(wrapped.clone()).bind(kek.to_vec());
                    let update = update.bind(row.subject).bind(row.wrapped.as_deref());
                    update.execute(&mut *change).await?;
                }
                change.commit().await
            })
        }
        .await;
        done.map_err(|error| key_store_fault(&error))
    }
}
