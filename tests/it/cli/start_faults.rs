//! What keeps a server from starting, or a command from reaching one: one clear line and exit 1.

use std::io::Write;
use std::net::TcpListener;

use onward_tests::servers::{Nats, Onward, Postgres, onward_binary};
use onward_tests::world::{Setup, World};
use sqlx::{Connection, Executor, PgConnection};

use super::onward;

#[tokio::test]
async fn two_servers_never_share_a_folder() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let first = Onward::serve(&["--data", &data]).await?;
    let args = ["serve", "--data", &data, "--listen", "127.0.0.1:0"];
    onward(&args).await?.refused(&[&data]);
    first.kill9().await?;
    // The lock goes with the process, however it ended.
    let next = Onward::serve(&["--data", &data]).await?;
    assert_eq!(next.stop_gracefully().await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn a_folder_that_cannot_be_had_is_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let missing = folder.path().join("not/there/data").to_string_lossy().into_owned();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", &missing];
    onward(&args).await?.refused(&[&missing]);
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder")?;
    let file = file.to_string_lossy();
    onward(&["serve", "--listen", "127.0.0.1:0", "--data", &file]).await?.refused(&[&file]);
    let below = format!("{file}/data");
    onward(&["serve", "--listen", "127.0.0.1:0", "--data", &below]).await?.refused(&[]);
    Ok(())
}

#[tokio::test]
async fn a_wrong_url_is_said_without_its_secret() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &data];
    let cluster = Postgres::create_database().await?;
    let (before, _) = cluster.url().rsplit_once('/').expect("a URL with a database");
    let unknown = format!("{before}/no_such_database");
    let secret = "postgres://onward:hunter2@127.0.0.1:9/onward";
    for url in ["nonsense", secret, unknown.as_str(), "mysql://127.0.0.1/onward"] {
        let said = onward(&[&serve[..], &["--postgres", url]].concat()).await?.refused(&[]);
        assert!(!said.err.contains("hunter2"), "{}", said.err);
    }
    for url in ["nonsense://x y", "http://127.0.0.1:9"] {
        onward(&[&serve[..], &["--nats", url]].concat()).await?.refused(&[]);
    }
    Ok(())
}

#[tokio::test]
async fn a_listener_that_cannot_be_had_is_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let serve = ["serve", "--data", &data];
    onward(&[&serve[..], &["--listen", &address]].concat()).await?.refused(&[&address]);
    onward(&[&serve[..], &["--listen", "nonsense"]].concat()).await?.refused(&["nonsense"]);
    // Beyond loopback nothing is served in clear.
    onward(&[&serve[..], &["--listen", "0.0.0.0:0"]].concat()).await?.refused(&["TLS"]);
    onward(&[&serve[..], &["--listen", "[::]:0"]].concat()).await?.refused(&["TLS"]);
    onward(&[&serve[..], &["--colour", "blue"]].concat()).await?.misused();
    onward(&[&serve[..], &["--role", "wizard"]].concat()).await?.misused();
    onward(&[&serve[..], &["--role", "api"]].concat()).await?.refused(&["PostgreSQL"]);
    onward(&[]).await?.misused();
    onward(&["dance"]).await?.misused();
    Ok(())
}

#[tokio::test]
async fn a_damaged_key_or_store_stops_the_start() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE).await?;
    world.stop().await?;
    let data = world.data();
    let flags = data.to_string_lossy().into_owned();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &flags];
    for (file, put_back) in
        [("keys/kek", true), ("keys/lookup.key", true), ("views.db", true), ("log.db", false)]
    {
        let path = data.join(file);
        let kept = std::fs::read(&path)?;
        std::fs::write(&path, "nothing of the sort, and not even long enough")?;
        // A write-ahead log beside it would heal it.
        let _ = std::fs::remove_file(data.join(format!("{file}-wal")));
        let said = onward(&serve).await?;
        assert_eq!(said.code, Some(1), "{file}: {}", said.err);
        let lines: Vec<_> = said.err.lines().collect();
        assert_eq!(lines.len(), 1, "{file}: {}", said.err);
        assert!(lines[0].starts_with("onward: "), "{file}: {}", said.err);
        if put_back {
            std::fs::write(&path, kept)?;
        }
    }
    Ok(())
}

