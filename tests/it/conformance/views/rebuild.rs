//! Building a view anew beside the one that answers: compared, switched to and back, while writes go on;
//! and owners, builders and binaries that come too late.

use std::time::Duration;

use onward_log::Position;
use onward_log::codec::Known;
use onward_tests::servers::until;
use onward_views::{GenerationState, GenerationStatus, Switch, ViewError, ViewName, Views};

use super::facts::{college, confirmed, delivered, handover, learner, school, tell, transition};
use super::world::{Backend, Frozen, Run, World};
use super::{much, on_the_way, sees};

const FORTH: Switch = Switch { back: false, accept_differences: false };
const BACK: Switch = Switch { back: true, ..FORTH };

/// The builds of the timeline.
async fn builds(views: &Views) -> anyhow::Result<Vec<GenerationStatus>> {
    let status = views.status().await?;
    let timeline = status.into_iter().find(|status| status.view == ViewName::Timeline);
    Ok(timeline.map(|status| status.generations).unwrap_or_default())
}

/// Waits until a build has been compared with what answers.
async fn compared(views: &Views, number: u64) -> anyhow::Result<GenerationStatus> {
    until("the build", || async {
        let builds = builds(views).await?;
        let ready = builds.into_iter().find(|one| one.generation == number);
        Ok(ready.filter(|one| one.comparison.is_some()))
    })
    .await
}

/// Appends for a learner after the other, and each time reads what it wrote, by each of the handles.
async fn reads_its_writes(
    world: &World,
    handles: &[&Views],
    numbers: std::ops::Range<u128>,
) -> anyhow::Result<()> {
    for number in numbers {
        let position = on_the_way(&world.log, number).await?;
        for views in handles {
            let wait = views.wait_for(ViewName::Timeline, position, Duration::from_secs(60));
            assert!(wait.await? >= position);
            let seen = sees(views, school(), number, None).await?;
            assert!(seen.contains(&position.get()), "{position} of {seen:?}");
        }
    }
    Ok(())
}

pub async fn a_rebuild_is_compared_and_switched_to_and_back_while_writes_go_on(
    backend: Backend,
) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    much(&world.log, 6).await?;
    let (views, other) = (world.views("blue").await?, world.views("blue").await?);
    let run = Run::over(&views, world.log.feed(Position::START));
    run.reaches(&views, world.log.head().await?).await?;

    let number = views.rebuild(ViewName::Timeline).await?;
    assert_eq!(views.rebuild(ViewName::Timeline).await?, number, "one at a time");
    let work = async {
        let one = compared(&views, number).await?;
        assert!(one.state == GenerationState::Ready && one.comparison.expect("it").is_equal());
        assert_eq!(views.switch(ViewName::Timeline, FORTH).await?, number);
        assert_eq!(other.switch(ViewName::Timeline, BACK).await?, 1);
        assert_eq!(views.switch(ViewName::Timeline, BACK).await?, number, "back and forth");
        anyhow::Ok(())
    };
    let handles = [&views, &other];
    tokio::try_join!(work, reads_its_writes(&world, &handles, 0x200..0x230))?;

    // What is lost from the tables that answer is lost to every reader, and to nobody else.
    let entries = format!("DELETE FROM timeline_g{number}_entry");
    world.change("blue", &entries).await?;
    for views in handles {
        assert_eq!(sees(views, school(), 0x201, None).await?, [0; 0]);
    }
    views.switch(ViewName::Timeline, BACK).await?;
    for views in handles {
        assert!(!sees(views, school(), 0x201, None).await?.is_empty());
    }
    let states: Vec<_> = builds(&other).await?.iter().map(|one| one.state).collect();
    assert_eq!(states, [GenerationState::Live, GenerationState::Retired]);
    run.stop().await
}

pub async fn a_rebuild_comes_to_the_same_rows_and_mends_what_was_changed(
    backend: Backend,
) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    much(&world.log, 6).await?;
    let views = world.views("mended").await?;
    let run = Run::over(&views, world.log.feed(Position::START));
    run.reaches(&views, world.log.head().await?).await?;
    let number = views.rebuild(ViewName::Timeline).await?;
    assert!(compared(&views, number).await?.comparison.expect("it").is_equal());
    // Two rows that are not what the log says, and one that is not there.
    for change in [
        "UPDATE timeline_g1_subject SET state = 'planted' WHERE begun_position < 10",
        "DELETE FROM timeline_g1_learner WHERE learner = (SELECT MIN(learner::text)::uuid \
         FROM timeline_g1_learner)",
    ] {
        let change = if backend == Backend::Sqlite {
            change.replace("MIN(learner::text)::uuid", "MIN(learner)")
        } else {
            change.to_owned()
        };
        assert!(world.change("mended", &change).await? > 0);
    }
    let found = views.compare(ViewName::Timeline).await?;
    assert_eq!(found.differences, 2);
    let refused = views.switch(ViewName::Timeline, FORTH).await;
    assert!(matches!(refused, Err(ViewError::Differs(2))));
    let accept = Switch { accept_differences: true, ..FORTH };
    views.switch(ViewName::Timeline, accept).await?;
    run.stop().await?;
    world.built("whole").await?;
    let (mended, whole) = (world.rows("mended").await?, world.rows("whole").await?);
    for (table, rows) in whole.iter().filter(|(table, _)| table.starts_with("timeline_g1_")) {
        let again = table.replace("_g1_", &format!("_g{number}_"));
        assert_eq!(mended.get(&again), Some(rows), "{table}");
    }
    Ok(())
}

