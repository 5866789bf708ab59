//! What is known of the copy on the bus: one row, with the same texts on either database.

use sqlx::{ConnectOptions, Connection, Error};

use super::fault::Fault;
use super::readers::on;
use super::{Store, on_readers};
use crate::copy::CopyNote;

/// Columns of `log_copy`.
pub(crate) type CopyRow = (
    i64,
    i64,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    i64,
    Option<String>,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
);

const COPY: &str = "
SELECT incarnation, copied, halted, halted_at, incident, incident_at, condemned, condemned_why,
       audited_incarnation, audited, audit_until, rounds, round_ended_at
FROM log_copy WHERE shard = 0";

const BEGINS: &str = "
UPDATE log_copy
SET incarnation = CASE WHEN incarnation < $1 THEN $1 ELSE incarnation + 1 END, copied = 0
WHERE shard = 0
RETURNING incarnation";

const REACHED: &str = "
UPDATE log_copy SET incarnation = $1, copied = $2 WHERE shard = 0 AND incarnation <= $1";

const INCIDENT: &str = "UPDATE log_copy SET incident = $1, incident_at = $2 WHERE shard = 0";

const HALTED: &str = "
UPDATE log_copy SET halted = $1, halted_at = $2, incident = $1, incident_at = $2
WHERE shard = 0 AND halted IS NULL";

const CONDEMNED: &str = "
UPDATE log_copy SET condemned = $1, condemned_why = $2, incident = $2, incident_at = $3
WHERE shard = 0 AND condemned < $1";

const AUDITED: &str = "
UPDATE log_copy SET audited_incarnation = $1, audited = $2, audit_until = $3 WHERE shard = 0";

const ROUND_OVER: &str = "
UPDATE log_copy
SET audited_incarnation = $1, audited = $2, audit_until = 0, rounds = rounds + 1,
    round_ended_at = $3
WHERE shard = 0";

/// The lock of whoever writes the log's own tables.
const LOCK: &str = "SELECT name FROM log_lock WHERE shard = 0 AND name = 'log' FOR UPDATE";

/// Epochs are the seconds at which they began, so that a log that is restored twice, the second time from
/// before the first, never comes to one that it had.
const NEXT_EPOCH: &str = "
UPDATE log_batch SET epoch = CASE WHEN epoch < $1 THEN $1 ELSE epoch + 1 END
WHERE shard = 0 AND last_position = (SELECT MAX(last_position) FROM log_batch WHERE shard = 0)
RETURNING epoch";

const RESUMED: &str = "
UPDATE log_copy
SET halted = NULL, halted_at = NULL, incident = 'an operator accepted the restored log', incident_at = $1
WHERE shard = 0";

/// Runs a note's statement on a connection of either database.
macro_rules! noted {
    ($note:expr, $at:expr, $connection:expr) => {
        match $note {
            CopyNote::Reached(number, position) => {
                let query = sqlx::query(REACHED).bind(i64::from(*number)).bind(position.sql());
                query.execute($connection).await
            }
            CopyNote::Incident(what) => {
                sqlx::query(INCIDENT).bind(what.as_str()).bind($at).execute($connection).await
            }
            CopyNote::Halted(what) => {
                sqlx::query(HALTED).bind(what.as_str()).bind($at).execute($connection).await
            }
            CopyNote::Condemned(number, why) => {
                let query = sqlx::query(CONDEMNED).bind(i64::from(*number)).bind(why.as_str());
                query.bind($at).execute($connection).await
            }
            CopyNote::Audited { incarnation, position, until } if position < until => {
                let query = sqlx::query(AUDITED).bind(i64::from(*incarnation));
                query.bind(position.sql()).bind(until.sql()).execute($connection).await
            }
            CopyNote::Audited { incarnation, position, .. } => {
                let query = sqlx::query(ROUND_OVER).bind(i64::from(*incarnation));
                query.bind(position.sql()).bind($at).execute($connection).await
            }
        }
        .map(drop)
    };
}

impl Store {
    pub(crate) async fn copy_state(&self) -> Result<CopyRow, Error> {
        on_readers!(self, connection => sqlx::query_as(COPY).fetch_one(connection).await)
    }

    pub(crate) async fn note_copy(&self, note: &CopyNote, at: i64) -> Result<(), Fault> {
        match self {
            Self::Postgres(database) => noted_by_postgres(database, note, at).await?,
            Self::Sqlite(database) => {
                let mut guard = database.writer.clone().take().await?;
                noted!(note, at, guard.as_mut().ok_or(Fault::Lost)?)?;
            }
        }
        Ok(())
    }

    /// Gives out the next number of an incarnation, in one statement.
    pub(crate) async fn begin_incarnation(&self, at_least: u32) -> Result<i64, Fault> {
        match self {
            Self::Postgres(database) => Ok(begun_by_postgres(database, at_least).await?),
            Self::Sqlite(database) => {
                let mut guard = database.writer.clone().take().await?;
                let query = sqlx::query_scalar(BEGINS).bind(i64::from(at_least));
                Ok(query.fetch_one(guard.as_mut().ok_or(Fault::Lost)?).await?)
            }
        }
    }

    /// Begins the log's next epoch, and answers with it.
    pub(crate) async fn accept_restore(&self, at: i64) -> Result<i64, Fault> {
        let seconds = at / 1_000_000;
        match self {
            Self::Postgres(database) => {
                let mut connection = database.settings.connect().await?;
                let mut all = Connection::begin(&mut connection).await?;
                // The newest row is looked for by a statement of its own, after the lock is had.
                sqlx::query(LOCK).execute(&mut *all).await?;
                let query = sqlx::query_scalar(NEXT_EPOCH).bind(seconds);
                let epoch = query.fetch_one(&mut *all).await?;
                sqlx::query(RESUMED).bind(at).execute(&mut *all).await?;
                all.commit().await?;
                connection.close().await?;
                Ok(epoch)
            }
            Self::Sqlite(database) => {
                let mut guard = database.writer.clone().take().await?;
                let mut all = Connection::begin(guard.as_mut().ok_or(Fault::Lost)?).await?;
                let query = sqlx::query_scalar(NEXT_EPOCH).bind(seconds);
                let epoch = query.fetch_one(&mut *all).await?;
                sqlx::query(RESUMED).bind(at).execute(&mut *all).await?;
                all.commit().await?;
                Ok(epoch)
            }
        }
    }
}

async fn noted_by_postgres(
    database: &super::postgres::Database,
    note: &CopyNote,
    at: i64,
) -> Result<(), Error> {
    on!(database.readers, connection => noted!(note, at, &mut *connection))
}

async fn begun_by_postgres(
    database: &super::postgres::Database,
    at_least: u32,
) -> Result<i64, Error> {
    on!(database.readers, connection => {
        let query = sqlx::query_scalar(BEGINS).bind(i64::from(at_least));
        query.fetch_one(connection).await
    })
}