/// Servers that may lose what was answered, or whose tables are half made, are refused by name.
#[tokio::test]
async fn a_database_that_loses_writes_is_refused() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &data, "--postgres"];
    let careless = Postgres::start_with(&["fsync=off"]).await?;
    let database = careless.database().await?;
    onward(&[&serve[..], &[database.url()]].concat()).await?.refused(&["fsync = off"]);
    let database = Postgres::create_database().await?;
    let mut sql = PgConnection::connect(database.url()).await?;
    sql.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', \
         current_database()); END $$",
    )
    .await?;
    let refused = onward(&[&serve[..], &[database.url()]].concat()).await?;
    refused.refused(&["synchronous_commit = off"]);
    let database = Postgres::create_database().await?;
    let mut sql = PgConnection::connect(database.url()).await?;
    sql.execute("CREATE TABLE log_event (nobody TEXT)").await?;
    onward(&[&serve[..], &[database.url()]].concat()).await?.refused(&["log_event"]);
    Ok(())
}

#[tokio::test]
async fn nobody_answering_is_said_with_the_address() -> anyhow::Result<()> {
    let away = ["--server", "http://127.0.0.1:9", "--token", "x"];
    onward(&[&["inbox"][..], &away].concat()).await?.refused(&["http://127.0.0.1:9"]);
    let wrong = ["--server", "not a url", "--token", "x"];
    onward(&[&["inbox"][..], &wrong].concat()).await?.refused(&["not a url"]);
    onward(&["inbox"]).await?.refused(&["ONWARD_TOKEN"]);
    let world = World::start_empty(Setup::SQLITE).await?;
    let args = ["inbox", "--server", world.server().addr(), "--token", "nonsense"];
    onward(&args).await?.refused(&["TOKEN_INVALID"]);
    Ok(())
}

/// A copy on the bus that may forget.
#[tokio::test]
async fn a_bus_that_may_forget_stops_the_start() -> anyhow::Result<()> {
    let nats = Nats::start().await?;
    let streams = async_nats::jetstream::new(nats.client().await?);
    let config = async_nats::jetstream::stream::Config {
        name: "ONWARD_1".to_owned(),
        subjects: vec!["onward.v1.>".to_owned()],
        max_age: std::time::Duration::from_secs(3_600),
        ..Default::default()
    };
    streams.create_stream(config).await?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let url = nats.url();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", &data, "--nats", &url];
    onward(&args).await?.refused(&["ONWARD_1", "may discard old messages"]);
    streams.delete_stream("ONWARD_1").await?;
    let started = Onward::serve(&args[3..]).await?;
    assert_eq!(started.stop_gracefully().await?.code, Some(0));
    Ok(())
}

/// A disk that is full: a small one of its own, where the machine lets one be made without root.
#[tokio::test]
async fn a_full_disk_is_said_in_one_line() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let script = r#"mount -t tmpfs -o size=96k tmpfs "$1" && exec "$2" serve --data "$1/data" --listen 127.0.0.1:0"#;
    let run = |script: &str| {
        let mut command = tokio::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
        command.arg(folder.path()).arg(onward_binary().unwrap_or_default());
        command.kill_on_drop(true).output()
    };
    let tried = run(r#"mount -t tmpfs -o size=96k tmpfs "$1""#).await;
    if !tried.is_ok_and(|output| output.status.success()) {
        let note = "no small disk can be made here: a full one was not tried\n";
        std::io::stdout().lock().write_all(note.as_bytes())?;
        return Ok(());
    }
    let output = run(script).await?;
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert_eq!(err.lines().count(), 1, "one clear line: {err}");
    assert!(err.starts_with("onward: ") && err.contains("full"), "{err}");
    Ok(())
}