pub async fn a_build_is_given_up_and_its_number_not_used_again(
    backend: Backend,
) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    much(&world.log, 2).await?;
    let views = world.built("main").await?;
    assert!(matches!(views.switch(ViewName::Timeline, FORTH).await, Err(ViewError::NothingThere)));
    let number = views.rebuild(ViewName::Timeline).await?;
    assert!(matches!(views.abandon(ViewName::Timeline, Some(1)).await, Err(ViewError::StillLive)));
    assert_eq!(views.abandon(ViewName::Timeline, None).await?, number);
    assert!(world.rows("main").await?.keys().all(|table| !table.contains("_g2_")));
    assert_eq!(views.rebuild(ViewName::Timeline).await?, number + 1);
    views.build(ViewName::Timeline).await?;
    // Nobody follows and nobody has compared.
    assert!(matches!(views.switch(ViewName::Timeline, FORTH).await, Err(ViewError::NotCompared)));
    assert!(views.compare(ViewName::Timeline).await?.is_equal());
    assert_eq!(views.switch(ViewName::Timeline, FORTH).await?, number + 1);
    assert_eq!(views.abandon(ViewName::Timeline, Some(1)).await?, 1, "the way back");
    assert!(matches!(views.switch(ViewName::Timeline, BACK).await, Err(ViewError::NothingThere)));
    assert_eq!(sees(&views, school(), 1, None).await?.len(), 6);
    Ok(())
}

/// Every read waits while the first generation of a version is built; then the newer program's readers
/// see the new one, and the old rows stay for the older program.
pub async fn a_new_version_is_built_beside_the_old_one(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    much(&world.log, 2).await?;
    world.built("main").await?.close().await;
    // As an earlier program left it.
    world.change("main", "UPDATE view_registry SET version = 0 WHERE view = 'timeline'").await?;
    let views = world.views("main").await?;
    let none = views.wait_for(ViewName::Timeline, Position::START, Duration::ZERO).await;
    assert!(matches!(none, Err(ViewError::NotYet)), "not half a view");
    let run = Run::over(&views, world.log.feed(Position::START));
    run.reaches(&views, world.log.head().await?).await?;
    assert_eq!(sees(&views, school(), 1, None).await?.len(), 6);
    let found: Vec<_> = builds(&views).await?.iter().map(|one| (one.version, one.state)).collect();
    assert_eq!(found, [(0, GenerationState::Live), (1, GenerationState::Live)]);
    let keys = compared(&views, 2).await?.comparison.expect("it");
    assert!(keys.is_equal() && keys.rows > 0, "with the older program's: {keys:?}");
    assert_eq!(views.abandon(ViewName::Timeline, Some(1)).await?, 1, "no older program is left");
    run.stop().await
}

/// As a process that was stopped past its time: it had read a batch, another took over, and then it
/// goes on with what it had read.
pub async fn an_owner_that_wakes_too_late_changes_nothing(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let (late, next) = (world.views("late").await?, world.views("late").await?);
    let (feed, thaw) = Frozen::over(world.log.feed(Position::START));
    let first = Run::over(&late, feed);
    much(&world.log, 2).await?;
    let (until_frozen, go_on) = thaw;
    tokio::task::spawn_blocking(move || until_frozen.recv()).await??;
    world.change("late", "UPDATE view_owner SET until_ms = 0").await?;
    world.change("late", "DELETE FROM view_worker").await?;
    let second = Run::over(&next, world.log.feed(Position::START));
    second.reaches(&next, world.log.head().await?).await?;
    let before = world.rows("late").await?;
    go_on.send(())?;
    let position = on_the_way(&world.log, 0x300).await?;
    second.reaches(&next, position).await?;
    first.stop().await?;
    second.stop().await?;
    assert!(before.values().map(Vec::len).sum::<usize>() > 0);
    world.built("whole").await?;
    assert_eq!(world.rows("late").await?, world.rows("whole").await?);
    Ok(())
}

/// An older binary meets events of a type that came later: the learner waits, everybody else goes on,
/// and the binary that knows the type applies what waited, in order.
pub async fn an_unknown_newer_type_waits_for_a_binary_that_knows_it(
    backend: Backend,
) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let released = on_the_way(&world.log, 1).await?;
    tell(&world.log, college(), handover(1), delivered(handover(1), learner(1))).await?;
    tell(&world.log, school(), transition(1), confirmed(transition(1), learner(1))).await?;
    on_the_way(&world.log, 0x120).await?;

    // The receiver's delivery came with a later release, says this binary.
    let world = world.reopen(Known::before(["handover.handover_delivered"])).await?;
    let views = world.built("mixed").await?;
    let parked = views.parked(ViewName::Timeline, Position::START, 10).await?;
    let why: Vec<_> = parked.iter().map(|one| (one.reason.as_str(), one.behind)).collect();
    let behind = "waits behind an event that could not be applied";
    assert_eq!(why, [("the type is not known", false), (behind, true)]);
    assert_eq!(sees(&views, college(), 1, None).await?.last(), Some(&released.get()));
    assert_eq!(sees(&views, school(), 0x120, None).await?.len(), 4, "everybody else goes on");
    let again = views.retry_parked(ViewName::Timeline, None).await?;
    assert_eq!((again.applied, again.waiting), (0, 2), "it does not learn by trying");
    views.close().await;

    let world = world.reopen(Known::default()).await?;
    let views = world.built("mixed").await?;
    assert_eq!(views.parked(ViewName::Timeline, Position::START, 10).await?, []);
    world.built("whole").await?;
    assert_eq!(world.rows("mixed").await?, world.rows("whole").await?);
    Ok(())
}
