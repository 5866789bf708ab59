//! What a bench stands on: a log of its own, empty at the start, gone at the end.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use onward_log::{Log, Options, Position};
use onward_views::Storage;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::room;
use crate::cli::BenchArgs;

/// A log that nobody else uses, and the folder that goes away with it.
pub struct Ground {
    /// The log.
    pub log: Log,
    /// `sqlite` or `postgres`.
    pub backend: &'static str,
    /// Keys, and the database file where it is SQLite.
    folder: TempDir,
    database: Option<Made>,
}

impl Ground {
    /// Opens a log for a bench.
    ///
    /// # Errors
    /// The log has events in it, or cannot be opened.
    pub async fn prepare(args: &BenchArgs) -> anyhow::Result<Self> {
        Self::with_room(args, 0).await
    }

    /// Opens a log for a bench that fills it with so many bytes (see [`room`]).
    ///
    /// # Errors
    /// As [`Ground::prepare`], or they would not fit.
    pub async fn with_room(args: &BenchArgs, bytes: u64) -> anyhow::Result<Self> {
        let folder = folder(args)?;
        let database = Made::with_room(args, &folder, bytes).await?;
        let (options, backend) = match &database {
            Some(made) => (Options::postgres(made.url(), folder.path().join("keys")), "postgres"),
            None => (Options::sqlite(folder.path()), "sqlite"),
        };
        let log = Log::open(options).await?;
        empty(&log).await?;
        Ok(Self { log, backend, folder, database })
    }

    /// Where views of this log are kept.
    pub fn views(&self) -> Storage {
        match &self.database {
            Some(made) => Storage::Postgres { url: made.url(), schema: None, max_connections: 8 },
            None => Storage::Sqlite { folder: self.folder.path().to_owned() },
        }
    }

    /// Takes everything away again.
    ///
    /// # Errors
    /// What was made cannot be removed.
    pub async fn leave(self) -> anyhow::Result<()> {
        self.log.close().await;
        self.folder.close()?;
        Made::remove(self.database).await
    }
}

/// A folder that goes away with the bench.
///
/// # Errors
/// It cannot be made.
pub fn folder(args: &BenchArgs) -> anyhow::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("onward-bench-");
    Ok(match &args.folder {
        Some(parent) => builder.tempdir_in(parent)?,
        None => builder.tempdir()?,
    })
}

/// Refuses a log with events in it.
///
/// # Errors
/// It has some, or cannot be read.
pub async fn empty(log: &Log) -> anyhow::Result<()> {
    ensure!(
        log.head().await? == Position::START,
        "this log has events in it: a bench writes only to an empty one"
    );
    Ok(())
}

/// A database that a bench made for itself on a PostgreSQL server.
pub struct Made {
    server: PgConnectOptions,
    name: String,
}

impl Made {
    /// Makes one on this server, where one is given.
    ///
    /// # Errors
    /// The server cannot be reached, or the account may not make databases.
    pub async fn on(url: Option<&str>) -> anyhow::Result<Option<Self>> {
        let Some(url) = url else { return Ok(None) };
        let server: PgConnectOptions = url.parse().context("this is no URL of a PostgreSQL")?;
        let made = Self { server, name: format!("onward_bench_{}", Uuid::now_v7().simple()) };
        let create = format!("CREATE DATABASE {}", made.name);
        made.say(create).await.context("a bench makes a database of its own")?;
        Ok(Some(made))
    }

    /// Makes one where a server is given, if so many bytes will fit there; else they have to fit in the
    /// folder. What a server keeps on another machine, or tells nobody, is not checked.
    ///
    /// # Errors
    /// As [`Made::on`], or they would not fit.
    pub async fn with_room(
        args: &BenchArgs,
        folder: &TempDir,
        bytes: u64,
    ) -> anyhow::Result<Option<Self>> {
        let made = Self::on(args.postgres.as_deref()).await?;
        let kept = match &made {
            Some(made) => made.folder().await.ok().filter(|folder| folder.is_dir()),
            None => Some(folder.path().to_owned()),
        };
        match kept.map_or(Ok(()), |kept| room::check(&kept, bytes)) {
            Ok(()) => Ok(made),
            Err(full) => {
                Self::remove(made).await?;
                Err(full)
            }
        }
    }

    /// Where the server says that its files are.
    async fn folder(&self) -> anyhow::Result<PathBuf> {
        let mut connection = PgConnection::connect_with(&self.server).await?;
        let folder: String =
            sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(PathBuf::from(folder))
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.server.clone().database(&self.name).to_url_lossy().to_string()
    }

    /// Takes it away again.
    ///
    /// # Errors
    /// The server does not.
    pub async fn remove(made: Option<Self>) -> anyhow::Result<()> {
        let Some(made) = made else { return Ok(()) };
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", made.name);
        made.say(drop).await.with_context(|| format!("{} is left behind", made.name))
    }

    async fn say(&self, statement: String) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect_with(&self.server).await?;
        // The name is our own.
        connection.execute(AssertSqlSafe(statement)).await?;
        connection.close().await?;
        Ok(())
    }
}
