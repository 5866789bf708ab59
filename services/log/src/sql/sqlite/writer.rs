//! The one connection that writes. Whoever has it, has it alone, and gives it back clean or not at all.

use std::sync::{Arc, PoisonError};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::folder::FolderLock;
use crate::sql::fault::Fault;

/// The one connection that writes.
pub(crate) struct Writer {
    slot: Arc<Mutex<Option<SqliteConnection>>>,
    settings: SqliteConnectOptions,
    /// The folder is ours until the connection is closed.
    folder: std::sync::Mutex<Option<FolderLock>>,
}

/// The writer's connection, taken.
pub(crate) type Taken = OwnedMutexGuard<Option<SqliteConnection>>;

impl Writer {
    pub(crate) fn new(settings: SqliteConnectOptions, folder: Option<FolderLock>) -> Self {
        let folder = std::sync::Mutex::new(folder);
        Self { slot: Arc::new(Mutex::new(None)), settings, folder }
    }

    /// Waits in turn for the connection; opens it where it is not.
    pub(crate) async fn take(self: Arc<Self>) -> Result<Taken, Fault> {
        Ok(self.open().await?)
    }

    /// As [`Writer::take`], for a start: what fails there is told once, by the start itself.
    pub(crate) async fn open(&self) -> Result<Taken, sqlx::Error> {
        let mut taken = Arc::clone(&self.slot).lock_owned().await;
        if taken.is_none() {
            *taken = Some(self.settings.connect().await?);
        }
        Ok(taken)
    }

    /// Folds the write-ahead log in, closes the file and gives the folder up.
    pub(crate) async fn close(&self) {
        let mut slot = self.slot.lock().await;
        if let Some(mut connection) = slot.take() {
            let fold = sqlx::query(super::text::FOLD_AWAY).execute(&mut connection).await;
            if fold.is_err() || connection.close().await.is_err() {
                tracing::warn!("the log's file was not closed cleanly; it is whole all the same");
            }
        }
        drop(self.folder.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
