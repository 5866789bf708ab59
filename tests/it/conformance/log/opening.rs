//! Opening: twice, two at once, and what is refused with one clear line. Ownership rows, too.

use std::time::Duration;

use onward_log::{Log, OpenError, Options};
use rstest::rstest;
use uuid::Uuid;

use super::place::*;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_twice(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    for _ in 0..2 {
        place.open().await?.close().await;
    }
    assert_eq!(place.number("SELECT COUNT(*) FROM log_batch").await?, 1);
    Ok(())
}

/// On PostgreSQL both open; on SQLite the folder is one process's.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_open_a_new_log_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let open = || tokio::spawn(Log::open(place.options()));
    let (one, two) = tokio::join!(open(), open());
    let (mut opened, mut refused) = (Vec::new(), 0);
    for log in [one?, two?] {
        match log {
            Ok(log) => opened.push(log),
            Err(OpenError::InUse(_)) => refused += 1,
            Err(error) => return Err(error.into()),
        }
    }
    let expected = if backend == Backend::Sqlite { (1, 1) } else { (2, 0) };
    assert_eq!((opened.len(), refused), expected);
    for log in &opened {
        register(log, "Adeyemi").await?;
    }
    for log in opened {
        log.close().await;
    }
    let log = place.open().await?;
    log.verify(|_| {}).await?;
    log.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_is_refused_until_it_is_closed() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    let log = place.open().await?;
    let refused = Log::open(place.options()).await.err();
    let text = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(text.contains("in use by another process") && !text.contains('\n'), "{text}");
    register(&log, "Adeyemi").await?;
    log.close().await;
    let log = place.open().await?;
    assert_eq!(log.head().await?.get(), 1);
    log.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_is_refused_unless_it_may_be_made() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    let refused = Log::open(Options { create: false, ..place.options() }).await;
    assert!(matches!(refused, Err(OpenError::NoFolder(_))));
    assert!(!place.data().exists(), "a refusal makes nothing");
    // A file where the folder should be.
    std::fs::write(place.data(), "in the way")?;
    assert!(matches!(Log::open(place.options()).await, Err(OpenError::Io { .. })));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_lose_writes_are_refused() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    place
        .sql(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', \
             current_database()); END $$",
        )
        .await?;
    match Log::open(place.options()).await.err() {
        Some(OpenError::Unsafe { name: "synchronous_commit", value }) => assert_eq!(value, "off"),
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_url_is_one_clear_line() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    for url in ["no url", "postgres://onward@127.0.0.1:1/nowhere"] {
        let refused = Log::open(Options::postgres(url, place.keys())).await.err();
        let text = refused.map(|error| error.to_string()).unwrap_or_default();
        assert!(!text.is_empty() && !text.contains('\n'), "{url}: {text:?}");
    }
    Ok(())
}

/// What a migration left half done, and tables that nobody's migration tells of, are not built upon.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_half_applied_migration_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 2",
        "DELETE FROM _sqlx_migrations WHERE version = 2",
        "DROP TABLE _sqlx_migrations",
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2"
    )]
    left: &str,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    place.open().await?.close().await;
    place.sql(left).await?;
    let refused = Log::open(place.options()).await.err();
    assert!(matches!(refused, Some(OpenError::Migration(_))), "{left}: {refused:?}");
    let line = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(!line.contains('\n'), "{line}");
    Ok(())
}

/// A table that this binary did not make is no half-made log to build on.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_with_another_text_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    place.open().await?.close().await;
    let altered = match backend {
        Backend::Sqlite => "UPDATE _sqlx_migrations SET checksum = X'00' WHERE version = 1",
        Backend::Postgres => "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1",
    };
    place.sql(altered).await?;
    assert!(matches!(Log::open(place.options()).await, Err(OpenError::Migration(_))));
    Ok(())
}

/// Ranges of positions are there before the log comes to them; the default partition stays empty.
#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_made_ahead() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let (one, two) = (place.open().await?, place.open().await?);
    register(&one, "Adeyemi").await?;
    let ranges = "SELECT COUNT(*) FROM pg_inherits WHERE inhparent = 'log_event'::regclass";
    assert_eq!(place.number(ranges).await?, 4, "this range, two ahead, and the default");
    assert_eq!(place.number("SELECT COUNT(*) FROM log_event_default").await?, 0);
    assert_eq!(place.number("SELECT COUNT(*) FROM log_event_000000").await?, 1);
    one.close().await;
    two.close().await;
    Ok(())
}

/// Tables in a schema of their own, made when missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_holds_a_log_of_its_own() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let mut options = place.options();
    if let onward_log::Database::Postgres { schema, .. } = &mut options.database {
        *schema = Some("bench_1".to_owned());
    }
    let log = Log::open(options).await?;
    register(&log, "Adeyemi").await?;
    log.close().await;
    assert_eq!(place.number("SELECT COUNT(*) FROM bench_1.log_event").await?, 1);
    let public = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(place.number(public).await?, 0);
    Ok(())
}

/// One owner at a time; the epoch grows whenever it changes.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_owner_at_a_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    let hour = Duration::from_secs(3_600);
    let epoch = |owned: Option<onward_log::Ownership>| owned.map(|owned| owned.epoch);
    assert_eq!(epoch(log.own("relay", one, hour).await?), Some(1));
    assert_eq!(epoch(log.own("relay", one, hour).await?), Some(1), "kept");
    assert_eq!(epoch(log.own("relay", two, hour).await?), None, "somebody has it");
    assert_eq!(epoch(log.own("other", two, hour).await?), Some(1), "names are apart");
    log.disown("relay", two).await?;
    assert_eq!(epoch(log.own("relay", two, hour).await?), None, "not two's to give up");
    log.disown("relay", one).await?;
    assert_eq!(epoch(log.own("relay", two, hour).await?), Some(2));
    let (owner, owned) = log.owner("relay").await?.expect("it is owned");
    assert_eq!((owner, owned.epoch), (two, 2));
    // Run out: whoever comes next has it, and even the former owner begins a new epoch.
    place.sql("UPDATE log_owner SET until = 1").await?;
    assert_eq!(epoch(log.own("relay", two, hour).await?), Some(3));
    log.close().await;
    Ok(())
}
