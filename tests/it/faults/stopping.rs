//! Stopping and starting: SIGTERM drains, also where the database is silent; `kill -9` with many events in
//! the log is over at the next start.

use onward_contract::reason;
use onward_contract::timeline::v1::WatchOrganisationRequest;
use onward_contract::transition::v1::RecordTransitionsRequest;
use onward_tests::chaos::Shape;
use onward_tests::dice::rounds;
use onward_tests::expect::reason_of;
use onward_tests::ledger::{Asked, Told};
use onward_tests::proxy::Way;

use super::Trial;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains_on_sqlite() -> anyhow::Result<()> {
    drains(Trial::of("drain, sqlite", Shape::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains_on_postgres_with_a_bus() -> anyhow::Result<()> {
    drains(Trial::of("drain, postgres", Shape::POSTGRES.with_nats()).await?).await
}

/// What had come in is answered, open streams end with a word, and the exit is in order.
async fn drains(mut trial: Trial) -> anyhow::Result<()> {
    let load = trial.load();
    for _ in 0..rounds(3, 30) {
        load.done(trial.dice.below(30)).await?;
        let request = WatchOrganisationRequest::default();
        let senco = trial.site.senco(0);
        let mut watched = senco.timelines().watch_organisation(request).await?.into_inner();
        let stream = tokio::spawn(async move {
            loop {
                match watched.message().await {
                    Ok(Some(_)) => {}
                    ended => break ended.map(drop),
                }
            }
        });
        let stopped = trial.site.terminate(0).await?;
        assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
        if let Err(status) = stream.await? {
            assert_eq!(reason_of(&status), reason::SHUTTING_DOWN, "{status:?}");
        }
        trial.site.serve(0).await?;
    }
    load.done(1).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

/// The database says nothing any more, and the process is told to stop: it ends all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_a_process_whose_database_is_silent() -> anyhow::Result<()> {
    let shape = Shape::POSTGRES.with_nats().proxied();
    let mut trial = Trial::of("stop in silence", shape).await?;
    let load = trial.load();
    load.done(20).await?;
    let proxy = trial.site.sql.as_ref().expect("a site behind proxies");
    proxy.silence(Way::Up);
    proxy.silence(Way::Down);
    proxy.keeps_something().await;
    let stopped = trial.site.terminate(0).await?;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    load.rest().await;
    trial.judge().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_many_events_on_sqlite() -> anyhow::Result<()> {
    killed_with_many_events(Trial::of("many, sqlite", Shape::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_many_events_on_postgres() -> anyhow::Result<()> {
    killed_with_many_events(Trial::of("many, postgres", Shape::POSTGRES.with_nats()).await?).await
}

/// Killed while thousands of events wait for the views: the next process writes before they are there.
async fn killed_with_many_events(mut trial: Trial) -> anyhow::Result<()> {
    let learners = trial.site.learners().to_vec();
    let asked: Vec<Asked> = (0..rounds(2_000, 20_000))
        .map(|number: usize| Asked::record(&learners[number % learners.len()]))
        .collect();
    let many = asked.iter().filter_map(|asked| match asked {
        Asked::Record(request) => {
            Some(RecordTransitionsRequest { transition: Some(request.clone()) })
        }
        _ => None,
    });
    let many: Vec<_> = many.collect();
    let senco = trial.site.senco(0);
    let answers = senco.transitions().record_transitions(tokio_stream::iter(many)).await?;
    let mut answers = answers.into_inner();
    for asked in &asked {
        let answer = answers.message().await?.expect("an answer to each");
        let receipt = answer.receipt.expect("it was recorded");
        let (replayed, transition_id) = (answer.already_recorded, answer.transition_id);
        trial.ledger.note(asked, Told::Done { receipt, replayed, transition_id });
    }
    trial.site.kill(0).await?;
    trial.site.serve(0).await?;
    let asked = Asked::record(&learners[0]);
    let told = asked.send(&trial.site.senco(0)).await;
    assert!(matches!(told, Told::Done { .. }), "it serves at once: {told:?}");
    trial.ledger.note(&asked, told);
    trial.judge().await?;
    Ok(())
}
