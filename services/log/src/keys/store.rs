//! Where the wrapped keys are kept: `learner-keys.db` in the key folder, or a PostgreSQL database of
//! its own.

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use uuid::Uuid;

use crate::error::{LogError, OpenError};
use crate::folder::private_file;
use crate::options::KeyOptions;
use crate::sql::{key_store, key_store_fault, open_fault, sqlite};

/// A subject's wrapped key; absent where it was destroyed.
pub(super) struct Row {
    pub subject: Uuid,
    pub wrapped: Option<Vec<u8>>,
}

#[derive(Clone)]
pub(super) enum Store {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Store {
    pub(super) async fn open(options: &KeyOptions) -> Result<Self, OpenError> {
        match &options.postgres_url {
            None => {
                let path = options.folder.join("learner-keys.db");
                private_file(&path)?;
                let settings = sqlite::key_store_settings(&path);
                // One connection: key rows are read once and then remembered.
                let pool =
                    SqlitePoolOptions::new().max_connections(1).after_release(sqlite::is_clean);
                let pool = sqlite::patiently(|| pool.clone().connect_with(settings.clone()))
                    .await
                    .map_err(open_fault)?;
                sqlx::raw_sql(key_store::CREATE_SQLITE).execute(&pool).await.map_err(open_fault)?;
                Ok(Self::Sqlite(pool))
            }
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

    /// The store's id and check value: these, when it has none yet.
    pub(super) async fn identity(&self, id: Uuid, wrapped: &[u8]) -> Result<Row, OpenError> {
        let row: Result<(Uuid, Vec<u8>), sqlx::Error> = async {
            match self {
                Self::Sqlite(pool) => {
                    let insert = sqlx::query(key_store::INSERT_IDENTITY).bind(id).bind(wrapped);
                    insert.execute(pool).await?;
                    sqlx::query_as(key_store::READ_IDENTITY).fetch_one(pool).await
                }
                Self::Postgres(pool) => {
                    let insert = sqlx::query(key_store::INSERT_IDENTITY).bind(id).bind(wrapped);
                    insert.execute(pool).await?;
                    sqlx::query_as(key_store::READ_IDENTITY).fetch_one(pool).await
                }
            }
        }
        .await;
        let (subject, wrapped) = row.map_err(open_fault)?;
        Ok(Row { subject, wrapped: Some(wrapped) })
    }

    pub(super) async fn read(&self, subjects: &[Uuid]) -> Result<Vec<Row>, LogError> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        type Columns = (Uuid, Option<Vec<u8>>);
        let rows: Result<Vec<Columns>, sqlx::Error> = match self {
            Self::Sqlite(pool) => {
                let list = sqlite::json_ids(subjects);
                sqlx::query_as(key_store::READ_SQLITE).bind(list).fetch_all(pool).await
            }
            Self::Postgres(pool) => {
                sqlx::query_as(key_store::READ_POSTGRES).bind(subjects).fetch_all(pool).await
            }
        };
        let rows = rows.map_err(|error| key_store_fault(&error))?;
        Ok(rows.into_iter().map(|(subject, wrapped)| Row { subject, wrapped }).collect())
    }

    /// Keeps these keys for subjects that have none; durable when it returns.
    pub(super) async fn insert(&self, rows: &[Row]) -> Result<(), LogError> {
        let done = match self {
            Self::Sqlite(pool) => insert_sqlite(pool, rows).await,
            Self::Postgres(pool) => insert_postgres(pool, rows).await,
        };
        done.map_err(|error| key_store_fault(&error))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn insert_sqlite(pool: &SqlitePool, rows: &[Row]) -> Result<(), sqlx::Error> {
    let mut change = pool.begin_with("BEGIN IMMEDIATE").await?;
    for row in rows {
        let insert = sqlx::query(key_store::INSERT).bind(row.subject).bind(row.wrapped.as_deref());
        insert.execute(&mut *change).await?;
    }
    change.commit().await
}

async fn insert_postgres(pool: &PgPool, rows: &[Row]) -> Result<(), sqlx::Error> {
    let subjects: Vec<Uuid> = rows.iter().map(|row| row.subject).collect();
    let wrapped: Vec<Option<&[u8]>> = rows.iter().map(|row| row.wrapped.as_deref()).collect();
    let insert = sqlx::query(key_store::INSERT_POSTGRES).bind(subjects).bind(wrapped);
    insert.execute(pool).await.map(drop)
}
