//! A whole installation for one test: database, bus, processes, organisations and their people.
//!
//! A world is cheap: the cluster is the run's own, and organisations and members are made through the
//! services, as an operator makes them.

mod houses;
mod look_ups;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_contract::access::v1::MemberRole;
use onward_contract::directory::v1 as directory;
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use crate::actors::{Authority, Member, Operator, PathfinderMember, Provider, Senco};
use crate::builders::request_id;
use crate::servers::{Database, Nats, Onward, Postgres, Stopped, onward_command, until};

pub use houses::House;

/// Which database holds the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one, in the data folder.
    Sqlite,
    /// A database of the test's own on the run's cluster.
    Postgres,
}

/// What a world is made of.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Which database.
    pub backend: Backend,
    /// With a bus that the views follow; without one they follow the log.
    pub nats: bool,
    /// How many `onward serve` share the database; more than one on PostgreSQL only.
    pub processes: usize,
}

impl Setup {
    /// One process on SQLite, no bus.
    pub const SQLITE: Self = Self { backend: Backend::Sqlite, nats: false, processes: 1 };
    /// One process on PostgreSQL, no bus.
    pub const POSTGRES: Self = Self { backend: Backend::Postgres, nats: false, processes: 1 };

    /// The same with a bus.
    pub const fn with_nats(self) -> Self {
        Self { nats: true, ..self }
    }

    /// The same with so many processes.
    pub const fn with_processes(self, processes: usize) -> Self {
        Self { processes, ..self }
    }
}

/// A running installation.
pub struct World {
    servers: Vec<Onward>,
    channels: Vec<Channel>,
    nats: Option<Nats>,
    database: Option<Database>,
    key: DevelopmentKey,
    operator: (String, String),
    houses: BTreeMap<House, String>,
    people: AtomicU32,
    /// A test has altered the look-up keys.
    altered: bool,
    folder: TempDir,
}

/// How long a token of a story is good for.
const TTL: Duration = Duration::from_secs(60 * 60);

// === impl World

impl World {
    /// Starts everything, and registers every organisation of [`House`].
    ///
    /// # Errors
    /// A server does not start, or refuses what an operator may do.
    pub async fn start(setup: Setup) -> anyhow::Result<Self> {
        let mut world = Self::start_empty(setup).await?;
        world.register_houses().await?;
        Ok(world)
    }

