//! Views of real processes: one is killed in the middle of a rebuild, one is stopped past its lease, one
//! meets an event that it cannot apply.

use std::path::Path;

use futures::future::try_join_all;
use onward_contract::handover::v1::ListSentRequest;
use onward_contract::operations::v1::{
    AbandonViewRequest, GenerationState, RebuildViewRequest, RetryParkedRequest, SwitchViewRequest,
    ViewGeneration,
};
use onward_contract::timeline::v1::GetTimelineRequest;
use onward_contract::transition::v1::ListTransitionsRequest;
use onward_log::{Log, Options};
use onward_tests::actors::{Operator, Senco};
use onward_tests::builders::{Child, pack, phase_transfer, upn, urn};
use onward_tests::servers::{onward_command, until};
use onward_tests::world::{House, Setup, World};

use super::facts::{college, confirmed, drafted, handover, learner, moving, registered};
use super::facts::{released, school, tell, transition};
use super::world::{on_postgres, on_sqlite};

/// Learners told while nobody serves: enough for a rebuild to be seen under way.
const MANY: u128 = 1_500;

fn rebuilt() -> RebuildViewRequest {
    RebuildViewRequest { view: "timeline".to_owned() }
}

/// The log of a world whose processes are stopped.
async fn log_of(world: &World) -> anyhow::Result<Log> {
    let data = world.data();
    let options = match world.postgres_url() {
        None => Options::sqlite(&data),
        Some(url) => Options::postgres(url, data.join("keys")),
    };
    Ok(Log::open(options).await?)
}

/// A learner's way, undecided.
async fn way(log: &Log, number: u128) -> anyhow::Result<()> {
    let (who, moved, passed) = (learner(number), transition(number), handover(number));
    let parties = (school(), college());
    let day = jiff::civil::date(2026, 9, 1);
    tell(log, school(), who, registered(who)).await?;
    tell(log, school(), moved, moving(moved, who, school(), college(), day)).await?;
    tell(log, school(), passed, drafted(passed, who, parties, moved)).await?;
    tell(log, school(), passed, released(passed, who, parties, moved)).await?;
    Ok(())
}

async fn build(operator: &Operator, number: u64) -> anyhow::Result<Option<ViewGeneration>> {
    let views = operator.views("").await?;
    let of_timeline = views.into_iter().filter(|view| view.name == "timeline");
    Ok(of_timeline.flat_map(|view| view.generations).find(|one| one.generation == number))
}

/// Begins a rebuild and answers its number once it is seen half way. One that was faster is given up.
async fn half_way(operator: &Operator) -> anyhow::Result<u64> {
    until("a rebuild that is seen under way", || async {
        let begun = operator.operations().rebuild_view(rebuilt()).await?.into_inner();
        loop {
            let Some(one) = build(operator, begun.generation).await? else { return Ok(None) };
            let position: u64 = one.position.parse()?;
            if one.state() != GenerationState::Building {
                let view = "timeline".to_owned();
                let request = AbandonViewRequest { view, generation: begun.generation };
                operator.operations().abandon_view(request).await?;
                return Ok(None);
            }
            if position > 0 && one.lag_events > 0 {
                return Ok(Some(begun.generation));
            }
        }
    })
    .await
}

/// Waits for the comparison of a build, and insists that it is the same as what answers.
async fn the_same(operator: &Operator, number: u64) -> anyhow::Result<()> {
    let built = until("the comparison", || async {
        let one = build(operator, number).await?;
        Ok(one.filter(|one| one.comparison.is_some()))
    })
    .await?;
    let found = built.comparison.clone().unwrap_or_default();
    assert!(found.equal && found.rows > 0, "{found:?}");
    assert_eq!(built.state(), GenerationState::Ready);
    Ok(())
}

