//! `kill -9` of a server on a long log: how soon another one answers, whether its views show everything
//! or have hardly begun.

use std::time::{Duration, Instant};

use anyhow::ensure;
use onward_contract::access::v1::OrganisationKind;
use onward_contract::directory::v1 as directory;
use onward_contract::operations::v1::{GetStatusRequest, GetStatusResponse};
use serde_json::{Map, json};
use uuid::Uuid;

use super::child::{Serving, Stage};
use super::figures::{self, Cell, Figures, rounded};
use super::filling::{self, Filled};
use super::load::Load;
use super::room;
use crate::cli::RestartArgs;
use crate::commands::client::{Server, told};

/// How long a server runs before it is killed, where nobody waits for its views; and how long the next
/// one is watched for the memory that it takes.
const A_WHILE: Duration = Duration::from_secs(5);
/// How long the views may take to show everything.
const CATCHING_UP: Duration = Duration::from_secs(60 * 60);
/// Pause between two questions.
const ASK: Duration = Duration::from_millis(100);

/// Runs the bench.
pub async fn run(args: RestartArgs) -> anyhow::Result<()> {
    let each = if args.views { room::WHOLE } else { room::LOG };
    let stage = Stage::set(&args.bench, args.events * each).await?;
    let measured = measure(&args, &stage).await;
    stage.strike().await?;
    measured
}

async fn measure(args: &RestartArgs, stage: &Stage) -> anyhow::Result<()> {
    let log = stage.log().await?;
    let filled = filling::fill(&log, args.events).await?;
    log.close().await;
    let serving = stage.serve().await?;
    let first = Lap { serving, filled, begun: Instant::now(), number: 1 };
    let before = first.wait(stage, A_WHILE).await?;
    let second = first.kill(stage, before).await?;
    if args.views {
        let before = second.wait(stage, CATCHING_UP).await?;
        ensure!(before.lag == 0, "the views did not catch up");
        second.kill(stage, before).await?.serving.kill().await
    } else {
        second.serving.kill().await
    }
}

/// A server on the filled log.
struct Lap {
    serving: Serving,
    filled: Filled,
    begun: Instant,
    /// Which of the servers, counted from 1.
    number: u32,
}

/// What there was when the server was killed.
struct Before {
    head: u64,
    /// Events that the view furthest behind did not show.
    lag: u64,
    /// How long the server had run.
    ran: Duration,
}

impl Lap {
    /// Waits until every view shows the whole log, or so long.
    async fn wait(&self, stage: &Stage, longest: Duration) -> anyhow::Result<Before> {
        let server = Server::dial(&self.serving.url, &stage.token()?).await?;
        let begun = Instant::now();
        loop {
            let status = status(&server).await?;
            let lag = status.views.iter().map(|view| view.lag_events).max().unwrap_or_default();
            if lag == 0 || begun.elapsed() >= longest {
                let head = status.log.unwrap_or_default().head_position.parse()?;
                return Ok(Before { head, lag, ran: self.begun.elapsed() });
            }
            tokio::time::sleep(ASK).await;
        }
    }

    /// Ends the server as the fault does, starts another, and prints how soon that one answered.
    async fn kill(self, stage: &Stage, before: Before) -> anyhow::Result<Self> {
        self.serving.kill().await?;
        let (begun, load) = (Instant::now(), Load::begin());
        let serving = stage.serve().await?;
        let serves = begun.elapsed();
        let server = Server::dial(&serving.url, &stage.token()?).await?;
        status(&server).await?;
        let read = begun.elapsed();
        write(&server, self.number).await?;
        let written = begun.elapsed();
        let mut more = Map::new();
        load.tell(&mut more);
        let next = Self { serving, filled: self.filled, begun, number: self.number + 1 };
        let after = next.wait(stage, A_WHILE).await?;
        more.insert("events".into(), json!(before.head));
        more.insert("filled_in_seconds".into(), json!(rounded(self.filled.took.as_secs_f64())));
        more.insert("killed_after_s".into(), json!(rounded(before.ran.as_secs_f64())));
        more.insert("views_lag_at_the_kill".into(), json!(before.lag));
        more.insert("serving_ms".into(), json!(serves.as_millis()));
        more.insert("first_read_ms".into(), json!(read.as_millis()));
        more.insert("first_write_ms".into(), json!(written.as_millis()));
        // Its views go on meanwhile: this is what they take, too.
        more.insert("max_rss_mib".into(), json!(next.serving.most_memory()));
        more.insert("memory_after_s".into(), json!(rounded(after.ran.as_secs_f64())));
        let mut figures = Figures::default();
        figures.call(written);
        let backend = stage.backend;
        let cell = Cell { workload: "restart", backend, clients: 1, batch: 1, took: written, more };
        figures::print(cell, figures)?;
        Ok(next)
    }
}

async fn status(server: &Server) -> anyhow::Result<GetStatusResponse> {
    let status = server.operations().get_status(GetStatusRequest::default()).await;
    Ok(status.map_err(|s| told(&s))?.into_inner())
}

/// Registers a school, a different one after each kill.
async fn write(server: &Server, number: u32) -> anyhow::Result<()> {
    let request = directory::RegisterOrganisationRequest {
        request_id: Uuid::now_v7().to_string(),
        kind: OrganisationKind::School.into(),
        name: "Bench School".to_owned(),
        phase: directory::Phase::Primary.into(),
        identifiers: Some(directory::OrganisationIdentifiers {
            urn: (199_900 + number).to_string(),
            ..Default::default()
        }),
        ..Default::default()
    };
    server.directory().register_organisation(request).await.map_err(|s| told(&s))?;
    Ok(())
}
