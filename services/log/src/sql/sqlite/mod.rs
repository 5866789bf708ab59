//! SQLite: opening the file, one writer, a few readers, checkpoints of the write-ahead log.

mod append;
mod reads;
mod rows;
pub(crate) mod text;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use append::Appender;
pub(crate) use reads::Reads;
use writer::Writer;

use super::fault::{Fault, classify};
use super::readers::Readers;
use super::{open_fault, shared};
use crate::error::OpenError;
use crate::folder::{FolderLock, private_file};
use crate::options::Clock;
use crate::position::Position;
use crate::recorded::micros;

/// The oldest SQLite whose write-ahead log is trusted: 3.51.3 mends a corruption by two checkpoints at
/// once (<https://www.sqlite.org/wal.html#walresetbug>).
const OLDEST: [u32; 3] = [3, 51, 3];
/// Connections that read.
const READERS: u32 = 4;
/// How long one waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long cutting the write-ahead log may keep the writer from its work.
const MOMENT: Duration = Duration::from_millis(200);
/// How often the write-ahead log is folded into the file while it grows.
const FOLD: Duration = Duration::from_secs(1);
/// Frames above which the writer waits until the write-ahead log could begin anew.
const TOO_LONG: i64 = 65_536;

/// A SQLite log.
pub(crate) struct Database {
    pub readers: Readers<SqliteConnection>,
    pub writer: Arc<Writer>,
    settings: SqliteConnectOptions,
}

impl Database {
    /// Opens (or makes) the file. With the folder's lock nobody else has it open.
    pub(crate) async fn open(path: &Path, folder: FolderLock) -> Result<Self, OpenError> {
        private_file(path)?;
        let settings = durable(path);
        let writer = Arc::new(Writer::new(settings.clone(), Some(folder)));
        let opened = writer.open().await;
        let mut guard = opened.map_err(|error| opening(path, classify(&error)))?;
        let connection = guard.as_mut().ok_or_else(|| opening(path, Fault::Lost))?;
        let version: String = sqlx::query_scalar(text::VERSION)
            .fetch_one(&mut *connection)
            .await
            .map_err(open_fault)?;
        if !is_new_enough(&version) {
            return Err(OpenError::SqliteTooOld(version));
        }
        let migrator = sqlx::migrate!("./migrations/sqlite");
        let migrated = migrator.run_direct(None, connection, false).await;
        migrated.map_err(|error| migrating(path, error))?;
        drop(guard);
        let reading = settings.clone().pragma("query_only", "ON");
        let readers = Readers::new(reading, READERS);
        Ok(Self { readers, writer, settings })
    }

    /// For who only looks, beside a server that has the file open.
    pub(crate) fn look(path: &Path) -> Self {
        let settings = looking(path);
        let writer = Arc::new(Writer::new(settings.clone(), None));
        Self { readers: Readers::new(settings.clone(), READERS), writer, settings }
    }

    pub(crate) async fn identify(
        &self,
        id: Uuid,
        keys: Uuid,
        check: &[u8],
    ) -> Result<(), sqlx::Error> {
        let mut guard = self.writer.clone().take().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let insert = sqlx::query(shared::INSERT_IDENTITY).bind(id).bind(keys).bind(check);
        insert.execute(connection).await.map(drop)
    }

    pub(crate) async fn own(
        &self,
        name: &str,
        owner: Uuid,
        time_to_live: i64,
        clock: &Clock,
    ) -> Result<Option<(i64, i64)>, Fault> {
        let mut guard = self.writer.clone().take().await?;
        let now = micros(clock());
        let until = now.saturating_add(time_to_live);
        let query = sqlx::query_as(text::OWN).bind(name).bind(owner).bind(until).bind(now);
        Ok(query.fetch_optional(guard.as_mut().ok_or(Fault::Lost)?).await?)
    }

    /// How the file is opened.
    pub(crate) fn settings(&self) -> &SqliteConnectOptions {
        &self.settings
    }

