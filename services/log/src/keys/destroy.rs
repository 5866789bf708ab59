//! Destroying a key: its row is overwritten, the write-ahead log is folded in and cut to nothing, and the
//! files are looked through for the wrapped key. Where a copy is left on a page that was moved (or where
//! nobody can tell any more, since an earlier try was cut short) the file is written anew. In PostgreSQL the
//! table is written anew once nobody can see the row as it was, and the write-ahead log is left behind.

use std::borrow::Cow;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use super::Keys;
use super::store::Store;
use crate::error::{Cause, LogError};
use crate::sql::{key_store, key_store_fault};

/// Bytes of a wrapped key before the ciphertext: the nonce, which is no secret.
const NONCE: usize = 24;
/// Bytes of a piece that is looked for: half of the wrapped key's ciphertext.
const PIECE: usize = 16;
/// How often the write-ahead log is tried to be cut while somebody reads from it, and the pause between.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);
/// How often a table that somebody uses is tried to be written anew, and the pause between, in which others
/// use it.
const VACUUMS: u32 = 10;
const VACUUM_PAUSE: Duration = Duration::from_millis(300);

impl Keys {
    /// Destroys the keys of these learners, for good; safe to repeat. When it returns, no file of the store
    /// holds them any more. (What a disk keeps of a file that was cut is the disk's: encrypt it.)
    pub(crate) async fn destroy(&self, learners: &[Uuid]) -> Result<(), LogError> {
        self.forget(learners.iter().copied());
        self.0.store.destroy(learners).await
    }

    /// Those of these learners whose key is still there, or was never destroyed.
    pub(crate) async fn not_destroyed(&self, learners: &[Uuid]) -> Result<Vec<Uuid>, LogError> {
        let mut left: Vec<Uuid> = learners.to_vec();
        for part in learners.chunks(500) {
            for row in self.0.store.read(part).await? {
                if row.wrapped.is_none() {
                    left.retain(|learner| *learner != row.subject);
                }
            }
        }
        Ok(left)
    }
}

impl Store {
    async fn destroy(&self, learners: &[Uuid]) -> Result<(), LogError> {
        let rows = self.read(learners).await?;
        // A row that is empty already was overwritten by a try that was cut short: then nobody can say what
        // to look for.
        let unknown = rows.iter().any(|row| row.wrapped.is_none());
        let wrapped: Vec<Vec<u8>> = rows.into_iter().filter_map(|row| row.wrapped).collect();
        match self {
            Self::Postgres(pool) => {
                for learner in learners {
                    let query = sqlx::query(key_store::DESTROY).bind(learner);
                    query.execute(pool).await.map_err(|error| key_store_fault(&error))?;
                }
                nobody_sees(pool, learners).await?;
                write_anew(pool).await?;
                leave_the_wal_behind(pool).await
            }
            Self::Sqlite { pool, path } => {
                overwrite(pool, learners).await.map_err(|error| key_store_fault(&error))?;
                self.fold_away().await?;
                if unknown || is_anywhere(path, &wrapped).await? {
                    let vacuum = sqlx::query(key_store::VACUUM_SQLITE).execute(pool);
                    vacuum.await.map_err(|error| key_store_fault(&error))?;
                    self.fold_away().await?;
                }
                if is_anywhere(path, &wrapped).await? {
                    tracing::error!("a destroyed key is still in the key store's files");
                    return Err(LogError::Unavailable(Cause::Keys));
                }
                Ok(())
            }
        }
    }

