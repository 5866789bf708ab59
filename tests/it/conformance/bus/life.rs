//! The stream's life: lost, made anew, changed or written to by somebody else, or of another log.

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use onward_log::{Log, Options, Position};

use super::follow::{events_of, follow, same_as_the_log};
use super::world::*;

async fn watchful_copy() -> anyhow::Result<Copied> {
    Copied::start_with(onward_tests::servers::Nats::start().await?, watchful).await
}

/// Deleted under an idle relay, and under a busy one.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_stream_is_followed_by_the_next_incarnation() -> anyhow::Result<()> {
    let copied = watchful_copy().await?;
    append(&copied.log, 50).await?;
    let first = copied.is_equal().await?;
    let streams = copied.streams().await?;
    let last = 50 + events_of(4, 10, 3);
    let reading = follow(&copied.bus, Position::START, last);
    streams.delete_stream(&first).await?;
    let second = copied.told("the next one", |now| now.stream.as_ref() != Some(&first)).await?;
    let second = second.stream.expect("it has a name");
    copied.befell("ONWARD_1 is gone").await?;
    assert_eq!(copied.is_equal().await?, second);
    streams.delete_stream(&second).await?;
    many_callers(&copied.log, 4, 10, 3).await?;
    let third = copied.told("the third", |now| now.stream.as_ref() != Some(&second)).await?;
    let third = third.stream.expect("it has a name");
    assert!(third != first && third != second, "{first}, {second}, {third}");
    assert_eq!(copied.is_equal().await?, third);
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.stop().await?;
    Ok(())
}

/// Deleted, and made again by somebody with the same name and settings, under an idle relay: it is the same
/// incarnation, and all of it is sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_made_again_is_filled_again() -> anyhow::Result<()> {
    let copied = watchful_copy().await?;
    append(&copied.log, 50).await?;
    let name = copied.is_equal().await?;
    let reading = follow(&copied.bus, Position::START, 60);
    let streams = copied.streams().await?;
    let config = streams.get_stream(&name).await?.cached_info().config.clone();
    streams.delete_stream(&name).await?;
    streams.create_stream(config).await?;
    // Whether the relay met the gap between the two is chance: then it moved on before.
    copied.befell("ONWARD_1").await?;
    append(&copied.log, 10).await?;
    copied.is_equal().await?;
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.stop().await?;
    Ok(())
}

/// Nobody can take messages out of it, or the seal off it, while it is what it was made as.
#[tokio::test]
async fn a_stream_cannot_be_purged_or_thinned() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 10).await?;
    let name = copied.is_equal().await?;
    let stream = copied.streams().await?.get_stream(&name).await?;
    assert!(stream.purge().await.is_err(), "it denies to be purged");
    assert!(stream.delete_message(5).await.is_err(), "it denies deletion");
    let open =
        Config { deny_delete: false, deny_purge: false, ..stream.cached_info().config.clone() };
    assert!(copied.streams().await?.update_stream(open).await.is_err(), "and stays so");
    assert_eq!(copied.is_equal().await?, name);
    copied.stop().await?;
    Ok(())
}

/// The next incarnation begins at a position of its own choice, and its sequences are positions again.
#[tokio::test]
async fn an_incarnation_begins_at_its_first_position() -> anyhow::Result<()> {
    let nats = onward_tests::servers::Nats::start().await?;
    let change = |options: &mut onward_bus::BusOptions| {
        watchful(options);
        options.kept = 0;
    };
    let copied = Copied::start_with(nats, change).await?;
    let streams = copied.streams().await?;
    copied.told("the first one", |now| now.stream.is_some()).await?;
    append(&copied.log, 40).await?;
    let first = copied.is_equal().await?;
    streams.delete_stream(&first).await?;
    copied.told("the next one", |now| now.stream.as_ref().is_some_and(|it| *it != first)).await?;
    append(&copied.log, 3).await?;
    let second = copied.is_equal().await?;
    let state = streams.get_stream(&second).await?.cached_info().state.clone();
    assert_eq!((state.first_sequence, state.last_sequence, state.messages), (41, 43, 3));
    copied.stop().await?;
    Ok(())
}

/// Somebody publishes on our subjects: it takes a sequence that belongs to an event of the log.
#[tokio::test]
async fn a_foreign_message_spends_the_incarnation() -> anyhow::Result<()> {
    let copied = watchful_copy().await?;
    append(&copied.log, 10).await?;
    let first = copied.is_equal().await?;
    let reading = follow(&copied.bus, Position::START, 20);
    let streams = copied.streams().await?;
    streams.publish("onward.v1.0.foreign.thing", "not ours".into()).await?.await?;
    append(&copied.log, 10).await?;
    copied.told("the next one", |now| now.stream.as_ref() != Some(&first)).await?;
    copied.befell("ONWARD_1 is left").await?;
    let second = copied.is_equal().await?;
    // What is foreign is nobody's event.
    same_as_the_log(reading, &copied.log, Position::START).await?;
    let subjects = subjects_of(&streams).await?;
    assert!(subjects.contains(&(first.clone(), vec!["onward.retired.1.>".to_owned()])));
    assert!(subjects.contains(&(second, vec!["onward.v1.>".to_owned()])));
    assert_eq!(messages(&streams, &first).await?.len(), 11, "what was there is still there");
    copied.stop().await?;
    Ok(())
}