    /// Starts everything with nobody in it but the operator.
    ///
    /// # Errors
    /// A server does not start.
    pub async fn start_empty(setup: Setup) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("onward-world-").tempdir()?;
        let database = match setup.backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Postgres::create_database().await?),
        };
        let nats = if setup.nats { Some(Nats::start().await?) } else { None };
        let store = store(&folder, database.as_ref());
        let operator = bootstrap(&store).await?;
        let mut servers = Vec::new();
        for _ in 0..setup.processes {
            servers.push(serve(&store, nats.as_ref()).await?);
        }
        let key = folder.path().join("data/keys/development-token.pem");
        Ok(Self {
            channels: servers.iter().map(channel).collect::<anyhow::Result<_>>()?,
            servers,
            nats,
            database,
            key: DevelopmentKey::load(&key)?,
            operator,
            houses: BTreeMap::new(),
            people: AtomicU32::new(0),
            altered: false,
            folder,
        })
    }

    async fn register_houses(&mut self) -> anyhow::Result<()> {
        let operator = self.operator();
        let registered = House::ALL.iter().map(|house| {
            let mut client = operator.directory();
            async move {
                let reply = client.register_organisation(house.register()).await?.into_inner();
                anyhow::Ok((*house, reply.organisation_id))
            }
        });
        self.houses = try_join_all(registered).await?.into_iter().collect();
        Ok(())
    }

    /// The operator made by `bootstrap`.
    pub fn operator(&self) -> Operator {
        let (organisation, member) = &self.operator;
        Operator(self.person(organisation, "operator", member))
    }

    /// The id of an organisation.
    ///
    /// # Panics
    /// Never after the start.
    pub fn id(&self, house: House) -> &str {
        self.houses.get(&house).expect("every house is registered at the start")
    }

    /// A new member of an organisation with these roles.
    ///
    /// # Errors
    /// The operator may not add one.
    pub async fn member(&self, house: House, roles: &[MemberRole]) -> anyhow::Result<Member> {
        self.member_of(self.id(house), roles).await
    }

    /// As [`World::member`], of an organisation by its id.
    ///
    /// # Errors
    /// As [`World::member`].
    pub async fn member_of(&self, id: &str, roles: &[MemberRole]) -> anyhow::Result<Member> {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let subject = format!("person-{number}");
        let request = directory::AddMemberRequest {
            request_id: request_id(),
            organisation_id: id.to_owned(),
            issuer: DEVELOPMENT_ISSUER.to_owned(),
            subject: subject.clone(),
            name: format!("Person {number}"),
            roles: roles.iter().map(|role| (*role).into()).collect(),
            ..Default::default()
        };
        let added = self.operator().directory().add_member(request).await;
        let added = added.with_context(|| format!("adding {roles:?}"))?.into_inner();
        Ok(self.person(id, &subject, &added.member_id))
    }

    /// A new SENCO of an organisation.
    ///
    /// # Errors
    /// As [`World::member`].
    pub async fn senco(&self, house: House) -> anyhow::Result<Senco> {
        Ok(Senco(self.member(house, &[MemberRole::Senco]).await?))
    }

    /// Somebody new who receives learners at an organisation.
    ///
    /// # Errors
    /// As [`World::member`].
    pub async fn provider(&self, house: House) -> anyhow::Result<Provider> {
        Ok(Provider(self.member(house, &[MemberRole::SupportLead]).await?))
    }

    /// Somebody new in a pathfinder's team.
    ///
    /// # Errors
    /// As [`World::member`].
    pub async fn team(&self, house: House, role: MemberRole) -> anyhow::Result<PathfinderMember> {
        Ok(PathfinderMember(self.member(house, &[role]).await?))
    }

    /// A new caseworker of an authority.
    ///
    /// # Errors
    /// As [`World::member`].
    pub async fn authority(&self, house: House) -> anyhow::Result<Authority> {
        Ok(Authority(self.member(house, &[MemberRole::Caseworker]).await?))
    }

    /// Somebody with a good token for an organisation, member or not.
    ///
    /// # Panics
    /// The organisation's id is none.
    pub fn person(&self, organisation: &str, subject: &str, member: &str) -> Member {
        let token = self.token(organisation, subject, Timestamp::now(), TTL);
        let channel = self.channels[0].clone();
        let owned = str::to_owned;
        Member::new(channel, token, owned(organisation), owned(subject), owned(member))
    }

    /// A token of the data folder's key, as of any moment.
    ///
    /// # Panics
    /// The organisation's id is none.
    pub fn token(&self, org: &str, subject: &str, from: Timestamp, ttl: Duration) -> String {
        let organisation = org.parse().expect("an organisation's id");
        self.key.sign(subject, organisation, from, ttl).expect("the key signs")
    }

    /// Waits until every view shows all that has been written.
    ///
    /// # Errors
    /// One does not come so far.
    pub async fn views_are_there(&self) -> anyhow::Result<()> {
        let operator = self.operator();
        let head = operator.head().await?;
        until("the views", || async {
            let views = operator.views("").await?;
            Ok(views.iter().all(|view| view.position >= head).then_some(()))
        })
        .await
    }

    /// The channel to each process.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The first process.
    ///
    /// # Panics
    /// It has been stopped.
    pub fn server(&self) -> &Onward {
        self.servers.first().expect("a process is running")
    }

    /// What every process has written to standard error.
    pub fn program_log(&self) -> String {
        self.servers.iter().map(Onward::stderr).collect()
    }

    /// The bus.
    ///
    /// # Panics
    /// The setup has none.
    pub fn nats(&self) -> &Nats {
        self.nats.as_ref().expect("a setup with a bus")
    }

    /// The bus, to stop and start.
    ///
    /// # Panics
    /// The setup has none.
    pub fn nats_mut(&mut self) -> &mut Nats {
        self.nats.as_mut().expect("a setup with a bus")
    }

    /// Where the database is; none on SQLite.
    pub fn postgres_url(&self) -> Option<&str> {
        self.database.as_ref().map(Database::url)
    }

    /// The data folder.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// The flags that say where data is kept: `--data …` and, where there is one, `--postgres …`.
    pub fn store(&self) -> Vec<String> {
        store(&self.folder, self.database.as_ref())
    }

    /// Stops every process in order and answers what each left behind.
    ///
    /// # Errors
    /// One does not end.
    pub async fn stop(&mut self) -> anyhow::Result<Vec<Stopped>> {
        let mut stopped = Vec::new();
        for server in self.servers.drain(..) {
            stopped.push(server.stop_gracefully().await?);
        }
        Ok(stopped)
    }

    /// Ends every process as `kill -9` does.
    ///
    /// # Errors
    /// One had already ended.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        for server in self.servers.drain(..) {
            server.kill9().await?;
        }
        Ok(())
    }

    /// Starts one process again on the same data. People made before the call keep the old address.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let server = serve(&self.store(), self.nats.as_ref()).await?;
        self.channels = vec![channel(&server)?];
        self.servers.push(server);
        Ok(())
    }
}

fn store(folder: &TempDir, database: Option<&Database>) -> Vec<String> {
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let mut flags = vec!["--data".to_owned(), data];
    if let Some(database) = database {
        flags.extend(["--postgres".to_owned(), database.url().to_owned()]);
    }
    flags
}

async fn serve(store: &[String], nats: Option<&Nats>) -> anyhow::Result<Onward> {
    let mut flags = store.to_vec();
    if let Some(nats) = nats {
        flags.extend(["--nats".to_owned(), nats.url()]);
    }
    Onward::serve(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await
}

fn channel(server: &Onward) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(server.addr().to_owned())?.tcp_nodelay(true).connect_lazy())
}

/// Makes the first operator, as an installer does; answers its organisation and membership.
async fn bootstrap(store: &[String]) -> anyhow::Result<(String, String)> {
    let mut flags = vec!["bootstrap", "--org", "House of tests", "--subject", "operator"];
    flags.extend(["--issuer", DEVELOPMENT_ISSUER, "--output", "json"]);
    flags.extend(store.iter().map(String::as_str));
    let made = onward_command(&flags).await?;
    ensure!(made.status.success(), "bootstrap: {}", String::from_utf8_lossy(&made.stderr));
    let rows: serde_json::Value = serde_json::from_slice(&made.stdout)?;
    let text = |key: &str| rows[0][key].as_str().map(str::to_owned).context("bootstrap's answer");
    Ok((text("organisation_id")?, text("member_id")?))
}
