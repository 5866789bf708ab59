//! Sealed from the first byte: no planted text anywhere, keys that are destroyed, keys that are wrong.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use onward_domain::event::{Actor, Event, LearnerFact, Occurred};
use onward_log::{Cause, ExecuteError, Log, LogError, OpenError, OpenFault, Options, Position};
use rstest::rstest;
use sqlx::{Connection, Executor, PgConnection, Row};

use super::place::*;

const PLANTED: [&str; 4] = ["Quillfeather", "Zoë", "2014-05-17", "ledger-ref-77"];

/// Everything that is kept, as bytes: files, or every row of every table.
async fn everything(place: &Place) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_folder(place.folder.path(), &mut bytes)?;
    if let Some(database) = &place.database {
        let mut sql = PgConnection::connect(database.url()).await?;
        let tables =
            sql.fetch_all("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND oid > 16384");
        for table in tables.await? {
            let name: String = table.try_get(0)?;
            let rows = format!("SELECT convert_to(t::text, 'UTF8') FROM \"{name}\" t");
            for row in sql.fetch_all(sqlx::AssertSqlSafe(rows)).await? {
                bytes.extend(row.try_get::<Vec<u8>, _>(0)?);
            }
        }
    }
    Ok(bytes)
}

fn read_folder(folder: &Path, bytes: &mut Vec<u8>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, bytes)?;
        } else {
            bytes.extend(std::fs::read(path)?);
        }
    }
    Ok(())
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_planted_text_is_kept_anywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let learner = new_learner();
    let mut call = once(organisation());
    call.provenance.actor =
        Some(Actor { name: "Quillfeather".to_owned(), role: "SENCO".to_owned(), client: None });
    call.provenance.occurred = Some(Occurred::On(jiff::civil::date(2014, 5, 17)));
    call.provenance.external_ref = Some("ledger-ref-77".to_owned());
    let provenance = call.provenance.clone();
    let fact = registered(learner, "Quillfeather");
    log.execute(call, append(learner.uuid(), vec![fact.clone()])).await?;
    let events = log.read(Position::START, 10).await?;
    let opened = log.open_event(&events[0]).await?;
    assert!(opened.event == Event::Learner(fact), "what was said comes back");
    assert!(opened.provenance == provenance, "and who said it");
    for bytes in [everything(&place).await?, {
        log.close().await;
        everything(&place).await?
    }] {
        // The event itself is there, so that the search would find something.
        let id = events[0].event_id;
        let (raw, text) = (*id.uuid().as_bytes(), id.to_string());
        assert!(contains(&bytes, &raw) || contains(&bytes, text.as_bytes()), "the event is kept");
        for planted in PLANTED {
            assert!(!contains(&bytes, planted.as_bytes()), "{planted} is kept in clear");
            let coded = hex::encode(planted);
            assert!(!contains(&bytes, coded.as_bytes()), "{planted} is kept in hexadecimal");
        }
    }
    Ok(())
}

/// Destroying a key makes what it sealed unreadable; the log still verifies, and others go on.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_key_leaves_nothing_to_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (gone, other) = (register(&log, "Quillfeather").await?, register(&log, "Okafor").await?);
    log.close().await;
    let mut keys = sqlite(&place.keys().join("learner-keys.db")).await?;
    let deleted = sqlx::query("UPDATE subject_key SET wrapped = NULL WHERE subject = $1")
        .bind(gone.uuid())
        .execute(&mut keys)
        .await?;
    assert_eq!(deleted.rows_affected(), 1);
    keys.close().await?;
    let log = place.open().await?;
    let events = log.read(Position::START, 10).await?;
    let opened = log.open_events(&events).await;
    assert!(matches!(opened[0], Err(OpenFault::Erased)));
    assert!(opened[1].is_ok(), "nobody else is touched");
    let load = log.load::<Notes<LearnerFact>>(gone.uuid()).await;
    assert!(matches!(load, Err(LogError::Erased)));
    let attempt = append(gone.uuid(), vec![registered(gone, "Quillfeather")]);
    let refused = log.execute(once(organisation()), attempt).await;
    assert!(matches!(refused, Err(ExecuteError::Erased)), "{refused:?}");
    let attempt = append(other.uuid(), vec![registered(other, "Okafor")]);
    log.execute(once(organisation()), attempt).await?;
    assert_eq!(log.verify(|_| {}).await?.head, Position::new(3));
    log.close().await;
    Ok(())
}

