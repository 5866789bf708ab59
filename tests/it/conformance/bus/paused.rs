//! A relay whose process is stopped (SIGSTOP) past its lease: another takes over; the first, on waking, does not
//! double and does not skip. Real processes on one PostgreSQL, with writers that never stop.

use anyhow::Context;
use onward_log::{Log, Options, Position};
use onward_tests::servers::{Nats, Onward, Postgres, until};

use super::follow::{follow, same_as_the_log};
use super::world::*;

/// Who has the right to relay, and in which epoch.
async fn relaying(log: &Log) -> anyhow::Result<(uuid::Uuid, u64)> {
    let (owner, ownership) = log.owner("relay").await?.context("nobody relays")?;
    Ok((owner, ownership.epoch))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_was_stopped_past_its_lease_does_not_publish() -> anyhow::Result<()> {
    let (nats, database) = (Nats::start().await?, Postgres::create_database().await?);
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let url = nats.url();
    let args =
        ["--data", &data, "--postgres", database.url(), "--nats", &url, "--role", "relay,api"];
    let short = [("ONWARD__BUS__LEASE_SECONDS", "1")];
    let first = Onward::serve_with(&args, &short).await?;
    let log = Log::open(Options::postgres(database.url(), folder.path().join("data/keys"))).await?;
    append(&log, 30).await?;
    let bus = connect(&nats, &log, |_| {}).await?;
    let reading = follow(&bus, Position::START, 40 + 3 * 60);
    let second = Onward::serve_with(&args, &short).await?;
    let streams = async_nats::jetstream::new(nats.client().await?);
    for (asleep, round) in [(&first, 1), (&second, 2), (&first, 3)] {
        let before = relaying(&log).await?;
        asleep.stop()?;
        // In the middle of writing, so that it wakes with a batch in its hands.
        many_callers(&log, 6, 10, 1).await?;
        copied_to(&streams, &log).await?;
        let after = relaying(&log).await?;
        assert!(after.0 != before.0 && after.1 > before.1, "round {round}: {before:?}, {after:?}");
        asleep.cont()?;
        is_copy(&streams, "ONWARD_1", &log).await?;
    }
    append(&log, 10).await?;
    copied_to(&streams, &log).await?;
    is_copy(&streams, "ONWARD_1", &log).await?;
    same_as_the_log(reading, &log, Position::START).await?;
    assert_eq!(log.copy_state().await?.incident, None, "nothing had to be mended");
    for process in [first, second] {
        assert_eq!(process.stop_gracefully().await?.code, Some(0));
    }
    log.close().await;
    Ok(())
}

/// Waits until the stream ends where the log does.
async fn copied_to(streams: &async_nats::jetstream::Context, log: &Log) -> anyhow::Result<()> {
    let head = log.head().await?.get();
    until("the copy", || async {
        let state = streams.get_stream("ONWARD_1").await?.cached_info().state.clone();
        Ok((state.last_sequence >= head).then_some(()))
    })
    .await
}
