//! Exactly once, for good: request ids, replays, callers that go away.

use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};
use onward_domain::event::LearnerFact;
use onward_domain::ids::RequestId;
use onward_log::{ExecuteError, Position};
use rstest::rstest;
use uuid::Uuid;

use super::place::*;

fn request_id() -> RequestId {
    RequestId::new(Uuid::now_v7())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_gets_the_first_answer(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (organisation, id, learner) = (organisation(), request_id(), new_learner());
    let attempt = append_at(learner.uuid(), vec![registered(learner, "Adeyemi")], Some(0));
    let first = log.execute(named(organisation, id, "a"), attempt.clone()).await?;
    assert!(!first.replayed);
    // The stream exists now, so that the attempt itself would be refused: the answer is given again.
    let again = log.execute(named(organisation, id, "a"), attempt.clone()).await?;
    assert!(again.replayed);
    assert_eq!(again.receipt, first.receipt);
    let other = log.execute(named(organisation, id, "b"), attempt.clone()).await;
    assert!(matches!(other, Err(ExecuteError::RequestIdReused)), "{other:?}");
    // Another organisation's ids are its own.
    let elsewhere = new_learner();
    let attempt = append(elsewhere.uuid(), vec![registered(elsewhere, "Okafor")]);
    let theirs = log.execute(named(super::place::organisation(), id, "b"), attempt).await?;
    assert!(!theirs.replayed);
    log.close().await;
    // And for good: a restart changes nothing.
    let log = place.open().await?;
    let attempt = append(learner.uuid(), vec![registered(learner, "Adeyemi")]);
    let again = log.execute(named(organisation, id, "a"), attempt).await?;
    assert_eq!((again.receipt, again.replayed), (first.receipt, true));
    assert_eq!(log.head().await?, Position::new(2));
    log.close().await;
    Ok(())
}

/// Ids that were minted for the first answer come back with it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_parallel_repeats_write_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (organisation, id) = (organisation(), request_id());
    let calls = (0..200).map(|_| {
        // Each call mints an id of its own, as a server does before it knows of the others.
        let learner = new_learner();
        let attempt: onward_log::Attempt = std::sync::Arc::new(move |unit| {
            Box::pin(async move {
                let mut loaded = unit.fresh::<Notes<LearnerFact>>(learner.uuid());
                unit.decide(&mut loaded, vec![registered(learner, "Adeyemi")])?;
                unit.issue("learner_id", learner.to_string());
                Ok(())
            })
        });
        log.execute(named(organisation, id, "a"), attempt)
    });
    let done: Vec<_> = join_all(calls).await.into_iter().collect::<Result<_, _>>()?;
    assert_eq!(done.iter().filter(|done| !done.replayed).count(), 1);
    assert!(done.iter().all(|one| one.receipt == done[0].receipt && one.issued == done[0].issued));
    assert_eq!(log.head().await?, Position::new(1));
    let stream: Uuid = done[0].issued("learner_id").expect("it was issued").parse()?;
    assert_eq!(log.stream(stream).await?.len(), 1);
    log.close().await;
    Ok(())
}

/// Repeating one's own step under a new request id gets the first receipt, and keeps it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_step_taken_before_has_the_first_receipt(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (learner, organisation) = (new_learner(), organisation());
    let stream = learner.uuid();
    let first =
        log.execute(once(organisation), append(stream, vec![registered(learner, "A")])).await?;
    let id = request_id();
    let repeat = || append(stream, Vec::<LearnerFact>::new());
    let again = log.execute(named(organisation, id, "a"), repeat()).await?;
    assert_eq!(again.receipt, first.receipt);
    log.execute(once(organisation), append(stream, vec![registered(learner, "B")])).await?;
    let later = log.execute(named(organisation, id, "a"), repeat()).await?;
    assert_eq!((later.receipt, later.replayed), (first.receipt, true));
    let other = log.execute(named(organisation, id, "b"), repeat()).await;
    assert!(matches!(other, Err(ExecuteError::RequestIdReused)), "{other:?}");
    assert_eq!(log.head().await?, Position::new(2));
    log.close().await;
    Ok(())
}

