//! Two relays on one database: one owns and publishes, the other stands by; a late one is refused.

use std::sync::mpsc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream;
use onward_bus::{Bus, BusOptions, Relay};
use onward_log::{Log, Options};
use onward_tests::servers::{Database, Nats, Postgres};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::world::*;

const LEASE: Duration = Duration::from_secs(2);

/// Two processes' handles of one log, each with a connection of its own.
struct Two {
    nats: Nats,
    folder: TempDir,
    database: Database,
    one: (Log, Bus),
    other: (Log, Bus),
}

impl Two {
    async fn start() -> anyhow::Result<Self> {
        let (nats, folder) = (Nats::start().await?, tempfile::tempdir()?);
        let database = Postgres::create_database().await?;
        let one = handle(&nats, &database, &folder).await?;
        let other = handle(&nats, &database, &folder).await?;
        Ok(Self { nats, folder, database, one, other })
    }

    async fn is_equal(&self, bus: &Bus) -> anyhow::Result<()> {
        let name = caught_up(bus, &self.one.0).await?.stream.expect("it has a name");
        is_copy(&jetstream::new(self.nats.client().await?), &name, &self.one.0).await
    }

    async fn close(self) {
        self.one.0.close().await;
        self.other.0.close().await;
    }
}

async fn handle(nats: &Nats, at: &Database, folder: &TempDir) -> anyhow::Result<(Log, Bus)> {
    let log = Log::open(Options::postgres(at.url(), folder.path().join("keys"))).await?;
    let bus = connect(nats, &log, |options| options.lease = LEASE).await?;
    Ok((log, bus))
}

/// The owner crashes without a word: the other takes over once the lease has run out.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_relay_takes_over() -> anyhow::Result<()> {
    let two = Two::start().await?;
    let first = Running::start(&two.one.1);
    told(&two.one.1, "the first relay", |now| now.relaying).await?;
    let second = Running::start(&two.other.1);
    many_callers(&two.one.0, 4, 10, 3).await?;
    many_callers(&two.other.0, 4, 10, 3).await?;
    two.is_equal(&two.one.1).await?;
    // The one that stands by knows how far the copy is, too.
    let aside = caught_up(&two.other.1, &two.other.0).await?;
    assert!(!aside.relaying && aside.connected && aside.fault.is_none(), "{aside:?}");
    first.crash().await;
    append(&two.other.0, 25).await?;
    told(&two.other.1, "the second relay", |now| now.relaying).await?;
    two.is_equal(&two.other.1).await?;
    second.stop().await?;
    two.close().await;
    Ok(())
}

/// A process that relays nothing still knows how far the copy is.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_a_relay_watches() -> anyhow::Result<()> {
    let two = Two::start().await?;
    let relay = Running::start(&two.one.1);
    let stop = CancellationToken::new();
    let watching = tokio::spawn(Relay::new(two.other.1.clone()).watch(stop.clone()));
    append(&two.one.0, 30).await?;
    caught_up(&two.one.1, &two.one.0).await?;
    let seen = caught_up(&two.other.1, &two.other.0).await?;
    assert_eq!(
        (seen.relaying, seen.copied.get(), seen.stream),
        (false, 30, Some("ONWARD_1".into()))
    );
    relay.stop().await?;
    // Nobody relays now, and the watcher does not begin to.
    append(&two.one.0, 5).await?;
    assert!(two.other.0.own("relay", uuid::Uuid::now_v7(), LEASE).await?.is_some());
    stop.cancel();
    soon("the end of the watch", watching).await??;
    two.close().await;
    Ok(())
}

/// Stopped in order, the first hands over at once; both orders of events stay one.
#[tokio::test(flavor = "multi_thread")]
async fn relays_hand_over_in_order() -> anyhow::Result<()> {
    let two = Two::start().await?;
    for round in 0..3 {
        let (bus, log) =
            if round % 2 == 0 { (&two.one.1, &two.one.0) } else { (&two.other.1, &two.other.0) };
        let relay = Running::start(bus);
        many_callers(log, 4, 5, 3).await?;
        told(bus, "the relay", |now| now.relaying).await?;
        two.is_equal(bus).await?;
        relay.stop().await?;
    }
    two.close().await;
    Ok(())
}

/// A relay whose whole process stands still past its lease, and then goes on where it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_relay_changes_nothing_when_it_wakes() -> anyhow::Result<()> {
    let two = Two::start().await?;
    let (urls, keys) =
        ((two.nats.url(), two.database.url().to_owned()), two.folder.path().join("keys"));
    let (asleep, falls_asleep) = tokio::sync::oneshot::channel();
    let (wake, woken) = mpsc::channel::<()>();
    let (buses, bus_of_the_sleeper) = tokio::sync::oneshot::channel();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    // One thread is the whole process: while it waits for the word to wake, nothing of it moves.
    let sleeper = std::thread::spawn(move || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async move {
            let log = Log::open(Options::postgres(urls.1, keys)).await?;
            let mut options = BusOptions::new(urls.0);
            options.lease = LEASE;
            let bus = Bus::connect(options, log.clone()).await?;
            let relay = tokio::spawn(Relay::new(bus.clone()).run(stopped));
            told(&bus, "the first relay", |now| now.relaying).await?;
            append(&log, 40).await?;
            caught_up(&bus, &log).await?;
            buses.send(bus.clone()).ok();
            asleep.send(()).ok();
            woken.recv()?;
            told(&bus, "that another relays", |now| !now.relaying).await?;
            soon("the end of the relay", relay).await??;
            log.close().await;
            Ok(())
        })
    });
    soon("the pause", falls_asleep).await??;
    let sleeping = bus_of_the_sleeper.await?;
    let relay = Running::start(&two.other.1);
    append(&two.one.0, 40).await?;
    told(&two.other.1, "the second relay", |now| now.relaying).await?;
    many_callers(&two.one.0, 4, 5, 3).await?;
    two.is_equal(&two.other.1).await?;
    wake.send(())?;
    told(&sleeping, "that another relays", |now| !now.relaying).await?;
    many_callers(&two.one.0, 4, 5, 3).await?;
    two.is_equal(&two.other.1).await?;
    assert!(two.other.1.status().borrow().relaying);
    stop.cancel();
    tokio::task::spawn_blocking(move || sleeper.join().expect("it does not panic")).await??;
    relay.stop().await?;
    two.close().await;
    Ok(())
}

/// What a paused relay would send, sent by hand: the server refuses the batch as a whole.
#[tokio::test]
async fn a_batch_that_begins_elsewhere_is_refused_whole() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 10).await?;
    copied.is_equal().await?;
    let client = copied.nats.client().await?;
    for expected in ["9", "11", "0"] {
        let header = |number: &str, first: bool, last: bool| {
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Batch-Id", format!("late-{expected}").as_str());
            headers.insert("Nats-Batch-Sequence", number);
            if first {
                headers.insert("Nats-Expected-Last-Sequence", expected);
            }
            if last {
                headers.insert("Nats-Batch-Commit", "1");
            }
            headers
        };
        let subject = "onward.v1.0.late.batch";
        client.publish_with_headers(subject, header("1", true, false), "one".into()).await?;
        let reply =
            client.request_with_headers(subject, header("2", false, true), "two".into()).await?;
        let answer = String::from_utf8_lossy(&reply.payload).into_owned();
        assert!(answer.contains("wrong last sequence"), "{answer}");
    }
    assert_eq!(copied.is_equal().await?, "ONWARD_1");
    copied.stop().await?;
    Ok(())
}
