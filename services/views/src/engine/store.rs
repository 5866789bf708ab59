//! Where views are kept: a SQLite file of their own, or a PostgreSQL schema of their own. One text
//! of a statement serves both; what differs is written here and in the `tables` files.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use super::value::{Kind, Row, Value, binary, bind_array, bind_postgres, bind_sqlite};
use crate::error::ViewError;

/// Where the views are kept.
#[derive(Clone)]
pub enum Storage {
    /// `views.db` in this folder, beside the log's files.
    Sqlite {
        /// The data folder; it exists.
        folder: PathBuf,
    },
    /// A schema of a PostgreSQL database, which need not be the log's.
    Postgres {
        /// Connection URL.
        url: String,
        /// Schema, made if it is not there; lower-case letters, digits and `_`. `onward_views` by
        /// default.
        schema: Option<String>,
        /// Most connections held at once.
        max_connections: u32,
    },
}

/// The pools of one storage.
#[derive(Clone)]
pub(crate) enum Store {
    /// One writer, because SQLite has one anyway, and several readers beside it.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// One pool for all.
    Postgres(PgPool),
}

/// A transaction of either database. Dropped without `commit`, it changes nothing.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The DDL of one view or of the engine, for both databases; safe to run again.
#[derive(Clone, Copy)]
pub(crate) struct Ddl {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

const READERS: u32 = 4;
/// How long a connection may lie idle before it is asked whether it lives.
const RESTED: Duration = Duration::from_secs(1);
const SCHEMA: &str = "onward_views";
/// Names the lock under which two processes that start at once make the tables one after the other.
const DDL_LOCK: i64 = 0x6f6e_7761_7264_5601;

impl Store {
    /// Opens the pools; makes the file or the schema where it is missing.
    pub(crate) async fn open(storage: &Storage) -> Result<Self, ViewError> {
        match storage {
            Storage::Sqlite { folder } => Self::open_sqlite(folder).await,
            Storage::Postgres { url, schema, max_connections } => {
                let schema = schema.as_deref().unwrap_or(SCHEMA);
                Self::open_postgres(url, schema, *max_connections).await
            }
        }
    }

