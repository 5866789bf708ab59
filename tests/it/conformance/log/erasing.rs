//! Erasing a learner: nothing left to read or to find, whatever a crash or a restored backup did meanwhile.

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use onward_domain::event::LearnerFact;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::learner::LearnerErased;
use onward_log::{Attempt, ExecuteError, Key, Log, OpenFault, Options, Position, Relation, Scope};
use onward_tests::servers::until;
use rstest::rstest;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::place::*;

/// A record with look-up keys, and whose it is.
struct Planted {
    learner: LearnerId,
    keeper: OrganisationId,
}

impl Planted {
    async fn new(log: &Log) -> anyhow::Result<Self> {
        let planted = Self { learner: new_learner(), keeper: organisation() };
        let (keys, stream) = (planted.keys(), planted.learner.uuid());
        let fact = registered(planted.learner, "Quillfeather");
        let attempt: Attempt = Arc::new(move |unit| {
            let (keys, fact) = (keys.clone(), fact.clone());
            async move {
                let mut loaded = unit.load::<Notes<LearnerFact>>(stream).await?;
                unit.decide(&mut loaded, vec![fact])?;
                for key in keys {
                    unit.claim(key, stream, (None, None));
                }
                Ok(())
            }
            .boxed()
        });
        log.execute(once(planted.keeper), attempt).await?;
        Ok(planted)
    }

    /// What it is found by; the first is made of ids only.
    fn keys(&self) -> Vec<Key> {
        let keeper = self.keeper.uuid();
        vec![
            Key::party(self.learner.uuid(), self.keeper, Relation::Owner),
            Key::new(Scope::OwnRef, &[keeper.as_bytes(), b"ledger-ref-77"]),
            Key::new(Scope::LearnerNameBirth, &[keeper.as_bytes(), b"quillfeather", b"2014-05-17"]),
        ]
    }

    /// Records the erasure, and nothing that follows from it.
    async fn recorded(&self, log: &Log) -> anyhow::Result<()> {
        let fact = LearnerErased { learner: self.learner, keeper: self.keeper };
        let facts = vec![LearnerFact::Erased(fact)];
        log.execute(once(organisation()), append(self.learner.uuid(), facts)).await?;
        Ok(())
    }

    async fn wrapped(&self, place: &Place) -> anyhow::Result<Option<Vec<u8>>> {
        let mut keys = sqlite(&place.keys().join("learner-keys.db")).await?;
        let query = sqlx::query_scalar("SELECT wrapped FROM subject_key WHERE subject = $1");
        Ok(query.bind(self.learner.uuid()).fetch_one(&mut keys).await?)
    }

    /// Insists that nothing is left but what says that it was erased.
    async fn is_gone(&self, log: &Log, place: &Place, wrapped: &[u8]) -> anyhow::Result<()> {
        assert_eq!(place.number("SELECT COUNT(*) FROM log_erasing").await?, 0, "nothing to do");
        assert_eq!(self.wrapped(place).await?, None, "the key is overwritten");
        // The wrapped key's own ciphertext, in whole and in halves, is in no file of the folder.
        let ciphertext = &wrapped[24..56];
        for piece in [ciphertext, &ciphertext[..16], &ciphertext[16..]] {
            assert!(!is_in(&place.data(), piece)?, "the wrapped key is in a file");
        }
        let list = std::fs::read_to_string(place.keys().join("erased"))?;
        assert_eq!(list.lines().filter(|line| *line == self.learner.to_string()).count(), 1);
        let found = log.find(&self.keys()).await?;
        let left: Vec<usize> = found.iter().map(|found| found.key_index).collect();
        assert_eq!(left, [0], "only whose record it was");
        let events = log.stream(self.learner.uuid()).await?;
        let opened = log.open_events(&events).await;
        let (last, before) = opened.split_last().expect("events");
        assert!(before.iter().all(|one| matches!(one, Err(OpenFault::Erased))));
        assert!(last.is_ok(), "the log says that it was erased");
        assert_eq!(
            events.last().map(|last| last.event_type.as_str()),
            Some("learner.learner_erased")
        );
        let attempt = append(self.learner.uuid(), vec![registered(self.learner, "Quillfeather")]);
        let refused = log.execute(once(organisation()), attempt).await;
        assert!(matches!(refused, Err(ExecuteError::Erased)), "{refused:?}");
        log.verify(|_| {}).await?;
        Ok(())
    }
}

fn is_in(path: &Path, piece: &[u8]) -> anyhow::Result<bool> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            if is_in(&entry?.path(), piece)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    Ok(std::fs::read(path)?.windows(piece.len()).any(|window| window == piece))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_to_read_or_to_find(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (gone, other) = (Planted::new(&log).await?, Planted::new(&log).await?);
    let wrapped = gone.wrapped(&place).await?.expect("a key");
    assert!(is_in(&place.keys(), &wrapped[24..56])?, "the search would find it");
    gone.recorded(&log).await?;
    log.finish_erasures().await?;
    gone.is_gone(&log, &place, &wrapped).await?;
    // Nobody else is touched.
    assert_eq!(log.find(&other.keys()).await?.len(), 3);
    assert_eq!(log.load::<Notes<LearnerFact>>(other.learner.uuid()).await?.state, 1);
    log.finish_erasures().await?;
    log.close().await;
    let log = place.open().await?;
    gone.is_gone(&log, &place, &wrapped).await?;
    log.close().await;
    Ok(())
}

