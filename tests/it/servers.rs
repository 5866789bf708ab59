//! The harness's own promises: the servers are real, restart on what they kept, and die with us.

use std::process::Command;

use onward_tests::servers::{Nats, Postgres, until};
use sqlx::{Connection, PgConnection};

/// A committed row is there after a crash of the server, on the same port.
#[tokio::test]
async fn postgres_keeps_what_was_committed_through_a_crash() -> anyhow::Result<()> {
    let cluster = Postgres::start().await?;
    let database = cluster.database().await?;
    let mut sql = PgConnection::connect(database.url()).await?;
    sqlx::raw_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        .execute(&mut sql)
        .await?;
    cluster.kill()?;
    assert!(PgConnection::connect(database.url()).await.is_err(), "a crashed server takes nobody");
    cluster.restart().await?;
    let mut sql = PgConnection::connect(database.url()).await?;
    let kept: i32 = sqlx::query_scalar("SELECT n FROM kept").fetch_one(&mut sql).await?;
    assert_eq!(kept, 7);
    Ok(())
}

/// Each test has a database of its own, and commits are synced as in production.
#[tokio::test]
async fn databases_are_apart_and_synced() -> anyhow::Result<()> {
    let (one, two) = (Postgres::create_database().await?, Postgres::create_database().await?);
    assert_ne!(one.url(), two.url());
    let mut sql = PgConnection::connect(one.url()).await?;
    sqlx::raw_sql("CREATE TABLE mine (n int)").execute(&mut sql).await?;
    let mut other = PgConnection::connect(two.url()).await?;
    let seen: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('mine')::text").fetch_one(&mut other).await?;
    assert_eq!(seen, None);
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut other)
            .await?;
        assert_eq!(value, "on", "{setting}");
    }
    Ok(())
}

/// A stream is there after `kill -9`, on the same port, and a paused server goes on.
#[tokio::test]
async fn nats_keeps_its_streams_through_a_kill() -> anyhow::Result<()> {
    let mut nats = Nats::start().await?;
    let url = nats.url();
    let streams = async_nats::jetstream::new(nats.client().await?);
    let config = async_nats::jetstream::stream::Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept.>".to_owned()],
        ..Default::default()
    };
    streams.create_stream(config).await?;
    streams.publish("kept.one", "seven".into()).await?.await?;
    nats.kill()?;
    nats.restart().await?;
    assert_eq!(nats.url(), url, "the same port");
    nats.stop()?;
    nats.cont()?;
    let streams = async_nats::jetstream::new(nats.client().await?);
    let stream = streams.get_stream("KEPT").await?;
    assert_eq!(stream.get_raw_message(1).await?.payload.as_ref(), b"seven");
    Ok(())
}

/// A server whose test process is killed goes too, and so does its folder.
#[tokio::test]
async fn no_server_outlives_the_tests() -> anyhow::Result<()> {
    if let Some(path) = std::env::var_os("ONWARD_TEST_LEAVES_A_SERVER") {
        // The inner run: leave a server behind and end without a single destructor.
        let nats = Nats::start().await?;
        let pid = nats.pid().expect("it has just started");
        std::fs::write(path, format!("{pid} {}", nats.dir().display()))?;
        std::mem::forget(nats);
        return Ok(());
    }
    let note = tempfile::NamedTempFile::new()?;
    let inner = Command::new(std::env::current_exe()?)
        .args(["--exact", "servers::no_server_outlives_the_tests"])
        .env("ONWARD_TEST_LEAVES_A_SERVER", note.path())
        .output()?;
    assert!(inner.status.success(), "{}", String::from_utf8_lossy(&inner.stdout));
    let said = std::fs::read_to_string(note.path())?;
    let (pid, dir) = said.split_once(' ').expect("pid and folder");
    let alive = ["-c", r#"kill -0 "$1" 2>/dev/null || test -e "$2""#, "sh", pid, dir];
    until("the end of a server left behind", || async {
        Ok(if Command::new("sh").args(alive).status()?.success() { None } else { Some(()) })
    })
    .await
}
