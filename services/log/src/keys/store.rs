//! Where the wrapped keys are kept: `learner-keys.db` in the key folder, or a PostgreSQL database of
//! its own.

use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{Executor, Row as _};
use uuid::Uuid;

use super::kek::KekId;
use crate::error::{LogError, OpenError};
use crate::folder::private_file;
use crate::options::KeyOptions;
use crate::sql::{Fault, key_store, key_store_fault, open_fault, sqlite};

/// A subject's wrapped key; absent where it was destroyed.
pub(super) struct Row {
    pub subject: Uuid,
    pub wrapped: Option<Vec<u8>>,
    /// Which key wrapped it.
    pub kek: Option<KekId>,
}

#[derive(Clone)]
pub(super) enum Store {
    Sqlite { pool: SqlitePool, path: PathBuf },
    Postgres(PgPool),
}

/// Columns of a row.
type Columns = (Uuid, Option<Vec<u8>>, Option<Vec<u8>>);

pub(super) fn row((subject, wrapped, kek): Columns) -> Row {
    Row { subject, wrapped, kek: kek.and_then(|id| id.try_into().ok()) }
}

/// Runs the same statement on either database.
macro_rules! on_store {
    ($store:expr, $pool:ident => $body:expr) => {
        match $store {
            $crate::keys::store::Store::Sqlite { pool: $pool, .. } => $body,
            $crate::keys::store::Store::Postgres($pool) => $body,
        }
    };
}
pub(super) use on_store;

impl Store {
    pub(super) async fn open(options: &KeyOptions) -> Result<Self, OpenError> {
        match &options.postgres_url {
            None => open_sqlite(&options.folder).await,
            Some(url) => {
                let settings: PgConnectOptions = url.parse().map_err(|_| OpenError::Url)?;
                let pool = PgPoolOptions::new().max_connections(4).connect_with(settings);
                let pool = pool.await.map_err(open_fault)?;
                let create = sqlx::raw_sql(key_store::CREATE_POSTGRES).execute(&pool);
                create.await.map_err(open_fault)?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    /// The store's id and check value; none before the first start.
    pub(super) async fn identity(&self) -> Result<Option<Row>, OpenError> {
        let found: Result<Option<Columns>, sqlx::Error> = on_store!(self, pool => {
            sqlx::query_as(key_store::READ_IDENTITY).fetch_optional(pool).await
        });
        Ok(found.map_err(open_fault)?.map(row))
    }

    /// Whether there are keys of anybody in it, destroyed ones as well.
    pub(super) async fn holds_any(&self) -> Result<bool, OpenError> {
        let any = on_store!(self, pool => {
            sqlx::query_scalar(key_store::HOLDS_ANY).fetch_optional(pool).await
        });
        any.map(|found: Option<i32>| found.is_some()).map_err(open_fault)
    }

    /// Names the store, unless somebody else was quicker.
    pub(super) async fn name(&self, id: Uuid, wrapped: &[u8], kek: KekId) -> Result<(), OpenError> {
        let done = on_store!(self, pool => {
            let insert = sqlx::query(key_store::INSERT_IDENTITY).bind(id).bind(wrapped);
            insert.bind(kek.to_vec()).execute(pool).await.map(drop)
        });
        done.map_err(open_fault)
    }

    pub(super) async fn read(&self, subjects: &[Uuid]) -> Result<Vec<Row>, LogError> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Result<Vec<Columns>, sqlx::Error> = match self {
            Self::Sqlite { pool, .. } => {
                let list = sqlite::json_ids(subjects);
                sqlx::query_as(key_store::READ_SQLITE).bind(list).fetch_all(pool).await
            }
            Self::Postgres(pool) => {
                sqlx::query_as(key_store::READ_POSTGRES).bind(subjects).fetch_all(pool).await
            }
        };
        let rows = rows.map_err(|error| key_store_fault(&error))?;
        Ok(rows.into_iter().map(row).collect())
    }

    /// Keeps these keys for subjects that have none, while `kek` is the key that wraps; durable when it
    /// returns.
    pub(super) async fn insert(&self, rows: &[Row], kek: KekId) -> Result<(), LogError> {
        let done = match self {
            Self::Sqlite { pool, .. } => insert_sqlite(pool, rows, kek).await,
            Self::Postgres(pool) => insert_postgres(pool, rows, kek).await,
        };
        done.map_err(|error| key_store_fault(&error))
    }

    pub(super) async fn close(&self) {
        on_store!(self, pool => pool.close().await);
    }
}

async fn open_sqlite(folder: &Path) -> Result<Store, OpenError> {
    let path = folder.join("learner-keys.db");
    private_file(&path)?;
    let settings = sqlite::key_store_settings(&path);
    // One connection: key rows are read once and then remembered.
    let pool = SqlitePoolOptions::new().max_connections(1).after_release(sqlite::is_clean);
    let pool = sqlite::patiently(|| pool.clone().connect_with(settings.clone())).await;
    let opened = match pool {
        Ok(pool) => make_tables(&pool).await.map(|()| pool),
        Err(error) => Err(error),
    };
    match opened {
        Ok(pool) => Ok(Store::Sqlite { pool, path }),
        Err(error) => Err(OpenError::File { path, cause: Fault::from(error).cause() }),
    }
}

/// Looked at and made in one transaction: two processes may start at once.
async fn make_tables(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut change = pool.begin_with(key_store::BEGIN_SQLITE).await?;
    change.execute(sqlx::raw_sql(key_store::CREATE_SQLITE)).await?;
    let has: i64 = change.fetch_one(key_store::HAS_KEK_SQLITE).await?.try_get(0)?;
    if has == 0 {
        change.execute(sqlx::raw_sql(key_store::ADD_KEK_SQLITE)).await?;
    }
    change.commit().await
}

async fn insert_sqlite(pool: &SqlitePool, rows: &[Row], kek: KekId) -> Result<(), sqlx::Error> {
    let mut change = pool.begin_with(key_store::BEGIN_SQLITE).await?;
    for row in rows {
        let insert = sqlx::query(key_store::INSERT).bind(row.subject).bind(row.wrapped.as_deref());
        insert.bind(kek.to_vec()).execute(&mut *change).await?;
    }
    change.commit().await
}

async fn insert_postgres(pool: &PgPool, rows: &[Row], kek: KekId) -> Result<(), sqlx::Error> {
    let subjects: Vec<Uuid> = rows.iter().map(|row| row.subject).collect();
    let wrapped: Vec<Option<&[u8]>> = rows.iter().map(|row| row.wrapped.as_deref()).collect();
    let insert = sqlx::query(key_store::INSERT_POSTGRES).bind(subjects).bind(wrapped);
    insert.bind(kek.to_vec()).execute(pool).await.map(drop)
}
