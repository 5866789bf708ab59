//! Claims: one holder, in order, with a token that stops working when the lease does.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::future::try_join_all;
use jiff::civil::{Date, date};
use onward_domain::event::ReferralFact;
use onward_domain::ids::{LearnerId, MemberId, OrganisationId, QueueId, ReferralId};
use onward_domain::referral::{ClaimReleased, ReferralAccepted};
use onward_log::{
    Attempt, Call, ClaimFilters, ClaimWanted, ExecuteError, Lease, Log, Position, Ready,
};
use rstest::rstest;
use uuid::Uuid;

use super::place::*;

/// A queue with referrals that wait in it.
struct Queue {
    log: Log,
    queue: QueueId,
    setting: OrganisationId,
    team: OrganisationId,
}

impl Queue {
    fn of(log: &Log) -> Self {
        let (setting, team) = (organisation(), organisation());
        Self { log: log.clone(), queue: QueueId::of_pathfinder(team), setting, team }
    }

    /// Accepts a referral, so that it waits.
    async fn accept(&self, order_day: Date, priority: u8) -> anyhow::Result<ReferralId> {
        let (referral, learner) = (ReferralId::new(Uuid::now_v7()), new_learner());
        let (queue, setting) = (self.queue, self.setting);
        let fact = ReferralAccepted { referral, learner, queue, priority, order_day };
        let attempt: Attempt = Arc::new(move |unit| {
            let fact = ReferralFact::Accepted(fact.clone());
            Box::pin(async move {
                let mut loaded = unit.load::<Notes<ReferralFact>>(referral.uuid()).await?;
                unit.decide(&mut loaded, vec![fact])?;
                unit.ready(Ready { referral, queue, learner, setting, order_day, priority });
                Ok(())
            })
        });
        self.log.execute(once(self.team), attempt).await?;
        Ok(referral)
    }

    fn wanted(&self, max: usize) -> ClaimWanted {
        ClaimWanted {
            queue: self.queue,
            member: MemberId::new(Uuid::now_v7()),
            max,
            lease_seconds: 1_800,
            filters: ClaimFilters::default(),
        }
    }

    async fn claim(&self, max: usize) -> Result<Vec<Lease>, ExecuteError> {
        self.claim_as(once(self.team), self.wanted(max)).await
    }

    async fn claim_as(&self, call: Call, wanted: ClaimWanted) -> Result<Vec<Lease>, ExecuteError> {
        Ok(self.log.claim_referrals(call, wanted).await?.1)
    }

    /// The holder puts it back, or (for good) ends the waiting, as screening does.
    async fn end(&self, lease: &Lease, for_good: bool) -> Result<(), ExecuteError> {
        let (referral, learner, token) = (lease.referral, lease.learner, lease.token.clone());
        let attempt: Attempt = Arc::new(move |unit| {
            let token = token.clone();
            Box::pin(async move {
                let mut loaded = unit.load::<Notes<ReferralFact>>(referral.uuid()).await?;
                unit.decide(&mut loaded, vec![released(referral, learner)])?;
                unit.end_lease(referral, &token);
                if for_good {
                    unit.unready(referral);
                }
                Ok(())
            })
        });
        self.log.execute(once(self.team), attempt).await.map(drop)
    }

    async fn types(&self, referral: ReferralId) -> anyhow::Result<Vec<String>> {
        let events = self.log.stream(referral.uuid()).await?;
        Ok(events.iter().map(|event| event.event_type.clone()).collect())
    }
}

fn released(referral: ReferralId, learner: LearnerId) -> ReferralFact {
    let member = MemberId::new(Uuid::nil());
    ReferralFact::ClaimReleased(ClaimReleased { referral, learner, member })
}

