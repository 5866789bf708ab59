//! Clients that go away: at random moments over the wire, and at every await of a call in process. No
//! transaction stays open, nothing is half done, no connection is poisoned.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::join_all;
use onward_access::{DevelopmentKey, Verifier};
use onward_api::{BusTold, Doors, Limits, ProcessTold};
use onward_contract::learner::v1::GetLearnerRequest;
use onward_contract::learner::v1::learner_service_client::LearnerServiceClient;
use onward_contract::transition::v1::ListTransitionsRequest;
use onward_contract::transition::v1::transition_service_client::TransitionServiceClient;
use onward_log::{Log, Options};
use onward_tests::chaos::{Shape, Site};
use onward_tests::dice::rounds;
use onward_tests::ledger::{Asked, Told};
use onward_tests::servers::until;
use onward_views::{Options as ViewsOptions, Storage, Views};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Status};

use super::Trial;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_go_away_at_random_on_sqlite() -> anyhow::Result<()> {
    callers_go_away(Trial::of("gone, sqlite", Shape::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_go_away_at_random_on_postgres() -> anyhow::Result<()> {
    callers_go_away(Trial::of("gone, postgres", Shape::POSTGRES.with_processes(2)).await?).await
}

async fn callers_go_away(mut trial: Trial) -> anyhow::Result<()> {
    for _ in 0..rounds(15, 200) {
        let calls: Vec<_> = (0..16)
            .map(|caller| {
                let learners = trial.site.learners();
                let asked = Asked::record(&learners[trial.dice.below(learners.len())]);
                let patience = Duration::from_micros(trial.dice.below(30_000) as u64);
                let (senco, ledger) = (trial.site.senco(caller), &trial.ledger);
                async move {
                    let told = tokio::time::timeout(patience, asked.send(&senco)).await;
                    ledger.note(&asked, told.unwrap_or(Told::Unknown));
                }
            })
            .collect();
        join_all(calls).await;
    }
    nothing_is_left_open(&trial.site).await?;
    everybody_is_served(&trial).await?;
    let verdict = trial.judge().await?;
    assert!(verdict.found + verdict.lost > 0, "some went away: {verdict:?}");
    Ok(())
}

/// No session of Onward's is in a transaction, or waits for a lock.
async fn nothing_is_left_open(site: &Site) -> anyhow::Result<()> {
    let Some(url) = site.database_url() else { return Ok(()) };
    until("every transaction to end", || async {
        let mut sql = PgConnection::connect(url).await?;
        let open: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND application_name LIKE 'onward-%' AND state LIKE 'idle in transaction%'",
        )
        .fetch_one(&mut sql)
        .await?;
        Ok((open == 0).then_some(()))
    })
    .await
}

async fn everybody_is_served(trial: &Trial) -> anyhow::Result<()> {
    let learners = trial.site.learners();
    let calls = (0..64).map(|call: usize| {
        let (asked, senco) =
            (Asked::record(&learners[call % learners.len()]), trial.site.senco(call));
        async move {
            let told = asked.send(&senco).await;
            trial.ledger.note(&asked, told.clone());
            told
        }
    });
    for told in join_all(calls).await {
        anyhow::ensure!(matches!(told, Told::Done { .. }), "{told:?}");
    }
    Ok(())
}

// === at every await

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_at_every_await_on_sqlite() -> anyhow::Result<()> {
    dropped_at_every_await(Trial::of("awaits, sqlite", Shape::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_at_every_await_on_postgres() -> anyhow::Result<()> {
    dropped_at_every_await(Trial::of("awaits, postgres", Shape::POSTGRES).await?).await
}

/// Polls a call so many times, then lets it fall.
struct Dropped<F> {
    call: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for Dropped<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        match self.call.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Calls with so many polls, then one more each time, until a call comes to its end.
macro_rules! at_every_await {
    ($call:expr, $dropped:expr) => {{
        let (mut polls, dropped) = (0, $dropped);
        loop {
            let (what, call) = $call;
            match (Dropped { call: Box::pin(call), polls }).await {
                Some(answer) => break (what, answer, polls),
                None => dropped(what),
            }
            polls += 1;
            assert!(polls < 2_000, "a call ends");
        }
    }};
}

async fn dropped_at_every_await(mut trial: Trial) -> anyhow::Result<()> {
    let token = format!("Bearer {}", trial.site.senco(0).token()).parse()?;
    let learners = trial.site.learners().to_vec();
    trial.site.stop().await?;
    let here = Here::open(&trial.site).await?;
    let bearer = move |mut request: Request<()>| {
        let value: &tonic::metadata::MetadataValue<tonic::metadata::Ascii> = &token;
        request.metadata_mut().insert("authorization", value.clone());
        Ok::<_, Status>(request)
    };
    let moves = TransitionServiceClient::with_interceptor(here.routes.clone(), bearer.clone());
    let records = LearnerServiceClient::with_interceptor(here.routes.clone(), bearer);
    for round in 0..rounds(3, 20) {
        let learner = &learners[round % learners.len()];
        let (_, answer, polls) = at_every_await!(
            {
                let (asked, mut moves) = (Asked::record(learner), moves.clone());
                let Asked::Record(request) = asked.clone() else { unreachable!() };
                (asked, async move { moves.record_transition(request).await })
            },
            |asked: Asked| trial.ledger.note(&asked, Told::Unknown)
        );
        answer?;
        assert!(polls >= 2, "a write waits for its look-up and for its commit: {polls}");
        let (_, answer, _) = at_every_await!(
            {
                let (mut records, learner_id) = (records.clone(), learner.clone());
                let request = GetLearnerRequest { learner_id, ..Default::default() };
                ((), async move { records.get_learner(request).await })
            },
            |()| ()
        );
        answer?;
        let (_, answer, _) = at_every_await!(
            {
                let mut moves = moves.clone();
                let request = ListTransitionsRequest::default();
                ((), async move { moves.list_transitions(request).await })
            },
            |()| ()
        );
        answer?;
    }
    nothing_is_left_open(&trial.site).await?;
    here.close().await;
    trial.site.heal().await?;
    everybody_is_served(&trial).await?;
    trial.judge().await?;
    Ok(())
}

/// The doors of a process, in this one.
struct Here {
    log: Log,
    views: Views,
    running: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
    routes: Routes,
}

impl Here {
    async fn open(site: &Site) -> anyhow::Result<Self> {
        let keys = site.data().join("keys");
        let (options, storage) = match site.database_url() {
            Some(url) => {
                let url = url.to_owned();
                let storage =
                    Storage::Postgres { url: url.clone(), schema: None, max_connections: 4 };
                (Options::postgres(url, &keys), storage)
            }
            None => (Options::sqlite(site.data()), Storage::Sqlite { folder: site.data() }),
        };
        let log = Log::open(options).await?;
        let views = Views::open(ViewsOptions { storage }, log.clone()).await?;
        let stop = CancellationToken::new();
        let feed = Box::new(log.feed(views.lowest_position().await?));
        let running = tokio::spawn({
            let (views, stop) = (views.clone(), stop.clone());
            async move { views.run(feed, stop).await }
        });
        let key = DevelopmentKey::load(&keys.join("development-token.pem"))?;
        let verifier = Verifier::new(vec![key.issuer()]);
        let (_, bus) = watch::channel(BusTold::default());
        let process = ProcessTold {
            postgres: site.database_url().is_some(),
            roles: Vec::new(),
            backup_days: 35,
        };
        let doors = Doors::new(log.clone(), views.clone(), verifier, bus, process, stop.clone());
        let routes = onward_api::server::routes(doors, &Limits::default()).await?;
        Ok(Self { log, views, running, stop, routes })
    }

    async fn close(self) {
        self.stop.cancel();
        // It ends when it is told to.
        let _ = self.running.await;
        drop(self.routes);
        self.views.close().await;
        self.log.close().await;
    }
}
