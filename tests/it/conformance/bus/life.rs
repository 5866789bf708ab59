//! The stream's life: lost, made anew, changed or written to by somebody else, or of another log.

use std::time::Duration;

use async_nats::jetstream::stream::Config;
use onward_bus::StreamFeed;
use onward_log::{Feed, Log, Options, Position};

use super::world::*;

/// With a lease this short an idle relay looks at its stream several times a second.
fn watchful(options: &mut onward_bus::BusOptions) {
    options.lease = Duration::from_millis(900);
}

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
    streams.delete_stream(&first).await?;
    let second = copied.told("the next one", |now| now.stream.as_ref() != Some(&first)).await?;
    let second = second.stream.expect("it has a name");
    assert_eq!(copied.is_equal().await?, second);
    streams.delete_stream(&second).await?;
    many_callers(&copied.log, 4, 10, 3).await?;
    let third = copied.told("the third", |now| now.stream.as_ref() != Some(&second)).await?;
    let third = third.stream.expect("it has a name");
    assert!(third != first && third != second, "{first}, {second}, {third}");
    assert_eq!(copied.is_equal().await?, third);
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
    let streams = copied.streams().await?;
    streams.publish("onward.v1.0.foreign.thing", "not ours".into()).await?.await?;
    append(&copied.log, 10).await?;
    copied.told("the next one", |now| now.stream.as_ref() != Some(&first)).await?;
    let second = copied.is_equal().await?;
    let subjects = subjects_of(&streams).await?;
    assert!(subjects.contains(&(first.clone(), vec!["onward.retired.1.>".to_owned()])));
    assert!(subjects.contains(&(second, vec!["onward.v1.>".to_owned()])));
    assert_eq!(messages(&streams, &first).await?.len(), 11, "what was there is still there");
    copied.stop().await?;
    Ok(())
}

/// Somebody lets the server forget: the copy moves to a stream that does not.
#[tokio::test]
async fn a_stream_with_other_settings_is_left() -> anyhow::Result<()> {
    let copied = watchful_copy().await?;
    append(&copied.log, 10).await?;
    let first = copied.is_equal().await?;
    let streams = copied.streams().await?;
    let mut config = streams.get_stream(&first).await?.cached_info().config.clone();
    config.max_age = Duration::from_secs(3_600);
    streams.update_stream(config).await?;
    copied.told("the next one", |now| now.stream.as_ref() != Some(&first)).await?;
    let second = copied.is_equal().await?;
    let config = streams.get_stream(&second).await?.cached_info().config.clone();
    assert!(config.max_age.is_zero() && config.deny_purge && config.allow_atomic_publish);
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
    let config = Config { name: first.clone(), subjects: vec!["onward.v1.>".into()], ..Config::default() };
    streams.create_stream(config).await?;
    streams.publish("onward.v1.1.some.thing", "not ours".into()).await?.await?;
    let copied = Copied::over(nats, folder, log, |_| {}).await?;
    let second = copied.is_equal().await?;
    assert_ne!(second, first);
    copied.stop().await?;
    Ok(())
}

/// A server that comes back with less than it had acknowledged is sent the rest again.
#[tokio::test]
async fn a_lost_tail_is_sent_again() -> anyhow::Result<()> {
    let mut copied = Copied::start().await?;
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

/// A database from an older backup, which then goes on: the relay halts and says so, and no follower
/// reads from the stream what the log does not know.
#[tokio::test]
async fn a_restored_database_halts_the_relay() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 20).await?;
    copied.is_equal().await?;
    let (nats, folder) = copied.stop().await?;
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    copy_folder(&data, &backup)?;
    let open = || Log::open(Options::sqlite(&data));
    let copied = Copied::over(nats, folder, open().await?, |_| {}).await?;
    append(&copied.log, 10).await?;
    copied.is_equal().await?;
    let (nats, folder) = copied.stop().await?;
    std::fs::remove_dir_all(&data)?;
    std::fs::rename(&backup, &data)?;

    let copied = Copied::over(nats, folder, open().await?, |_| {}).await?;
    let halted = |now: &onward_bus::BusStatus| {
        now.fault.as_ref().is_some_and(|fault| fault.contains("restored"))
    };
    copied.told("the halt", halted).await?;
    // Past the place where the copy ends: it is another log's word that stands there now.
    append(&copied.log, 15).await?;
    let status = copied.told("the halt, still", halted).await?;
    assert!(!status.relaying);
    let state = copied.streams().await?.get_stream("ONWARD_1").await?.cached_info().state.clone();
    assert_eq!(state.last_sequence, 30, "nothing was added");
    let mut feed = StreamFeed::new(copied.bus.clone(), Position::START);
    let mut read = Vec::new();
    while read.len() < 35 {
        read.extend(soon("the next events", feed.next(10)).await??);
    }
    assert_eq!(read, everything(&copied.log, Position::START).await?);

    // Somebody has looked, and removed the stream.
    copied.streams().await?.delete_stream("ONWARD_1").await?;
    copied.is_equal().await?;
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
