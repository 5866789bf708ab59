//! `onward checkpoint`, `onward receipt` and `onward verify`, beside a running server and without one.

use onward_tests::actors::Member;
use onward_tests::builders::Child;
use onward_tests::servers::until;
use onward_tests::world::{House, Setup, World};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::{Said, onward};

/// Asks the server, as a member.
async fn ask(world: &World, who: &Member, args: &[&str]) -> anyhow::Result<Said> {
    let as_whom = ["--server", world.server().addr(), "--token", who.token()];
    onward(&[args, &as_whom].concat()).await
}

/// Verifies the world's log.
pub(super) async fn verify(world: &World, args: &[&str]) -> anyhow::Result<Said> {
    let store = world.store();
    let store: Vec<&str> = store.iter().map(String::as_str).collect();
    onward(&[&["verify"], args, store.as_slice(), &["--output", "json"]].concat()).await
}

pub(super) async fn alter(world: &World, sql: &'static str) -> anyhow::Result<u64> {
    let sql = AssertSqlSafe(sql);
    Ok(match world.postgres_url() {
        Some(url) => PgConnection::connect(url).await?.execute(sql).await?.rows_affected(),
        None => {
            let path = world.data().join("log.db");
            let url = format!("sqlite://{}", path.display());
            SqliteConnection::connect(&url).await?.execute(sql).await?.rows_affected()
        }
    })
}

async fn a_log_is_held_to_what_was_kept(setup: Setup) -> anyhow::Result<()> {
    let mut world = World::start(setup).await?;
    let school = world.senco(House::Primary).await?;
    let recorded = school.register(&Child::of_year_6()).await?.receipt.unwrap_or_default();
    let folder = TempDir::new()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (checkpoint, receipt) = (path("checkpoint"), path("receipt.tlog-proof"));

    ask(&world, &school, &["checkpoint", "--now", "--out", &checkpoint]).await?.done();
    let printed = ask(&world, &school, &["checkpoint"]).await?.done();
    assert_eq!(printed.out, std::fs::read_to_string(&checkpoint)?, "the note itself");
    let args = ["receipt", &recorded.position, "--out", &receipt, "--output", "json"];
    let key = ask(&world, &school, &args).await?.done().rows()[0]["verifier_key"].clone();
    let key = key.as_str().expect("a key").to_owned();

    // Beside the running server, with what was kept, and without.
    let rows = verify(&world, &["--checkpoint", &checkpoint, "--key", &key]).await?.done().rows();
    let row = |check: &str| rows.iter().find(|row| row["check"] == check).cloned();
    let proven = row("proven").expect("a row")["rows"].as_u64().expect("a number");
    assert!(proven >= recorded.position.parse()?, "{rows:?}");
    assert!(rows.iter().all(|row| row["outcome"] == "good"), "{rows:?}");
    let alone = verify(&world, &[]).await?.done().rows();
    let alone = alone.iter().find(|row| row["check"] == "proven").expect("a row");
    let note = alone["note"].as_str().expect("a note");
    assert!(note.contains("newest.checkpoint"), "held to what lies in the data folder: {note}");
    assert!(alone["rows"].as_u64() >= Some(proven), "{alone}");
    world.stop().await?;

    // Without any server, and without the data folder: the receipt and the key are enough.
    let args = ["verify", "--receipt", &receipt, "--key", &key, "--output", "json"];
    let rows = onward(&args).await?.done().rows();
    assert_eq!(rows[0]["event_id"], recorded.event_ids.last().expect("an event").as_str());
    let nowhere = path("nowhere");
    let args = ["verify", "--receipt", &receipt, "--data", &nowhere];
    onward(&args).await?.refused(&["--key"]);
    let text = std::fs::read_to_string(&receipt)?;
    std::fs::write(&receipt, text.replacen("index ", "index 1", 1))?;
    let args = ["verify", "--receipt", &receipt, "--key", &key];
    onward(&args).await?.refused(&["receipt.tlog-proof", "not in the log"]);

    // Somebody alters an event, then everything after the checkpoint is lost.
    let altered = "UPDATE log_event SET recorded_at = recorded_at + 1 WHERE position = 2";
    assert_eq!(alter(&world, altered).await?, 1);
    let found = verify(&world, &["--checkpoint", &checkpoint]).await?;
    assert_eq!(found.rows()[0]["rows"], 2, "the position is named");
    found.refused(&["events", "00000000000000000002"]);
    let other = key.replace('A', "B");
    verify(&world, &["--checkpoint", &checkpoint, "--key", &other]).await?.refused(&["--key"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_held_to_what_was_kept_on_sqlite() -> anyhow::Result<()> {
    a_log_is_held_to_what_was_kept(Setup::SQLITE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_held_to_what_was_kept_on_postgres() -> anyhow::Result<()> {
    a_log_is_held_to_what_was_kept(Setup::POSTGRES).await
}

#[tokio::test]
async fn what_is_not_there_is_said_in_one_line() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let nowhere = folder.path().join("nowhere").to_string_lossy().into_owned();
    onward(&["verify", "--data", &nowhere]).await?.refused(&["nowhere"]);
    assert!(!folder.path().join("nowhere").exists(), "nothing is made");
    let file = folder.path().join("file").to_string_lossy().into_owned();
    onward(&["verify", "--receipt", &file]).await?.refused(&["cannot be read"]);
    std::fs::write(&file, "nothing")?;
    onward(&["verify", "--receipt", &file]).await?.refused(&["not a receipt"]);
    onward(&["verify", "--receipt", &file, "--checkpoint", &file]).await?.misused();
    Ok(())
}

/// What follows from the log is compared with it: the views by folding it again, the bus message by message.
#[tokio::test(flavor = "multi_thread")]
async fn views_and_bus_are_held_to_the_log() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE.with_nats()).await?;
    let school = world.senco(House::Primary).await?;
    for number in 0..5 {
        let child = Child::of_year_6().but("Iris", "Calder-Test", 6020 + number);
        school.register(&child).await?;
    }
    world.views_are_there().await?;
    let operator = world.operator();
    until("the copy", || async {
        let bus = operator.status().await?.bus.unwrap_or_default();
        Ok((bus.last_sequence > 0 && bus.lag_events == 0).then_some(()))
    })
    .await?;
    let nats = world.nats().url();
    let rows = verify(&world, &["--nats", &nats]).await?.done().rows();
    for check in ["bus", "view timeline", "view directory", "view inbox", "view queue"] {
        let row = rows.iter().find(|row| row["check"] == check).expect(check);
        assert_eq!(row["outcome"], "good", "{row}");
    }
    world.stop().await?;
    let path = world.data().join("views.db");
    let altered = "UPDATE directory_g1_organisation SET name = 'Another'";
    let mut sql = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await?;
    assert!(sql.execute(altered).await?.rows_affected() > 0);
    sql.close().await?;
    verify(&world, &[]).await?.refused(&["views", "directory_g1_organisation"]);
    verify(&world, &["--no-views"]).await?.done();
    Ok(())
}
