//! Where a test keeps its log, and the little that tests need to write to it.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use futures::FutureExt;
use jiff::civil::date;
use onward_domain::decider::{Decider, Outcome, Refusal, Version};
use onward_domain::event::{Event, LearnerFact, Provenance};
use onward_domain::ids::{LearnerId, OrganisationId, RequestId};
use onward_domain::learner::{LearnerRegistered, Person};
use onward_log::{Attempt, Call, Log, Options, Request};
use onward_tests::servers::{Database, Postgres};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Sqlite,
    Postgres,
}

/// Where a test keeps its log.
pub(super) struct Place {
    pub folder: TempDir,
    pub database: Option<Database>,
}

impl Place {
    pub(super) async fn new(backend: Backend) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("onward-log-").tempdir()?;
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Postgres::create_database().await?),
        };
        Ok(Self { folder, database })
    }

    pub(super) fn options(&self) -> Options {
        match &self.database {
            None => Options::sqlite(self.data()),
            Some(database) => Options::postgres(database.url(), self.keys()),
        }
    }

    pub(super) async fn open(&self) -> anyhow::Result<Log> {
        Ok(Log::open(self.options()).await?)
    }

    pub(super) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(super) fn keys(&self) -> std::path::PathBuf {
        self.data().join("keys")
    }

    /// Runs a statement behind the log's back; answers the rows changed.
    pub(super) async fn sql(&self, text: &str) -> anyhow::Result<u64> {
        let text = AssertSqlSafe(text.to_owned());
        Ok(match &self.database {
            Some(database) => {
                let mut sql = PgConnection::connect(database.url()).await?;
                sqlx::raw_sql(text).execute(&mut sql).await?.rows_affected()
            }
            None => {
                let mut sql = sqlite(&self.data().join("log.db")).await?;
                sqlx::raw_sql(text).execute(&mut sql).await?.rows_affected()
            }
        })
    }

    /// One number, read behind the log's back.
    pub(super) async fn number(&self, text: &str) -> anyhow::Result<i64> {
        let text = AssertSqlSafe(text.to_owned());
        Ok(match &self.database {
            Some(database) => {
                let mut sql = PgConnection::connect(database.url()).await?;
                sqlx::query(text).fetch_one(&mut sql).await?.try_get(0)?
            }
            None => {
                let mut sql = sqlite(&self.data().join("log.db")).await?;
                sqlx::query(text).fetch_one(&mut sql).await?.try_get(0)?
            }
        })
    }
}

/// A connection to a SQLite file, beside the log's own.
pub(super) async fn sqlite(path: &Path) -> anyhow::Result<SqliteConnection> {
    let settings = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    settings.connect().await.with_context(|| path.display().to_string())
}

// === a stream that takes whatever fact, so that the log is tested and no rule

/// A stream that takes whatever fact of one kind. No facts asked for: the first was the same step.
pub(super) struct Notes<F>(PhantomData<F>);

impl<F> Decider for Notes<F>
where
    F: Into<Event> + TryFrom<Event, Error = Event> + Clone + Send + Sync + 'static,
{
    type State = u64;
    type Command = Vec<F>;
    type Fact = F;

    fn decide(state: &u64, command: Vec<F>) -> Result<Outcome<F>, Refusal> {
        match (command.is_empty(), state) {
            (true, 0) => Err(Refusal::NotFound),
            (true, _) => Ok(Outcome::AlreadyDone(1)),
            _ => Ok(Outcome::Recorded(command)),
        }
    }

    fn evolve(state: &mut u64, _fact: &F) {
        *state += 1;
    }
}

/// An attempt that appends facts to a stream.
pub(super) fn append<F>(stream: Uuid, facts: Vec<F>) -> Attempt
where
    F: Into<Event> + TryFrom<Event, Error = Event> + Clone + Send + Sync + 'static,
{
    append_at(stream, facts, None)
}

/// The same, where the caller says which version it saw.
pub(super) fn append_at<F>(stream: Uuid, facts: Vec<F>, version: Option<Version>) -> Attempt
where
    F: Into<Event> + TryFrom<Event, Error = Event> + Clone + Send + Sync + 'static,
{
    Arc::new(move |unit| {
        let facts = facts.clone();
        async move {
            unit.expect(stream, version);
            let mut loaded = unit.load::<Notes<F>>(stream).await?;
            unit.decide(&mut loaded, facts)?;
            Ok(())
        }
        .boxed()
    })
}

/// A learner with this surname.
pub(super) fn registered(learner: LearnerId, surname: &str) -> LearnerFact {
    LearnerFact::Registered(LearnerRegistered {
        learner,
        person: Person {
            surname: surname.to_owned(),
            forename: "Zoë".to_owned(),
            known_as: None,
            date_of_birth: date(2014, 5, 17),
            sex: None,
            postcode: None,
            nc_year: None,
            home_language: None,
            looked_after: None,
            sensitive: false,
        },
        own_ref: None,
    })
}

pub(super) fn new_learner() -> LearnerId {
    LearnerId::new(Uuid::now_v7())
}

pub(super) fn organisation() -> OrganisationId {
    OrganisationId::new(Uuid::now_v7())
}

/// Who says so, with nothing personal.
pub(super) fn by(organisation: OrganisationId) -> Provenance {
    Provenance { organisation, member: None, actor: None, occurred: None, external_ref: None }
}

/// A call under a request id.
pub(super) fn named(organisation: OrganisationId, id: RequestId, body: &'static str) -> Call {
    let body = body.as_bytes().into();
    let request = Request { organisation, id, method: "Test/Append", body };
    Call { request: Some(request), provenance: by(organisation) }
}

/// A call under a new request id.
pub(super) fn once(organisation: OrganisationId) -> Call {
    named(organisation, RequestId::new(Uuid::now_v7()), "body")
}

/// Registers a new learner; its record's stream carries the same id.
pub(super) async fn register(log: &Log, surname: &str) -> anyhow::Result<LearnerId> {
    let learner = new_learner();
    let facts = vec![registered(learner, surname)];
    log.execute(once(organisation()), append(learner.uuid(), facts)).await?;
    Ok(learner)
}