const ACCEPTED: &str = "referral.referral_accepted";
const CLAIMED: &str = "referral.referral_claimed";
const LAPSED: &str = "referral.claim_lapsed";
const RELEASED: &str = "referral.claim_released";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sixteen_claimers_never_share_and_keep_the_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let queue = Queue::of(&log);
    let mut order = Vec::new();
    for number in 0..40_i8 {
        // Against the order of coming in, so that the day is what counts.
        let day = date(2026, 3, 28 - number % 20);
        order.push((day, number, queue.accept(day, 1).await?));
    }
    order.sort();
    let before = log.head().await?;
    let claims = try_join_all((0..16).map(|_| queue.claim(2))).await?;
    let leases: Vec<&Lease> = claims.iter().flatten().collect();
    let held: HashSet<ReferralId> = leases.iter().map(|lease| lease.referral).collect();
    assert_eq!((leases.len(), held.len()), (32, 32), "each is held once");
    let tokens: HashSet<&str> = leases.iter().map(|lease| lease.token.as_str()).collect();
    assert_eq!(tokens.len(), 32);
    let first: Vec<ReferralId> = order.iter().take(32).map(|(_, _, referral)| *referral).collect();
    let claimed = log.read(before, 100).await?;
    let claimed: Vec<ReferralId> = claimed.iter().map(|event| event.stream.into()).collect();
    assert_eq!(claimed, first, "in the log they stand in the queue's order");
    // Eight are left, and then none: an empty queue is no failure.
    assert_eq!(queue.claim(20).await?.len(), 8);
    assert_eq!(queue.claim(20).await?.len(), 0);
    log.verify(|_| {}).await?;
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_claim_gets_the_same_tokens(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let queue = Queue::of(&log);
    for _ in 0..3 {
        queue.accept(date(2026, 3, 2), 1).await?;
    }
    let (call, wanted) = (once(queue.team), queue.wanted(2));
    let first = queue.claim_as(call.clone(), wanted.clone()).await?;
    let again = queue.claim_as(call, wanted).await?;
    assert_eq!(first.len(), 2);
    assert!(first == again, "the same leases and tokens");
    assert_eq!(log.head().await?, Position::new(5));
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_token_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let queue = Queue::of(&log);
    let referral = queue.accept(date(2026, 3, 2), 1).await?;
    let first = queue.claim(1).await?.remove(0);
    place.sql("UPDATE ref_lease SET until = 1").await?;
    // Run out, though nobody else has it yet.
    let late = queue.end(&first, true).await;
    assert!(matches!(late, Err(ExecuteError::LeaseLost)), "{late:?}");
    // The next claim meets the expired lease: the lapse comes first.
    let second = queue.claim(1).await?.remove(0);
    assert!(second.token != first.token, "a token of its own");
    assert_eq!(queue.types(referral).await?, [ACCEPTED, CLAIMED, LAPSED, CLAIMED]);
    let stale = queue.end(&first, true).await;
    assert!(matches!(stale, Err(ExecuteError::LeaseLost)), "{stale:?}");
    assert_eq!(queue.types(referral).await?.len(), 4, "nothing was written");
    queue.end(&second, true).await?;
    assert_eq!(queue.claim(1).await?.len(), 0, "screened: it waits no longer");
    let spent = queue.end(&second, true).await;
    assert!(matches!(spent, Err(ExecuteError::LeaseLost)), "{spent:?}");
    log.verify(|_| {}).await?;
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_back_keeps_its_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let queue = Queue::of(&log);
    let early = queue.accept(date(2026, 3, 2), 1).await?;
    let late = queue.accept(date(2026, 3, 9), 1).await?;
    let lease = queue.claim(1).await?.remove(0);
    assert_eq!(lease.referral, early);
    queue.end(&lease, false).await?;
    let leases = queue.claim(2).await?;
    let held: Vec<ReferralId> = leases.iter().map(|lease| lease.referral).collect();
    assert_eq!(held, [early, late]);
    assert_eq!(queue.types(early).await?, [ACCEPTED, CLAIMED, RELEASED, CLAIMED]);
    log.close().await;
    Ok(())
}

