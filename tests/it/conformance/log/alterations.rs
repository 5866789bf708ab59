//! Random alterations of a log with every kind of fact in it: `verify` finds each of them, given one
//! checkpoint from outside.
//!
//! A seed is printed when one is not found; `ONWARD_ALTERATIONS_SEED=n` replays it, and
//! `ONWARD_ALTERATIONS=n` makes so many of them.

mod chance;
mod forge;
mod look_ups;
mod made;
mod way;

use std::collections::BTreeMap;
use std::io::Write;

use onward_log::{Inspection, Outside, VerifyFault};
use sqlx::{Connection, PgConnection};

use super::place::{Backend, Place, sqlite};
use chance::Chance;
use made::Made;
use way::{Altered, Sql};

/// So many on SQLite; each costs a transaction and a check of the whole log.
const MANY: u64 = 1_000;
/// So many on PostgreSQL, where the round trips cost more.
const SOME: u64 = 120;

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Alters, checks, and takes it back, again and again.
async fn alter(sql: &mut Sql, made: &Made, count: u64) -> anyhow::Result<()> {
    let seed = from_environment("ONWARD_ALTERATIONS_SEED");
    let seed = seed.unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1);
    let count = from_environment("ONWARD_ALTERATIONS").unwrap_or(count);
    let mut chance = Chance::new(seed);
    let outside = made.outside();
    let (mut found, mut missed) = (BTreeMap::<String, u64>::new(), Vec::new());
    let mut done = 0;
    while done < count {
        sql.run("BEGIN").await?;
        let altered = way::alter(sql, &mut chance).await?;
        if let Some(Altered { what, .. }) = altered {
            done += 1;
            match sql.0.verify(&outside, |_| {}).await {
                Err(fault @ VerifyFault::Log(_)) => missed.push(format!("{what}: {fault}")),
                Err(fault) => *found.entry(fault.check().to_owned()).or_default() += 1,
                Ok(_) => missed.push(what),
            }
        }
        sql.run("ROLLBACK").await?;
    }
    let told = format!("{count} alterations with seed {seed}, found by: {found:?}\n");
    std::io::stdout().lock().write_all(told.as_bytes())?;
    assert!(
        missed.is_empty(),
        "{} of {count} were not found (ONWARD_ALTERATIONS_SEED={seed}):\n{}",
        missed.len(),
        missed.join("\n")
    );
    Ok(())
}

/// What nobody altered is good, before and after all of it.
async fn unaltered(sql: &mut Sql, made: &Made) -> anyhow::Result<()> {
    let verified = sql.0.verify(&made.outside(), |_| {}).await?;
    assert_eq!(verified.head.get(), made.events);
    assert_eq!(verified.proven, made.events, "the checkpoint covers everything");
    assert!(verified.requests > 300 && verified.reads > 30, "{verified:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_alterations_are_found_on_sqlite() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    let made = made::make(&place).await?;
    let path = place.data().join("log.db");
    let mut sql = Sql(Inspection::of_sqlite(sqlite(&path).await?));
    unaltered(&mut sql, &made).await?;
    alter(&mut sql, &made, MANY).await?;
    unaltered(&mut sql, &made).await?;
    // An older copy of everything, which is whole in itself.
    for copy in &made.copies {
        let mut older = Inspection::of_sqlite(sqlite(copy).await?);
        let only = Outside { checkpoints: Vec::new(), keys: made.keys.clone() };
        let size = older.verify(&only, |_| {}).await?.head;
        assert!(size.get() < made.events);
        let replayed = older.verify(&made.outside(), |_| {}).await;
        assert!(matches!(replayed, Err(VerifyFault::Checkpoint { .. })), "{replayed:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn alterations_are_found_on_postgres() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let made = made::make(&place).await?;
    let url = place.database.as_ref().expect("on PostgreSQL").url();
    let connection = PgConnection::connect(url).await?;
    let mut sql = Sql(Inspection::of_postgres(connection));
    unaltered(&mut sql, &made).await?;
    alter(&mut sql, &made, SOME).await?;
    unaltered(&mut sql, &made).await
}

/// Whoever computes every hash anew is found out by a checkpoint that somebody kept, and by nothing else:
/// this is what a checkpoint outside is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_forged_throughout_is_found_by_a_checkpoint_only() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    let made = made::make(&place).await?;
    let path = place.data().join("log.db");
    let mut sql = Sql(Inspection::of_sqlite(sqlite(&path).await?));
    let nothing = Outside::default();
    for what in [forge::Forgery::Edit { position: 17 }, forge::Forgery::Cut { events: 40 }] {
        sql.run("BEGIN").await?;
        forge::forge(&mut sql, what).await?;
        let alone = sql.0.verify(&nothing, |_| {}).await;
        assert!(alone.is_ok(), "{what:?} leaves a log that is whole in itself: {alone:?}");
        match sql.0.verify(&made.outside(), |_| {}).await {
            Err(VerifyFault::Checkpoint { size, .. }) => {
                assert_eq!(size, made.newest.checkpoint.size, "{what:?}");
            }
            other => panic!("{what:?}: {other:?}"),
        }
        sql.run("ROLLBACK").await?;
    }
    Ok(())
}
