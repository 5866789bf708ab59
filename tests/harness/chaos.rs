//! An installation in which everything can be ended, stopped, cut off and healed while callers write.

mod load;
mod machine;
mod place;
mod shape;

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures::future::try_join_all;
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_contract::access::v1::MemberRole;
use onward_contract::directory::v1 as directory;
use tempfile::TempDir;

use crate::actors::{Member, Operator, Senco};
use crate::builders::{Child, request_id, upn};
use crate::proxy::{Proxy, Wire};
use crate::servers::{Database, Nats, Onward, Postgres, Stopped, onward_command, until};
use crate::world::{Backend, House};

use place::Place;

pub use load::Load;
pub use machine::{not_run, signal, small_disks};
pub use shape::Shape;

/// A running installation with a school that records.
pub struct Site {
    /// Its cluster, where it has one of its own.
    pub postgres: Option<Postgres>,
    /// The bus, where there is one.
    pub nats: Option<Nats>,
    /// The proxy before PostgreSQL.
    pub sql: Option<Proxy>,
    /// The proxy before the bus.
    pub bus: Option<Proxy>,
    /// Which database.
    pub backend: Backend,
    database: Option<Database>,
    places: Vec<Place>,
    operator: Operator,
    senco: Senco,
    learners: Vec<String>,
    base: u64,
    folder: TempDir,
}

/// Learners of the school.
const LEARNERS: u32 = 6;
/// How long a token is good for.
const TTL: Duration = Duration::from_secs(6 * 60 * 60);

// === impl Site

impl Site {
    /// Starts everything, with a school, its SENCO and a few learners.
    ///
    /// # Errors
    /// A server does not start, or refuses what an operator or a SENCO may do.
    pub async fn start(shape: Shape) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("onward-site-").tempdir()?;
        let postgres = match (shape.postgres_disk, shape.wal_disk, shape.own_cluster) {
            (Some(mib), ..) => Some(Postgres::start_small(mib).await?),
            (_, Some(mib), _) => Some(Postgres::start_small_wal(mib).await?),
            (.., true) => Some(Postgres::start_with(shape.settings).await?),
            (.., false) => None,
        };
        let database = match (&postgres, shape.backend) {
            (_, Backend::Sqlite) => None,
            (Some(own), _) => Some(own.database().await?),
            (None, _) => Some(Postgres::create_database().await?),
        };
        let nats = match (shape.nats_disk, shape.nats) {
            (Some(mib), _) => Some(Nats::start_small(mib).await?),
            (None, true) => Some(Nats::start().await?),
            (None, false) => None,
        };
        let (mut sql, mut bus) = (None, None);
        if shape.proxied {
            let database = database.as_ref().map(|database| address(database.url()));
            let server = nats.as_ref().map(|nats| address(&nats.url()));
            sql = through(Wire::Postgres, database).await?;
            bus = through(Wire::Nats, server).await?;
        }
        let mut places = Vec::new();
        for _ in 0..shape.processes {
            places.push(Place::new()?);
        }
        let nobody = Member::new(
            places[0].channel.clone(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        );
        let mut site = Self {
            postgres,
            nats,
            sql,
            bus,
            backend: shape.backend,
            database,
            places,
            operator: Operator(nobody.clone()),
            senco: Senco(nobody),
            learners: Vec::new(),
            base: 0,
            folder,
        };
        site.settle_in().await?;
        Ok(site)
    }