async fn killed_half_way(setup: Setup) -> anyhow::Result<()> {
    let mut world = World::start_empty(setup).await?;
    world.stop().await?;
    // What is told past the doors claims no look-up keys.
    world.leave_altered();
    let log = log_of(&world).await?;
    try_join_all((0..MANY).map(|number| way(&log, number))).await?;
    log.close().await;
    world.restart().await?;
    world.views_are_there().await?;
    let number = half_way(&world.operator()).await?;
    world.kill().await?;
    world.restart().await?;
    let operator = world.operator();
    let begun = operator.operations().rebuild_view(rebuilt()).await?.into_inner();
    assert_eq!(begun.generation, number, "it goes on where it was");
    the_same(&operator, number).await?;
    let mut request = SwitchViewRequest { view: "timeline".to_owned(), ..Default::default() };
    let live = operator.operations().switch_view(request.clone()).await?.into_inner();
    assert_eq!(live.generation, number);
    request.back = true;
    operator.operations().switch_view(request).await?;
    world.views_are_there().await
}

mod a_rebuild_that_is_killed_half_way_goes_on {
    use onward_tests::world::Setup;

    #[tokio::test]
    async fn on_sqlite() -> anyhow::Result<()> {
        super::killed_half_way(Setup::SQLITE).await
    }

    #[tokio::test]
    async fn on_postgres() -> anyhow::Result<()> {
        super::killed_half_way(Setup::POSTGRES).await
    }
}

/// One of two processes is stopped past its lease: the other takes its partitions over, and when the
/// first wakes nothing is applied twice. Both see a switch with their next answer.
#[tokio::test]
async fn a_process_that_was_stopped_past_its_lease_doubles_nothing() -> anyhow::Result<()> {
    let world = World::start(Setup::POSTGRES.with_processes(2)).await?;
    let school = world.senco(House::Primary).await?;
    let first = school.register(&Child::of_year_6()).await?.learner_id;
    world.views_are_there().await?;

    world.server().stop()?;
    let [_, second] = world.channels() else { panic!("two processes") };
    let (awake, there) =
        (Operator(world.operator().over(second.clone())), Senco(school.over(second.clone())));
    for serial in 0..40 {
        let child = Child { upn: Some(upn(8000 + serial)), ..Child::of_year_6() };
        there.register(&child).await?;
    }
    let head = awake.head().await?;
    until("the partitions to be taken over", || async {
        let views = awake.views("").await?;
        Ok(views.iter().all(|view| view.position >= head).then_some(()))
    })
    .await?;
    world.server().cont()?;
    let recorded = school.timeline(&first, &awake.head().await?).await?;
    assert!(recorded.tells("learner_registered"));
    for serial in 40..60 {
        let child = Child { upn: Some(upn(8000 + serial)), ..Child::of_year_6() };
        school.register(&child).await?;
    }
    world.views_are_there().await?;

    // Rows that were applied twice, or not at all, would differ from those of a rebuild.
    let number = awake.operations().rebuild_view(rebuilt()).await?.into_inner().generation;
    the_same(&awake, number).await?;
    let request = SwitchViewRequest { view: "timeline".to_owned(), ..Default::default() };
    awake.operations().switch_view(request).await?;
    let url = world.postgres_url().expect("on PostgreSQL");
    let emptied = format!("DELETE FROM onward_views.timeline_g{number}_entry");
    on_postgres(url, emptied).await?;
    for reader in [&school, &there] {
        assert!(reader.timeline(&first, "").await?.0.is_empty(), "nobody reads the old rows");
    }
    Ok(())
}

async fn rename(world: &World, position: &str, event_type: &str) -> anyhow::Result<()> {
    let position: u64 = position.parse()?;
    let change =
        format!("UPDATE log_event SET event_type = '{event_type}' WHERE position = {position}");
    let changed = match world.postgres_url() {
        None => on_sqlite(Path::new(&world.data()).join("log.db"), change).await?,
        Some(url) => on_postgres(url, change).await?,
    };
    assert_eq!(changed, 1);
    Ok(())
}

