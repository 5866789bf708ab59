//! The kept tree and the signed checkpoints, on either database.

use sqlx::Error;
use uuid::Uuid;

use super::fault::Fault;
use super::readers::on;
use super::{Store, on_readers, postgres, shared, sqlite};
use crate::chain::{EventHash, GENESIS};
use crate::error::{Cause, LogError};
use crate::plan::{ChainEnd, Head};

const TREE_COUNT: &str = "
SELECT CAST(COALESCE(MAX(number) + 1, 0) AS BIGINT) FROM log_tree WHERE shard = 0 AND level = $1";

const TREE_NODES: &str = "
SELECT hash FROM log_tree WHERE shard = 0 AND level = $1 AND number >= $2 AND number < $3
ORDER BY number";

const EVENT_HASHES: &str = "
SELECT hash FROM log_event WHERE shard = 0 AND position > $1 AND position <= $2 ORDER BY position";

const NEWEST: &str =
    "SELECT number, note FROM log_checkpoint WHERE shard = 0 ORDER BY number DESC LIMIT 1";

const OF_SIZE: &str = "
SELECT note FROM log_checkpoint WHERE shard = 0 AND size = $1 ORDER BY number DESC LIMIT 1";

const PUT_CHECKPOINT: &str = "
INSERT INTO log_checkpoint (shard, number, size, note) VALUES (0, $1, $2, $3) ON CONFLICT DO NOTHING";

fn hashes(rows: Vec<(Vec<u8>,)>) -> Result<Vec<EventHash>, Error> {
    let hash = |(bytes,): (Vec<u8>,)| bytes.try_into();
    let hashes: Result<Vec<EventHash>, _> = rows.into_iter().map(hash).collect();
    hashes.map_err(|_| Error::Decode("a hash has another length".into()))
}

fn unavailable(fault: Fault) -> LogError {
    LogError::Unavailable(fault.cause())
}

impl Store {
    /// Nodes that are kept of a level.
    pub(crate) async fn tree_count(&self, level: u32) -> Result<u64, LogError> {
        let level = i64::from(level);
        let count: i64 = on_readers!(self, connection => {
            sqlx::query_scalar(TREE_COUNT).bind(level).fetch_one(connection).await
        })?;
        Ok(count.cast_unsigned())
    }

    /// Nodes `from..until` of a level.
    pub(crate) async fn tree_nodes(
        &self,
        level: u32,
        from: u64,
        until: u64,
    ) -> Result<Vec<EventHash>, Error> {
        let (level, from, until) = (i64::from(level), from.cast_signed(), until.cast_signed());
        let rows: Vec<(Vec<u8>,)> = on_readers!(self, connection => {
            let query = sqlx::query_as(TREE_NODES).bind(level).bind(from).bind(until);
            query.fetch_all(connection).await
        })?;
        hashes(rows)
    }

    /// Hashes of the events `from + 1 ..= until`.
    pub(crate) async fn event_hashes(
        &self,
        from: u64,
        until: u64,
    ) -> Result<Vec<EventHash>, Error> {
        let (from, until) = (from.cast_signed(), until.cast_signed());
        let rows: Vec<(Vec<u8>,)> = on_readers!(self, connection => {
            sqlx::query_as(EVENT_HASHES).bind(from).bind(until).fetch_all(connection).await
        })?;
        hashes(rows)
    }

    /// Keeps nodes of a level from a number on. Those that are there are the same.
    pub(crate) async fn put_nodes(
        &self,
        level: u32,
        from: u64,
        nodes: &[EventHash],
    ) -> Result<(), LogError> {
        let level = i64::from(level);
        let numbers = from.cast_signed()..;
        match self {
            Self::Postgres(database) => {
                let numbers: Vec<i64> = numbers.take(nodes.len()).collect();
                let nodes: Vec<&[u8]> = nodes.iter().map(EventHash::as_slice).collect();
                on!(database.readers, connection => {
                    let query = sqlx::query(postgres::text::PUT_NODES);
                    let query = query.bind(level).bind(&numbers).bind(&nodes);
                    query.execute(connection).await.map(drop)
                })?;
                Ok(())
            }
            Self::Sqlite(database) => {
                let rows = numbers.zip(nodes).map(|(number, node)| (number, hex::encode(node)));
                let rows = sqlite::json_rows(rows);
                let query = sqlx::query(sqlite::text::PUT_NODES).bind(level).bind(rows);
                database.write(query).await.map(drop).map_err(unavailable)
            }
        }
    }

    /// Number and note of the newest checkpoint.
    pub(crate) async fn newest_checkpoint(&self) -> Result<Option<(i64, String)>, LogError> {
        let row = on_readers!(self, connection => {
            sqlx::query_as(NEWEST).fetch_optional(connection).await
        })?;
        Ok(row)
    }

    /// The newest checkpoint of exactly this size.
    pub(crate) async fn checkpoint_of_size(&self, size: u64) -> Result<Option<String>, LogError> {
        let size = size.cast_signed();
        let note = on_readers!(self, connection => {
            sqlx::query_scalar(OF_SIZE).bind(size).fetch_optional(connection).await
        })?;
        Ok(note)
    }

    /// Keeps a checkpoint; false where its number is taken.
    pub(crate) async fn put_checkpoint(
        &self,
        number: i64,
        size: u64,
        note: &str,
    ) -> Result<bool, LogError> {
        let size = size.cast_signed();
        let rows = match self {
            Self::Postgres(database) => on!(database.readers, connection => {
                let query = sqlx::query(PUT_CHECKPOINT).bind(number).bind(size).bind(note);
                query.execute(connection).await.map(|done| done.rows_affected())
            })?,
            Self::Sqlite(database) => {
                let query = sqlx::query(PUT_CHECKPOINT).bind(number).bind(size);
                database.write(query.bind(note.to_owned())).await.map_err(unavailable)?
            }
        };
        Ok(rows == 1)
    }

    /// Where the log and the record of reads end.
    pub(crate) async fn ends(&self) -> Result<(Head, ChainEnd), LogError> {
        let head = self.head().await?;
        let last: Option<(i64, Vec<u8>)> = on_readers!(self, connection => {
            sqlx::query_as(shared::LAST_ACCESS).fetch_optional(connection).await
        })?;
        let reads = last.map_or_else(ChainEnd::default, |(count, hash)| ChainEnd {
            count: count.cast_unsigned(),
            hash: hash.try_into().unwrap_or(GENESIS),
        });
        Ok((head, reads))
    }

    /// The log's identity row.
    pub(crate) async fn whose(&self) -> Result<(Uuid, Uuid, Vec<u8>), LogError> {
        self.identity().await?.ok_or(LogError::Unavailable(Cause::Fault))
    }
}