/// Cut short after each of its steps, the next start finishes it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_short_is_finished_by_the_next_start(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(1, 2, 3)] steps: usize,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let gone = Planted::new(&log).await?;
    let wrapped = gone.wrapped(&place).await?.expect("a key");
    gone.recorded(&log).await?;
    log.close().await;
    if steps > 1 {
        // The line, and a second one that the crash cut short.
        let line = format!("{}\n0192f0c1-0000", gone.learner);
        std::fs::write(place.keys().join("erased"), line)?;
    }
    if steps > 2 {
        let mut keys = sqlite(&place.keys().join("learner-keys.db")).await?;
        let query = sqlx::query("UPDATE subject_key SET wrapped = NULL WHERE subject = $1");
        query.bind(gone.learner.uuid()).execute(&mut keys).await?;
        keys.close().await?;
    }
    assert_eq!(place.number("SELECT COUNT(*) FROM log_erasing").await?, 1);
    let log = place.open().await?;
    gone.is_gone(&log, &place, &wrapped).await?;
    log.close().await;
    Ok(())
}

/// A backup of before, log and keys both, does not bring anybody back.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_log_is_told_before_it_serves(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let gone = Planted::new(&log).await?;
    let wrapped = gone.wrapped(&place).await?.expect("a key");
    log.close().await;
    let backup = tempfile::tempdir()?;
    let mut kept = vec![place.keys().join("learner-keys.db")];
    if backend == Backend::Sqlite {
        kept.push(place.data().join("log.db"));
    }
    for (number, file) in kept.iter().enumerate() {
        std::fs::copy(file, backup.path().join(number.to_string()))?;
    }
    let older = older_copy(&place).await?;

    let log = place.open().await?;
    gone.recorded(&log).await?;
    log.finish_erasures().await?;
    let later = Planted::new(&log).await?;
    later.recorded(&log).await?;
    log.finish_erasures().await?;
    log.close().await;

    for (number, file) in kept.iter().enumerate() {
        std::fs::copy(backup.path().join(number.to_string()), file)?;
    }
    let options = older.map_or_else(|| place.options(), |url| Options::postgres(url, place.keys()));
    let log = Log::open(options).await?;
    let events = log.read(Position::START, 10).await?;
    assert_eq!(events.len(), 2, "told by the list; one the backup never knew has no record");
    assert_eq!(gone.wrapped(&place).await?, None);
    assert!(!is_in(&place.data(), &wrapped[24..56])?, "destroyed again");
    assert_eq!(log.find(&gone.keys()).await?.len(), 1);
    let opened = log.open_events(&events).await;
    assert!(matches!(opened[0], Err(OpenFault::Erased)) && opened[1].is_ok());
    let attempt = append(gone.learner.uuid(), vec![registered(gone.learner, "Quillfeather")]);
    let refused = log.execute(once(organisation()), attempt).await;
    assert!(matches!(refused, Err(ExecuteError::Erased)), "{refused:?}");
    let attempt = append(later.learner.uuid(), vec![registered(later.learner, "Quillfeather")]);
    let refused = log.execute(once(organisation()), attempt).await;
    assert!(matches!(refused, Err(ExecuteError::Erased)), "no key is made for it: {refused:?}");
    log.close().await;
    Ok(())
}

/// A copy of a PostgreSQL database as it is now.
async fn older_copy(place: &Place) -> anyhow::Result<Option<String>> {
    let Some(database) = &place.database else { return Ok(None) };
    let (server, name) = database.url().rsplit_once('/').expect("a URL with a database");
    let name = name.split('?').next().unwrap_or(name);
    let copy = format!("{name}_older");
    let mut admin = PgConnection::connect(&format!("{server}/postgres")).await?;
    let make = format!("CREATE DATABASE \"{copy}\" TEMPLATE \"{name}\"");
    sqlx::query(AssertSqlSafe(make)).execute(&mut admin).await?;
    Ok(Some(format!("{server}/{copy}")))
}

/// Another process remembers the key: it cannot write on, and soon it cannot read on either.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_process_remembers_is_of_no_use() -> anyhow::Result<()> {
    let place = Place::new(Backend::Postgres).await?;
    let (one, two) = (place.open().await?, place.open().await?);
    let gone = Planted::new(&one).await?;
    let event = two.stream(gone.learner.uuid()).await?.remove(0);
    assert!(two.open_event(&event).await.is_ok(), "and it remembers the key");
    gone.recorded(&one).await?;
    let attempt = append(gone.learner.uuid(), vec![registered(gone.learner, "Quillfeather")]);
    let refused = two.execute(once(organisation()), attempt).await;
    assert!(matches!(refused, Err(ExecuteError::Erased)), "{refused:?}");
    one.finish_erasures().await?;
    until("the other process to forget", || async {
        Ok(matches!(two.open_event(&event).await, Err(OpenFault::Erased)).then_some(()))
    })
    .await?;
    one.close().await;
    two.close().await;
    Ok(())
}

/// The list may lie elsewhere; a damaged one stops the start, since it may hide somebody.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_list_stops_the_start() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    let elsewhere = place.folder.path().join("erasures");
    let mut options = place.options();
    options.keys.erasures = Some(elsewhere.clone());
    let log = Log::open(options.clone()).await?;
    let gone = Planted::new(&log).await?;
    gone.recorded(&log).await?;
    log.finish_erasures().await?;
    log.close().await;
    assert_eq!(std::fs::read_to_string(&elsewhere)?, format!("{}\n", gone.learner));
    std::fs::write(&elsewhere, format!("{}\nnobody\n", gone.learner))?;
    match Log::open(options).await {
        Ok(_) => panic!("it opened"),
        Err(error) => assert!(error.to_string().contains("line 2"), "{error}"),
    }
    Ok(())
}
