//! How long a fault is felt: a process that is killed or told to stop under load, and one that is asked
//! for ten times what it carries. Recovery times as JSON lines; what holds meanwhile is the tests' to say.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use onward_contract::operations::v1::{GetStatusRequest, GetStatusResponse};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tonic::Code;

use super::child::{Serving, Stage};
use super::figures::rounded;
use super::house::{School, transfer};
use crate::cli::BenchArgs;
use crate::commands::client::{Server, told};

/// Learners among whom the moves are spread.
const LEARNERS: u32 = 500;
/// How often a process is killed.
const KILLS: usize = 3;
/// Connections that callers share.
const CONNECTIONS: usize = 16;
/// How often it is asked whether it is there again.
const ASK: Duration = Duration::from_millis(2);
/// Longest wait for what was killed to be whole again.
const LONGEST: Duration = Duration::from_secs(120);

/// Who writes: the school's token and the learners it writes about.
struct Writers {
    token: String,
    learners: Arc<Vec<String>>,
    clients: u32,
    seconds: Duration,
}

/// What callers were told, and how often.
#[derive(Default)]
struct Count {
    done: AtomicU64,
    shed: AtomicU64,
    failed: AtomicU64,
    /// The slowest refusal, in microseconds.
    slowest_refusal: AtomicU64,
}

/// Runs the bench.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let stage = Stage::set(&args, 0).await?;
    let mut serving = stage.serve().await?;
    let school = School::at(&serving.url, &stage.key, stage.operator, LEARNERS).await?;
    let writers = Writers {
        token: school.token,
        learners: Arc::new(school.learners),
        clients: args.clients,
        seconds: Duration::from_secs(args.seconds.into()),
    };
    overload(&stage, &serving, &writers).await?;
    for _ in 0..KILLS {
        serving = killed(&stage, serving, &writers).await?;
    }
    drained(&stage, serving, &writers).await?;
    stage.strike().await
}

/// Writes for a while, kills, starts again, and takes the times since the kill.
async fn killed(stage: &Stage, serving: Serving, writers: &Writers) -> anyhow::Result<Serving> {
    let load = writers.start(&serving.url, writers.clients).await?;
    tokio::time::sleep(writers.seconds).await;
    serving.kill().await?;
    let begun = Instant::now();
    let serving = stage.serve().await?;
    let serves = begun.elapsed();
    let server = Server::dial(&serving.url, &writers.token).await?;
    let write = server.transitions().record_transition(transfer(&writers.learners[0])).await;
    write.map_err(|status| told(&status))?;
    let writes = begun.elapsed();
    load.stop().await;
    let operator = Server::dial(&serving.url, &stage.token()?).await?;
    let whole = |status: &GetStatusResponse| views_there(status);
    let shows = since(begun, &operator, whole).await?;
    let copies = since(begun, &operator, bus_there).await?;
    let bus = stage_has_bus(&operator).await?;
    print(&json!({
        "workload": "faults",
        "fault": "kill -9 of serve under load",
        "backend": stage.backend,
        "bus": bus,
        "clients": writers.clients,
        "events": head(&operator).await?,
        "serving_ms": millis(serves),
        "first_write_ms": millis(writes),
        "views_whole_ms": millis(shows),
        "bus_whole_ms": if bus { json!(millis(copies)) } else { Value::Null },
        "build": build(),
    }))?;
    Ok(serving)
}

/// Told to stop under load.
async fn drained(stage: &Stage, serving: Serving, writers: &Writers) -> anyhow::Result<()> {
    let load = writers.start(&serving.url, writers.clients).await?;
    tokio::time::sleep(writers.seconds).await;
    let took = serving.terminate().await?;
    load.stop().await;
    print(&json!({
        "workload": "faults",
        "fault": "SIGTERM under load",
        "backend": stage.backend,
        "clients": writers.clients,
        "ended_ms": millis(took),
        "build": build(),
    }))
}

