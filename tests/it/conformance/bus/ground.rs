//! Where a log stands: a folder, and a database where it is PostgreSQL. It can be put back to what it was.

use anyhow::Context;
use onward_log::{Log, Options};
use onward_tests::servers::{Database, Postgres};
use onward_tests::world::Backend;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::world::copy_folder;

/// The ground of one log. The keys stay when it is put back, as they do where they have backups of their own.
pub(super) struct Ground {
    folder: TempDir,
    database: Option<Database>,
}

impl Ground {
    pub(super) async fn on(backend: Backend) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("onward-ground-").tempdir()?;
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Postgres::create_database().await?),
        };
        Ok(Self { folder, database })
    }

    pub(super) async fn open(&self) -> anyhow::Result<Log> {
        let data = self.folder.path().join("data");
        let options = match &self.database {
            None => Options::sqlite(&data),
            Some(database) => Options::postgres(database.url(), data.join("keys")),
        };
        Ok(Log::open(options).await?)
    }

    /// Alters a log on PostgreSQL behind its back.
    pub(super) async fn alter(&self, statement: &str) -> anyhow::Result<()> {
        let database = self.database.as_ref().context("a log on PostgreSQL")?;
        let mut connection = PgConnection::connect(database.url()).await?;
        connection.execute(AssertSqlSafe(statement.to_owned())).await?;
        connection.close().await?;
        Ok(())
    }

    /// Keeps a copy of the log, which must be closed.
    pub(super) async fn back_up(&self) -> anyhow::Result<()> {
        match &self.database {
            None => copy_folder(&self.folder.path().join("data"), &self.folder.path().join("kept")),
            Some(database) => {
                let (server, name) = split(database)?;
                say(server, &format!("CREATE DATABASE {name}_kept TEMPLATE {name}")).await
            }
        }
    }

    /// Puts the copy back in the log's place. The log must be closed.
    pub(super) async fn put_back(&self) -> anyhow::Result<()> {
        match &self.database {
            None => {
                std::fs::remove_dir_all(self.folder.path().join("data"))?;
                std::fs::rename(self.folder.path().join("kept"), self.folder.path().join("data"))?;
                Ok(())
            }
            Some(database) => {
                let (server, name) = split(database)?;
                say(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await?;
                say(server, &format!("CREATE DATABASE {name} TEMPLATE {name}_kept")).await?;
                say(server, &format!("DROP DATABASE {name}_kept")).await
            }
        }
    }
}

/// The server's URL and the database's name.
fn split(database: &Database) -> anyhow::Result<(&str, &str)> {
    database.url().rsplit_once('/').context("a URL with a database")
}

async fn say(server: &str, statement: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(&format!("{server}/postgres")).await?;
    // The names are the harness's own.
    connection.execute(AssertSqlSafe(statement.to_owned())).await?;
    connection.close().await?;
    Ok(())
}
