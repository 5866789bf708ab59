//! The wrapped keys in a PostgreSQL of their own: once one is destroyed, no file of that server holds it, its
//! write-ahead log and its catalogue included.

use std::path::Path;

use onward_domain::event::LearnerFact;
use onward_domain::ids::LearnerId;
use onward_domain::learner::LearnerErased;
use onward_log::{Log, LogError, OpenFault, Options};
use onward_tests::servers::{Postgres, until};
use sqlx::{Connection, Executor, PgConnection};
use tokio_util::sync::CancellationToken;

use super::place::*;

/// A log on SQLite, and its keys on a server that removes its old write-ahead log.
struct Apart {
    place: Place,
    server: Postgres,
    url: String,
}

impl Apart {
    async fn new() -> anyhow::Result<Self> {
        let server = Postgres::start_with(&["wal_recycle=off", "autovacuum=off"]).await?;
        let url = server.database().await?.url().to_owned();
        Ok(Self { place: Place::new(Backend::Sqlite).await?, server, url })
    }

    fn options(&self) -> Options {
        let mut options = self.place.options();
        options.keys.postgres_url = Some(self.url.clone());
        options
    }

    async fn sql(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    async fn wrapped(&self, learner: LearnerId) -> anyhow::Result<Option<Vec<u8>>> {
        let query = sqlx::query_scalar("SELECT wrapped FROM subject_key WHERE subject = $1");
        Ok(query.bind(learner.uuid()).fetch_one(&mut self.sql().await?).await?)
    }

    /// Whether a half of the wrapped key's ciphertext is in a file of the server's.
    fn is_anywhere(&self, wrapped: &[u8]) -> anyhow::Result<bool> {
        let halves = [&wrapped[24..40], &wrapped[40..56]];
        any_file(self.server.dir(), &|bytes| {
            halves.iter().any(|half| bytes.windows(half.len()).any(|window| window == *half))
        })
    }
}

fn any_file(path: &Path, holds: &dyn Fn(&[u8]) -> bool) -> anyhow::Result<bool> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            if any_file(&entry?.path(), holds)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    // A file of a running server may go while it is looked for.
    Ok(path.is_file() && std::fs::read(path).is_ok_and(|bytes| holds(&bytes)))
}

async fn recorded(log: &Log, learner: LearnerId) -> anyhow::Result<()> {
    let fact = LearnerErased { learner, keeper: organisation() };
    log.execute(once(organisation()), append(learner.uuid(), vec![LearnerFact::Erased(fact)]))
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_server_holds_a_destroyed_key() -> anyhow::Result<()> {
    let apart = Apart::new().await?;
    let log = Log::open(apart.options()).await?;
    let mut learners = Vec::new();
    for _ in 0..20 {
        learners.push(register(&log, "Quillfeather").await?);
    }
    let (gone, other) = (learners[3], learners[4]);
    let wrapped = apart.wrapped(gone).await?.expect("a key");
    // As autovacuum would: what it samples goes into the catalogue.
    let mut sql = apart.sql().await?;
    sql.execute("ANALYZE").await?;
    sql.execute("CHECKPOINT").await?;
    assert!(apart.is_anywhere(&wrapped)?, "the search would find it");
    recorded(&log, gone).await?;
    log.finish_erasures().await?;
    assert_eq!(apart.wrapped(gone).await?, None);
    assert!(!apart.is_anywhere(&wrapped)?, "the wrapped key is in a file of the server");
    let events = log.stream(gone.uuid()).await?;
    assert!(matches!(log.open_events(&events).await[0], Err(OpenFault::Erased)));
    // Nobody else is touched, and a destroyed key is not made again.
    assert_eq!(log.load::<Notes<LearnerFact>>(other.uuid()).await?.state, 1);
    log.verify(|_| {}).await?;
    log.close().await;
    let log = Log::open(apart.options()).await?;
    assert_eq!(log.load::<Notes<LearnerFact>>(other.uuid()).await?.state, 1);
    assert!(matches!(log.load::<Notes<LearnerFact>>(gone.uuid()).await, Err(LogError::Erased)));
    log.close().await;
    Ok(())
}

/// For whoever holds an old snapshot PostgreSQL keeps what was overwritten: the erasure is not said to be
/// carried through while somebody does, and is once nobody does any more.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_snapshot_holds_an_erasure_up() -> anyhow::Result<()> {
    let apart = Apart::new().await?;
    let log = Log::open(apart.options()).await?;
    let gone = register(&log, "Quillfeather").await?;
    let wrapped = apart.wrapped(gone).await?.expect("a key");
    let mut reporting = apart.sql().await?;
    reporting.execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    reporting.execute("SELECT COUNT(*) FROM pg_class").await?;
    recorded(&log, gone).await?;
    let held_up = log.finish_erasures().await;
    assert!(matches!(held_up, Err(LogError::Unavailable(_))), "{held_up:?}");
    let unfinished = "SELECT COUNT(*) FROM log_erasing";
    assert_eq!(apart.place.number(unfinished).await?, 1);
    log.close().await;
    // Another start serves all the same, and opens nothing of it.
    let log = Log::open(apart.options()).await?;
    assert_eq!(log.unfinished_erasures().await?, 1);
    assert_eq!(log.destroyed_at(&[gone]).await?, None);
    assert!(matches!(log.load::<Notes<LearnerFact>>(gone.uuid()).await, Err(LogError::Erased)));
    register(&log, "Osgood").await?;
    // Once nobody reads any more it is gone on with, and nobody has to ask for it.
    let stop = CancellationToken::new();
    let (erasing, until_stopped) = (log.clone(), stop.clone());
    let erasing = tokio::spawn(async move { erasing.keep_erasing(until_stopped).await });
    reporting.execute("ROLLBACK").await?;
    until("the erasure to be carried through", || async {
        Ok((apart.place.number(unfinished).await? == 0).then_some(()))
    })
    .await?;
    stop.cancel();
    erasing.await?;
    assert!(log.destroyed_at(&[gone]).await?.is_some());
    assert!(!apart.is_anywhere(&wrapped)?, "the wrapped key is in a file of the server");
    log.close().await;
    Ok(())
}

/// Writing the table anew needs it alone, and whoever comes after would wait behind that: it gives way.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_waits_for_the_table_holds_nobody_up() -> anyhow::Result<()> {
    let apart = Apart::new().await?;
    let log = Log::open(apart.options()).await?;
    let gone = register(&log, "Quillfeather").await?;
    let mut idle = apart.sql().await?;
    idle.execute("BEGIN").await?;
    idle.execute("SELECT COUNT(*) FROM subject_key").await?;
    recorded(&log, gone).await?;
    let erasing = {
        let log = log.clone();
        tokio::spawn(async move { log.finish_erasures().await })
    };
    // A key is made for somebody new again and again while it tries, and is refused the table.
    let mut made = 0;
    while !erasing.is_finished() || made == 0 {
        register(&log, "Osgood").await?;
        made += 1;
    }
    let held_up = erasing.await?;
    assert!(matches!(held_up, Err(LogError::Unavailable(_))), "{held_up:?}");
    idle.execute("ROLLBACK").await?;
    log.finish_erasures().await?;
    assert_eq!(log.unfinished_erasures().await?, 0);
    log.close().await;
    Ok(())
}