/// The usual callers, then ten times as many.
async fn overload(stage: &Stage, serving: &Serving, writers: &Writers) -> anyhow::Result<()> {
    for clients in [writers.clients, writers.clients * 10] {
        let load = writers.start(&serving.url, clients).await?;
        let begun = Instant::now();
        tokio::time::sleep(writers.seconds).await;
        let took = begun.elapsed().as_secs_f64();
        let count = load.stop().await;
        #[expect(clippy::cast_precision_loss, reason = "rates, for people")]
        let rate = |number: &AtomicU64| (number.load(Ordering::Relaxed) as f64 / took).round();
        let slowest = Duration::from_micros(count.slowest_refusal.load(Ordering::Relaxed));
        print(&json!({
            "workload": "overload",
            "backend": stage.backend,
            "clients": clients,
            "seconds": rounded(took),
            "ops_per_s": rate(&count.done),
            "shed_per_s": rate(&count.shed),
            "slowest_refusal_ms": millis(slowest),
            "errors": count.failed.load(Ordering::Relaxed),
            "server_max_rss_mib": serving.most_memory(),
            "load_generator": "another process on the same machine",
            "build": build(),
        }))?;
    }
    Ok(())
}

/// Running callers.
struct Load {
    callers: Vec<JoinHandle<()>>,
    count: Arc<Count>,
}

impl Load {
    async fn stop(self) -> Arc<Count> {
        for caller in self.callers {
            caller.abort();
            // Aborted: there is no answer.
            let _ = caller.await;
        }
        self.count
    }
}

impl Writers {
    async fn start(&self, url: &str, clients: u32) -> anyhow::Result<Load> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Server::dial(url, &self.token).await?);
        }
        let count = Arc::new(Count::default());
        let callers = (0..clients as usize).map(|caller| {
            let server = connections[caller % connections.len()].clone();
            let (learners, count) = (Arc::clone(&self.learners), Arc::clone(&count));
            tokio::spawn(async move { write(&server, &learners, caller, &count).await })
        });
        Ok(Load { callers: callers.collect(), count })
    }
}

/// Writes without a pause; who is sent away comes back when it was told to.
async fn write(server: &Server, learners: &[String], caller: usize, count: &Count) {
    for next in (caller..).step_by(257) {
        let begun = Instant::now();
        let asked = transfer(&learners[next % learners.len()]);
        let Err(status) = server.transitions().record_transition(asked).await else {
            count.done.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        if status.code() == Code::ResourceExhausted {
            let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            count.slowest_refusal.fetch_max(micros, Ordering::Relaxed);
            count.shed.fetch_add(1, Ordering::Relaxed);
        } else {
            count.failed.fetch_add(1, Ordering::Relaxed);
        }
        let details = tonic_types::StatusExt::get_error_details(&status);
        let retry = details.retry_info().and_then(|info| info.retry_delay);
        tokio::time::sleep(retry.unwrap_or(Duration::from_millis(100))).await;
    }
}

async fn since(
    begun: Instant,
    operator: &Server,
    whole: impl Fn(&GetStatusResponse) -> bool,
) -> anyhow::Result<Duration> {
    let asking = async {
        loop {
            if whole(&status(operator).await?) {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(ASK).await;
        }
    };
    tokio::time::timeout(LONGEST, asking).await.context("the process did not become whole")?
}

async fn status(operator: &Server) -> anyhow::Result<GetStatusResponse> {
    let status = operator.operations().get_status(GetStatusRequest::default()).await;
    Ok(status.map_err(|status| told(&status))?.into_inner())
}

async fn head(operator: &Server) -> anyhow::Result<u64> {
    Ok(status(operator).await?.log.unwrap_or_default().head_position.parse()?)
}

async fn stage_has_bus(operator: &Server) -> anyhow::Result<bool> {
    Ok(status(operator).await?.bus.is_some_and(|bus| !bus.stream.is_empty()))
}

fn views_there(status: &GetStatusResponse) -> bool {
    status.views.iter().all(|view| view.lag_events == 0)
}

fn bus_there(status: &GetStatusResponse) -> bool {
    let head = status.log.as_ref().map(|log| log.head_position.parse::<u64>().unwrap_or(u64::MAX));
    let bus = status.bus.as_ref();
    bus.is_none_or(|bus| bus.stream.is_empty() && bus.lag_events == 0)
        || bus.map(|bus| bus.last_sequence) >= head
}

fn millis(took: Duration) -> f64 {
    rounded(took.as_secs_f64() * 1000.0)
}

fn build() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}

fn print(line: &Value) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}
