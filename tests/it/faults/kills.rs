//! `kill -9` of every process, at random, under load.

use onward_tests::chaos::Shape;
use onward_tests::dice::rounds;

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
    for _ in 0..rounds(6, 40) {
        load.done(trial.dice.below(WRITES)).await?;
        match trial.dice.below(4) {
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
            process => {
                trial.site.kill(process - 2).await?;
                trial.site.serve(process - 2).await?;
            }
        }
    }
    load.done(1).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}
