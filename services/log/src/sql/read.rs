//! Reads of either database. Each is one statement, so that it sees one moment, and so that a caller
//! who goes away leaves no open transaction.

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use onward_domain::ids::{EventId, LearnerId};
use sqlx::Error;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::readers::on;
use super::{Store, on_readers, postgres, shared, sqlite};
use crate::claim_key::Holder;
use crate::error::LogError;
use crate::plan::Head;
use crate::position::Position;
use crate::recorded::{Recorded, moment};
use crate::request::{Answer, AnswerColumns, Kept};

/// Columns of an event.
pub(crate) type EventRow = (
    i64,
    i64,
    i16,
    i64,
    Uuid,
    i64,
    Uuid,
    Option<Uuid>,
    String,
    i16,
    i64,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
);

/// Columns of `log_batch`.
pub(crate) type HeadRow = (i64, Vec<u8>, i64, Vec<u8>, i64, Vec<u8>);

/// A row of the record of reads.
pub(crate) type AccessRow =
    (i64, i64, Uuid, Option<Uuid>, String, String, String, Vec<u8>, Option<Uuid>, Vec<u8>);

type RequestColumns = (Vec<u8>, i64, i64, Vec<u8>, i64, Vec<u8>);

pub(crate) fn recorded(row: EventRow) -> Recorded {
    Recorded {
        position: Position::from_sql(row.0),
        previous: Position::from_sql(row.1),
        partition: u8::try_from(row.2).unwrap_or_default(),
        partition_sequence: row.3.cast_unsigned(),
        stream: row.4,
        version: row.5.cast_unsigned(),
        event_id: EventId::new(row.6),
        learner: row.7.map(LearnerId::new),
        event_type: row.8,
        schema_version: row.9.cast_unsigned(),
        recorded_at: moment(row.10),
        public: row.11.into(),
        sealed: row.12.into(),
        hash: row.13.try_into().unwrap_or_default(),
    }
}

/// Whether all were handed out: what a statement has not sent yet makes its connection useless.
async fn hand_out(
    mut rows: BoxStream<'_, Result<EventRow, Error>>,
    size: usize,
    taker: &mpsc::Sender<Result<Vec<Recorded>, LogError>>,
) -> Result<bool, Error> {
    let mut chunk = Vec::with_capacity(size);
    while let Some(row) = rows.try_next().await? {
        chunk.push(recorded(row));
        if chunk.len() == size {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(size));
            if taker.send(Ok(full)).await.is_err() {
                return Ok(false);
            }
        }
    }
    Ok(chunk.is_empty() || taker.send(Ok(chunk)).await.is_ok())
}

pub(crate) fn head(row: &HeadRow) -> Result<Head, Error> {
    Head::from_columns(row.0, &row.1, row.2, &row.3, row.4, &row.5)
        .ok_or_else(|| Error::Decode("the newest batch row is damaged".into()))
}

pub(crate) fn kept(columns: RequestColumns) -> Kept {
    let (body_hash, position, stream_version, event_ids, recorded_at, issued) = columns;
    let columns = AnswerColumns { position, stream_version, event_ids, recorded_at, issued };
    Kept { body_hash: body_hash.try_into().unwrap_or_default(), answer: Answer::kept(&columns) }
}

impl Store {
    pub(crate) async fn head(&self) -> Result<Head, Error> {
        let row = on_readers!(self, connection => sqlx::query_as(shared::HEAD).fetch_one(connection).await)?;
        head(&row)
    }

    pub(crate) async fn after(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error> {
        let (after, limit) = (after.sql(), i64::try_from(limit).unwrap_or(i64::MAX));
        let rows: Vec<EventRow> = on_readers!(self, connection => {
            sqlx::query_as(shared::AFTER).bind(after).bind(limit).fetch_all(connection).await
        })?;
        Ok(rows.into_iter().map(recorded).collect())
    }

    /// Hands out the events of a stretch, chunk by chunk, from one statement: the database sends on as
    /// fast as they are taken. Ends when they are out, or when nobody takes them any more.
    pub(crate) async fn between(
        &self,
        (after, until): (Position, Position),
        chunk: usize,
        taker: &mpsc::Sender<Result<Vec<Recorded>, LogError>>,
    ) -> Result<(), Error> {
        macro_rules! between {
            ($readers:expr) => {{
                let mut taken = $readers.take(false).await?;
                let query = sqlx::query_as(shared::BETWEEN).bind(after.sql()).bind(until.sql());
                let done = hand_out(query.fetch(taken.connection()), chunk, taker).await;
                if matches!(done, Ok(true) | Err(_)) {
                    taken.give_back(&done);
                }
                done.map(drop)
            }};
        }
        match self {
            Self::Postgres(database) => between!(database.readers),
            Self::Sqlite(database) => between!(database.readers),
        }
    }

    /// Events of a stream, first first.
    pub(crate) async fn stream(&self, stream: Uuid) -> Result<Vec<Recorded>, Error> {
        let rows: Vec<EventRow> = match self {
            Self::Postgres(database) => on!(database.readers, connection => {
                sqlx::query_as(postgres::text::STREAM).bind(stream).fetch_all(connection).await
            }),
            Self::Sqlite(database) => on!(database.readers, connection => {
                sqlx::query_as(sqlite::text::STREAM).bind(stream).fetch_all(connection).await
            }),
        }?;
        Ok(rows.into_iter().rev().map(recorded).collect())
    }

    pub(crate) async fn kept(&self, organisation: Uuid, id: Uuid) -> Result<Option<Kept>, Error> {
        let row: Option<RequestColumns> = on_readers!(self, connection => {
            sqlx::query_as(shared::REQUEST).bind(organisation).bind(id).fetch_optional(connection).await
        })?;
        Ok(row.map(kept))
    }

    /// Holders of keys: (index of the key asked for, holder).
    pub(crate) async fn find(
        &self,
        keys: &[(i16, [u8; 32])],
    ) -> Result<Vec<(usize, Holder)>, Error> {
        type Row = (i64, Uuid, Option<i32>, Option<i32>);
        let rows: Vec<Row> = match self {
            Self::Postgres(database) => {
                let (scopes, hashes): (Vec<i16>, Vec<&[u8]>) =
                    keys.iter().map(|(scope, hash)| (*scope, hash.as_slice())).unzip();
                on!(database.readers, connection => {
                    let query = sqlx::query_as(postgres::text::FIND).bind(&scopes).bind(&hashes);
                    query.fetch_all(connection).await
                })
            }
            Self::Sqlite(database) => {
                let list = sqlite::json_rows(
                    keys.iter().map(|(scope, hash)| (i64::from(*scope), hex::encode(hash))),
                );
                on!(database.readers, connection => {
                    sqlx::query_as(sqlite::text::FIND).bind(&list).fetch_all(connection).await
                })
            }
        }?;
        let holder = |(index, stream, valid_from, valid_until): Row| {
            let index = usize::try_from(index).unwrap_or_default();
            (index, Holder { stream, valid_from, valid_until })
        };
        Ok(rows.into_iter().map(holder).collect())
    }

    pub(crate) async fn identity(&self) -> Result<Option<(Uuid, Uuid, Vec<u8>)>, Error> {
        on_readers!(self, connection => sqlx::query_as(shared::IDENTITY).fetch_optional(connection).await)
    }

    pub(crate) async fn owner(&self, name: &str) -> Result<Option<(Uuid, i64, i64)>, Error> {
        on_readers!(self, connection => {
            sqlx::query_as(shared::OWNER).bind(name).fetch_optional(connection).await
        })
    }
}
