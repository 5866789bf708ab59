//! Every SQL text of the log, and what runs it on either database. `shared.rs` holds what both accept.

pub(crate) mod copy;
mod erasure;
pub(crate) mod fault;
pub(crate) mod key_store;
pub(crate) mod known;
pub(crate) mod postgres;
pub(crate) mod proof;
pub(crate) mod read;
pub(crate) mod readers;
pub(crate) mod shared;
pub(crate) mod snapshot;
pub(crate) mod sqlite;

use uuid::Uuid;

use crate::error::{LogError, OpenError};
use crate::options::Clock;

pub(crate) use fault::{Fault, key_store_fault, log_fault, open_fault};
pub(crate) use readers::on_readers;

/// The database of the log: chosen when it is opened, the same for everybody above.
pub(crate) enum Store {
    Postgres(postgres::Database),
    Sqlite(sqlite::Database),
}

impl Store {
    /// Remembers whose log this is, unless it is known already.
    pub(crate) async fn identify(
        &self,
        id: Uuid,
        keys: Uuid,
        check: &[u8],
    ) -> Result<(), OpenError> {
        let done = match self {
            Self::Postgres(database) => database.identify(id, keys, check).await,
            Self::Sqlite(database) => database.identify(id, keys, check).await,
        };
        done.map_err(open_fault)
    }

    /// Takes or keeps an ownership; (epoch, until) when it is one's own now.
    pub(crate) async fn own(
        &self,
        name: &str,
        owner: Uuid,
        micros: i64,
        clock: &Clock,
    ) -> Result<Option<(i64, i64)>, LogError> {
        let row = match self {
            Self::Postgres(database) => {
                database.own(name, owner, micros).await.map_err(Fault::from)
            }
            Self::Sqlite(database) => database.own(name, owner, micros, clock).await,
        };
        row.map_err(|fault| LogError::Unavailable(fault.cause()))
    }

    /// Gives an ownership up.
    pub(crate) async fn disown(&self, name: &str, owner: Uuid) -> Result<(), LogError> {
        let done = match self {
            Self::Postgres(database) => database.disown(name, owner).await.map_err(Fault::from),
            Self::Sqlite(database) => database.disown(name, owner).await,
        };
        done.map_err(|fault| LogError::Unavailable(fault.cause()))
    }

    /// Makes ranges of positions ahead of the log's end, where the database has them.
    pub(crate) async fn make_ahead(&self) {
        if let Self::Postgres(database) = self
            && let Ok(head) = self.head().await
        {
            postgres::ranges::make_ahead(database, head.position).await;
        }
    }

    /// Lets the connections go. On SQLite the write-ahead log is folded into the file.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(database) => database.readers.close().await,
            Self::Sqlite(database) => database.close().await,
        }
    }
}
