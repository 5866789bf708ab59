//! message-db: an event store in PostgreSQL functions. Its SQL is not part of this repository; the
//! package `@eventide/message-db` (npm) carries it, and `--message-db` names the folder `database` of it.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{CONNECTIONS, EVENT, calls, print, until};
use crate::cli::BenchArgs;
use crate::commands::bench::figures::Figures;
use crate::commands::bench::ground::Made;
use crate::commands::bench::load::Load;

/// Its files, in the order of its own installer. Without the role: everything belongs to the bench.
const FILES: [&str; 15] = [
    "schema/message-store",
    "tables/messages",
    "types/message",
    "functions/message-store-version",
    "functions/hash-64",
    "functions/acquire-lock",
    "functions/category",
    "functions/is-category",
    "functions/id",
    "functions/cardinal-id",
    "functions/stream-version",
    "functions/write-message",
    "indexes/messages-id",
    "indexes/messages-stream",
    "indexes/messages-category",
];

const WRITE: &str = "SELECT write_message($1, $2, $3, $4::jsonb, NULL, -1)";

/// Runs it.
pub(super) async fn run(args: &BenchArgs, url: &str, folder: &Path) -> anyhow::Result<()> {
    let Some(made) = Made::on(Some(url)).await? else { return Ok(()) };
    let measured = measure(args, &made.url(), folder).await;
    Made::remove(Some(made)).await?;
    measured
}

async fn measure(args: &BenchArgs, url: &str, folder: &Path) -> anyhow::Result<()> {
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let options = options.options([("search_path", "message_store")]).disable_statement_logging();
    let mut first = options.connect().await?;
    for file in FILES {
        let path = folder.join(file).with_extension("sql");
        let sql = std::fs::read_to_string(&path);
        let sql = sql.with_context(|| format!("{} cannot be read", path.display()))?;
        // It is the user's own copy of message-db that is named on the command line.
        first.execute(AssertSqlSafe(sql)).await.with_context(|| format!("{file}.sql"))?;
    }
    let clients = args.clients.min(CONNECTIONS);
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(options.connect().await?);
    }
    let (begun, load) = (Instant::now(), Load::begin());
    let until = until(args.seconds);
    let callers: Vec<_> =
        connections.into_iter().map(|one| tokio::spawn(caller(one, until))).collect();
    let mut figures = Figures::default();
    for caller in callers {
        figures.add(caller.await?);
    }
    first.close().await?;
    print("message-db", "postgres", clients, (begun.elapsed(), load), figures)
}

async fn caller(connection: PgConnection, until: Instant) -> Figures {
    let connection = tokio::sync::Mutex::new(connection);
    let data = format!("{{\"sealed\":\"{}\"}}", "7".repeat(EVENT));
    calls(until, || async {
        let mut connection = connection.lock().await;
        let stream = format!("transition-{}", Uuid::now_v7());
        let write = sqlx::query(WRITE).bind(Uuid::now_v7().to_string()).bind(stream);
        let write = write.bind("PhaseTransferRecorded").bind(data.as_str());
        write.execute(&mut *connection).await?;
        Ok(())
    })
    .await
}
