//! A follower of the stream reads what a follower of the log reads: everything, once, in order.

use std::time::Duration;

use futures::TryStreamExt;
use onward_bus::{Bus, StreamFeed};
use onward_log::{Feed, Log, Position, Recorded};
use onward_tests::servers::Nats;
use tokio::task::JoinHandle;

use super::world::*;

/// Follows until `last` on a task of its own; pages of changing size.
pub(super) fn follow(
    bus: &Bus,
    after: Position,
    last: u64,
) -> JoinHandle<anyhow::Result<Vec<Recorded>>> {
    let mut feed = StreamFeed::new(bus.clone(), after);
    tokio::spawn(async move {
        let mut read: Vec<Recorded> = Vec::new();
        while read.last().is_none_or(|event| event.position.get() < last) {
            let most = 1 + read.len() % 100;
            let page = soon("the next events", feed.next(most)).await??;
            assert!(!page.is_empty() && page.len() <= most, "{} of {most}", page.len());
            read.extend(page);
        }
        Ok(read)
    })
}

/// Waits for the follower's end: it has read what the log holds after `after`.
pub(super) async fn same_as_the_log(
    reading: JoinHandle<anyhow::Result<Vec<Recorded>>>,
    log: &Log,
    after: Position,
) -> anyhow::Result<()> {
    let read = soon("the end of the follower", reading).await???;
    let stored = everything(log, after).await?;
    assert_eq!(positions(&read), positions(&stored));
    assert!(read == stored, "the same events at the same positions");
    Ok(())
}

fn positions(events: &[Recorded]) -> Vec<u64> {
    events.iter().map(|event| event.position.get()).collect()
}

/// Events that `many_callers` appends with these numbers.
pub(super) fn events_of(callers: u64, calls: u64, most: u64) -> u64 {
    callers * (0..calls).map(|call| call % most + 1).sum::<u64>()
}

/// From the first event, and from the middle, while callers write.
#[tokio::test(flavor = "multi_thread")]
async fn followers_read_what_the_log_holds() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 300).await?;
    let last = 300 + events_of(8, 30, 7);
    let middle = Position::new(123);
    let whole = follow(&copied.bus, Position::START, last);
    let half = follow(&copied.bus, middle, last);
    many_callers(&copied.log, 8, 30, 7).await?;
    same_as_the_log(whole, &copied.log, Position::START).await?;
    same_as_the_log(half, &copied.log, middle).await?;
    copied.stop().await?;
    Ok(())
}

/// The stream itself carries: what a follower waits for comes without a look at the log.
#[tokio::test]
async fn an_idle_follower_is_woken_by_the_stream() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 1).await?;
    copied.caught_up().await?;
    let mut feed = StreamFeed::new(copied.bus.clone(), Position::START);
    assert_eq!(positions(&soon("the first event", feed.next(10)).await??), [1]);
    let carried = async {
        let mut number = 1;
        while feed.sources().stream < 20 {
            number += 1;
            append(&copied.log, 1).await?;
            assert_eq!(positions(&feed.next(10).await?), [number]);
        }
        anyhow::Ok(number)
    };
    let number = soon("twenty events of the stream's", carried).await??;
    assert_eq!(feed.sources().stream + feed.sources().log, number);
    copied.stop().await?;
    Ok(())
}

/// The server is killed and comes back, twice, in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn followers_miss_nothing_while_the_server_is_away() -> anyhow::Result<()> {
    let mut copied = Copied::start().await?;
    let each = events_of(4, 20, 5);
    let reading = follow(&copied.bus, Position::START, 5 * each);
    many_callers(&copied.log, 4, 20, 5).await?;
    for _ in 0..2 {
        copied.nats.kill()?;
        many_callers(&copied.log, 4, 20, 5).await?;
        copied.nats.restart().await?;
        many_callers(&copied.log, 4, 20, 5).await?;
    }
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.is_equal().await?;
    copied.stop().await?;
    Ok(())
}

/// No server and no relay at all: the log is followed.
#[tokio::test(flavor = "multi_thread")]
async fn followers_need_no_bus() -> anyhow::Result<()> {
    let mut nats = Nats::start().await?;
    nats.kill()?;
    let copied = Copied::start_with(nats, |_| {}).await?;
    let reading = follow(&copied.bus, Position::START, events_of(4, 10, 3));
    many_callers(&copied.log, 4, 10, 3).await?;
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.stop().await?;
    Ok(())
}

/// Somebody deletes every consumer on the server, and then the stream under it.
#[tokio::test(flavor = "multi_thread")]
async fn followers_get_over_a_deleted_consumer() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    let each = events_of(4, 20, 5);
    let reading = follow(&copied.bus, Position::START, 4 * each);
    let streams = copied.streams().await?;
    for _ in 0..3 {
        many_callers(&copied.log, 4, 20, 5).await?;
        let name = copied.caught_up().await?.stream.expect("it has a name");
        let stream = streams.get_stream(&name).await?;
        let consumers: Vec<String> = stream.consumer_names().try_collect().await?;
        for consumer in consumers {
            stream.delete_consumer(&consumer).await?;
        }
    }
    let name = copied.caught_up().await?.stream.expect("it has a name");
    streams.delete_stream(&name).await?;
    many_callers(&copied.log, 4, 20, 5).await?;
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.stop().await?;
    Ok(())
}

/// Whoever follows may stop waiting at any moment: the events come at the next call.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_wait_loses_nothing() -> anyhow::Result<()> {
    let mut copied = Copied::start().await?;
    let each = events_of(4, 20, 5);
    let (bus, last) = (copied.bus.clone(), 3 * each);
    let reading = tokio::spawn(async move {
        let mut feed = StreamFeed::new(bus, Position::START);
        let (mut read, mut turns): (Vec<Recorded>, u64) = (Vec::new(), 0);
        while (read.len() as u64) < last {
            turns += 1;
            // Dropped at its first await, or a few tens to thousands of microseconds later.
            let patience = Duration::from_micros(turns.wrapping_mul(7_919) % 5_000);
            if let Ok(page) = tokio::time::timeout(patience, feed.next(50)).await {
                read.extend(page?);
            }
        }
        anyhow::Ok(read)
    });
    many_callers(&copied.log, 4, 20, 5).await?;
    copied.nats.kill()?;
    many_callers(&copied.log, 4, 20, 5).await?;
    copied.nats.restart().await?;
    many_callers(&copied.log, 4, 20, 5).await?;
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.stop().await?;
    Ok(())
}
