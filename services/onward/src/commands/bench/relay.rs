//! The relay alone: a log that is full already is copied onto a stream of the bench's own, and then audited.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use onward_bus::{Bus, BusOptions, Relay};
use onward_domain::event::Provenance;
use onward_domain::ids::{LearnerId, OrganisationId, TransitionId};
use onward_domain::transition::{Record, Transition};
use onward_log::{Attempt, Call, Log, Unit};
use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::append::detail;
use super::figures::{self, Cell, Figures, rounded};
use super::ground::Ground;
use super::streams;
use crate::cli::BenchArgs;

/// Events of one request while the log is filled.
const TOGETHER: usize = 200;

/// Runs the bench.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    ensure!(args.nats.is_some(), "--nats is needed: the relay copies onto it");
    streams::none(args.nats.as_deref()).await?;
    let ground = Ground::prepare(&args).await?;
    let measured = measure(&args, &ground).await;
    ground.leave().await?;
    streams::remove(args.nats.as_deref()).await?;
    measured
}

async fn measure(args: &BenchArgs, ground: &Ground) -> anyhow::Result<()> {
    let until = Instant::now() + Duration::from_secs(args.seconds.into());
    while Instant::now() < until {
        fill(&ground.log).await?;
    }
    let head = ground.log.head().await?;
    let url = args.nats.clone().unwrap_or_default();
    let bus = Bus::connect(BusOptions::new(url), ground.log.clone()).await?;
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let relay = tokio::spawn(Relay::new(bus.clone()).run(stop.clone()));
    bus.status().wait_for(|now| now.copied >= head).await?;
    let took = begun.elapsed();
    let begun = Instant::now();
    let audited = bus.audit().await?;
    ensure!(audited.last == head, "the audit ends elsewhere");
    let audit = begun.elapsed();
    stop.cancel();
    relay.await.context("the relay")?;
    let per_second = |took: Duration| {
        #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
        let events = head.get() as f64;
        rounded(events / took.as_secs_f64())
    };
    let mut more = Map::new();
    more.insert("events".into(), json!(head.get()));
    more.insert("ops_per_s".into(), json!(per_second(took)));
    more.insert("audited_per_s".into(), json!(per_second(audit)));
    let backend = ground.backend;
    let cell = Cell { workload: "relay", backend, clients: 1, batch: 500, took, more };
    figures::print(cell, Figures::default())
}

/// Appends many events in one request: one learner, a stream for each.
async fn fill(log: &Log) -> anyhow::Result<()> {
    let school = OrganisationId::new(Uuid::from_u128(1));
    let learner = LearnerId::new(Uuid::from_u128(2));
    let attempt: Attempt = Arc::new(move |unit: &mut Unit| {
        Box::pin(async move {
            for _ in 0..TOGETHER {
                let transition = TransitionId::new(Uuid::now_v7());
                let mut stream = unit.fresh::<Transition>(transition.uuid());
                let command = Record {
                    transition,
                    learner,
                    home_la: Some("302".to_owned()),
                    authority: None,
                    detail: detail(school),
                    settings: Default::default(),
                };
                unit.decide(&mut stream, command.into())?;
            }
            Ok(())
        })
    });
    let provenance = Provenance {
        organisation: school,
        member: None,
        actor: None,
        occurred: None,
        external_ref: None,
    };
    log.execute(Call { request: None, provenance }, attempt).await?;
    Ok(())
}