/// A caller that goes away at any moment leaves all of its effect or none, and the retry tells which.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn dropped_callers_leave_no_half_effect(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let organisation = organisation();
    let calls: Vec<_> = (0..60).map(|_| (request_id(), new_learner())).collect();
    for (number, (id, learner)) in calls.iter().enumerate() {
        let facts = vec![registered(*learner, "Adeyemi"), registered(*learner, "Okafor")];
        let call = log.execute(named(organisation, *id, "a"), append(learner.uuid(), facts));
        let mut call = Box::pin(call);
        // Polled a few times only, then dropped.
        for _ in 0..number % 6 {
            if futures::poll!(&mut call).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    for (id, learner) in &calls {
        let facts = vec![registered(*learner, "Adeyemi"), registered(*learner, "Okafor")];
        let attempt = append(learner.uuid(), facts);
        let done = log.execute(named(organisation, *id, "a"), attempt).await?;
        assert_eq!(done.receipt.event_ids.len(), 2);
        assert_eq!(log.stream(learner.uuid()).await?.len(), 2, "once, and whole");
    }
    assert_eq!(log.verify(|_| {}).await?.head, Position::new(2 * 60));
    log.close().await;
    Ok(())
}

/// Connections that the server breaks at any moment: whatever was answered is there once, and a retry
/// tells of the rest.
#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_lose_and_double_nothing() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let log = place.open().await?;
    let organisation = organisation();
    let calls: Vec<_> = (0..200).map(|_| (request_id(), new_learner())).collect();
    let writing = futures::stream::iter(calls.clone()).map(|(id, learner)| {
        let log = log.clone();
        async move {
            loop {
                let attempt = append(learner.uuid(), vec![registered(learner, "Adeyemi")]);
                match log.execute(named(organisation, id, "a"), attempt).await {
                    Ok(done) => return anyhow::Ok(done.receipt),
                    Err(ExecuteError::Unavailable(_)) => {}
                    Err(other) => return Err(other.into()),
                }
            }
        }
    });
    let writing = writing.buffered(16).try_collect::<Vec<_>>();
    let breaking = async {
        for _ in 0..12 {
            let broken = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE application_name = 'onward-log' AND datname = current_database()";
            place.number(broken).await?;
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    };
    let (receipts, broken) = tokio::join!(writing, breaking);
    broken?;
    for ((_, learner), receipt) in calls.iter().zip(receipts?) {
        let events = log.stream(learner.uuid()).await?;
        assert_eq!(events.len(), 1, "once");
        assert_eq!(events[0].position, receipt.position);
    }
    assert_eq!(log.verify(|_| {}).await?.head, Position::new(200));
    log.close().await;
    Ok(())
}

/// What is too much is refused at once, with a time to come back, and leaves nothing.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_is_refused_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let mut options = place.options();
    options.batcher.waiting = 2;
    let log = onward_log::Log::open(options).await?;
    let calls = (0..100).map(|_| {
        let learner = new_learner();
        let attempt = append(learner.uuid(), vec![registered(learner, "Adeyemi")]);
        log.execute(once(organisation()), attempt)
    });
    let done = join_all(calls).await;
    let written = done.iter().filter(|done| done.is_ok()).count();
    for refused in done.iter().filter_map(|done| done.as_ref().err()) {
        let overloaded = matches!(refused, ExecuteError::Overloaded { retry_after }
            if !retry_after.is_zero());
        assert!(overloaded, "{refused:?}");
    }
    assert!((1..100).contains(&written), "{written} of a hundred");
    assert_eq!(log.verify(|_| {}).await?.head, Position::new(written as u64));
    log.close().await;
    Ok(())
}

/// What had come in before the log was closed is answered.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn closing_answers_what_has_come_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let (log, learner) = (log.clone(), new_learner());
            let attempt = append(learner.uuid(), vec![registered(learner, "Adeyemi")]);
            tokio::spawn(async move { log.execute(once(organisation()), attempt).await })
        })
        .collect();
    tokio::task::yield_now().await;
    log.close().await;
    let mut done = 0;
    for call in calls {
        match call.await? {
            Ok(_) => done += 1,
            Err(ExecuteError::Unavailable(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let log = place.open().await?;
    assert_eq!(log.head().await?, Position::new(done), "every answer is there, and nothing else");
    log.close().await;
    Ok(())
}