/// A sweep makes lapses visible, once each, and moves the mark without hiding anything.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_ends_what_has_run_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let queue = Queue::of(&log);
    let referrals = [
        queue.accept(date(2026, 3, 2), 1).await?,
        queue.accept(date(2026, 3, 3), 1).await?,
        queue.accept(date(2026, 3, 4), 1).await?,
    ];
    assert_eq!(log.sweep_leases().await?, 0);
    let leases = queue.claim(2).await?;
    place.sql("UPDATE ref_lease SET until = 1").await?;
    assert_eq!(log.sweep_leases().await?, 2);
    assert_eq!(log.sweep_leases().await?, 0, "once each");
    assert_eq!(queue.types(referrals[0]).await?, [ACCEPTED, CLAIMED, LAPSED]);
    assert_eq!(place.number("SELECT CAST(SUM(lapses) AS BIGINT) FROM ref_ready").await?, 2);
    let stale = queue.end(&leases[0], true).await;
    assert!(matches!(stale, Err(ExecuteError::LeaseLost)), "{stale:?}");
    // The first goes for good, the second came back: the mark moves past both, to the one that waits
    // since its acceptance; and back for one that is ordered before.
    let first = queue.claim(1).await?.remove(0);
    queue.end(&first, true).await?;
    log.sweep_leases().await?;
    let marked = place.number("SELECT CAST(mark_day AS BIGINT) FROM ref_queue").await?;
    assert_eq!(marked, 20_260_304);
    let urgent = queue.accept(date(2025, 9, 1), 3).await?;
    let held: Vec<ReferralId> = queue.claim(3).await?.iter().map(|lease| lease.referral).collect();
    assert_eq!(held, [urgent, referrals[1], referrals[2]]);
    log.verify(|_| {}).await?;
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn filters_and_queues_are_kept_apart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (ours, theirs) = (Queue::of(&log), Queue::of(&log));
    let routine = ours.accept(date(2026, 3, 2), 1).await?;
    let urgent = ours.accept(date(2026, 3, 9), 2).await?;
    theirs.accept(date(2026, 3, 1), 3).await?;
    let mut wanted = ours.wanted(5);
    wanted.filters.priority = Some(2);
    let held = ours.claim_as(once(ours.team), wanted).await?;
    assert_eq!(held.iter().map(|lease| lease.referral).collect::<Vec<_>>(), [urgent]);
    let mut wanted = ours.wanted(5);
    wanted.filters.settings = vec![theirs.setting];
    assert_eq!(ours.claim_as(once(ours.team), wanted).await?.len(), 0);
    let mut wanted = ours.wanted(5);
    wanted.filters.referrals = vec![routine, urgent];
    let held = ours.claim_as(once(ours.team), wanted).await?;
    assert_eq!(held.iter().map(|lease| lease.referral).collect::<Vec<_>>(), [routine]);
    log.close().await;
    Ok(())
}

/// Two processes claim from one queue.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_share_a_child() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let (one, two) = (place.open().await?, place.open().await?);
    let queue = Queue::of(&one);
    for number in 0..30_i8 {
        queue.accept(date(2026, 3, 1 + number % 5), 1).await?;
    }
    let claims = (0..20).map(|number| {
        let log = if number % 2 == 0 { &one } else { &two };
        log.claim_referrals(once(queue.team), queue.wanted(2))
    });
    let mut holders: HashMap<ReferralId, usize> = HashMap::new();
    for (_, leases) in try_join_all(claims).await? {
        for lease in leases {
            *holders.entry(lease.referral).or_default() += 1;
        }
    }
    assert_eq!(holders.len(), 30);
    assert!(holders.values().all(|count| *count == 1), "nobody is held twice");
    one.verify(|_| {}).await?;
    one.close().await;
    two.close().await;
    Ok(())
}