/// An older copy of the key store was put back, or another process has a copy of its own: that is no
/// erasure, and nothing that would have to be undone is written.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_missing_is_no_key_that_was_destroyed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let before = register(&log, "Okafor").await?;
    log.close().await;
    let (store, older) = (place.keys().join("learner-keys.db"), place.folder.path().join("older"));
    std::fs::copy(&store, &older)?;
    let log = place.open().await?;
    let after = register(&log, "Quillfeather").await?;
    log.close().await;
    let newer = std::fs::read(&store)?;
    std::fs::copy(&older, &store)?;

    let log = place.open().await?;
    let events = log.read(Position::START, 10).await?;
    let opened = log.open_events(&events).await;
    assert!(opened[0].is_ok(), "nobody else is touched");
    assert!(matches!(opened[1], Err(OpenFault::NoKey)));
    let load = log.load::<Notes<LearnerFact>>(after.uuid()).await;
    assert!(matches!(load, Err(LogError::Unavailable(Cause::Keys))));
    let attempt = append(after.uuid(), vec![registered(after, "Quillfeather")]);
    let refused = log.execute(once(organisation()), attempt).await;
    assert!(matches!(refused, Err(ExecuteError::Unavailable(Cause::Keys))), "{refused:?}");
    let attempt = append(before.uuid(), vec![registered(before, "Okafor")]);
    log.execute(once(organisation()), attempt).await?;
    register(&log, "Newcomer").await?;
    log.close().await;

    // Its own is put back: all that was said is there.
    std::fs::write(&store, newer)?;
    let log = place.open().await?;
    let events = log.read(Position::START, 10).await?;
    let opened = log.open_events(&events[..3]).await;
    assert!(opened.iter().all(Result::is_ok));
    log.close().await;
    Ok(())
}

/// A process that still has a learner's key in memory cannot write on after the erasure.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_remembered_key_cannot_write_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let learner = register(&log, "Quillfeather").await?;
    let erase = match backend {
        Backend::Sqlite => format!("X'{}'", learner.uuid().simple()),
        Backend::Postgres => format!("'{learner}'"),
    };
    let erased = "INSERT INTO log_erased (shard, learner, position) VALUES";
    place.sql(&format!("{erased} (0, {erase}, 1)")).await?;
    let attempt = append(learner.uuid(), vec![registered(learner, "Quillfeather")]);
    let refused = log.execute(once(organisation()), attempt).await;
    assert!(matches!(refused, Err(ExecuteError::Erased)), "{refused:?}");
    assert_eq!(log.head().await?, Position::new(1));
    log.close().await;
    Ok(())
}

