//! A real log and views beside it, on either backend; and what lies in the views' tables.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use futures::future::BoxFuture;
use onward_log::codec::Known;
use onward_log::{Feed, FeedError, Log, LogFeed, Position, Recorded};
use onward_tests::servers::{Database, Postgres};
use onward_views::{Options, Storage, ViewName, Views};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// One log, and any number of builds of the views beside it.
pub struct World {
    pub log: Log,
    database: Option<Database>,
    folder: TempDir,
}

/// Long enough for the slowest machine; no test waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

impl World {
    pub async fn new(backend: Backend) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Postgres::create_database().await?),
        };
        let log = Log::open(options(&folder, database.as_ref())).await?;
        Ok(Self { log, database, folder })
    }

    /// Opens the log again as a binary that knows these types.
    pub async fn reopen(self, known: Known) -> anyhow::Result<Self> {
        let Self { log, database, folder } = self;
        log.close().await;
        let log = Log::open_as(options(&folder, database.as_ref()), known).await?;
        Ok(Self { log, database, folder })
    }

    /// Changes rows of a build's tables behind its back; answers how many.
    pub async fn change(&self, build: &str, change: &str) -> anyhow::Result<u64> {
        match &self.database {
            None => on_sqlite(self.build_folder(build).join("views.db"), change.to_owned()).await,
            Some(database) => {
                let mut sql = PgConnection::connect(database.url()).await?;
                let path = format!("SET search_path TO views_{build}");
                sqlx::query(AssertSqlSafe(path)).execute(&mut sql).await?;
                let change = sqlx::query(AssertSqlSafe(change.to_owned()));
                Ok(change.execute(&mut sql).await?.rows_affected())
            }
        }
    }

    /// Opens a build of the views by its name: the same name is the same build.
    pub async fn views(&self, build: &str) -> anyhow::Result<Views> {
        self.views_over(self, build).await
    }

    /// Opens a build of another world beside this one's log.
    pub async fn views_over(&self, other: &Self, build: &str) -> anyhow::Result<Views> {
        let storage = match &other.database {
            None => {
                let folder = other.build_folder(build);
                std::fs::create_dir_all(&folder)?;
                Storage::Sqlite { folder }
            }
            Some(database) => Storage::Postgres {
                url: database.url().to_owned(),
                schema: Some(format!("views_{build}")),
                max_connections: 4,
            },
        };
        Ok(Views::open(Options { storage }, self.log.clone()).await?)
    }

    /// Gives a stored event another type than it was sealed with, or its own again.
    pub async fn rename_type(&self, position: Position, event_type: &str) -> anyhow::Result<()> {
        let change = format!(
            "UPDATE log_event SET event_type = '{event_type}' WHERE position = {}",
            position.get()
        );
        let changed = match &self.database {
            None => on_sqlite(self.folder.path().join("log.db"), change).await?,
            Some(database) => on_postgres(database.url(), change).await?,
        };
        anyhow::ensure!(changed == 1, "there is no event at {position}");
        Ok(())
    }

    /// Somebody else owns all partitions of a build from now on, for as long as a test can take.
    pub async fn usurp(&self, build: &str) -> anyhow::Result<()> {
        let id = "00000000000000000000000000000bad";
        let id = if self.database.is_some() { format!("'{id}'") } else { format!("x'{id}'") };
        let change = format!("SET worker = {id}, epoch = epoch + 1, until_ms = 9000000000000");
        self.change_owner(build, &change).await
    }

    /// All partitions of a build are free again.
    pub async fn abdicate(&self, build: &str) -> anyhow::Result<()> {
        self.change_owner(build, "SET worker = NULL, until_ms = 0").await
    }

    async fn change_owner(&self, build: &str, set: &str) -> anyhow::Result<()> {
        let changed = self.change(build, &format!("UPDATE view_owner {set}")).await?;
        anyhow::ensure!(changed > 0, "nobody can own anything");
        Ok(())
    }

    pub fn build_folder(&self, build: &str) -> PathBuf {
        self.folder.path().join(build)
    }

    /// Opens a build, applies everything, and stops.
    pub async fn built(&self, build: &str) -> anyhow::Result<Views> {
        let views = self.views(build).await?;
        let run = Run::over(&views, self.log.feed(Position::START));
        run.reaches(&views, self.log.head().await?).await?;
        run.stop().await?;
        Ok(views)
    }

    /// Every row of every table of a build, as text, by table. Who owns what is left out.
    pub async fn rows(&self, build: &str) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
        let mut tables = match &self.database {
            None => sqlite_rows(self.build_folder(build)).await?,
            Some(database) => postgres_rows(database.url(), &format!("views_{build}")).await?,
        };
        let whose = ["view_owner", "view_worker", "view_build"];
        tables.retain(|name, _| !whose.contains(&name.as_str()));
        Ok(tables)
    }
}

