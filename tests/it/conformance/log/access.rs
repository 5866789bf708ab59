//! The record of reads: durable before the answer, chained, shared commits.

use futures::future::try_join_all;
use onward_log::{Read, VerifyFault};
use rstest::rstest;
use uuid::Uuid;

use super::place::*;

fn read(learners: usize) -> Read {
    Read {
        organisation: organisation(),
        member: Some(Uuid::now_v7().into()),
        role: "TRIAGE".to_owned(),
        purpose: "triage".to_owned(),
        method: "QueueService/OpenForTriage".to_owned(),
        learners: (0..learners).map(|_| new_learner()).collect(),
        request_id: Some(Uuid::now_v7()),
        at: jiff::Timestamp::now(),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn reads_are_kept_in_a_chain(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    log.access().record(read(0)).await?;
    try_join_all((0..100).map(|number| log.access().record(read(1 + number % 5)))).await?;
    log.close().await;
    let log = place.open().await?;
    log.access().record(read(2)).await?;
    assert_eq!(log.verify(|_| {}).await?.reads, 101, "an answer that names nobody is not kept");
    let altered = "UPDATE log_access SET purpose = 'curiosity' WHERE sequence = 50";
    assert_eq!(place.sql(altered).await?, 1);
    match log.verify(|_| {}).await {
        Err(VerifyFault::Read { line, .. }) => assert_eq!(line, 50),
        other => panic!("{other:?}"),
    }
    assert_eq!(place.sql("DELETE FROM log_access WHERE sequence = 20").await?, 1);
    match log.verify(|_| {}).await {
        Err(VerifyFault::Read { line, .. }) => assert_eq!(line, 20),
        other => panic!("{other:?}"),
    }
    log.close().await;
    Ok(())
}

/// Two processes chain onto one record.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_record() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let (one, two) = (place.open().await?, place.open().await?);
    let reads = (0..60).map(|number| {
        let log = if number % 2 == 0 { &one } else { &two };
        log.access().record(read(1))
    });
    try_join_all(reads).await?;
    assert_eq!(one.verify(|_| {}).await?.reads, 60);
    one.close().await;
    two.close().await;
    Ok(())
}
