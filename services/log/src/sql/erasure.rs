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

    /// An erasure that was carried through has to be once more.
    pub(crate) async fn owe_erasure(&self, learner: Uuid) -> Result<(), Fault> {
        self.about_erasure(shared::OWE, learner).await
    }

    /// The erasure of a learner is carried through; the key has been gone since `now`, unless it was before.
    pub(crate) async fn erasure_finished(&self, learner: Uuid, now: i64) -> Result<(), Fault> {
        match self {
            Self::Postgres(database) => on!(database.readers, connection => {
                let query = sqlx::query(shared::DESTROYED).bind(learner).bind(now);
                query.execute(connection).await.map(drop)
            })?,
            Self::Sqlite(database) => {
                let mut guard = database.writer.clone().take().await?;
                let query = sqlx::query(shared::DESTROYED).bind(learner).bind(now);
                query.execute(guard.as_mut().ok_or(Fault::Lost)?).await?;
            }
        }
        self.about_erasure(shared::FINISHED, learner).await
    }

    /// When the key of an erased learner was destroyed.
    pub(crate) async fn destroyed_at(&self, learner: Uuid) -> Result<Option<i64>, Error> {
        let found: Option<Option<i64>> = on_readers!(self, connection => {
            let query = sqlx::query_scalar(shared::DESTROYED_AT).bind(learner);
            query.fetch_optional(connection).await
        })?;
        Ok(found.flatten())
    }

    async fn about_erasure(&self, statement: &'static str, learner: Uuid) -> Result<(), Fault> {
        match self {
            Self::Postgres(database) => on!(database.readers, connection => {
                sqlx::query(statement).bind(learner).execute(connection).await.map(drop)
            })?,
            Self::Sqlite(database) => {
                let mut guard = database.writer.clone().take().await?;
                let query = sqlx::query(statement).bind(learner);
                query.execute(guard.as_mut().ok_or(Fault::Lost)?).await?;
            }
        }
        Ok(())
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
