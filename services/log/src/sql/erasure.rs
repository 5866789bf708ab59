//! What an erasure reads and writes beside its append.

use sqlx::Error;
use uuid::Uuid;

use super::readers::on;
use super::{Fault, Store, on_readers, postgres, shared, sqlite};
use crate::claim_key::KeyId;
use crate::position::Position;

impl Store {
    /// Learners erased after a position, in order, and where.
    pub(crate) async fn erased_after(&self, after: Position) -> Result<Vec<(Uuid, i64)>, Error> {
        let after = after.sql();
        on_readers!(self, connection => {
            sqlx::query_as(shared::ERASED_AFTER).bind(after).fetch_all(connection).await
        })
    }

    /// Learners whose erasure is recorded but not carried through.
    pub(crate) async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, Error> {
        on_readers!(self, connection => {
            sqlx::query_scalar(shared::UNFINISHED).fetch_all(connection).await
        })
    }

    /// The erasure of a learner is carried through.
    pub(crate) async fn erasure_finished(&self, learner: Uuid) -> Result<(), Fault> {
        match self {
            Self::Postgres(database) => Ok(database.erasure_finished(learner).await?),
            Self::Sqlite(database) => database.erasure_finished(learner).await,
        }
    }

    /// Cuts the write-ahead log of SQLite to nothing: deleted rows are in its old frames.
    pub(crate) async fn fold_away(&self) -> Result<(), Fault> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(database) => database.fold_away().await,
        }
    }

    /// Streams that are about these learners, of which none has an event before the position.
    pub(crate) async fn streams_about(
        &self,
        learners: &[Uuid],
        from: Position,
    ) -> Result<Vec<Uuid>, Error> {
        match self {
            Self::Postgres(database) => on!(database.readers, connection => {
                let query = sqlx::query_scalar(postgres::text::STREAMS_ABOUT).bind(learners);
                query.bind(from.sql()).fetch_all(connection).await
            }),
            Self::Sqlite(database) => {
                let list = sqlite::json_ids(learners);
                on!(database.readers, connection => {
                    let query = sqlx::query_scalar(sqlite::text::STREAMS_ABOUT).bind(&list);
                    query.bind(from.sql()).fetch_all(connection).await
                })
            }
        }
    }

    /// Keys that streams hold, each with its stream.
    pub(crate) async fn held_by(&self, streams: &[Uuid]) -> Result<Vec<(KeyId, Uuid)>, Error> {
        type Row = (i16, Vec<u8>, Uuid, Uuid);
        let rows: Vec<Row> = match self {
            Self::Postgres(database) => on!(database.readers, connection => {
                let query = sqlx::query_as(postgres::text::HELD_BY).bind(streams);
                query.fetch_all(connection).await
            }),
            Self::Sqlite(database) => {
                let list = sqlite::json_ids(streams);
                on!(database.readers, connection => {
                    sqlx::query_as(sqlite::text::HELD_BY).bind(&list).fetch_all(connection).await
                })
            }
        }?;
        let key = |(scope, hash, slot, stream): Row| {
            ((scope, hash.try_into().unwrap_or_default(), slot), stream)
        };
        Ok(rows.into_iter().map(key).collect())
    }
}

impl postgres::Database {
    async fn erasure_finished(&self, learner: Uuid) -> Result<(), Error> {
        on!(self.readers, connection => {
            sqlx::query(shared::FINISHED).bind(learner).execute(connection).await.map(drop)
        })
    }
}

impl sqlite::Database {
    async fn erasure_finished(&self, learner: Uuid) -> Result<(), Fault> {
        let mut guard = self.writer.clone().take().await?;
        let query = sqlx::query(shared::FINISHED).bind(learner);
        query.execute(guard.as_mut().ok_or(Fault::Lost)?).await?;
        Ok(())
    }
}