    async fn settle_in(&mut self) -> anyhow::Result<()> {
        let (organisation, member) = self.bootstrap().await?;
        for process in 0..self.places.len() {
            self.serve(process).await?;
        }
        let key = self.data().join("keys/development-token.pem");
        let key = DevelopmentKey::load(&key)?;
        let person = |organisation: &str, subject: &str, member: &str| {
            let token = key.sign(subject, organisation.parse()?, Timestamp::now(), TTL)?;
            let owned = str::to_owned;
            let channel = self.places[0].channel.clone();
            let (organisation, subject) = (owned(organisation), owned(subject));
            anyhow::Ok(Member::new(channel, token, organisation, subject, owned(member)))
        };
        let operator = Operator(person(&organisation, "operator", &member)?);
        let mut school = String::new();
        for house in [House::Secondary, House::Primary] {
            let request = house.register();
            let reply = operator.directory().register_organisation(request).await?;
            school = reply.into_inner().organisation_id;
        }
        let request = directory::AddMemberRequest {
            request_id: request_id(),
            organisation_id: school.clone(),
            issuer: DEVELOPMENT_ISSUER.to_owned(),
            subject: "senco".to_owned(),
            name: "Senco".to_owned(),
            roles: vec![MemberRole::Senco.into()],
            ..Default::default()
        };
        let added = operator.directory().add_member(request).await?.into_inner();
        let senco = Senco(person(&school, "senco", &added.member_id)?);
        let learners = (0..LEARNERS).map(|serial| {
            let (child, senco) = (Child { upn: Some(upn(serial)), ..Child::of_year_6() }, &senco);
            async move { anyhow::Ok(senco.register(&child).await?.learner_id) }
        });
        self.learners = try_join_all(learners).await?;
        self.base = operator.head().await?.parse()?;
        (self.operator, self.senco) = (operator, senco);
        Ok(())
    }

    async fn bootstrap(&self) -> anyhow::Result<(String, String)> {
        let mut flags = vec!["bootstrap", "--org", "House of tests", "--subject", "operator"];
        flags.extend(["--issuer", DEVELOPMENT_ISSUER, "--output", "json"]);
        let store = self.store();
        flags.extend(store.iter().map(String::as_str));
        let made = onward_command(&flags).await?;
        ensure!(made.status.success(), "bootstrap: {}", String::from_utf8_lossy(&made.stderr));
        let rows: serde_json::Value = serde_json::from_slice(&made.stdout)?;
        let text = |key: &str| rows[0][key].as_str().map(str::to_owned).context("its answer");
        Ok((text("organisation_id")?, text("member_id")?))
    }

    /// The school's SENCO, calling a process.
    pub fn senco(&self, process: usize) -> Senco {
        Senco(self.senco.over(self.places[process % self.places.len()].channel.clone()))
    }

    /// The operator, calling a process.
    pub fn operator(&self, process: usize) -> Operator {
        Operator(self.operator.over(self.places[process % self.places.len()].channel.clone()))
    }

    /// Records of the school.
    pub fn learners(&self) -> &[String] {
        &self.learners
    }

    /// How many processes there are, running or not.
    pub fn processes(&self) -> usize {
        self.places.len()
    }

    /// Where the log ended before anybody recorded anything.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// The data folder.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Where the database is, past any proxy; none on SQLite.
    pub fn database_url(&self) -> Option<&str> {
        self.database.as_ref().map(Database::url)
    }

    /// The flags that say where a process keeps its data, through the proxy where there is one.
    pub fn store(&self) -> Vec<String> {
        let mut flags = vec!["--data".to_owned(), self.data().to_string_lossy().into_owned()];
        if let Some(database) = &self.database {
            let url = match &self.sql {
                None => database.url().to_owned(),
                Some(proxy) => {
                    let name = database.url().rsplit('/').next().unwrap_or_default();
                    // In clear, so that the proxy sees the messages.
                    format!("postgres://onward@{}/{name}?sslmode=disable", proxy.address())
                }
            };
            flags.extend(["--postgres".to_owned(), url]);
        }
        flags
    }

    /// A running process.
    ///
    /// # Panics
    /// It is not running.
    pub fn server(&self, process: usize) -> &Onward {
        self.places[process].server.as_ref().expect("the process runs")
    }

    /// Starts a process on its address.
    ///
    /// # Errors
    /// It does not serve.
    pub async fn serve(&mut self, process: usize) -> anyhow::Result<()> {
        self.serve_under(process, &[]).await
    }

