//! Clocks that step: forwards by a year, back again, and back beyond where they began. What is recorded
//! never goes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use onward_log::{Log, Position};

use super::place::*;

/// A year, in microseconds.
const YEAR: i64 = 365 * 24 * 3_600 * 1_000_000;

/// On SQLite the process's clock counts.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_clock_steps() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    let step = Arc::new(AtomicI64::new(0));
    let mut options = place.options();
    let steps = Arc::clone(&step);
    options.clock = Arc::new(move || {
        let now = Timestamp::now().as_microsecond() + steps.load(Ordering::Relaxed);
        Timestamp::from_microsecond(now).expect("a moment of this century")
    });
    let log = Log::open(options.clone()).await?;
    for by in [0, YEAR, 0, -YEAR, YEAR / 2] {
        step.store(by, Ordering::Relaxed);
        register(&log, "Adeyemi").await?;
    }
    never_back(&log, 5).await?;
    log.close().await;
    // The same for a process that starts while the clock is behind.
    step.store(-YEAR, Ordering::Relaxed);
    let log = Log::open(options).await?;
    register(&log, "Adeyemi").await?;
    never_back(&log, 6).await?;
    assert_eq!(log.verify(|_| {}).await?.head, Position::new(6));
    log.close().await;
    Ok(())
}

/// On PostgreSQL the database's clock counts: here it stepped back by a year, so that the last batch lies
/// in its future.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_clock_steps_back() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let log = place.open().await?;
    register(&log, "Adeyemi").await?;
    let ahead = format!("UPDATE log_batch SET recorded_at = recorded_at + {YEAR}");
    place.sql(&ahead).await?;
    for _ in 0..3 {
        register(&log, "Adeyemi").await?;
    }
    let events = never_back(&log, 4).await?;
    let (first, second) = (events[0].as_microsecond(), events[1].as_microsecond());
    assert!(second - first >= YEAR, "not before the batch that lies in the future");
    log.close().await;
    Ok(())
}

/// So many events, none recorded before the one below it; answers when.
async fn never_back(log: &Log, count: u64) -> anyhow::Result<Vec<Timestamp>> {
    let events = log.read(Position::START, 100).await?;
    assert_eq!(events.len() as u64, count);
    let moments: Vec<Timestamp> = events.iter().map(|event| event.recorded_at).collect();
    assert!(moments.is_sorted(), "{moments:?}");
    Ok(moments)
}