fn options(folder: &TempDir, database: Option<&Database>) -> onward_log::Options {
    match database {
        None => onward_log::Options::sqlite(folder.path()),
        Some(database) => onward_log::Options::postgres(database.url(), folder.path().join("keys")),
    }
}

pub async fn on_sqlite(file: PathBuf, change: String) -> anyhow::Result<u64> {
    let url = format!("sqlite://{}", file.to_str().context("a plain path")?);
    let mut sql = SqliteConnection::connect(&url).await?;
    Ok(sqlx::query(AssertSqlSafe(change)).execute(&mut sql).await?.rows_affected())
}

pub async fn on_postgres(url: &str, change: String) -> anyhow::Result<u64> {
    let mut sql = PgConnection::connect(url).await?;
    Ok(sqlx::query(AssertSqlSafe(change)).execute(&mut sql).await?.rows_affected())
}

async fn sqlite_rows(folder: PathBuf) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let path = folder.join("views.db");
    let url = format!("sqlite://{}", path.to_str().context("a plain path")?);
    let mut sql = SqliteConnection::connect(&url).await?;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            .fetch_all(&mut sql)
            .await?;
    let mut tables = BTreeMap::new();
    for name in names {
        let columns = sqlx::query(AssertSqlSafe(format!("PRAGMA table_info({name})")))
            .fetch_all(&mut sql)
            .await?;
        let columns: Vec<String> =
            columns.iter().map(|row| format!("quote({})", row.get::<String, _>("name"))).collect();
        let rows = format!("SELECT {} AS line FROM {name} ORDER BY 1", columns.join(" || '|' || "));
        let rows = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut sql).await?;
        tables.insert(name, rows);
    }
    Ok(tables)
}

async fn postgres_rows(url: &str, schema: &str) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut sql = PgConnection::connect(url).await?;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
            .bind(schema)
            .fetch_all(&mut sql)
            .await?;
    let mut tables = BTreeMap::new();
    for name in names {
        let rows = format!("SELECT t::text AS line FROM {schema}.{name} t ORDER BY 1");
        let rows = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut sql).await?;
        tables.insert(name, rows);
    }
    Ok(tables)
}

/// An engine at work.
pub struct Run {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Run {
    pub fn over(views: &Views, feed: impl Feed + 'static) -> Self {
        let cancel = CancellationToken::new();
        let (views, token) = (views.clone(), cancel.clone());
        let task = tokio::spawn(async move { views.run(Box::new(feed), token).await });
        Self { cancel, task }
    }

    /// Waits until every view reflects the position.
    pub async fn reaches(&self, views: &Views, position: Position) -> anyhow::Result<()> {
        for view in ViewName::ALL {
            views.wait_for(view, position, PATIENCE).await.with_context(|| view.as_str())?;
        }
        Ok(())
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        self.cancel.cancel();
        Ok(self.task.await?)
    }
}

type Next<'a> = BoxFuture<'a, Result<Vec<Recorded>, FeedError>>;

/// A feed that hands events out a few at a time and loses some on the way.
pub struct Leaky {
    pub feed: LogFeed,
    pub few: usize,
    /// Every so-many-th event is lost.
    pub loses: u64,
}

impl Feed for Leaky {
    fn next<'a, 'b>(&'a mut self, _: usize) -> Next<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            loop {
                let mut events = self.feed.next(self.few).await?;
                events.retain(|event| !event.position.get().is_multiple_of(self.loses));
                if !events.is_empty() {
                    return Ok(events);
                }
            }
        })
    }
}

/// A feed that stops its whole task, as SIGSTOP stops a process, between having read its first events
/// and handing them out.
pub struct Frozen {
    feed: LogFeed,
    stop: Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>,
}

/// Hears when the feed has stopped, and lets it go on.
pub type Thaw = (mpsc::Receiver<()>, mpsc::Sender<()>);

impl Frozen {
    pub fn over(feed: LogFeed) -> (Self, Thaw) {
        let (stopped, until_stopped) = mpsc::channel();
        let (go_on, until_going) = mpsc::channel();
        (Self { feed, stop: Some((stopped, until_going)) }, (until_stopped, go_on))
    }
}

impl Feed for Frozen {
    fn next<'a, 'b>(&'a mut self, max: usize) -> Next<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let events = self.feed.next(max).await?;
            if let Some((stopped, until_going)) = self.stop.take() {
                tokio::task::block_in_place(|| {
                    // The test that is gone has failed already.
                    let _ = stopped.send(());
                    let _ = until_going.recv();
                });
            }
            Ok(events)
        })
    }
}
