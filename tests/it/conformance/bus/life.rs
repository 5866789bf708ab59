//! The stream's life: lost, made anew, changed or written to by somebody else, or of another log.

use std::time::Duration;

use async_nats::jetstream::stream::Config;
use async_nats::{HeaderMap, HeaderName};
use onward_bus::{AuditFault, StreamFeed};
use onward_log::{Feed, Log, Options, Position};

use super::world::*;

/// Changes one byte after this text in a file of the server's.
fn damage(store: &std::path::Path, after: &str) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(store)? {
        let path = entry?.path();
        if path.is_dir() {
            damage(&path, after)?;
            continue;
        }
        let mut bytes = std::fs::read(&path)?;
        let found = bytes.windows(after.len()).position(|part| part == after.as_bytes());
        if let Some(at) = found {
            bytes[at + after.len() - 1] ^= 1;
            std::fs::write(&path, bytes)?;
        }
    }
    Ok(())
}

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
    let config =
        Config { name: first.clone(), subjects: vec!["onward.v1.>".into()], ..Config::default() };
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

/// A byte of an old message is changed in the server's files: what the server then drops is sent again.
#[tokio::test]
async fn damage_inside_is_mended() -> anyhow::Result<()> {
    let mut copied = watchful_copy().await?;
    append(&copied.log, 60).await?;
    copied.is_equal().await?;
    copied.nats.kill()?;
    damage(&copied.nats.dir().join("store"), "onward-position: 00000000000000000030")?;
    copied.nats.restart().await?;
    append(&copied.log, 1).await?;
    copied.is_equal().await?;
    let audited = copied.bus.audit().await?;
    assert_eq!((audited.first.get(), audited.last.get()), (1, 61));
    copied.stop().await?;
    Ok(())
}

/// A stream that somebody filled with our own messages but one: the newest is the log's, and only the
/// chain shows it. The audit names the place, and followers read the log from there.
#[tokio::test]
async fn a_forged_message_is_found_by_the_audit_and_by_followers() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 40).await?;
    let name = copied.is_equal().await?;
    let streams = copied.streams().await?;
    let Copied { nats, folder, log, bus, relay } = copied;
    relay.stop().await?;
    let held = messages(&streams, &name).await?;
    let config = streams.get_stream(&name).await?.cached_info().config.clone();
    streams.delete_stream(&name).await?;
    streams.create_stream(config).await?;
    for mut message in held {
        if message.sequence == 17 {
            message.payload[5] ^= 1;
        }
        let mut headers = HeaderMap::new();
        // What the server keeps of the batch is not the forger's to send.
        for (header, values) in message.headers.iter().filter(|(name, _)| !is_servers(name)) {
            values.iter().for_each(|value| headers.append(header.clone(), value.clone()));
        }
        let (subject, payload) = (message.subject, message.payload.into());
        streams.publish_with_headers(subject, headers, payload).await?.await?;
    }
    match bus.audit().await {
        Err(AuditFault::Differs { position, .. }) => assert_eq!(position.get(), 17),
        other => panic!("{other:?}"),
    }
    let mut feed = StreamFeed::new(bus, Position::START);
    let mut read = Vec::new();
    while read.len() < 40 {
        read.extend(soon("the next events", feed.next(10)).await??);
    }
    assert_eq!(read, everything(&log, Position::START).await?);
    log.close().await;
    drop((nats, folder));
    Ok(())
}

fn is_servers(name: &HeaderName) -> bool {
    name.to_string().starts_with("Nats-")
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
