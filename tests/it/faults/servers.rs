//! The bus's server: stopped in its tracks, without its storage, without room. Whoever writes never notices.

use onward_tests::chaos::{Shape, not_run, small_disks};
use onward_tests::dice::rounds;
use onward_tests::servers::until;

use super::Trial;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bus_stands_still() -> anyhow::Result<()> {
    let mut trial = Trial::of("bus stopped", Shape::SQLITE.with_nats()).await?;
    let load = trial.load();
    for _ in 0..rounds(2, 10) {
        load.done(20).await?;
        trial.site.nats.as_ref().expect("a bus").stop()?;
        told_of_a_fault(&trial).await?;
        load.done(20).await?;
        trial.site.nats.as_ref().expect("a bus").cont()?;
    }
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bus_loses_its_storage() -> anyhow::Result<()> {
    let mut trial = Trial::of("bus storage", Shape::POSTGRES.with_nats()).await?;
    let load = trial.load();
    for _ in 0..rounds(2, 10) {
        load.done(20).await?;
        let nats = trial.site.nats.as_mut().expect("a bus");
        nats.kill()?;
        load.done(20).await?;
        std::fs::remove_dir_all(nats.dir().join("store"))?;
        nats.restart().await?;
    }
    load.done(20).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bus_has_no_room() -> anyhow::Result<()> {
    if !small_disks() {
        return not_run("the bus on a full disk", "mount");
    }
    let shape = Shape { nats_disk: Some(1), nats: true, ..Shape::SQLITE };
    let mut trial = Trial::of("bus disk", shape).await?;
    let load = trial.load();
    told_of_a_fault(&trial).await?;
    load.done(20).await?;
    let nats = trial.site.nats.as_mut().expect("a bus");
    nats.kill()?;
    nats.on_an_ordinary_disk();
    nats.restart().await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

/// The process says, once more, that the copy is delayed.
async fn told_of_a_fault(trial: &Trial) -> anyhow::Result<()> {
    let server = trial.site.server(0);
    let said = || server.stderr().matches("the copy on the bus is delayed").count();
    let before = said();
    until("a word about the bus", || async { Ok((said() > before).then_some(())) }).await
}