    async fn open_sqlite(folder: &Path) -> Result<Self, ViewError> {
        // NORMAL is enough here, and ten times cheaper than FULL: after a power cut the file is whole
        // but may lack its last transactions, rows and checkpoints alike, and the log, which is
        // synced, tells them again.
        let path = folder.join("views.db");
        // For its owner only; SQLite gives the files beside it the same mode. One that is there is not
        // opened: closing it would take away SQLite's own locks on it.
        match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                let kind = error.kind();
                return Err(ViewError::Settings(format!("views.db cannot be made: {kind}")));
            }
            _ => {}
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("secure_delete", "on")
            .busy_timeout(Duration::from_secs(10))
            // With fewer the thread of a connection and who takes its rows stop each other.
            .row_buffer_size(1_024)
            .statement_cache_capacity(256);
        // A file does not go away: a connection to it needs no test.
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writer = pool().max_connections(1).after_release(|connection, _| {
            // A full disk ends a transaction by itself; the driver counts it as open for ever after.
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        });
        // The tables of a long log are larger than what is kept of them by default, and folding the
        // write-ahead log in after every four megabytes would sync as often.
        let writing = options.clone().pragma("cache_size", "-32000");
        let writing = writing.pragma("wal_autocheckpoint", "4000");
        let writer = writer.connect_with(writing).await?;
        let readers =
            pool().max_connections(READERS).connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self::Sqlite { writer, readers })
    }

    async fn open_postgres(url: &str, schema: &str, max: u32) -> Result<Self, ViewError> {
        let options = postgres_options(url, Some(schema))?;
        // A connection that was in use a moment ago is not asked whether it lives: that would be a
        // round trip for each statement. Where it does not live any more, the statement says so.
        let pool = PgPoolOptions::new().test_before_acquire(false).before_acquire(|held, known| {
            Box::pin(async move {
                if known.idle_for < RESTED {
                    return Ok(true);
                }
                Ok(held.ping().await.is_ok())
            })
        });
        let pool = pool.max_connections(max.max(2)).connect_with(options).await?;
        let mut transaction = pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(DDL_LOCK)
            .execute(&mut *transaction)
            .await?;
        let make = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
        sqlx::query(AssertSqlSafe(make)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Self::Postgres(pool))
    }

    /// Closes the pools once everything lent out is back.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Folds the write-ahead log of SQLite in and cuts it to nothing: deleted rows are in its old frames. Left to
    /// the next fold where somebody reads from it just now.
    pub(crate) async fn fold_away(&self) -> Result<(), ViewError> {
        if let Self::Sqlite { writer, .. } = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await?;
        }
        Ok(())
    }

    /// Begins a transaction that may write. Call it from tasks that nobody cancels only: a future
    /// dropped inside `begin` can hand an open transaction to the next borrower on PostgreSQL.
    pub(crate) async fn begin(&self) -> Result<Tx, ViewError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction for DDL: two processes take turns.
    pub(crate) async fn begin_ddl(&self) -> Result<Tx, ViewError> {
        let mut tx = self.begin().await?;
        if let Tx::Postgres(transaction) = &mut tx {
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(DDL_LOCK)
                .execute(&mut **transaction)
                .await?;
        }
        Ok(tx)
    }

    /// Begins a transaction that only reads, and sees one moment throughout. Call it from tasks that
    /// nobody cancels only, as [`Store::begin`].
    pub(crate) async fn begin_snapshot(&self) -> Result<Tx, ViewError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        })
    }

    /// Reads rows outside any transaction. Safe to cancel.
    pub(crate) async fn rows(
        &self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, ViewError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = values.into_iter().fold(query, bind_sqlite);
                query.fetch_all(readers).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = values.into_iter().fold(query, bind_postgres);
                query.fetch_all(pool).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The condition that `column` is one of the list bound as `$place`.
    pub(crate) fn among(&self, column: &str, place: usize) -> String {
        among(matches!(self, Self::Postgres(_)), column, place)
    }

    /// As [`Self::among`], for a column of ids.
    pub(crate) fn among_ids(&self, column: &str, place: usize) -> String {
        among_ids(matches!(self, Self::Postgres(_)), column, place)
    }

    /// Milliseconds since 1970 by the database's clock, as an expression: leases are judged by one
    /// clock, whoever asks.
    pub(crate) fn clock(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Self::Postgres(_) => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// Whether this process alone can have the storage open (the log's lock on the folder).
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }
}

/// How the views' schema is connected to.
pub(crate) fn postgres_options(
    url: &str,
    schema: Option<&str>,
) -> Result<PgConnectOptions, ViewError> {
    let schema = schema.unwrap_or(SCHEMA);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if schema.is_empty() || !schema.chars().all(plain) {
        return Err(ViewError::Settings(
            "the schema's name may hold lower-case letters, digits and _ only".to_owned(),
        ));
    }
    // The text of the fault is left out: it may repeat the password in the URL.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| ViewError::Settings("the URL of the database is malformed".to_owned()))?
        .application_name("onward-views")
        // Rows and checkpoint are lost together in a crash, and the log tells them again.
        .options([
            ("search_path", schema),
            ("synchronous_commit", "off"),
            // A process that stands still in the middle of a transaction holds its owners' rows: the
            // server ends its session, so that another process can take over.
            ("idle_in_transaction_session_timeout", "10s"),
        ])
        .statement_cache_capacity(256);
    Ok(options)
}

fn among(postgres: bool, column: &str, place: usize) -> String {
    if postgres {
        format!("{column} = ANY(${place})")
    } else {
        format!("{column} IN (SELECT value FROM json_each(${place}))")
    }
}

fn among_ids(postgres: bool, column: &str, place: usize) -> String {
    if postgres {
        format!("{column} = ANY(${place})")
    } else {
        format!("{column} IN (SELECT unhex(value) FROM json_each(${place}))")
    }
}

