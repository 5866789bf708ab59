//! PostgreSQL: connecting, settings, tables.

mod append;
mod arrays;
pub(crate) mod ranges;
mod reads;
pub(crate) mod text;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Error, PgConnection};
use uuid::Uuid;

pub(crate) use append::Appender;
pub(crate) use reads::Reads;

use super::readers::{Readers, on};
use super::{open_fault, shared};
use crate::error::OpenError;

/// A PostgreSQL log.
pub(crate) struct Database {
    /// Reads, and single statements that need no order. No transaction is ever begun on it.
    pub readers: Readers<PgConnection>,
    /// For the connections of those who write.
    pub settings: PgConnectOptions,
}

impl Database {
    /// Connects, refuses settings under which an answered write could be lost, makes the tables.
    pub(crate) async fn open(
        url: &str,
        schema: Option<&str>,
        connections: u32,
    ) -> Result<Self, OpenError> {
        let settings = settings(url, schema)?;
        let mut connection = settings.connect().await.map_err(open_fault)?;
        check_settings(&mut connection).await?;
        migrate(&mut connection, schema).await?;
        connection.close().await.map_err(open_fault)?;
        let readers = Readers::new(settings.clone(), connections);
        Ok(Self { readers, settings })
    }

    /// For who only looks: every transaction is read only.
    pub(crate) fn look(
        url: &str,
        schema: Option<&str>,
        connections: u32,
    ) -> Result<Self, OpenError> {
        let settings = settings(url, schema)?.options([("default_transaction_read_only", "on")]);
        Ok(Self { readers: Readers::new(settings.clone(), connections), settings })
    }

    pub(crate) async fn identify(&self, id: Uuid, keys: Uuid, check: &[u8]) -> Result<(), Error> {
        on!(self.readers, connection => {
            let insert = sqlx::query(shared::INSERT_IDENTITY).bind(id).bind(keys).bind(check);
            insert.execute(connection).await.map(drop)
        })
    }

    pub(crate) async fn own(
        &self,
        name: &str,
        owner: Uuid,
        time_to_live: i64,
    ) -> Result<Option<(i64, i64)>, Error> {
        on!(self.readers, connection => {
            let query = sqlx::query_as(text::OWN).bind(name).bind(owner).bind(time_to_live);
            query.fetch_optional(connection).await
        })
    }

    pub(crate) async fn disown(&self, name: &str, owner: Uuid) -> Result<(), Error> {
        on!(self.readers, connection => {
            let query = sqlx::query(shared::DISOWN).bind(name).bind(owner);
            query.execute(connection).await.map(drop)
        })
    }
}

/// Says goodbye, so that the server rolls back what was open at once; a broken connection cannot even
/// say so, and is left.
async fn leave(connection: PgConnection) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    let _ = tokio::time::timeout(PATIENCE, connection.close()).await;
}

pub(crate) fn settings(url: &str, schema: Option<&str>) -> Result<PgConnectOptions, OpenError> {
    let settings: PgConnectOptions = url.parse().map_err(|_| OpenError::Url)?;
    let settings = settings.application_name("onward-log").options([
        // Every look-up here is by key. A plan that was made while a table was small, or before its
        // first ANALYZE, must not read all of it.
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        // One plan for all time, and none compiled: a look-up costs less than thinking about it.
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
        // A writer that stops in the middle lets the others go on: the server ends its session.
        ("idle_in_transaction_session_timeout", "10s"),
        ("lock_timeout", "20s"),
    ]);
    // Statements are logged by nobody: their values are other people's.
    let settings = settings.disable_statement_logging();
    match schema {
        None => Ok(settings),
        Some(name) if is_plain(name) => Ok(settings.options([("search_path", name)])),
        Some(_) => Err(OpenError::Url),
    }
}

/// A schema's name that needs no quoting anywhere.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 63
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}

async fn check_settings(connection: &mut PgConnection) -> Result<(), OpenError> {
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value: Result<String, _> =
            sqlx::query_scalar(text::SETTING).bind(name).fetch_one(&mut *connection).await;
        let value = value.map_err(open_fault)?;
        if value == "off" {
            return Err(OpenError::Unsafe { name, value });
        }
    }
    Ok(())
}

/// Two processes at once wait for each other on the migrator's advisory lock.
async fn migrate(connection: &mut PgConnection, schema: Option<&str>) -> Result<(), OpenError> {
    let mut migrator = sqlx::migrate!("./migrations/postgres");
    migrator.set_locking(true);
    if let Some(schema) = schema {
        migrator.create_schema(schema.to_owned());
    }
    let migrated = migrator.run_direct(None, connection, false).await;
    migrated.map_err(|error| OpenError::Migration(error.to_string()))
}
