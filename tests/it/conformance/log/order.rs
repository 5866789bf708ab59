//! Order: positions and versions without gaps, conflicts that fail only their sender, following.

use std::collections::HashMap;

use futures::future::{join_all, try_join_all};
use onward_log::{ExecuteError, Feed, Log, Position, Recorded, VerifyFault};
use rstest::rstest;
use uuid::Uuid;

use super::place::*;

/// Writes `each` events one after the other, on a stream of the caller's own and on shared ones.
async fn write(log: Log, each: usize, shared: Vec<Uuid>) -> anyhow::Result<()> {
    let learner = new_learner();
    for number in 0..each {
        let fact = registered(learner, "Adeyemi");
        let stream = if number % 3 == 2 { shared[number % shared.len()] } else { learner.uuid() };
        loop {
            match log.execute(once(organisation()), append(stream, vec![fact.clone()])).await {
                Ok(_) => break,
                // Others were first five times in a row: a caller would try again too.
                Err(ExecuteError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

async fn all(log: &Log) -> anyhow::Result<Vec<Recorded>> {
    let mut events = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |last: &Recorded| last.position);
        let more = log.read(after, 500).await?;
        if more.is_empty() {
            return Ok(events);
        }
        events.extend(more);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_leave_no_gap(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let shared: Vec<Uuid> = (0..24).map(|_| Uuid::now_v7()).collect();
    try_join_all((0..64).map(|_| tokio::spawn(write(log.clone(), 6, shared.clone()))))
        .await?
        .into_iter()
        .collect::<anyhow::Result<()>>()?;
    let events = all(&log).await?;
    assert_eq!(events.len(), 64 * 6);
    let (mut versions, mut sequences) = (HashMap::new(), HashMap::new());
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.position.get(), index as u64 + 1, "positions have no gap");
        let version: &mut u64 = versions.entry(event.stream).or_default();
        *version += 1;
        assert_eq!(event.version, *version, "versions have no gap");
        let sequence: &mut u64 = sequences.entry(event.partition).or_default();
        *sequence += 1;
        assert_eq!(event.partition_sequence, *sequence, "partition sequences have no gap");
    }
    for stream in shared {
        let events = log.stream(stream).await?;
        let versions: Vec<u64> = events.iter().map(|event| event.version).collect();
        assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>());
    }
    let verified = log.verify(|_| {}).await?;
    assert_eq!((verified.head, verified.head), (log.head().await?, Position::new(64 * 6)));
    log.close().await;
    Ok(())
}

/// Two processes on one database: the lock is held through the commit, so that each sees the other's
/// events in one order.
#[tokio::test(flavor = "multi_thread")]
async fn two_logs_on_one_database_are_one_log() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let (one, two) = (place.open().await?, place.open().await?);
    assert_eq!(one.id(), two.id());
    let shared: Vec<Uuid> = (0..4).map(|_| Uuid::now_v7()).collect();
    let follower = tokio::spawn(follow(one.clone(), 2 * 16 * 6));
    let writers = (0..32).map(|number| {
        let log = if number % 2 == 0 { &one } else { &two };
        tokio::spawn(write(log.clone(), 6, shared.clone()))
    });
    try_join_all(writers).await?.into_iter().collect::<anyhow::Result<()>>()?;
    let followed = follower.await??;
    assert_eq!(followed, (1..=2 * 16 * 6).collect::<Vec<u64>>(), "each once, in order");
    assert_eq!(one.verify(|_| {}).await?, two.verify(|_| {}).await?);
    one.close().await;
    two.close().await;
    Ok(())
}

async fn follow(log: Log, count: usize) -> anyhow::Result<Vec<u64>> {
    let mut feed = log.feed(Position::START);
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.extend(feed.next(7).await?.iter().map(|event| event.position.get()));
    }
    Ok(seen)
}

