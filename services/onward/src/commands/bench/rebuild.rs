//! A rebuild of the timeline view: every event of a log read, its seal opened, folded and written to new
//! tables, with checkpoints, as `onward views rebuild` does beside a live view.

use std::time::Instant;

use anyhow::ensure;
use onward_views::{GenerationState, Options, ViewName, Views};
use serde_json::{Map, json};

use super::figures::{forget_memory, print_line, rounded};
use super::ground::Ground;
use super::lives::{self, Beside};
use super::load::Load;
use super::room;
use crate::cli::RebuildBenchArgs;

/// Events of a national year (2 million learners).
const NATIONAL_YEAR: f64 = 15_000_000.0;

/// Runs the bench.
pub async fn run(args: RebuildBenchArgs) -> anyhow::Result<()> {
    let ground = Ground::with_room(&args.bench, args.events * room::TIMELINE).await?;
    let views = Views::open(Options { storage: ground.views() }, ground.log.clone()).await?;
    let begun = Instant::now();
    lives::fill(&ground.log, args.events, Beside::Nothing).await?;
    let filled = begun.elapsed();
    let head = ground.log.head().await?;
    let generation = views.rebuild(ViewName::Timeline).await?;
    forget_memory();
    let (begun, load) = (Instant::now(), Load::begin());
    views.build(ViewName::Timeline).await?;
    let took = begun.elapsed();
    let mut more = Map::new();
    load.tell(&mut more);
    let status = views.status().await?;
    let of_timeline = status.into_iter().find(|status| status.view == ViewName::Timeline);
    let generations = of_timeline.map(|status| status.generations).unwrap_or_default();
    let built = generations.into_iter().find(|one| one.generation == generation);
    let whole = built.is_some_and(|one| {
        one.state == GenerationState::Ready && one.position == head && one.parked == 0
    });
    ensure!(whole, "the rebuild did not come to the end of the log");
    #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
    let rate = head.get() as f64 / took.as_secs_f64();
    let mut line = json!({
        "workload": "rebuild",
        "backend": ground.backend,
        "view": "timeline",
        "events": head.get(),
        "seconds": rounded(took.as_secs_f64()),
        "ops_per_s": rate.round(),
        "national_year_minutes": rounded(NATIONAL_YEAR / rate / 60.0),
        "seals_opened": true,
        "filled_in_seconds": rounded(filled.as_secs_f64()),
        "errors": 0,
    });
    if let Some(object) = line.as_object_mut() {
        object.extend(more);
    }
    print_line(line)?;
    views.close().await;
    ground.leave().await
}
