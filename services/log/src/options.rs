//! What a log is opened with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::keys::KekSource;

/// Where the present moment comes from. On PostgreSQL the database's own clock decides when something
/// was recorded and when a lease runs out; on SQLite this one does.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a log is opened with.
#[derive(Clone)]
pub struct Options {
    /// Where the log is kept.
    pub database: Database,
    /// Where the keys are kept.
    pub keys: KeyOptions,
    /// How appends share commits.
    pub batcher: BatcherOptions,
    /// How the log proves what it was.
    pub proof: ProofOptions,
    /// The present moment.
    pub clock: Clock,
    /// Make the folders when they are missing (mode 0700), else refuse.
    pub create: bool,
}

/// Where the log is kept.
#[derive(Clone)]
pub enum Database {
    /// A file `log.db` in a folder that this process has for itself.
    Sqlite {
        /// The data folder.
        folder: PathBuf,
    },
    /// A PostgreSQL database, shared by any number of processes.
    Postgres {
        /// `postgres://user@host:port/database`.
        url: String,
        /// The schema to use; made when missing. Absent: the account's own search path.
        schema: Option<String>,
        /// Connections for reads. Appends have their own.
        max_connections: u32,
    },
}

/// Where the keys are kept: never in the log's database.
#[derive(Clone)]
pub struct KeyOptions {
    /// The folder of `kek`, `lookup.key` and, unless a URL says otherwise, `learner-keys.db`.
    pub folder: PathBuf,
    /// A PostgreSQL database of its own for the wrapped keys.
    pub postgres_url: Option<String>,
    /// Where the key-encryption key comes from.
    pub kek: KekSource,
    /// The list of erasures, which no backup brings back; absent: `erased` in the folder.
    pub erasures: Option<PathBuf>,
}

impl KeyOptions {
    /// Everything in one folder.
    pub fn in_folder(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref().to_owned();
        Self { folder, postgres_url: None, kek: KekSource::File, erasures: None }
    }

    /// The file of the list of erasures.
    pub(crate) fn erasure_list(&self) -> PathBuf {
        self.erasures.clone().unwrap_or_else(|| self.folder.join("erased"))
    }
}

/// How the log proves what it was.
#[derive(Debug, Clone)]
pub struct ProofOptions {
    /// The key that signs checkpoints; absent: `checkpoint.key` in the folder of the keys. Made at the first
    /// start.
    pub key_file: Option<PathBuf>,
    /// Where checkpoints are written outside of the database; absent: nowhere.
    pub folder: Option<PathBuf>,
    /// How often one is signed without being asked for.
    pub every: Duration,
}

impl Default for ProofOptions {
    fn default() -> Self {
        Self { key_file: None, folder: None, every: Duration::from_secs(60) }
    }
}

/// How appends share commits.
#[derive(Debug, Clone, Copy)]
pub struct BatcherOptions {
    /// Events in one batch at most; one request may have as many.
    pub max_events: usize,
    /// Bytes of events in one batch at most.
    pub max_bytes: usize,
    /// Requests that may wait before the next is refused.
    pub waiting: usize,
    /// Bytes of events that may wait before the next request is refused.
    pub waiting_bytes: usize,
}

impl Default for BatcherOptions {
    fn default() -> Self {
        Self { max_events: 500, max_bytes: 1 << 20, waiting: 4_096, waiting_bytes: 32 << 20 }
    }
}

impl Options {
    /// SQLite and all keys under one folder, made when missing.
    pub fn sqlite(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref().to_owned();
        let keys = folder.join("keys");
        Self::with(Database::Sqlite { folder }, keys)
    }

    /// PostgreSQL, with the keys in a folder, made when missing.
    pub fn postgres(url: impl Into<String>, keys: impl AsRef<Path>) -> Self {
        let database = Database::Postgres { url: url.into(), schema: None, max_connections: 16 };
        Self::with(database, keys.as_ref().to_owned())
    }

    fn with(database: Database, folder: PathBuf) -> Self {
        let checkpoints = folder.parent().map(|data| data.join("checkpoints"));
        Self {
            database,
            keys: KeyOptions::in_folder(folder),
            batcher: BatcherOptions::default(),
            proof: ProofOptions { folder: checkpoints, ..ProofOptions::default() },
            clock: Arc::new(Timestamp::now),
            create: true,
        }
    }
}