async fn refusal(options: Options) -> OpenError {
    match Log::open(options).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn other_keys_do_not_open_the_log(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    register(&log, "Quillfeather").await?;
    log.close().await;
    let kek = std::fs::read_to_string(place.keys().join("kek"))?;
    // Another key-encryption key.
    std::fs::write(place.keys().join("kek"), hex::encode([7; 32]))?;
    assert!(matches!(refusal(place.options()).await, OpenError::WrongKek(_)));
    // A damaged one.
    std::fs::write(place.keys().join("kek"), "not a key")?;
    assert!(matches!(refusal(place.options()).await, OpenError::DamagedKey(_)));
    std::fs::write(place.keys().join("kek"), kek)?;
    // Another key for look-ups: nothing would be found any more.
    let lookup = std::fs::read_to_string(place.keys().join("lookup.key"))?;
    std::fs::write(place.keys().join("lookup.key"), hex::encode([7; 32]))?;
    assert!(matches!(refusal(place.options()).await, OpenError::ForeignKeys(_)));
    std::fs::write(place.keys().join("lookup.key"), lookup)?;
    // A new, empty key folder: everything would look erased.
    let mut options = place.options();
    options.keys.folder = place.folder.path().join("elsewhere");
    assert!(matches!(refusal(options.clone()).await, OpenError::NoKeys(_)));
    assert!(!options.keys.folder.exists(), "nothing is made in its place");
    // Nor for a part that is missing.
    for file in ["kek", "lookup.key", "learner-keys.db"] {
        let (path, aside) = (place.keys().join(file), place.folder.path().join(file));
        std::fs::rename(&path, &aside)?;
        let refused = refusal(place.options()).await;
        assert!(matches!(refused, OpenError::NoKeys(_) | OpenError::NoKek(_)), "{file}: {refused}");
        assert!(!path.exists(), "{file}");
        std::fs::rename(&aside, &path)?;
    }
    place.open().await?.close().await;
    Ok(())
}

/// Somebody removed the log, or its database, and kept the keys: a new log in its place would look like one
/// in which nothing ever happened.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_log_is_not_begun_beside_keys_in_use(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let (place, other) = (Place::new(backend).await?, Place::new(backend).await?);
    // Keys that nobody uses yet are no reason: a first start may have been cut short.
    place.open().await?.close().await;
    let mut options = other.options();
    options.keys.folder = place.keys();
    Log::open(options).await?.close().await;
    let (place, other) = (Place::new(backend).await?, Place::new(backend).await?);
    let log = place.open().await?;
    register(&log, "Quillfeather").await?;
    log.close().await;
    let mut options = other.options();
    options.keys.folder = place.keys();
    assert!(matches!(refusal(options).await, OpenError::KeysWithoutLog(_)));
    place.open().await?.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_others_can_read_is_refused() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    place.open().await?.close().await;
    for file in ["kek", "lookup.key"] {
        let path = place.keys().join(file);
        for open in [0o644, 0o604, 0o660, 0o777] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(open))?;
            let OpenError::ExposedKey { mode, .. } = refusal(place.options()).await else {
                panic!("{file} {open:o}")
            };
            assert_eq!(mode, open);
        }
        // For a service's group to read, as mounted secrets are.
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o440))?;
        place.open().await?.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_store_that_is_none_is_named() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    place.open().await?.close().await;
    let file = place.keys().join("learner-keys.db");
    std::fs::write(&file, "this is no database, and was never one".repeat(200))?;
    let OpenError::File { path, .. } = refusal(place.options()).await else { panic!("not named") };
    assert_eq!(path, file);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_for_their_owner_only(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    place.open().await?.close().await;
    let mode = |path: &Path| -> anyhow::Result<u32> {
        Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
    };
    assert_eq!(mode(&place.keys())?, 0o700);
    for file in ["kek", "lookup.key"] {
        assert_eq!(mode(&place.keys().join(file))?, 0o600, "{file}");
    }
    if backend == Backend::Sqlite {
        assert_eq!(mode(&place.data())?, 0o700);
    }
    Ok(())
}

/// The wrapped keys may live in a PostgreSQL database of their own.
#[tokio::test(flavor = "multi_thread")]
async fn keys_may_be_kept_in_postgres() -> anyhow::Result<()> {
    let (place, keys) = (Place::new(Backend::Sqlite).await?, Place::new(Backend::Postgres).await?);
    let url = keys.database.as_ref().map(|database| database.url().to_owned());
    let mut options = place.options();
    options.keys.postgres_url = url;
    let log = Log::open(options.clone()).await?;
    let learner = register(&log, "Quillfeather").await?;
    log.close().await;
    assert_eq!(keys.number("SELECT COUNT(*) FROM subject_key").await?, 1);
    let log = Log::open(options).await?;
    assert_eq!(log.load::<Notes<LearnerFact>>(learner.uuid()).await?.state, 1);
    log.close().await;
    Ok(())
}
