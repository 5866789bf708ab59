//! One connection that sees one moment of the log, and may not write: for the check of everything.

use futures::TryStreamExt as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Error, Executor, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::read::{AccessRow, EventRow, HeadRow};
use super::{Store, postgres, shared, sqlite};
use crate::error::OpenError;
use crate::options::Database;

const BEGIN_POSTGRES: &str = "
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

const BATCHES: &str = "
SELECT last_position, hash, recorded_at, sequences, epoch, requests FROM log_batch
WHERE shard = 0 ORDER BY last_position";

const STREAMS: &str = "SELECT stream, version, last_position FROM log_stream WHERE shard = 0";

/// Only what the check of streams needs.
const STEPS: &str = "
SELECT position, previous, stream, version FROM log_event WHERE shard = 0 ORDER BY position";

const COUNT_STREAMS: &str = "SELECT COUNT(*) FROM log_stream WHERE shard = 0";

const LOCKS: &str = "SELECT COUNT(*) FROM log_lock WHERE shard = 0 AND name IN ('log', 'access')";

/// Kept answers in the order of their chain, each with the events that it names first and last.
const REQUESTS: &str = "
SELECT r.sequence, r.organisation, r.request_id, r.method, r.body_hash, r.position, r.stream_version,
       r.event_ids, r.recorded_at, r.issued, r.hash,
       f.event_id AS first_id, l.event_id AS last_id, l.recorded_at AS last_at
FROM log_request r
LEFT JOIN log_event l ON l.shard = 0 AND l.position = r.position
LEFT JOIN log_event f ON f.shard = 0 AND f.position = r.position + 1 - length(r.event_ids) / 16
WHERE r.shard = 0 ORDER BY r.sequence";

const READS: &str = "
SELECT sequence, at, organisation, member, role, purpose, method, learners, request_id, hash
FROM log_access WHERE shard = 0 ORDER BY sequence";

/// Erased learners, each with the event that says so.
const ERASED: &str = "
SELECT x.learner, x.position, e.learner AS of_event, e.event_type
FROM log_erased x LEFT JOIN log_event e ON e.shard = 0 AND e.position = x.position
WHERE x.shard = 0 ORDER BY x.position, x.learner";

const TREE: &str = "SELECT CAST(level AS BIGINT) AS level, number, hash FROM log_tree WHERE shard = 0 ORDER BY level, number";

/// Numbers as they are stored, however large.
const KEYS: &str = "
SELECT CAST(scope AS BIGINT) AS scope, hash, slot, stream, CAST(valid_from AS BIGINT) AS valid_from,
       CAST(valid_until AS BIGINT) AS valid_until
FROM log_key WHERE shard = 0";

const CHECKPOINTS: &str =
    "SELECT number, size, note FROM log_checkpoint WHERE shard = 0 ORDER BY number";

