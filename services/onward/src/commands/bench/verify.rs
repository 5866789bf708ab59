//! The whole of `onward verify`, as a process of its own, on a log that nobody else touches meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use onward_contract::operations::v1::GetStatusRequest;
use serde_json::{Map, Value, json};

use super::child::{Ended, Stage};
use super::figures::{print_line, rounded};
use super::lives::{self, Beside};
use super::load::Load;
use super::room;
use crate::cli::VerifyBenchArgs;
use crate::commands::client::{Server, told};

/// Pause between two questions how far the views are.
const ASK: Duration = Duration::from_millis(100);

/// Runs the bench.
pub async fn run(args: VerifyBenchArgs) -> anyhow::Result<()> {
    let each = if args.no_views { room::TIMELINE } else { room::WHOLE };
    let stage = Stage::set(&args.bench, args.events * each).await?;
    let measured = measure(&args, &stage).await;
    stage.strike().await?;
    measured
}

async fn measure(args: &VerifyBenchArgs, stage: &Stage) -> anyhow::Result<()> {
    let begun = Instant::now();
    let log = stage.log().await?;
    lives::fill(&log, args.events, Beside::WhatTheDoorsWrite).await?;
    // What it proves is proven against this one.
    log.sign_checkpoint().await?;
    let head = log.head().await?.get();
    log.close().await;
    let filled = begun.elapsed();
    let built = match args.no_views {
        true => None,
        false => Some(build_views(stage).await?),
    };
    let load = Load::begin();
    let mut flags = vec!["--output", "json", "verify"];
    flags.extend(args.no_views.then_some("--no-views"));
    let ended = stage.run(&flags).await?;
    let mut more = Map::new();
    load.tell(&mut more);
    tell(&mut more, &ended, head)?;
    more.insert("backend".into(), stage.backend.into());
    more.insert("views".into(), json!(!args.no_views));
    more.insert("filled_in_seconds".into(), json!(rounded(filled.as_secs_f64())));
    let built = built.map(|took| rounded(took.as_secs_f64()));
    more.insert("views_built_in_seconds".into(), json!(built));
    print_line(Value::Object(more))
}

/// Serves until every view shows the whole log; answers how long that took.
async fn build_views(stage: &Stage) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let serving = stage.serve().await?;
    let server = Server::dial(&serving.url, &stage.token()?).await?;
    loop {
        let status = server.operations().get_status(GetStatusRequest::default()).await;
        let status = status.map_err(|s| told(&s))?.into_inner();
        if status.views.iter().all(|view| view.lag_events == 0) {
            break;
        }
        tokio::time::sleep(ASK).await;
    }
    let took = begun.elapsed();
    drop(server);
    serving.terminate().await?;
    Ok(took)
}

/// What the process said, and what it took.
fn tell(more: &mut Map<String, Value>, ended: &Ended, head: u64) -> anyhow::Result<()> {
    let rows: Vec<Value> = serde_json::from_str(&ended.out).context("what verify prints")?;
    let mut checks = Map::new();
    for row in &rows {
        let check = row["check"].as_str().unwrap_or_default().to_owned();
        let good = row["outcome"] == "good";
        checks.insert(check, if good { row["rows"].clone() } else { row["outcome"].clone() });
    }
    ensure!(
        checks.get("proven").is_some_and(Value::is_u64),
        "no checkpoint proved the log: {checks:?}"
    );
    let seconds = ended.took.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
    let rate = head as f64 / seconds;
    more.insert("workload".into(), "verify".into());
    more.insert("events".into(), json!(head));
    more.insert("seconds".into(), json!(rounded(seconds)));
    more.insert("ops_per_s".into(), json!(rate.round()));
    more.insert("checks".into(), Value::Object(checks));
    more.insert(
        "busy_cores_of_the_child".into(),
        json!(ended.used.map(|used| rounded(used / seconds))),
    );
    more.insert("max_rss_mib".into(), json!(ended.memory));
    more.insert("errors".into(), json!(0));
    Ok(())
}
