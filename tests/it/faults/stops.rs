//! Processes that stand still longer than anything they were lent, and then go on as if nothing had been.

use onward_contract::access::v1::MemberRole;
use onward_contract::reason;
use onward_contract::referral::v1::{Priority, Rag, ReferralState};
use onward_tests::actors::{NOW, Operator, PathfinderMember};
use onward_tests::builders::{Child, referral};
use onward_tests::chaos::Shape;
use onward_tests::dice::rounds;
use onward_tests::expect::refused;
use onward_tests::servers::until;
use onward_tests::world::{House, Setup, World};
use sqlx::{Connection, Executor, PgConnection};
use tonic::Code;

use super::Trial;

/// The relay and the owner of the views stand still past their leases; the other process takes over, and
/// both go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_stands_still_past_its_leases() -> anyhow::Result<()> {
    let shape = Shape::POSTGRES.with_nats().with_processes(2);
    let mut trial = Trial::of("stopped process", shape).await?;
    for round in 0..rounds(2, 10) {
        let load = trial.load();
        load.done(30).await?;
        let (still, awake) = (round % 2, (round + 1) % 2);
        trial.site.server(still).stop()?;
        // Calls to it hang meanwhile; those to the other are done.
        taken_over(&trial, awake).await?;
        trial.site.server(still).cont()?;
        load.done(30).await?;
        load.rest().await;
    }
    trial.judge().await?;
    Ok(())
}

/// With one process standing still, the other has everything on the bus and in the views.
async fn taken_over(trial: &Trial, process: usize) -> anyhow::Result<()> {
    let operator = trial.site.operator(process);
    let head: u64 = operator.head().await?.parse()?;
    let there = until("the other process to take over", || async {
        let bus = operator.status().await?.bus.unwrap_or_default();
        let views = operator.views("").await?;
        let shown =
            views.iter().all(|view| view.position.parse::<u64>().is_ok_and(|at| at >= head));
        Ok((shown && bus.last_sequence >= head).then_some(()))
    });
    if let Err(late) = there.await {
        let (bus, views) = (operator.status().await?.bus, operator.views("").await?);
        anyhow::bail!("{late}: {head}, {bus:?}, {views:?}");
    }
    Ok(())
}

const QUEUE: &str = House::Yorkshire.queue();

/// A claim's holder stands still, with its step on the way, until somebody else holds the child: the step
/// changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_comes_after_its_lease_changes_nothing() -> anyhow::Result<()> {
    let world = World::start(Setup::POSTGRES.with_processes(2)).await?;
    let other = world.channels()[1].clone();
    let nursery = world.senco(House::Nursery).await?;
    let triage = world.team(House::Yorkshire, MemberRole::Triage).await?;
    let holder = world.team(House::Yorkshire, MemberRole::Clinician).await?;
    let next = world.team(House::Yorkshire, MemberRole::Clinician).await?;
    let next = PathfinderMember(next.over(other.clone()));
    let learner = nursery.register(&Child::of_nursery()).await?.learner_id;
    let id = nursery.refer(referral(&learner)).await?.referral_id;
    triage.read_form(&id).await?;
    triage.take_in(&id, Priority::Routine).await?;
    let claimed = holder.claim(QUEUE, 1).await?;
    let stale = claimed.items[0].lease_token.clone();

    world.server().stop()?;
    let late = tokio::spawn({
        let (holder, id, stale) = (holder.clone(), id.clone(), stale.clone());
        async move { holder.screen(&id, Some(&stale), Rag::Red).await }
    });
    let mut sql = PgConnection::connect(world.postgres_url().expect("PostgreSQL")).await?;
    sql.execute("UPDATE ref_lease SET until = 1").await?;
    let taken = until("the next holder", || async {
        Ok(next.claim(QUEUE, 1).await?.items.into_iter().next())
    })
    .await?;
    world.server().cont()?;
    refused(late.await?, Code::FailedPrecondition, reason::LEASE_LOST);
    refused(holder.extend(&id, &stale, 600).await, Code::FailedPrecondition, reason::LEASE_LOST);
    // The child is the next one's, who goes on.
    assert_ne!(taken.lease_token, stale);
    next.screen(&id, Some(&taken.lease_token), Rag::Green).await?;
    let seen = nursery.referral(&id, NOW).await?;
    assert_eq!(
        seen.screenings.len(),
        1,
        "screened once: {:?}",
        ReferralState::try_from(seen.state)
    );
    let operator = Operator(world.operator().over(other));
    assert_eq!(operator.parked().await?.len(), 0);
    Ok(())
}