/// A follower that waits at the end hears of the next append, and dropping its future loses nothing.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_waits_and_is_woken(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    register(&log, "Adeyemi").await?;
    let mut feed = log.feed(Position::START);
    assert_eq!(feed.next(10).await?.len(), 1);
    let waiting = futures::poll!(std::pin::pin!(feed.next(10)));
    assert!(waiting.is_pending(), "there is nothing more");
    let (woken, written) = tokio::join!(feed.next(10), register(&log, "Okafor"));
    written?;
    assert_eq!(woken?[0].position, Position::new(2));
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_fails_only_its_sender(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let learner = register(&log, "Adeyemi").await?;
    let fact = || vec![registered(learner, "Adeyemi")];
    // All of these come into a few batches together: one of the expecting ones can be first.
    let expecting = (0..12).map(|_| {
        let attempt = append_at(learner.uuid(), fact(), Some(1));
        log.execute(once(organisation()), attempt)
    });
    let others = (0..12).map(|_| register(&log, "Okafor"));
    let (expecting, others) = tokio::join!(join_all(expecting), join_all(others));
    others.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    assert_eq!(expecting.iter().filter(|done| done.is_ok()).count(), 1);
    for lost in expecting.iter().filter_map(|done| done.as_ref().err()) {
        assert!(matches!(lost, ExecuteError::Conflict { current: 2 }), "{lost:?}");
    }
    assert_eq!(log.stream(learner.uuid()).await?.len(), 2);
    // 0 means that the stream must not exist.
    let attempt = append_at(learner.uuid(), fact(), Some(0));
    let refused = log.execute(once(organisation()), attempt).await;
    assert!(matches!(refused, Err(ExecuteError::Conflict { current: 2 })), "{refused:?}");
    log.verify(|_| {}).await?;
    log.close().await;
    Ok(())
}

/// Without an expected version a lost race is tried again, and all get through or say so.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_race_is_decided_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let learner = register(&log, "Adeyemi").await?;
    let racing = (0..4).map(|_| {
        let attempt = append(learner.uuid(), vec![registered(learner, "Adeyemi")]);
        log.execute(once(organisation()), attempt)
    });
    let done = join_all(racing).await;
    assert!(done.iter().all(Result::is_ok), "four callers need at most four tries: {done:?}");
    let mut versions: Vec<u64> =
        done.iter().flatten().map(|done| done.receipt.stream_version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [2, 3, 4, 5]);
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn reopening_continues_the_chain(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let (mut first, mut id) = (None, None);
    for round in 1..=3_u64 {
        let log = place.open().await?;
        assert_eq!(*id.get_or_insert(log.id()), log.id());
        assert_eq!(log.head().await?, Position::new(round - 1));
        let learner = register(&log, "Adeyemi").await?;
        first.get_or_insert(learner);
        assert_eq!(log.verify(|_| {}).await?.head, Position::new(round));
        log.close().await;
    }
    let log = place.open().await?;
    let first = first.expect("three rounds were made");
    assert_eq!(log.load::<Notes<onward_domain::event::LearnerFact>>(first.uuid()).await?.state, 1);
    log.close().await;
    Ok(())
}

/// A request appends all of its events or none; more than one append takes is refused.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_all_or_nothing_and_bounded(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let learner = new_learner();
    let many = |count: usize, length: usize| {
        let surname = "x".repeat(length);
        append(learner.uuid(), vec![registered(learner, &surname); count])
    };
    for (count, length) in [(501, 1), (1, 300_000), (3, 200_000)] {
        let refused = log.execute(once(organisation()), many(count, length)).await;
        assert!(matches!(refused, Err(ExecuteError::TooLarge)), "{count} × {length}: {refused:?}");
    }
    assert_eq!(log.head().await?, Position::START);
    let done = log.execute(once(organisation()), many(500, 100)).await?;
    assert_eq!(done.receipt.event_ids.len(), 500);
    assert_eq!((done.receipt.position, done.receipt.stream_version), (Position::new(500), 500));
    log.verify(|_| {}).await?;
    log.close().await;
    Ok(())
}

/// An alteration is named by its position.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn verification_names_what_was_altered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        "UPDATE log_event SET event_type = 'learner.learner_amended' WHERE position = 3",
        "UPDATE log_event SET sealed_part = public_part WHERE position = 3",
        "UPDATE log_event SET recorded_at = recorded_at + 1 WHERE position = 3",
        "UPDATE log_event SET partition_sequence = 99 WHERE position = 3",
        "UPDATE log_event SET version = 2 WHERE position = 3",
        "DELETE FROM log_event WHERE position = 3"
    )]
    alteration: &str,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    for _ in 0..5 {
        register(&log, "Adeyemi").await?;
    }
    log.verify(|_| {}).await?;
    assert_eq!(place.sql(alteration).await?, 1);
    match log.verify(|_| {}).await {
        Err(VerifyFault::Event { position, .. }) => assert_eq!(position, Position::new(3)),
        other => panic!("{other:?}"),
    }
    log.close().await;
    Ok(())
}