    /// Runs one statement on the connection that writes; answers the rows that it changed.
    pub(crate) async fn write(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<u64, Fault> {
        let mut guard = self.writer.clone().take().await?;
        let done = query.execute(guard.as_mut().ok_or(Fault::Lost)?).await?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn disown(&self, name: &str, owner: Uuid) -> Result<(), Fault> {
        let mut guard = self.writer.clone().take().await?;
        let query = sqlx::query(shared::DISOWN).bind(name).bind(owner);
        query.execute(guard.as_mut().ok_or(Fault::Lost)?).await?;
        Ok(())
    }

    /// Folds the write-ahead log into the file while it grows, on a thread of its own, so that no commit
    /// waits for it.
    pub(crate) fn checkpoints(
        &self,
        mut head: watch::Receiver<Position>,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (settings, writer) = (self.settings.clone(), Arc::clone(&self.writer));
        async move {
            let Ok(mut connection) = settings.connect().await else {
                tracing::warn!("the write-ahead log is not folded in while running");
                return;
            };
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    changed = head.changed() => if changed.is_err() { break },
                }
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(FOLD) => {}
                }
                let folded: Result<(i64, i64, i64), _> =
                    sqlx::query_as(text::FOLD).fetch_one(&mut connection).await;
                // Readers may have kept it from beginning anew for long: then the writer stands still.
                if folded.is_ok_and(|(_, frames, _)| frames > TOO_LONG)
                    && let Ok(_still) = writer.clone().take().await
                {
                    let _ = connection.execute(text::BEGIN_ANEW).await;
                }
            }
        }
    }

    /// Folds the write-ahead log in and cuts it to nothing, while the writer stands still. Left to the next
    /// fold where somebody reads from it for longer than a moment: no append waits for that.
    pub(crate) async fn fold_away(&self) -> Result<(), Fault> {
        let _still = self.writer.clone().take().await?;
        let settings = self.settings.clone().busy_timeout(MOMENT);
        let mut connection = settings.connect().await?;
        connection.execute(text::FOLD_AWAY).await?;
        connection.close().await?;
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn opening(path: &Path, fault: Fault) -> OpenError {
    OpenError::File { path: path.to_owned(), cause: fault.cause() }
}

/// A disk that is full or failing shows here first: the tables are what is written first.
fn migrating(path: &Path, error: MigrateError) -> OpenError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
            if matches!(classify(&error), Fault::Cause(_)) =>
        {
            opening(path, classify(&error))
        }
        other => OpenError::Migration(other.to_string()),
    }
}

/// Rows that the thread of a connection reads ahead of who takes them: with fewer the two stop each other,
/// which costs more than reading does.
const ROWS: usize = 1_024;

/// Every commit is synced; freed pages are overwritten. Checkpoints are somebody else's work.
fn durable(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", "0")
        .pragma("cache_size", "-16000")
        .row_buffer_size(ROWS)
        .disable_statement_logging()
}

/// For who only looks, beside a server that has the file open.
pub(crate) fn looking(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .busy_timeout(PATIENCE)
        .pragma("cache_size", "-16000")
        .row_buffer_size(ROWS)
        .disable_statement_logging()
}

/// The key store: small, so that it looks after its own write-ahead log.
pub(crate) fn key_store_settings(path: &Path) -> SqliteConnectOptions {
    durable(path).pragma("wal_autocheckpoint", "100").pragma("cache_size", "-2000")
}

/// Whether a connection may be lent again. A full disk ends a transaction by itself; the driver counts it
/// as open for ever after.
pub(crate) fn is_clean(
    connection: &mut SqliteConnection,
    _: sqlx::pool::PoolConnectionMetadata,
) -> futures::future::BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move {
        connection.ping().await?;
        Ok(!connection.is_in_transaction())
    })
}

/// Two processes that make one file at the same moment: the second tries again.
pub(crate) async fn patiently<T, F, Fut>(mut open: F) -> Result<T, sqlx::Error>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, sqlx::Error>>,
{
    const TRIES: u32 = 50;
    let mut tried = 1;
    loop {
        match open().await {
            Err(sqlx::Error::Database(error))
                if tried < TRIES && matches!(error.code().as_deref(), Some("5" | "261")) =>
            {
                tried += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other => return other,
        }
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = [(); 3].map(|()| numbers.next().unwrap_or(0));
    found >= OLDEST
}

/// A list of ids, as `json_each` reads it.
pub(crate) fn json_ids(ids: &[Uuid]) -> String {
    json_list(ids.iter().map(|id| format!("\"{}\"", id.simple())))
}

/// Rows of a number and a hexadecimal text.
pub(crate) fn json_rows(rows: impl Iterator<Item = (i64, String)>) -> String {
    json_list(rows.map(|(number, text)| format!("[{number},\"{text}\"]")))
}

fn json_list(items: impl Iterator<Item = String>) -> String {
    let mut list = String::from("[");
    for (index, item) in items.enumerate() {
        if index > 0 {
            list.push(',');
        }
        list.push_str(&item);
    }
    list.push(']');
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_told_from_new_ones() {
        for (version, good) in
            [("3.51.3", true), ("3.51.2", false), ("3.52.0", true), ("3.9.9", false), ("", false)]
        {
            assert_eq!(is_new_enough(version), good, "{version:?}");
        }
    }

    #[test]
    fn lists_are_json() {
        let ids = [Uuid::from_u128(1), Uuid::from_u128(2)];
        assert_eq!(
            json_ids(&ids),
            "[\"00000000000000000000000000000001\",\"00000000000000000000000000000002\"]"
        );
        assert_eq!(json_rows([(7, "ab".to_owned())].into_iter()), "[[7,\"ab\"]]");
        assert_eq!(json_ids(&[]), "[]");
    }
}
