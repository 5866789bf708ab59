//! A database that was put back to an older copy: what the stream holds and the log lost is not written
//! over. Copying halts, and stays so, until an operator accepts the loss; then a new incarnation begins.

use async_nats::jetstream::Context;
use onward_bus::BusStatus;
use onward_log::Position;
use onward_tests::servers::Nats;
use onward_tests::world::Backend;

use super::follow::{follow, same_as_the_log};
use super::ground::Ground;
use super::world::*;

fn halted(now: &BusStatus) -> bool {
    now.halted && now.fault.as_ref().is_some_and(|fault| fault.contains("restored"))
}

/// A log of twenty events whose copy holds thirty.
async fn put_back(ground: &Ground) -> anyhow::Result<Nats> {
    let copied = Copied::on(ground, Nats::start().await?, watchful).await?;
    append(&copied.log, 20).await?;
    copied.is_equal().await?;
    let (nats, _) = copied.stop().await?;
    ground.back_up().await?;
    let copied = Copied::on(ground, nats, watchful).await?;
    append(&copied.log, 10).await?;
    copied.is_equal().await?;
    let (nats, _) = copied.stop().await?;
    ground.put_back().await?;
    Ok(nats)
}

async fn last_of(streams: &Context, name: &str) -> anyhow::Result<u64> {
    Ok(streams.get_stream(name).await?.cached_info().state.last_sequence)
}

async fn it_halts_until_somebody_accepts_it(backend: Backend) -> anyhow::Result<()> {
    let ground = Ground::on(backend).await?;
    let nats = put_back(&ground).await?;
    let copied = Copied::on(&ground, nats, watchful).await?;
    copied.told("the halt", halted).await?;
    // Past the place where the copy ends: it is another log's word that stands there now.
    append(&copied.log, 15).await?;
    let status = copied.told("the halt, still", halted).await?;
    assert!(!status.relaying && status.incident.is_some(), "{status:?}");
    assert_eq!(last_of(&copied.streams().await?, "ONWARD_1").await?, 30, "nothing was added");
    let reading = follow(&copied.bus, Position::START, 35);
    same_as_the_log(reading, &copied.log, Position::START).await?;

    // Neither a new start nor the loss of the stream ends a halt.
    let (nats, _) = copied.stop().await?;
    let copied = Copied::on(&ground, nats, watchful).await?;
    copied.told("the halt of the process before", halted).await?;
    let reading = follow(&copied.bus, Position::START, 40);

    let before = copied.log.epoch().await?;
    let accepted = copied.log.accept_restore().await?;
    assert!(accepted.epoch > before && accepted.head.get() == 35, "{accepted:?}");
    assert!(accepted.halted.is_some_and(|said| said.what.contains("restored")));
    copied.told("the next one", |now| now.relaying && now.fault.is_none()).await?;
    assert_eq!(copied.is_equal().await?, "ONWARD_2");
    copied.befell("before the log was restored").await?;
    append(&copied.log, 5).await?;
    assert_eq!(copied.is_equal().await?, "ONWARD_2");
    same_as_the_log(reading, &copied.log, Position::START).await?;
    assert_eq!(last_of(&copied.streams().await?, "ONWARD_1").await?, 30, "what was lost is kept");
    copied.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_log_halts_until_somebody_accepts_it_on_sqlite() -> anyhow::Result<()> {
    it_halts_until_somebody_accepts_it(Backend::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_log_halts_until_somebody_accepts_it_on_postgres() -> anyhow::Result<()> {
    it_halts_until_somebody_accepts_it(Backend::Postgres).await
}

/// The stream is removed by somebody who hopes that this is enough.
#[tokio::test]
async fn a_halt_outlives_its_stream() -> anyhow::Result<()> {
    let ground = Ground::on(Backend::Sqlite).await?;
    let copied = Copied::on(&ground, put_back(&ground).await?, watchful).await?;
    copied.told("the halt", halted).await?;
    copied.streams().await?.delete_stream("ONWARD_1").await?;
    let (nats, _) = copied.stop().await?;
    let copied = Copied::on(&ground, nats, watchful).await?;
    copied.told("the halt", halted).await?;
    assert!(subjects_of(&copied.streams().await?).await?.is_empty(), "nothing was made");
    copied.log.accept_restore().await?;
    assert_eq!(copied.is_equal().await?, "ONWARD_2");
    copied.stop().await?;
    Ok(())
}

/// Accepted before anything was started: then nothing has to halt, and nothing is written over either.
async fn it_may_be_accepted_beforehand(backend: Backend) -> anyhow::Result<()> {
    let ground = Ground::on(backend).await?;
    let nats = put_back(&ground).await?;
    let log = ground.open().await?;
    assert!(log.accept_restore().await?.halted.is_none());
    log.close().await;
    let copied = Copied::on(&ground, nats, watchful).await?;
    append(&copied.log, 15).await?;
    assert_eq!(copied.is_equal().await?, "ONWARD_2");
    assert_eq!(last_of(&copied.streams().await?, "ONWARD_1").await?, 30);
    copied.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_restore_may_be_accepted_beforehand_on_sqlite() -> anyhow::Result<()> {
    it_may_be_accepted_beforehand(Backend::Sqlite).await
}

#[tokio::test]
async fn a_restore_may_be_accepted_beforehand_on_postgres() -> anyhow::Result<()> {
    it_may_be_accepted_beforehand(Backend::Postgres).await
}

/// Restored a second time, to before the first acceptance: the stream is of an epoch that this log has never
/// been in, so that copying halts again, and a second acceptance never comes to the same epoch.
#[tokio::test]
async fn a_log_from_before_an_accepted_restore_halts_too() -> anyhow::Result<()> {
    let ground = Ground::on(Backend::Sqlite).await?;
    let log = ground.open().await?;
    append(&log, 5).await?;
    log.close().await;
    ground.back_up().await?;
    let log = ground.open().await?;
    let first = log.accept_restore().await?.epoch;
    log.close().await;
    let copied = Copied::on(&ground, Nats::start().await?, watchful).await?;
    copied.is_equal().await?;
    let (nats, _) = copied.stop().await?;
    ground.put_back().await?;
    let copied = Copied::on(&ground, nats, watchful).await?;
    copied.told("the halt", halted).await?;
    assert!(copied.log.accept_restore().await?.epoch >= first);
    copied.stop().await?;
    Ok(())
}
