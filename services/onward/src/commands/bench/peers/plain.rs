//! The table that everybody begins with: one row a transaction, a number from a sequence, a version that
//! is unique within its stream.

use std::time::Instant;

use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{CONNECTIONS, EVENT, calls, print, until};
use crate::cli::BenchArgs;
use crate::commands::bench::figures::Figures;
use crate::commands::bench::ground::Made;
use crate::commands::bench::load::Load;

const TABLE: &str = "
CREATE TABLE event (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream uuid NOT NULL,
  version bigint NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  data bytea NOT NULL,
  UNIQUE (stream, version)
)";

const INSERT: &str = "
INSERT INTO event (stream, version, event_id, event_type, data) VALUES ($1, $2, $3, $4, $5)";

/// Runs it.
pub(super) async fn run(args: &BenchArgs, url: &str) -> anyhow::Result<()> {
    let Some(made) = Made::on(Some(url)).await? else { return Ok(()) };
    let measured = measure(args, &made.url()).await;
    Made::remove(Some(made)).await?;
    measured
}

async fn measure(args: &BenchArgs, url: &str) -> anyhow::Result<()> {
    let mut first = PgConnection::connect(url).await?;
    first.execute(TABLE).await?;
    let clients = args.clients.min(CONNECTIONS);
    let mut connections = Vec::new();
    for _ in 0..clients {
        let options: sqlx::postgres::PgConnectOptions = url.parse()?;
        connections.push(options.disable_statement_logging().connect().await?);
    }
    let (begun, load) = (Instant::now(), Load::begin());
    let until = until(args.seconds);
    let callers: Vec<_> =
        connections.into_iter().map(|one| tokio::spawn(caller(one, until))).collect();
    let mut figures = Figures::default();
    for caller in callers {
        figures.add(caller.await?);
    }
    print("plain table", "postgres", clients, (begun.elapsed(), load), figures)
}

async fn caller(connection: PgConnection, until: Instant) -> Figures {
    let connection = tokio::sync::Mutex::new(connection);
    let data = vec![7_u8; EVENT];
    calls(until, || async {
        let mut connection = connection.lock().await;
        let insert = sqlx::query(INSERT).bind(Uuid::now_v7()).bind(1_i64).bind(Uuid::now_v7());
        let insert = insert.bind("transition.phase_transfer_recorded").bind(data.as_slice());
        insert.execute(&mut *connection).await?;
        Ok(())
    })
    .await
}