/// Somebody else made a stream of our name on our subjects while nobody relayed.
#[tokio::test]
async fn a_stream_that_was_made_by_somebody_else_is_left() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 10).await?;
    let first = copied.is_equal().await?;
    let streams = copied.streams().await?;
    let Copied { nats, folder, log, relay, .. } = copied;
    relay.stop().await?;
    streams.delete_stream(&first).await?;
    let config = Config {
        name: first.clone(),
        subjects: vec!["onward.v1.>".into()],
        discard: DiscardPolicy::New,
        ..Config::default()
    };
    streams.create_stream(config).await?;
    streams.publish("onward.v1.1.some.thing", "not ours".into()).await?.await?;
    let copied = Copied::over(nats, folder, log, |_| {}).await?;
    let second = copied.is_equal().await?;
    assert_ne!(second, first);
    copied.befell("somebody else made it").await?;
    copied.stop().await?;
    Ok(())
}

/// A server that comes back with less than it had acknowledged is sent the rest again.
#[tokio::test]
async fn a_lost_tail_is_sent_again() -> anyhow::Result<()> {
    let mut copied = Copied::start().await?;
    let reading = follow(&copied.bus, Position::START, 41);
    append(&copied.log, 20).await?;
    let name = copied.is_equal().await?;
    copied.nats.kill()?;
    let (store, kept) = (copied.nats.dir().join("store"), copied.nats.dir().join("kept"));
    copy_folder(&store, &kept)?;
    copied.nats.restart().await?;
    append(&copied.log, 20).await?;
    copied.is_equal().await?;
    copied.nats.kill()?;
    std::fs::remove_dir_all(&store)?;
    std::fs::rename(&kept, &store)?;
    copied.nats.restart().await?;
    append(&copied.log, 1).await?;
    assert_eq!(copied.is_equal().await?, name, "the same incarnation");
    copied.befell("ONWARD_1 lost its tail").await?;
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.stop().await?;
    Ok(())
}

/// The server lost everything: it is sent everything again.
#[tokio::test]
async fn a_server_without_its_storage_is_filled_again() -> anyhow::Result<()> {
    let mut copied = watchful_copy().await?;
    append(&copied.log, 20).await?;
    copied.is_equal().await?;
    copied.nats.kill()?;
    std::fs::remove_dir_all(copied.nats.dir().join("store"))?;
    copied.nats.restart().await?;
    copied.told("the next one", |now| now.stream.as_deref() != Some("ONWARD_1")).await?;
    copied.is_equal().await?;
    copied.stop().await?;
    Ok(())
}

/// A byte of an old message is changed in the server's files: what the server then drops is sent again.
#[tokio::test]
async fn damage_inside_is_mended() -> anyhow::Result<()> {
    let mut copied = watchful_copy().await?;
    append(&copied.log, 60).await?;
    copied.is_equal().await?;
    copied.nats.kill()?;
    super::audits::damage(
        &copied.nats.dir().join("store"),
        "onward-position: 00000000000000000030",
    )?;
    copied.nats.restart().await?;
    append(&copied.log, 1).await?;
    copied.is_equal().await?;
    let audited = copied.bus.audit().await?;
    assert_eq!((audited.first.get(), audited.last.get()), (1, 61));
    copied.stop().await?;
    Ok(())
}

/// Somebody spoils whatever is made: after a few the relay waits, so that the disk is not filled.
#[tokio::test]
async fn a_stream_that_is_spoilt_again_and_again_is_not_made_for_ever() -> anyhow::Result<()> {
    let copied = watchful_copy().await?;
    append(&copied.log, 1).await?;
    let streams = copied.streams().await?;
    let spoilt = |now: &onward_bus::BusStatus| {
        now.fault.as_ref().is_some_and(|fault| fault.contains("spoilt"))
    };
    let mut spoiling = copied.bus.status();
    while !spoilt(&spoiling.borrow_and_update().clone()) {
        if spoiling.borrow().relaying {
            streams.publish("onward.v1.0.foreign.thing", "not ours".into()).await?.await?;
        }
        soon("what the relay says to it", spoiling.changed()).await??;
    }
    assert!(subjects_of(&streams).await?.len() <= 7);
    copied.stop().await?;
    Ok(())
}

/// Two logs on one server: the second says so and touches nothing.
#[tokio::test]
async fn the_copy_of_another_log_is_left_alone() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 10).await?;
    copied.is_equal().await?;
    let folder = tempfile::tempdir()?;
    let log = Log::open(Options::sqlite(folder.path().join("data"))).await?;
    append(&log, 20).await?;
    let bus = connect(&copied.nats, &log, |_| {}).await?;
    let relay = Running::start(&bus);
    let said = told(&bus, "a word about it", |now| now.fault.is_some()).await?.fault;
    assert!(said.as_ref().is_some_and(|fault| fault.contains("another log")), "{said:?}");
    append(&copied.log, 10).await?;
    copied.is_equal().await?;
    relay.stop().await?;
    log.close().await;
    copied.stop().await?;
    Ok(())
}
