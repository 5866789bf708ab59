//! `kill -9` of every process, at random, under load.

use onward_tests::chaos::{Shape, signal};
use onward_tests::dice::rounds;
use onward_tests::servers::until;
use sqlx::{Connection, PgConnection};

use super::Trial;

/// Writes between two faults, at most.
const WRITES: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_on_sqlite_is_killed_at_random() -> anyhow::Result<()> {
    let mut trial = Trial::of("kill sqlite", Shape::SQLITE).await?;
    let load = trial.load();
    for _ in 0..rounds(6, 60) {
        load.done(trial.dice.below(WRITES)).await?;
        trial.site.kill(0).await?;
        trial.site.serve(0).await?;
    }
    load.done(1).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

/// Two processes, their database and their bus: any of them, at any moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_on_postgres_is_killed_at_random() -> anyhow::Result<()> {
    let shape = Shape::POSTGRES.with_nats().with_processes(2).own_cluster();
    let mut trial = Trial::of("kill postgres", shape).await?;
    let load = trial.load();
    for _ in 0..rounds(8, 40) {
        load.done(trial.dice.below(WRITES)).await?;
        match trial.dice.below(6) {
            0 => {
                let postgres = trial.site.postgres.as_ref().expect("a cluster of its own");
                postgres.kill()?;
                postgres.restart().await?;
            }
            1 => {
                let nats = trial.site.nats.as_mut().expect("a bus");
                nats.kill()?;
                nats.restart().await?;
            }
            // A part of the database's server: the others end and begin anew by themselves.
            2 => a_backend(&trial).await?,
            3 => {
                let postgres = trial.site.postgres.as_ref().expect("a cluster of its own");
                postgres.kill9()?;
                until("PostgreSQL again", || async { Ok(postgres.restart().await.ok()) }).await?;
            }
            process => {
                trial.site.kill(process - 4).await?;
                trial.site.serve(process - 4).await?;
            }
        }
    }
    load.done(1).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

/// Kills one of the processes that serve Onward's connections.
async fn a_backend(trial: &Trial) -> anyhow::Result<()> {
    let url = trial.site.database_url().expect("PostgreSQL");
    // Right after another fault the server may not take connections yet.
    let pid = until("a session", || async { Ok(session(url).await.ok().flatten()) }).await?;
    // One that has gone meanwhile need not be killed.
    let _ = signal(pid, "KILL");
    Ok(())
}

async fn session(url: &str) -> anyhow::Result<Option<i32>> {
    let mut sql = PgConnection::connect(url).await?;
    let pid = sqlx::query_scalar(
        "SELECT pid FROM pg_stat_activity \
         WHERE application_name = 'onward-log' AND datname = current_database() LIMIT 1",
    );
    Ok(pid.fetch_optional(&mut sql).await?)
}
