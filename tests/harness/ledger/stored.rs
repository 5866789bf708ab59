//! What the database holds, read behind the log's back; and the views' rows, as they are and as the log
//! alone makes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, ensure};
use onward_log::{Log, Position};
use onward_views::{Options, Storage, Views};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::chaos::Site;
use crate::servers::until;

/// A kept answer: where it is in the log, and the events that it made.
pub(super) type Kept = (i64, BTreeSet<Uuid>);

/// What the log's tables hold.
pub(super) struct Stored {
    /// Answers by request id, above the base.
    pub answers: BTreeMap<Uuid, Kept>,
    /// Event ids by position, above the base.
    pub events: BTreeMap<i64, Uuid>,
}

const ANSWERS: &str = "SELECT request_id, position, event_ids FROM log_request WHERE position > $1";
const EVENTS: &str = "SELECT position, event_id FROM log_event WHERE position > $1";

/// A kept answer: request id, position, event ids.
type Answer = (Uuid, i64, Vec<u8>);

impl Stored {
    /// Reads everything above the site's base.
    pub(super) async fn read(site: &Site) -> anyhow::Result<Self> {
        let base = i64::try_from(site.base())?;
        let (answers, events): (Vec<Answer>, Vec<(i64, Uuid)>) = match site.database_url() {
            Some(url) => {
                let mut sql = PgConnection::connect(url).await?;
                let answers = sqlx::query_as(ANSWERS).bind(base).fetch_all(&mut sql).await?;
                let events = sqlx::query_as(EVENTS).bind(base).fetch_all(&mut sql).await?;
                (answers, events)
            }
            None => {
                let mut sql = sqlite(&site.data().join("log.db")).await?;
                let answers = sqlx::query_as(ANSWERS).bind(base).fetch_all(&mut sql).await?;
                let events = sqlx::query_as(EVENTS).bind(base).fetch_all(&mut sql).await?;
                (answers, events)
            }
        };
        let ids = |bytes: Vec<u8>| {
            let ids = bytes.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok());
            ids.collect::<BTreeSet<Uuid>>()
        };
        let answers = answers.into_iter().map(|(id, position, bytes)| (id, (position, ids(bytes))));
        Ok(Self { answers: answers.collect(), events: events.into_iter().collect() })
    }

    /// Every event belongs to exactly one answer, and every answer's events are there.
    pub(super) fn adds_up(&self) -> anyhow::Result<()> {
        let mut owned = BTreeSet::new();
        for (request, (position, ids)) in &self.answers {
            for id in ids {
                ensure!(owned.insert(*id), "the event {id} has two requests, one is {request}");
            }
            ensure!(self.events.contains_key(position), "{request} is at no event: {position}");
        }
        let there: BTreeSet<Uuid> = self.events.values().copied().collect();
        ensure!(there.len() == self.events.len(), "an event is there twice");
        ensure!(there == owned, "{} events, {} of requests", there.len(), owned.len());
        Ok(())
    }
}

async fn sqlite(path: &Path) -> anyhow::Result<SqliteConnection> {
    let settings = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    settings.connect().await.with_context(|| path.display().to_string())
}

/// A schema of views that nobody has applied but the test.
const FRESH: &str = "onward_fresh";

/// Folds the whole log into views of their own, and compares every row of every table.
pub(super) async fn views_equal_the_log(site: &Site, log: &Log) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let storage = match site.database_url() {
        Some(url) => Storage::Postgres {
            url: url.to_owned(),
            schema: Some(FRESH.to_owned()),
            max_connections: 4,
        },
        None => Storage::Sqlite { folder: folder.path().to_owned() },
    };
    let head = log.head().await?;
    let views = Views::open(Options { storage }, log.clone()).await?;
    let (stop, feed) = (CancellationToken::new(), Box::new(log.feed(Position::START)));
    let running = tokio::spawn({
        let (views, stop) = (views.clone(), stop.clone());
        async move { views.run(feed, stop).await }
    });
    until("fresh views", || async { Ok((views.lowest_position().await? >= head).then_some(())) })
        .await?;
    stop.cancel();
    running.await?;
    views.close().await;
    let (shown, fresh) = match site.database_url() {
        Some(url) => {
            (rows_of_schema(url, "onward_views").await?, rows_of_schema(url, FRESH).await?)
        }
        None => (
            rows_of_file(&site.data().join("views.db")).await?,
            rows_of_file(&folder.path().join("views.db")).await?,
        ),
    };
    ensure!(!shown.is_empty() && shown.keys().eq(fresh.keys()), "other tables");
    for (table, rows) in &shown {
        let (have, want) = (rows.len(), fresh[table].len());
        ensure!(*rows == fresh[table], "{table} is not what the log makes: {have} rows, {want}");
    }
    Ok(())
}

/// Rows of each table, as sorted texts.
type Tables = BTreeMap<String, Vec<String>>;

async fn rows_of_schema(url: &str, schema: &str) -> anyhow::Result<Tables> {
    let mut sql = PgConnection::connect(url).await?;
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables \
         WHERE table_schema = $1 AND table_name LIKE '%\\_g1\\_%'",
    )
    .bind(schema)
    .fetch_all(&mut sql)
    .await?;
    let mut tables = Tables::new();
    for name in names {
        let text = format!("SELECT t::text FROM {schema}.{name} t");
        let mut rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut sql).await?;
        rows.sort_unstable();
        tables.insert(name, rows);
    }
    Ok(tables)
}

async fn rows_of_file(path: &Path) -> anyhow::Result<Tables> {
    let mut sql = sqlite(path).await?;
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%\\_g1\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut sql)
    .await?;
    let mut tables = Tables::new();
    for name in names {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1) ORDER BY name")
                .bind(&name)
                .fetch_all(&mut sql)
                .await?;
        let quoted: Vec<String> =
            columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
        let text = format!("SELECT {} FROM {name}", quoted.join(" || '|' || "));
        let mut rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut sql).await?;
        rows.sort_unstable();
        tables.insert(name, rows);
    }
    Ok(tables)
}
