//! Claims at the log: teams that take what waits in one queue, each claim with its events and leases in
//! one transaction that serialises on the queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use onward_domain::decider::{Decider, Outcome, Refusal};
use onward_domain::event::Provenance;
use onward_domain::ids::{LearnerId, MemberId, OrganisationId, QueueId, ReferralId};
use onward_domain::referral::{ReferralAccepted, ReferralFact};
use onward_log::{
    Attempt, Call, ClaimFilters, ClaimWanted, ExecuteError, Log, Ready, Request, Unit,
};
use serde_json::{Map, json};
use uuid::Uuid;

use super::figures::{self, Cell, Figures};
use super::filling;
use super::ground::Ground;
use super::load::Load;
use super::room;
use crate::cli::ClaimArgs;

/// Referrals that one append puts into the queue.
const AT_ONCE: usize = 100;
/// Appends that fill the queue side by side.
const FILLING: usize = 32;
/// More claims a second than there will be: the queue must not run dry.
const MOST: u32 = 15_000;

/// Runs the bench.
pub async fn run(args: ClaimArgs) -> anyhow::Result<()> {
    let ground = Ground::with_room(&args.bench, args.prefill.prefill * room::LOG).await?;
    let filled = filling::fill(&ground.log, args.prefill.prefill).await?;
    let team = OrganisationId::new(Uuid::now_v7());
    let wanted = if args.batch == 1 { MOST / 2 } else { MOST };
    let waiting = wanted as usize * args.bench.seconds as usize;
    fill(&ground.log, team, waiting).await?;
    let (begun, load) = (Instant::now(), Load::begin());
    let until = begun + Duration::from_secs(args.bench.seconds.into());
    let workers: Vec<_> = (0..args.bench.clients)
        .map(|_| tokio::spawn(work(ground.log.clone(), team, args.batch as usize, until)))
        .collect();
    let (mut figures, mut claimed) = (Figures::default(), 0);
    for worker in workers {
        let (one, took) = worker.await?;
        figures.add(one);
        claimed += took;
    }
    let took = begun.elapsed();
    let mut more = Map::new();
    load.tell(&mut more);
    #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
    let rate = claimed as f64 / took.as_secs_f64();
    filled.tell(&mut more);
    more.insert("claims_per_s".into(), json!(rate.round()));
    more.insert("waited_at_the_start".into(), json!(waiting));
    more.insert("ran_dry".into(), json!(claimed == waiting));
    let (backend, clients) = (ground.backend, args.bench.clients);
    let cell = Cell { workload: "claim", backend, clients, batch: args.batch, took, more };
    figures::print(cell, figures)?;
    ground.leave().await
}

/// One worker: takes the next referrals again and again, until the time is up or none waits.
async fn work(log: Log, team: OrganisationId, batch: usize, until: Instant) -> (Figures, usize) {
    let (mut figures, mut claimed) = (Figures::default(), 0);
    let member = MemberId::new(Uuid::now_v7());
    while Instant::now() < until {
        let wanted = ClaimWanted {
            queue: QueueId::of_pathfinder(team),
            member,
            max: batch,
            lease_seconds: 1_800,
            filters: ClaimFilters::default(),
        };
        let begun = Instant::now();
        match log.claim_referrals(call(team, Some(member)), wanted).await {
            Ok((_, leases)) if leases.is_empty() => break,
            Ok((_, leases)) => {
                figures.call(begun.elapsed());
                claimed += leases.len();
            }
            Err(_) => figures.errors += 1,
        }
    }
    (figures, claimed)
}

fn call(team: OrganisationId, member: Option<MemberId>) -> Call {
    let id = Uuid::now_v7();
    let request = Request {
        organisation: team,
        id: id.into(),
        method: "/onward.bench/Claim",
        body: bytes::Bytes::copy_from_slice(id.as_bytes()),
    };
    let provenance =
        Provenance { organisation: team, member, actor: None, occurred: None, external_ref: None };
    Call { request: Some(request), provenance }
}

/// A stream that takes what it is given: a bench fills its queue without the forms of life.
struct Filled;

impl Decider for Filled {
    type State = ();
    type Command = ReferralFact;
    type Fact = ReferralFact;

    fn decide(_: &(), fact: ReferralFact) -> Result<Outcome<ReferralFact>, Refusal> {
        Ok(Outcome::one(fact))
    }

    fn evolve(_: &mut (), _: &ReferralFact) {}
}

async fn fill(log: &Log, team: OrganisationId, waiting: usize) -> anyhow::Result<()> {
    let appends = waiting.div_ceil(AT_ONCE);
    let filling: Vec<_> = (0..FILLING)
        .map(|first| {
            let log = log.clone();
            tokio::spawn(async move {
                for append in (first..appends).step_by(FILLING) {
                    let many = AT_ONCE.min(waiting - append * AT_ONCE);
                    accept(&log, team, many).await?;
                }
                Ok::<_, ExecuteError>(())
            })
        })
        .collect();
    for one in filling {
        one.await??;
    }
    Ok(())
}

async fn accept(log: &Log, team: OrganisationId, many: usize) -> Result<(), ExecuteError> {
    let queue = QueueId::of_pathfinder(team);
    let (setting, order_day) =
        (OrganisationId::new(Uuid::from_u128(1)), Date::constant(2026, 9, 1));
    // One record for what one append puts there: a bench of claims needs no key for each.
    let learner = LearnerId::new(Uuid::now_v7());
    let attempt: Attempt = Arc::new(move |unit: &mut Unit| {
        Box::pin(async move {
            for _ in 0..many {
                let referral = ReferralId::new(Uuid::now_v7());
                let priority = 1;
                let fact = ReferralAccepted { referral, learner, queue, priority, order_day };
                let mut stream = unit.fresh::<Filled>(referral.uuid());
                unit.decide(&mut stream, ReferralFact::Accepted(fact))?;
                unit.ready(Ready { referral, queue, learner, setting, order_day, priority });
            }
            Ok(())
        })
    });
    log.execute(call(team, None), attempt).await.map(drop)
}