async fn retry_command(world: &World) -> anyhow::Result<Option<i32>> {
    let operator = world.operator();
    let args = ["views", "retry", "--view", "timeline", "--server", world.server().addr()];
    let done = onward_command(&[&args[..], &["--token", operator.token()]].concat()).await?;
    Ok(done.status.code())
}

/// A fact that nobody can open any more stops its learner, and what is shown of it says so.
async fn parked_and_retried(setup: Setup) -> anyhow::Result<()> {
    let mut world = World::start(setup).await?;
    let (sender, other) = (world.senco(House::Primary).await?, world.senco(House::Primary).await?);
    let receiver = world.senco(House::Secondary).await?;
    let mut moves = Vec::new();
    for (who, serial) in [(&sender, 9001), (&other, 9002)] {
        let child = Child { upn: Some(upn(serial)), ..Child::of_year_6() };
        let learner = who.register(&child).await?.learner_id;
        let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
        let moved = who.record(phase_transfer(&learner, from, to)).await?.transition_id;
        who.draft(&learner, pack(&receiver.organisation, Some(&moved))).await?;
        moves.push((learner, moved));
    }
    let (stopped, moved) = moves[0].clone();
    world.views_are_there().await?;
    world.stop().await?;
    let log = log_of(&world).await?;
    let id = |text: &str| text.parse::<uuid::Uuid>();
    let fact = confirmed(id(&moved)?.into(), id(&stopped)?.into());
    let said = tell(&log, id(world.id(House::Primary))?.into(), id(&moved)?, fact).await?;
    log.close().await;
    let position = said.position.to_string();
    rename(&world, &position, "transition.not_of_this_release").await?;
    world.restart().await?;
    world.views_are_there().await?;

    let sender = Senco(sender.over(world.channels()[0].clone()));
    let timeline = |learner: &str| GetTimelineRequest {
        learner_id: learner.to_owned(),
        ..GetTimelineRequest::default()
    };
    let parked = sender.timelines().get_timeline(timeline(&stopped)).await?.into_inner();
    assert!(parked.not_up_to_date_since.is_some());
    let clean = sender.timelines().get_timeline(timeline(&moves[1].0)).await?.into_inner();
    assert!(clean.not_up_to_date_since.is_none(), "only its learner waits");
    let lists = sender.transitions().list_transitions(ListTransitionsRequest::default()).await?;
    assert!(lists.into_inner().not_up_to_date_since.is_some());
    let sent = sender.handovers().list_sent(ListSentRequest::default()).await?.into_inner();
    assert!(sent.not_up_to_date_since.is_some() && sent.handovers.len() == 2);
    let listed = world.operator().parked().await?;
    assert!(listed.iter().all(|one| one.learner_id == stopped && one.position == position));
    assert_eq!(listed.len(), 2, "the timeline and the inbox");

    assert_eq!(retry_command(&world).await?, Some(1), "it still cannot be applied");
    rename(&world, &position, "transition.transition_confirmed").await?;
    assert_eq!(retry_command(&world).await?, Some(0));
    let all = RetryParkedRequest { learner_id: stopped.clone(), ..Default::default() };
    let rest = world.operator().operations().retry_parked(all).await?.into_inner();
    assert_eq!((rest.applied, rest.waiting), (1, 0), "in the inbox");
    assert!(sender.timeline(&stopped, "").await?.tells("transition_confirmed"));
    let now = sender.timelines().get_timeline(timeline(&stopped)).await?.into_inner();
    assert!(now.not_up_to_date_since.is_none());
    assert!(world.operator().parked().await?.is_empty());
    Ok(())
}

mod what_is_parked_is_told_and_tried_again {
    use onward_tests::world::Setup;

    #[tokio::test]
    async fn on_sqlite() -> anyhow::Result<()> {
        super::parked_and_retried(Setup::SQLITE).await
    }

    #[tokio::test]
    async fn on_postgres() -> anyhow::Result<()> {
        super::parked_and_retried(Setup::POSTGRES).await
    }
}