/// One moment of the log.
pub(crate) enum Snapshot {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Columns of a kept answer, and the ids and moment of its events.
#[derive(sqlx::FromRow)]
pub(crate) struct RequestRow {
    pub sequence: i64,
    pub organisation: Uuid,
    pub request_id: Uuid,
    pub method: String,
    pub body_hash: Vec<u8>,
    pub position: i64,
    pub stream_version: i64,
    pub event_ids: Vec<u8>,
    pub recorded_at: i64,
    pub issued: Vec<u8>,
    pub hash: Vec<u8>,
    pub first_id: Option<Uuid>,
    pub last_id: Option<Uuid>,
    pub last_at: Option<i64>,
}

/// (position, previous, stream, version).
pub(crate) type StepRow = (i64, i64, Uuid, i64);
/// (stream, version, last position).
pub(crate) type StreamRow = (Uuid, i64, i64);
/// (learner, position, the event's learner, the event's type).
pub(crate) type ErasedRow = (Uuid, i64, Option<Uuid>, Option<String>);
/// (level, number, hash).
pub(crate) type TreeRow = (i64, i64, Vec<u8>);
/// (scope, hash, slot, stream, valid from, valid until).
pub(crate) type KeyRow = (i64, Vec<u8>, Uuid, Uuid, Option<i64>, Option<i64>);
/// (number, size, note).
pub(crate) type CheckpointRow = (i64, i64, String);

macro_rules! on_snapshot {
    ($snapshot:expr, $connection:ident => $body:expr) => {
        match $snapshot {
            Snapshot::Postgres($connection) => $body,
            Snapshot::Sqlite($connection) => $body,
        }
    };
}

/// Hands each row of a statement to `$take`, as it comes, until one is refused.
macro_rules! each {
    ($(#[$doc:meta])* $name:ident: $text:expr => $row:ty) => {
        $(#[$doc])*
        pub(crate) async fn $name<F>(
            &mut self,
            mut take: impl FnMut($row) -> Result<(), F>,
        ) -> Result<Result<(), F>, Error> {
            on_snapshot!(self, connection => {
                let mut rows = sqlx::query_as::<_, $row>($text).fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    if let Err(fault) = take(row) {
                        return Ok(Err(fault));
                    }
                }
                Ok(Ok(()))
            })
        }
    };
}

impl Snapshot {
    /// Opens a log to look at it. Nothing is made, brought up to date or locked.
    pub(crate) async fn open(database: &Database) -> Result<Self, OpenError> {
        let mut snapshot = match database {
            Database::Postgres { url, schema, .. } => {
                let settings = postgres::settings(url, schema.as_deref())?;
                Self::Postgres(settings.connect().await.map_err(super::open_fault)?)
            }
            Database::Sqlite { folder } => {
                let path = folder.join("log.db");
                if !path.is_file() {
                    return Err(OpenError::NoFolder(folder.clone()));
                }
                Self::Sqlite(sqlite::looking(&path).connect().await.map_err(super::open_fault)?)
            }
        };
        snapshot.begin().await.map_err(super::open_fault)?;
        Ok(snapshot)
    }

    /// One moment of a log that is open in this process.
    pub(crate) async fn of(store: &Store) -> Result<Self, Error> {
        let mut snapshot = match store {
            Store::Postgres(database) => {
                let settings: &PgConnectOptions = &database.settings;
                Self::Postgres(settings.connect().await?)
            }
            Store::Sqlite(database) => {
                let settings: &SqliteConnectOptions = database.settings();
                Self::Sqlite(settings.clone().pragma("query_only", "ON").connect().await?)
            }
        };
        snapshot.begin().await?;
        Ok(snapshot)
    }

    async fn begin(&mut self) -> Result<(), Error> {
        match self {
            Self::Postgres(connection) => connection.execute(BEGIN_POSTGRES).await.map(|_| ())?,
            Self::Sqlite(connection) => connection.execute("BEGIN").await.map(|_| ())?,
        }
        // SQLite takes its moment with the first read.
        self.locks().await.map(drop)
    }

    /// Rows of `log_lock` that are there.
    pub(crate) async fn locks(&mut self) -> Result<i64, Error> {
        on_snapshot!(self, connection => sqlx::query_scalar(LOCKS).fetch_one(connection).await)
    }

    pub(crate) async fn identity(&mut self) -> Result<Option<(Uuid, Uuid, Vec<u8>)>, Error> {
        on_snapshot!(self, connection => {
            sqlx::query_as(shared::IDENTITY).fetch_optional(connection).await
        })
    }

    pub(crate) async fn batches(&mut self) -> Result<Vec<HeadRow>, Error> {
        on_snapshot!(self, connection => sqlx::query_as(BATCHES).fetch_all(connection).await)
    }

    /// Events after a position.
    pub(crate) async fn events(&mut self, after: u64, limit: i64) -> Result<Vec<EventRow>, Error> {
        let after = after.cast_signed();
        on_snapshot!(self, connection => {
            sqlx::query_as(shared::AFTER).bind(after).bind(limit).fetch_all(connection).await
        })
    }

    pub(crate) async fn count_streams(&mut self) -> Result<i64, Error> {
        on_snapshot!(self, connection => {
            sqlx::query_scalar(COUNT_STREAMS).fetch_one(connection).await
        })
    }

    /// Learners whose erasure is recorded but not carried through.
    pub(crate) async fn unfinished_erasures(&mut self) -> Result<Vec<Uuid>, Error> {
        on_snapshot!(self, connection => {
            sqlx::query_scalar(shared::UNFINISHED).fetch_all(connection).await
        })
    }

    each!(each_step: STEPS => StepRow);
    each!(each_stream: STREAMS => StreamRow);
    each!(each_request: REQUESTS => RequestRow);
    each!(each_read: READS => AccessRow);
    each!(each_erased: ERASED => ErasedRow);
    each!(each_node: TREE => TreeRow);
    each!(each_key: KEYS => KeyRow);
    each!(each_checkpoint: CHECKPOINTS => CheckpointRow);
}
