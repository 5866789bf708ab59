//! Durable appends at the log, one event each: what the write path itself can do, with sealing, hash
//! chain, request table and per-stream versions on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use onward_api::guard;
use onward_domain::codes::year::NcYear;
use onward_domain::event::{Occurred, Provenance};
use onward_domain::ids::{LearnerId, MemberId, OrganisationId, TransitionId};
use onward_domain::learner::Setting;
use onward_domain::transition::{Detail, PhaseTransfer, Planned, Record, SupportBasis, Transition};
use onward_log::{Attempt, Call, ExecuteError, Log, Request, Unit};
use serde_json::{Map, json};
use uuid::Uuid;

use super::figures::{self, Cell, Figures};
use super::filling;
use super::ground::Ground;
use super::load::Load;
use super::pace::Pace;
use super::room;
use crate::cli::AppendArgs;

/// Learners among whom the events are spread; each has a key of its own.
const LEARNERS: usize = 2_000;

/// Runs the bench.
pub async fn run(args: AppendArgs) -> anyhow::Result<()> {
    let (args, prefill) = (args.bench, args.prefill.prefill);
    let ground = Ground::with_room(&args, prefill * room::LOG).await?;
    let filled = filling::fill(&ground.log, prefill).await?;
    let learners: Arc<Vec<LearnerId>> =
        Arc::new((0..LEARNERS).map(|_| LearnerId::new(Uuid::now_v7())).collect());
    // The keys are made first: in life a learner has one long before most of its events.
    warm(&ground.log, &learners, args.clients).await?;
    let from = ground.log.head().await?;
    figures::forget_memory();
    let (begun, load) = (Instant::now(), Load::begin());
    let rate = args.rate.unwrap_or_default();
    let until = begun + Duration::from_secs(args.seconds.into());
    let callers: Vec<_> = (0..args.clients)
        .map(|caller| {
            let (log, learners) = (ground.log.clone(), Arc::clone(&learners));
            let pace = Pace::new(rate, args.clients, caller, until);
            tokio::spawn(async move { calls(&log, &learners, caller as usize, pace).await })
        })
        .collect();
    let mut figures = Figures::default();
    for caller in callers {
        figures.add(caller.await?);
    }
    let took = begun.elapsed();
    let events = ground.log.head().await?.get() - from.get();
    let mut more = Map::new();
    more.insert("rate_asked".into(), json!(rate));
    filled.tell(&mut more);
    more.insert("events".into(), json!(events));
    more.insert("learners".into(), json!(LEARNERS));
    more.insert("sealed".into(), json!(true));
    load.tell(&mut more);
    let cell = Cell {
        workload: "append",
        backend: ground.backend,
        clients: args.clients,
        batch: 1,
        took,
        more,
    };
    figures::print(cell, figures)?;
    ground.leave().await
}

async fn warm(log: &Log, learners: &Arc<Vec<LearnerId>>, clients: u32) -> anyhow::Result<()> {
    let step = clients.max(1) as usize;
    let callers: Vec<_> = (0..step)
        .map(|first| {
            let (log, learners) = (log.clone(), Arc::clone(learners));
            tokio::spawn(async move {
                for learner in learners.iter().skip(first).step_by(step) {
                    record(&log, *learner, 1).await?;
                }
                Ok::<_, ExecuteError>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(())
}

async fn calls(log: &Log, learners: &[LearnerId], caller: usize, mut pace: Pace) -> Figures {
    let mut figures = Figures::default();
    let mut next = caller;
    while let Some(begun) = pace.next().await {
        match record(log, learners[next % learners.len()], 1).await {
            Ok(()) => figures.call(begun.elapsed()),
            Err(_) => figures.errors += 1,
        }
        next += 257;
    }
    figures
}

/// Phase transfers of one learner, each on a stream of its own, under one request id.
pub(super) async fn record(log: &Log, learner: LearnerId, many: usize) -> Result<(), ExecuteError> {
    let school = OrganisationId::new(Uuid::from_u128(1));
    let now = guard::now(Timestamp::now());
    let attempt: Attempt = Arc::new(move |unit: &mut Unit| {
        Box::pin(async move {
            for _ in 0..many {
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
                unit.issue("transition_id", transition.to_string());
            }
            Ok(())
        })
    });
    let id = Uuid::now_v7();
    let request = Request {
        organisation: school,
        id: id.into(),
        method: "/onward.bench/Append",
        body: Bytes::copy_from_slice(id.as_bytes()),
    };
    let provenance = Provenance {
        organisation: school,
        member: Some(MemberId::new(Uuid::from_u128(2))),
        actor: None,
        occurred: Some(Occurred::On(now.today)),
        external_ref: None,
    };
    log.execute(Call { request: Some(request), provenance }, attempt).await.map(|_| ())
}

pub(super) fn detail(school: OrganisationId) -> Detail {
    let setting = |number: &str| Setting {
        organisation: Some(school),
        number: Some(number.to_owned()),
        name: None,
    };
    Detail::PhaseTransfer(PhaseTransfer {
        from: setting("199901"),
        to: Some(setting("199902")),
        nc_year: Some(NcYear::Y6),
        planned: Planned::Day(Date::constant(2030, 9, 2)),
        basis: SupportBasis::EhcPlan,
    })
}