    /// As [`Site::serve`], under another program.
    ///
    /// # Errors
    /// As [`Site::serve`].
    pub async fn serve_under(&mut self, process: usize, runner: &[&str]) -> anyhow::Result<()> {
        let mut flags = self.store();
        match (&self.nats, &self.bus) {
            (Some(_), Some(proxy)) => {
                flags.extend(["--nats".to_owned(), format!("nats://{}", proxy.address())]);
            }
            (Some(nats), None) => flags.extend(["--nats".to_owned(), nats.url()]),
            _ => {}
        }
        flags.extend(["--listen".to_owned(), self.places[process].address.clone()]);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        self.places[process].server = Some(Onward::serve_under(runner, &flags, &[]).await?);
        Ok(())
    }

    /// Ends a process as `kill -9` does.
    ///
    /// # Errors
    /// It is not running.
    pub async fn kill(&mut self, process: usize) -> anyhow::Result<Stopped> {
        self.take(process)?.kill9().await
    }

    /// Ends a process by SIGTERM.
    ///
    /// # Errors
    /// It is not running, or does not end.
    pub async fn terminate(&mut self, process: usize) -> anyhow::Result<Stopped> {
        self.take(process)?.stop_gracefully().await
    }

    /// Waits until a process has ended by itself.
    ///
    /// # Errors
    /// It was not running, or does not end.
    pub async fn ended(&mut self, process: usize) -> anyhow::Result<Stopped> {
        self.take(process)?.ended().await
    }

    fn take(&mut self, process: usize) -> anyhow::Result<Onward> {
        self.places[process].server.take().context("the process is not running")
    }

    /// Ends every process in order.
    ///
    /// # Errors
    /// One ends in another way than it should.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for place in &mut self.places {
            if let Some(server) = place.server.take() {
                let stopped = server.stop_gracefully().await?;
                ensure!(stopped.code == Some(0), "{:?}: {}", stopped.code, stopped.stderr);
            }
        }
        Ok(())
    }

    /// Starts whatever does not run, lets everything through, and waits until the views and the bus have
    /// all that the log has.
    ///
    /// # Errors
    /// Something does not come back.
    pub async fn heal(&mut self) -> anyhow::Result<()> {
        for proxy in [&self.sql, &self.bus].into_iter().flatten() {
            proxy.heal();
        }
        if let Some(postgres) = &self.postgres
            && postgres.pid().is_none()
        {
            postgres.restart().await?;
        }
        if let Some(nats) = &mut self.nats
            && nats.pid().is_none()
        {
            nats.restart().await?;
        }
        for process in 0..self.places.len() {
            if self.places[process].server.is_none() {
                self.serve(process).await?;
            }
        }
        for process in 0..self.places.len() {
            self.caught_up(process).await?;
        }
        Ok(())
    }

    async fn caught_up(&self, process: usize) -> anyhow::Result<()> {
        let operator = self.operator(process);
        let there = until("the views and the bus", || async {
            // Not reachable yet is not there yet.
            let Ok(status) = operator.status().await else { return Ok(None) };
            let head: u64 = status.log.unwrap_or_default().head_position.parse()?;
            let bus = status.bus.unwrap_or_default();
            let Ok(views) = operator.views("").await else { return Ok(None) };
            let shown = views.iter().all(|view| {
                let at: u64 = view.position.parse().unwrap_or_default();
                at >= head && view.parked == 0
            });
            let copied = self.nats.is_none() || bus.last_sequence >= head;
            Ok((shown && copied).then_some(()))
        });
        if let Err(late) = there.await {
            let told = operator.status().await.map(|status| (status.log, status.bus));
            let views = operator.views("").await;
            bail!("{late}: {told:?}, {views:?}\n{}", self.server(process).stderr());
        }
        Ok(())
    }
}

/// `127.0.0.1:port` of a URL.
fn address(url: &str) -> String {
    let after = url.rsplit(['@', '/']).find(|part| part.contains(':')).unwrap_or_default();
    after.split('/').next().unwrap_or_default().to_owned()
}

async fn through(wire: Wire, target: Option<String>) -> anyhow::Result<Option<Proxy>> {
    Ok(match target {
        Some(target) => Some(Proxy::start(wire, &target).await?),
        None => None,
    })
}
