//! What a user would pick instead, in the same run on the same servers: a plain table with one insert a
//! transaction, message-db's `write_message`, JetStream's publish with acknowledgement, UmaDB's append
//! through gRPC. None of them seals, chains, keeps answers or looks anything up; they are here to tell what
//! the machine gives.

mod jetstream;
mod message_db;
mod plain;
mod umadb;

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Map, json};

use super::figures::{self, Cell, Figures};
use super::load::Load;
use super::{append, end_to_end};
use crate::cli::{AppendArgs, BenchArgs, EndToEndArgs, PeersArgs, PrefillArgs};

/// Bytes of an event as a peer gets it: about what a sealed phase transfer takes.
const EVENT: usize = 320;

/// Connections to PostgreSQL that a peer has at most, one a caller.
const CONNECTIONS: u32 = 64;

/// Runs the log, and each peer that there is, one after the other.
pub async fn run(args: PeersArgs) -> anyhow::Result<()> {
    if let Some(file) = &args.umadb {
        ensure!(file.is_file(), "--umadb: {} is no file", file.display());
    }
    ours(&args).await?;
    match &args.bench.postgres {
        Some(url) => {
            plain::run(&args.bench, url).await?;
            match &args.message_db {
                Some(folder) => message_db::run(&args.bench, url, folder).await?,
                None => left_out("message-db", "give --message-db the folder of its SQL")?,
            }
        }
        None => left_out("plain table, message-db", "give --postgres")?,
    }
    match &args.bench.nats {
        Some(url) => jetstream::run(&args.bench, url).await?,
        None => left_out("jetstream", "give --nats")?,
    }
    umadb::run(&args.bench, args.umadb.as_deref()).await
}

/// The log alone, and RecordTransition through gRPC, as many as go: no watch, and with PostgreSQL no views.
async fn ours(args: &PeersArgs) -> anyhow::Result<()> {
    let bench = BenchArgs { nats: None, rate: Some(0), ..args.bench.clone() };
    let prefill = PrefillArgs::default();
    append::run(AppendArgs { bench: bench.clone(), prefill }).await?;
    let (streams, learners, calls_only) = (0, args.learners, true);
    end_to_end::run(EndToEndArgs { bench, streams, learners, calls_only, prefill }).await
}

/// A peer that was not run, and why.
fn left_out(workload: &str, why: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", json!({ "workload": workload, "left_out": why }))?;
    Ok(())
}

/// Calls until the time is up.
async fn calls<F, R>(until: Instant, mut call: F) -> Figures
where
    F: FnMut() -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let mut figures = Figures::default();
    while Instant::now() < until {
        let begun = Instant::now();
        match call().await {
            Ok(()) => figures.call(begun.elapsed()),
            Err(_) => figures.errors += 1,
        }
    }
    figures
}

fn until(seconds: u32) -> Instant {
    Instant::now() + Duration::from_secs(seconds.into())
}

fn print(
    workload: &'static str,
    backend: &'static str,
    clients: u32,
    (took, load): (Duration, Load),
    figures: Figures,
) -> anyhow::Result<()> {
    let mut more = Map::new();
    load.tell(&mut more);
    more.insert("event_bytes".into(), json!(EVENT));
    figures::print(Cell { workload, backend, clients, batch: 1, took, more }, figures)
}