    /// Folds the write-ahead log in and cuts it to nothing, as soon as nobody reads from it.
    pub(super) async fn fold_away(&self) -> Result<(), LogError> {
        let Self::Sqlite { pool, .. } = self else { return Ok(()) };
        for _ in 0..TRIES {
            let folded: Result<(i64, i64, i64), _> =
                sqlx::query_as(key_store::FOLD_AWAY).fetch_one(pool).await;
            if folded.map_err(|error| key_store_fault(&error))?.0 == 0 {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(LogError::Unavailable(Cause::Busy))
    }
}

/// Waits until nobody can see the rows as they were: for whoever can, PostgreSQL would keep them.
async fn nobody_sees(pool: &PgPool, learners: &[Uuid]) -> Result<(), LogError> {
    for _ in 0..TRIES {
        let query = sqlx::query_scalar(key_store::STILL_SEEN_POSTGRES).bind(learners);
        let seen: Result<i64, _> = query.fetch_one(pool).await;
        if seen.map_err(|error| key_store_fault(&error))? == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    tracing::warn!("a long transaction in the key store's database keeps destroyed keys readable");
    Err(LogError::Unavailable(Cause::Busy))
}

/// Writes the table anew, when nobody uses it: everybody who comes after waits behind this, so that it gives
/// way at once, and tries again.
async fn write_anew(pool: &PgPool) -> Result<(), LogError> {
    let fault = |error: sqlx::Error| key_store_fault(&error);
    // A connection of its own: its setting goes with it.
    let mut connection = pool.acquire().await.map_err(fault)?.detach();
    connection.execute(key_store::IMPATIENT).await.map_err(fault)?;
    for _ in 0..VACUUMS {
        match connection.execute(key_store::VACUUM_POSTGRES).await {
            Ok(_) => {
                // What was asked of it is done.
                let _ = connection.close().await;
                return Ok(());
            }
            Err(error) if code(&error).as_deref() == Some(LOCK_NOT_AVAILABLE) => {}
            Err(error) => return Err(fault(error)),
        }
        tokio::time::sleep(VACUUM_PAUSE).await;
    }
    tracing::warn!("somebody uses the table of keys, so that it cannot be written anew");
    Err(LogError::Unavailable(Cause::Busy))
}

/// The rows as they were are in the server's write-ahead log too. It goes on in a new segment, and a checkpoint
/// removes the old ones. Where the server keeps them for use again, or does not let this role do it, that is
/// said: then they hold the wrapped keys until they are written over.
async fn leave_the_wal_behind(pool: &PgPool) -> Result<(), LogError> {
    let fault = |error: sqlx::Error| key_store_fault(&error);
    let removed = sqlx::query_scalar(key_store::WAL_IS_REMOVED).fetch_one(pool).await;
    let mut removed: bool = removed.map_err(fault)?;
    for statement in [key_store::SWITCH_WAL, key_store::CHECKPOINT] {
        match sqlx::query(statement).execute(pool).await {
            Ok(_) => {}
            Err(error) if code(&error).as_deref() == Some(INSUFFICIENT_PRIVILEGE) => {
                removed = false;
            }
            Err(error) => return Err(fault(error)),
        }
    }
    if !removed {
        tracing::warn!(
            "the key store's server keeps its write-ahead log: destroyed keys, which are wrapped, stay in it \
             until it is written over; see wal_recycle in deploy/README.md"
        );
    }
    Ok(())
}

/// SQLSTATE of `insufficient_privilege`, and of `lock_not_available`.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
const LOCK_NOT_AVAILABLE: &str = "55P03";

fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

async fn overwrite(pool: &SqlitePool, learners: &[Uuid]) -> Result<(), sqlx::Error> {
    let mut change = pool.begin_with(key_store::BEGIN_SQLITE).await?;
    for learner in learners {
        sqlx::query(key_store::DESTROY).bind(*learner).execute(&mut *change).await?;
    }
    change.commit().await
}

/// Whether a piece of any of these wrapped keys is in a file of the store.
async fn is_anywhere(path: &Path, wrapped: &[Vec<u8>]) -> Result<bool, LogError> {
    let pieces: Vec<[u8; PIECE]> = wrapped
        .iter()
        .filter_map(|bytes| bytes.get(NONCE..NONCE + 2 * PIECE))
        .flat_map(|bytes| bytes.chunks_exact(PIECE))
        .filter_map(|piece| piece.try_into().ok())
        .collect();
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let files = [path.to_owned(), beside("-wal"), beside("-journal")];
    let look =
        move || files.iter().try_fold(false, |found, file| Ok(found || holds(file, &pieces)?));
    let looked: Result<std::io::Result<bool>, _> = tokio::task::spawn_blocking(look).await;
    match looked {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::error!(kind = %error.kind(), "the key store's files cannot be looked through");
            Err(LogError::Unavailable(Cause::Keys))
        }
        Err(_) => Err(LogError::Unavailable(Cause::Keys)),
    }
}

/// Whether any of the pieces is in the file; a file that is not there holds none.
fn holds(path: &Path, pieces: &[[u8; PIECE]]) -> std::io::Result<bool> {
    let Some(file) = kept_open(path)? else { return Ok(false) };
    let mut buffer = vec![0; 1 << 20];
    let (mut kept, mut at) = (0, 0);
    loop {
        let read = file.read_at(&mut buffer[kept..], at)?;
        if read == 0 {
            return Ok(false);
        }
        at += read as u64;
        let filled = &buffer[..kept + read];
        if filled.windows(PIECE).any(|window| pieces.iter().any(|piece| window == piece)) {
            return Ok(true);
        }
        // What could be the beginning of a piece stays for the next look.
        let tail = filled.len().min(PIECE - 1);
        let from = filled.len() - tail;
        buffer.copy_within(from..from + tail, 0);
        kept = tail;
    }
}

/// Files that were looked through, for as long as the process lives: device, inode, file.
static LOOKED_THROUGH: Mutex<Vec<(u64, u64, Arc<File>)>> = Mutex::new(Vec::new());

/// The file, opened once and never closed; none where it is not there. Closing any descriptor of a file takes
/// all of the process's POSIX locks on it away, SQLite's own among them ("How To Corrupt An SQLite Database
/// File", section 2.2): whoever closed the store next, a backup or another server, would take the write-ahead
/// log away from under this process, and what it made durable after that would be gone.
fn kept_open(path: &Path) -> std::io::Result<Option<Arc<File>>> {
    let mut files = LOOKED_THROUGH.lock().unwrap_or_else(PoisonError::into_inner);
    let found = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    let same =
        |(device, inode, _): &&(u64, u64, _)| (*device, *inode) == (found.dev(), found.ino());
    if let Some((_, _, file)) = files.iter().find(same) {
        return Ok(Some(Arc::clone(file)));
    }
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => Arc::new(file?),
    };
    // As it was opened: it may have been put in the place of the other meanwhile.
    let opened = file.metadata()?;
    // Files that were removed since have nobody's locks.
    files.retain(|(_, _, file)| file.metadata().is_ok_and(|kept| kept.nlink() > 0));
    files.push((opened.dev(), opened.ino(), Arc::clone(&file)));
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_found_wherever_it_lies() {
        let path = std::env::temp_dir().join(format!("onward-{}", Uuid::now_v7()));
        let piece = [7; PIECE];
        for at in [0, 5, (1 << 20) - 3, (1 << 20) + 1] {
            let mut bytes = vec![0; (1 << 20) + 100];
            bytes[at..at + PIECE].copy_from_slice(&piece);
            std::fs::write(&path, &bytes).expect("written");
            assert!(holds(&path, &[[9; PIECE], piece]).expect("read"), "at {at}");
            assert!(!holds(&path, &[[9; PIECE]]).expect("read"));
        }
        std::fs::remove_file(&path).expect("removed");
        assert!(!holds(&path, &[piece]).expect("no file, no piece"));
    }
}
