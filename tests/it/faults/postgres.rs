//! What happens to a PostgreSQL that others use, too: no connection left, deadlocks, a snapshot that is held
//! for long, a full disk.

use onward_contract::reason;
use onward_tests::chaos::{Shape, Site, not_run, small_disks};
use onward_tests::dice::rounds;
use onward_tests::expect::reason_of;
use onward_tests::ledger::{Asked, Told};
use onward_tests::servers::until;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::Mutex;
use tonic_types::StatusExt;

use super::Trial;

fn url(site: &Site) -> &str {
    site.database_url().expect("PostgreSQL")
}

/// Every connection is somebody else's: whoever calls is told to come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_left() -> anyhow::Result<()> {
    let shape = Shape::POSTGRES.set(&["max_connections=40"]);
    let mut trial = Trial::of("no connection", shape).await?;
    let load = trial.load();
    for _ in 0..rounds(2, 20) {
        load.done(trial.dice.below(20)).await?;
        let taken = Mutex::new(Vec::new());
        let status = until("a call that is turned away", || async {
            take_all(url(&trial.site), &mut *taken.lock().await).await?;
            let Asked::Record(request) = Asked::record(&trial.site.learners()[0]) else {
                return Ok(None);
            };
            let answer = trial.site.senco(0).transitions().record_transition(request).await;
            Ok(answer.err().filter(|status| reason_of(status) == reason::LOG_UNAVAILABLE))
        })
        .await?;
        assert!(status.get_error_details().retry_info().is_some(), "{status:?}");
        drop(taken);
    }
    // Calls of the test itself are in nobody's books.
    load.done(1).await?;
    load.rest().await;
    trial.site.heal().await?;
    trial.seed.passed();
    Ok(())
}

/// Ends Onward's sessions and takes every free connection.
async fn take_all(url: &str, taken: &mut Vec<PgConnection>) -> anyhow::Result<()> {
    if let Some(first) = taken.first_mut() {
        first
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE application_name LIKE 'onward-%' AND datname = current_database()",
            )
            .await?;
    }
    while let Ok(connection) = PgConnection::connect(url).await {
        taken.push(connection);
    }
    Ok(())
}

/// Somebody locks a stream's row, then waits for the log's lock, which a batch holds that waits for the row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_with_a_foreign_session() -> anyhow::Result<()> {
    let mut trial = Trial::of("deadlock", Shape::POSTGRES.own_cluster()).await?;
    let load = trial.load();
    let mut sql = PgConnection::connect(url(&trial.site)).await?;
    // The other side is the one to notice, and to give way.
    sql.execute("SET deadlock_timeout = '1min'").await?;
    for round in 1..=rounds(3, 20) {
        load.done(trial.dice.below(10)).await?;
        sql.execute("BEGIN").await?;
        sql.execute("SELECT version FROM log_stream FOR UPDATE").await?;
        a_batch_waits(&trial.site).await?;
        sql.execute("SELECT name FROM log_lock FOR UPDATE").await?;
        sql.execute("ROLLBACK").await?;
        let log = trial.site.postgres.as_ref().expect("a cluster of its own").log();
        assert!(log.matches("deadlock detected").count() >= round, "{log}");
    }
    load.done(1).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

/// Waits until a batch, which holds the log's lock, waits for a row.
async fn a_batch_waits(site: &Site) -> anyhow::Result<()> {
    until("a batch that waits", || async {
        let mut sql = PgConnection::connect(url(site)).await?;
        let waiting: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'onward-log' \
             AND wait_event_type = 'Lock' AND query LIKE '%INTO log_stream%'",
        )
        .fetch_one(&mut sql)
        .await?;
        Ok((waiting > 0).then_some(()))
    })
    .await
}

/// A backup or a report holds a snapshot while everybody writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_that_is_held_for_long() -> anyhow::Result<()> {
    let mut trial = Trial::of("snapshot", Shape::POSTGRES.with_processes(2)).await?;
    let load = trial.load();
    load.done(20).await?;
    let mut sql = PgConnection::connect(url(&trial.site)).await?;
    sql.execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    let count = "SELECT COUNT(*) FROM log_event";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&mut sql).await?;
    load.done(rounds(200, 5_000)).await?;
    let seen: i64 = sqlx::query_scalar(count).fetch_one(&mut sql).await?;
    assert_eq!(before, seen, "the snapshot is old");
    sql.execute("ROLLBACK").await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

/// The tables' disk is full until somebody makes room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_is_full() -> anyhow::Result<()> {
    if !small_disks() {
        return not_run("PostgreSQL on a full disk", "mount");
    }
    let shape = Shape { postgres_disk: Some(96), ..Shape::POSTGRES };
    let mut trial = Trial::of("postgres disk", shape).await?;
    let load = trial.load();
    load.done(20).await?;
    let mut sql = PgConnection::connect(url(&trial.site)).await?;
    let postgres = trial.site.postgres.as_ref().expect("a cluster of its own");
    let file = postgres.dir().join("small/fill");
    let write = |rows: &str| {
        let select = format!("SELECT repeat('x', 100000) FROM generate_series(1, {rows})");
        AssertSqlSafe(format!("COPY ({select}) TO '{}'", file.display()))
    };
    assert!(sql.execute(write("2000")).await.is_err(), "the disk is small");
    load.turned_away(8).await?;
    sql.execute(write("0")).await?;
    load.done(20).await?;
    load.rest().await;
    let refused = trial.ledger.entries().into_iter().filter_map(|entry| match entry.told {
        Told::Refused(reason) => Some(reason),
        _ => None,
    });
    assert!(refused.into_iter().all(|reason| reason == reason::LOG_UNAVAILABLE));
    trial.judge().await?;
    Ok(())
}

/// The disk of the write-ahead log is full: the server ends altogether, and so does every answer. On a larger
/// disk it starts again with what it had written, and nothing that was answered is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_of_the_write_ahead_log_is_full() -> anyhow::Result<()> {
    if !small_disks() {
        return not_run("PostgreSQL's write-ahead log on a full disk", "mount");
    }
    let shape = Shape { wal_disk: Some(64), ..Shape::POSTGRES };
    let mut trial = Trial::of("wal disk", shape).await?;
    let load = trial.load();
    load.done(20).await?;
    let mut sql = PgConnection::connect(url(&trial.site)).await?;
    let postgres = trial.site.postgres.as_ref().expect("a cluster of its own");
    let file = postgres.dir().join("small/fill");
    let fill = "SELECT repeat('x', 100000) FROM generate_series(1, 2000)";
    let fill = AssertSqlSafe(format!("COPY ({fill}) TO '{}'", file.display()));
    assert!(sql.execute(fill).await.is_err(), "the disk is small");
    // The next segment has nowhere to go; the one after at the latest, where one was made in advance.
    while sql.execute("SELECT pg_switch_wal()").await.is_ok() {
        sql.execute("SELECT pg_current_xact_id()").await.ok();
    }
    load.turned_away(8).await?;
    let said = postgres.log();
    assert!(said.contains("No space left on device"), "{said}");
    postgres.end_and_grow(256)?;
    postgres.restart().await?;
    load.done(20).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}