impl Tx {
    /// Runs one statement; answers how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<u64, ViewError> {
        Ok(match self {
            Self::Sqlite(transaction) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = values.into_iter().fold(query, bind_sqlite);
                query.execute(&mut **transaction).await?.rows_affected()
            }
            Self::Postgres(transaction) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = values.into_iter().fold(query, bind_postgres);
                query.execute(&mut **transaction).await?.rows_affected()
            }
        })
    }

    /// Reads rows inside the transaction.
    pub(crate) async fn rows(
        &mut self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, ViewError> {
        Ok(match self {
            Self::Sqlite(transaction) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = values.into_iter().fold(query, bind_sqlite);
                let rows = query.fetch_all(&mut **transaction).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(transaction) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = values.into_iter().fold(query, bind_postgres);
                let rows = query.fetch_all(&mut **transaction).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Whether a table is there, in the schema of this connection.
    pub(crate) async fn has_table(&mut self, name: &str) -> Result<bool, ViewError> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
            Self::Postgres(_) => {
                "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
            }
        };
        Ok(!self.rows(sql.to_owned(), vec![name.into()]).await?.is_empty())
    }

    /// Whether a table has a column, in the schema of this connection.
    pub(crate) async fn has_column(
        &mut self,
        table: &str,
        column: &str,
    ) -> Result<bool, ViewError> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT 1 FROM pragma_table_info($1) WHERE name = $2",
            Self::Postgres(_) => {
                "SELECT 1 FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2"
            }
        };
        Ok(!self.rows(sql.to_owned(), vec![table.into(), column.into()]).await?.is_empty())
    }

    /// Runs several statements without values.
    pub(crate) async fn script(&mut self, sql: String) -> Result<(), ViewError> {
        match self {
            Self::Sqlite(transaction) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **transaction).await?;
            }
            Self::Postgres(transaction) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }

    /// Makes everything durable as far as views are, and visible.
    pub(crate) async fn commit(self) -> Result<(), ViewError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// See [`Store::among_ids`].
    pub(crate) fn among_ids(&self, column: &str, place: usize) -> String {
        among_ids(self.is_postgres(), column, place)
    }

    /// See [`Store::among`].
    pub(crate) fn among(&self, column: &str, place: usize) -> String {
        among(self.is_postgres(), column, place)
    }

    /// The text for this database.
    pub(crate) fn pick(&self, ddl: Ddl) -> &'static str {
        if self.is_postgres() { ddl.postgres } else { ddl.sqlite }
    }
}

impl Tx {
    /// Gives up at once what others hold for too long, instead of holding up those behind.
    pub(crate) async fn impatient(&mut self) -> Result<(), ViewError> {
        // Below deadlock_timeout, so that it is this transaction that gives way and no reader.
        if self.is_postgres() {
            self.script("SET LOCAL lock_timeout = '400ms'".to_owned()).await?;
        }
        Ok(())
    }

    /// Looks everything up by its keys: tables that are being filled have no statistics yet, and a plan
    /// that reads all of one for each chunk would never come to an end.
    pub(crate) async fn by_index(&mut self) -> Result<(), ViewError> {
        if self.is_postgres() {
            let settings = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"];
            let mut script = "SET LOCAL plan_cache_mode = force_generic_plan".to_owned();
            for setting in settings {
                script += &format!("; SET LOCAL {setting} = off");
            }
            self.script(script).await?;
        }
        Ok(())
    }

    /// Writes new rows by COPY, which is PostgreSQL's.
    pub(crate) async fn copy(
        &mut self,
        table: &str,
        columns: &str,
        rows: &[Vec<Value>],
    ) -> Result<(), ViewError> {
        let Self::Postgres(transaction) = self else {
            return Err(ViewError::Damaged("COPY is PostgreSQL's"));
        };
        let sql = format!("COPY {table} ({columns}) FROM STDIN WITH (FORMAT binary)");
        let mut copy = transaction.copy_in_raw(&sql).await?;
        copy.send(binary(rows)).await?;
        copy.finish().await?;
        Ok(())
    }

    /// Runs a bulk INSERT on PostgreSQL: the columns of the rows go as arrays.
    pub(crate) async fn unnest(
        &mut self,
        sql: String,
        columns: &[(&'static str, Kind)],
        rows: Vec<Vec<Value>>,
    ) -> Result<(), ViewError> {
        let Self::Postgres(transaction) = self else {
            return Err(ViewError::Damaged("UNNEST is PostgreSQL's"));
        };
        let mut arrays: Vec<Vec<Value>> =
            columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            for (array, value) in arrays.iter_mut().zip(row) {
                array.push(value);
            }
        }
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((_, kind), array) in columns.iter().zip(arrays) {
            query = bind_array(query, *kind, array);
        }
        query.execute(&mut **transaction).await?;
        Ok(())
    }
}
