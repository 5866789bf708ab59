//! Views beside a log that they do not follow from: one that was restored from an older copy, or another.

use onward_log::{Log, Position};
use onward_views::{GenerationState, ViewError, ViewName, Views};

use super::facts::{learner, registered, school, tell};
use super::world::{Backend, Run, World};

/// So many learners of a school, from a number on.
async fn learners(log: &Log, numbers: std::ops::Range<u128>) -> anyhow::Result<()> {
    for number in numbers {
        tell(log, school(), learner(number), registered(learner(number))).await?;
    }
    Ok(())
}

/// What was built of another log is built anew, whether this log is shorter, as long or longer; readers
/// wait until then.
pub async fn views_of_another_history_are_built_anew(backend: Backend) -> anyhow::Result<()> {
    let first = World::new(backend).await?;
    learners(&first.log, 0..6).await?;
    first.built("a").await?.close().await;
    // Shorter, as long, longer.
    for others in [3, 6, 9] {
        let second = World::new(backend).await?;
        learners(&second.log, 100..(100 + others)).await?;
        let views = second.views_over(&first, "a").await?;
        for status in views.status().await? {
            assert_eq!(status.generations.len(), 1, "{status:?}");
            assert_eq!(status.generations[0].state, GenerationState::Building);
        }
        let early = views.wait_for(ViewName::Timeline, Position::new(1), TINY).await;
        assert!(matches!(early, Err(ViewError::NotYet)), "{early:?}");
        follow(&second, &views).await?;
        assert_same(&second, &first).await?;
        views.close().await;
        // And back: these views are the second's now.
        let views = first.views_over(&first, "a").await?;
        follow(&first, &views).await?;
        views.close().await;
        assert_same(&first, &first).await?;
    }
    Ok(())
}

/// Views whose own log goes on are left as they are.
pub async fn views_of_this_log_are_left_as_they_are(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    learners(&world.log, 0..6).await?;
    world.built("a").await?.close().await;
    learners(&world.log, 6..9).await?;
    let views = world.views_over(&world, "a").await?;
    for status in views.status().await? {
        assert_eq!((status.generations[0].generation, status.position), (1, Position::new(6)));
    }
    views.close().await;
    Ok(())
}

/// The embedded database has one process at a time, so that whoever opens it after a kill need not wait for
/// the dead one's time to be over: neither for what it owned nor for its share of the work.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_left_is_taken_over_at_once() -> anyhow::Result<()> {
    let world = World::new(Backend::Sqlite).await?;
    learners(&world.log, 0..20).await?;
    let views = world.views("a").await?;
    world.usurp("a").await?;
    let dead =
        "INSERT INTO view_worker VALUES (x'00000000000000000000000000000bad', 9000000000000)";
    assert_eq!(world.change("a", dead).await?, 1);
    follow(&world, &views).await?;
    views.close().await;
    Ok(())
}

/// No time at all: what is there now.
const TINY: std::time::Duration = std::time::Duration::ZERO;

async fn follow(world: &World, views: &Views) -> anyhow::Result<()> {
    let run = Run::over(views, world.log.feed(Position::START));
    run.reaches(views, world.log.head().await?).await?;
    run.stop().await
}

/// The timeline that lies in the first's build says what the log of `world` says.
async fn assert_same(world: &World, first: &World) -> anyhow::Result<()> {
    world.built("fresh").await?.close().await;
    let entries = |tables: std::collections::BTreeMap<String, Vec<String>>| {
        tables.into_iter().filter(|(name, _)| name.contains("timeline_g")).collect::<Vec<_>>()
    };
    let mut fresh = entries(world.rows("fresh").await?).into_iter().map(|(_, rows)| rows);
    let mut there = entries(first.rows("a").await?).into_iter().map(|(_, rows)| rows);
    assert!(fresh.len() > 0 && fresh.len() == there.len());
    assert!(fresh.by_ref().zip(there.by_ref()).all(|(one, other)| one == other));
    Ok(())
}
