//! Rows that the database refuses as data: the learner whose rows they are waits, for that view, and nobody
//! else does.

use onward_log::Position;
use onward_views::ViewName;

use super::facts::{college, delivered, handover, learner, organisation, registered, school, tell};
use super::world::{Backend, World};
use super::{much, on_the_way, sees};

/// From now on the build's timeline takes no entry about this learner; answers what ends that.
async fn refuse(
    world: &World,
    backend: Backend,
    build: &str,
    number: u128,
) -> anyhow::Result<&'static str> {
    let id = learner(number).uuid();
    let (refuse, end) = match backend {
        // A value that cannot be computed with: SQLSTATE 22012.
        Backend::Postgres => (
            format!(
                "ALTER TABLE timeline_g1_entry ADD CONSTRAINT refused CHECK \
                 (position / (CASE WHEN learner = '{id}' THEN 0 ELSE 1 END) > 0) NOT VALID"
            ),
            "ALTER TABLE timeline_g1_entry DROP CONSTRAINT refused",
        ),
        // SQLITE_CONSTRAINT.
        Backend::Sqlite => (
            format!(
                "CREATE TRIGGER refused BEFORE INSERT ON timeline_g1_entry \
                 WHEN NEW.learner = x'{}' BEGIN SELECT RAISE(ABORT, 'refused'); END",
                id.simple()
            ),
            "DROP TRIGGER refused",
        ),
    };
    world.change(build, &refuse).await?;
    Ok(end)
}

/// Positions and reasons of what waits in a view, and whether each only waits behind another.
async fn waits(
    views: &onward_views::Views,
    view: ViewName,
) -> anyhow::Result<Vec<(u64, String, bool)>> {
    let parked = views.parked(view, Position::START, 50).await?;
    let about_one = parked.iter().all(|one| one.key == learner(7).uuid());
    anyhow::ensure!(about_one, "somebody else waits");
    Ok(parked.into_iter().map(|one| (one.position.get(), one.reason, one.behind)).collect())
}

pub async fn rows_that_the_database_refuses_park_one_learner(
    backend: Backend,
) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    // Its tables, and one event of the learner that is applied before anything is refused.
    let begun = tell(&world.log, school(), learner(7), registered(learner(7))).await?.position;
    world.built("refused").await?;
    let end = refuse(&world, backend, "refused", 7).await?;
    // In the middle of a batch with many others.
    much(&world.log, 5).await?;
    let poison = on_the_way(&world.log, 7).await?.get() - 3;
    on_the_way(&world.log, 8).await?;
    let views = world.built("refused").await?;

    let what = match backend {
        Backend::Postgres => "the database cannot hold a value of its rows",
        Backend::Sqlite => "a constraint of the database refuses its rows",
    };
    let behind = poison + 1;
    let waiting = waits(&views, ViewName::Timeline).await?;
    assert_eq!(waiting[0], (poison, what.to_owned(), false));
    let rest: Vec<(u64, bool)> = waiting[1..].iter().map(|one| (one.0, one.2)).collect();
    assert_eq!(rest, [(behind, true), (behind + 1, true), (behind + 2, true)]);
    for other in [ViewName::Inbox, ViewName::Queue, ViewName::Directory] {
        assert_eq!(waits(&views, other).await?, [], "{other:?} has nothing to refuse");
    }
    assert_eq!(sees(&views, school(), 7, None).await?, [begun.get()], "what came before stands");
    for number in 0..5 {
        assert!(!sees(&views, school(), number, None).await?.is_empty(), "everybody else goes on");
    }
    let status = views.status().await?;
    let timeline = status.iter().find(|status| status.view == ViewName::Timeline);
    let head = world.log.head().await?;
    assert_eq!(timeline.map(|status| (status.position, status.parked)), Some((head, 1)));

    // Later events wait behind, and a retry changes nothing while it is refused.
    tell(&world.log, college(), handover(7), delivered(handover(7), learner(7))).await?;
    let views = world.built("refused").await?;
    let still = views.retry_parked(ViewName::Timeline, Some(learner(7).uuid())).await?;
    assert_eq!((still.applied, still.waiting), (0, 5));
    let parked = views.parked(ViewName::Timeline, Position::START, 1).await?;
    assert!(parked[0].tries > 0 && parked[0].reason == what, "{parked:?}");

    world.change("refused", end).await?;
    let done = views.retry_parked(ViewName::Timeline, Some(learner(7).uuid())).await?;
    assert_eq!((done.applied, done.waiting), (5, 0));
    world.built("whole").await?;
    assert_eq!(world.rows("refused").await?, world.rows("whole").await?, "in order");
    Ok(())
}

/// One is refused, then another: whoever takes over applies what waits, and parks who is refused now.
pub async fn whoever_takes_over_tries_what_was_refused(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    tell(&world.log, school(), organisation(9), super::known(organisation(9), "Nine", "100009"))
        .await?;
    world.built("two").await?;
    let end = refuse(&world, backend, "two", 2).await?;
    for number in 0..6 {
        on_the_way(&world.log, number).await?;
    }
    let views = world.built("two").await?;
    let waiting = views.parked(ViewName::Timeline, Position::START, 50).await?;
    assert!(waiting.len() == 4 && waiting.iter().all(|one| one.key == learner(2).uuid()));
    world.change("two", end).await?;
    // One that takes over tries again by itself; somebody else is refused now.
    let end = refuse(&world, backend, "two", 4).await?;
    tell(&world.log, college(), handover(4), delivered(handover(4), learner(4))).await?;
    tell(&world.log, college(), handover(2), delivered(handover(2), learner(2))).await?;
    let views = world.built("two").await?;
    let waiting = views.parked(ViewName::Timeline, Position::START, 50).await?;
    assert!(waiting.len() == 1 && waiting[0].key == learner(4).uuid(), "{waiting:?}");
    world.change("two", end).await?;
    world.built("two").await?;
    world.built("whole").await?;
    assert_eq!(world.rows("two").await?, world.rows("whole").await?);
    Ok(())
}
