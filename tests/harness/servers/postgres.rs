//! PostgreSQL clusters: one for the whole run with a database per test, or one of a test's own.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail, ensure};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::process::{Output, Supervised};
use super::{server_path, until};

/// An immediate shutdown: to the data it is a crash (no checkpoint, recovery at the next start), but
/// the postmaster takes its children with it, so that a restart meets no leftovers.
const CRASH: &str = "QUIT";

/// A running cluster on a loopback port, every commit synced as in production.
pub struct Postgres {
    server: Mutex<Option<Supervised>>,
    port: u16,
    account: Account,
    bin: PathBuf,
    settings: Vec<String>,
    disk: Option<Small>,
    /// How many MiB the small disk has at the next start.
    mib: AtomicU32,
    numbers: AtomicU32,
    dropped: Mutex<Vec<String>>,
    dir: TempDir,
}

/// An empty database of one test; given back when dropped.
pub struct Database {
    url: String,
    name: String,
    cluster: Cluster,
}

/// Whose database it is: the run's cluster, or one that the test keeps itself.
enum Cluster {
    Shared(&'static Postgres),
    Own,
}

/// What lies on a small disk of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Small {
    /// The tables, and all else but the write-ahead log. What is on it goes with the server.
    Tables,
    /// The write-ahead log. What is on it outlives the server.
    Wal,
}

/// Who runs the server: PostgreSQL refuses root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Account {
    /// We are an ordinary user.
    Ourselves,
    /// We are root, and step out of it in a user namespace.
    Namespace,
    /// We are root, and become nobody.
    Nobody,
}

// === impl Postgres

impl Postgres {
    /// The cluster that all tests of this run share, started by the first who asks.
    ///
    /// # Errors
    /// When there is no PostgreSQL (run `tests/run` once, or set `PG_BIN`), or it does not start.
    pub async fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// A cluster of the test's own, for tests that crash it.
    ///
    /// # Errors
    /// As [`Postgres::shared`].
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(&[]).await
    }

    /// As [`Postgres::start`], with further settings (`fsync=off`).
    ///
    /// # Errors
    /// As [`Postgres::shared`].
    pub async fn start_with(settings: &[&str]) -> anyhow::Result<Self> {
        Self::start_on(None, settings).await
    }

    /// As [`Postgres::start`], with its tables (not its write-ahead log) on a disk of so many MiB, which goes
    /// away with the server.
    ///
    /// # Errors
    /// As [`Postgres::shared`]; also where no disk can be mounted in a namespace.
    pub async fn start_small(mib: u32) -> anyhow::Result<Self> {
        Self::start_on(Some((Small::Tables, mib)), &[]).await
    }

    /// As [`Postgres::start`], with its write-ahead log on a disk of so many MiB, below `small` in its folder.
    ///
    /// # Errors
    /// As [`Postgres::start_small`].
    pub async fn start_small_wal(mib: u32) -> anyhow::Result<Self> {
        // Nothing is let go of before the disk is full.
        let settings = ["max_wal_size=10GB", "checkpoint_timeout=1d"];
        Self::start_on(Some((Small::Wal, mib)), &settings).await
    }

    async fn start_on(disk: Option<(Small, u32)>, settings: &[&str]) -> anyhow::Result<Self> {
        let (disk, mib) = disk.unzip();
        let dir = tempfile::Builder::new().prefix("onward-pg-").tempdir()?;
        let account = Account::choose(dir.path())?;
        let bin = account.reachable(server_path("PG_BIN", POSTGRES_BIN)?, dir.path())?;
        account.own(dir.path())?;
        initdb(account, &bin, dir.path())?;
        let mut cluster = Self {
            server: Mutex::new(None),
            port: 0,
            account,
            bin,
            disk,
            mib: AtomicU32::new(mib.unwrap_or_default()),
            settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
            numbers: AtomicU32::new(0),
            dropped: Mutex::new(Vec::new()),
            dir,
        };
        // Somebody may take the free port between the look and the start: look again.
        for _ in 0..5 {
            cluster.port = free_port()?;
            if cluster.restart().await.is_ok() {
                return Ok(cluster);
            }
        }
        bail!("PostgreSQL does not start:\n{}", cluster.log())
    }

    /// A new, empty database of this run's shared cluster.
    ///
    /// # Errors
    /// As [`Postgres::shared`], or when the database cannot be made.
    pub async fn create_database() -> anyhow::Result<Database> {
        let shared = Self::shared().await?;
        let name = shared.create().await?;
        Ok(Database { url: shared.url(&name), name, cluster: Cluster::Shared(shared) })
    }

    /// A new, empty database of a test's own cluster; it goes away with the cluster.
    ///
    /// # Errors
    /// When the database cannot be made.
    pub async fn database(&self) -> anyhow::Result<Database> {
        let name = self.create().await?;
        Ok(Database { url: self.url(&name), name, cluster: Cluster::Own })
    }

    /// Crashes the server; what was committed is there again after [`Postgres::restart`].
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill(&self) -> anyhow::Result<()> {
        let mut slot = self.server.lock().expect("no test panics while it holds the server");
        let mut server = slot.take().context("PostgreSQL is not running")?;
        server.signal(self.crash())?;
        server.wait()?;
        Ok(())
    }

    /// Makes sure that it has ended, as it does by itself where its write-ahead log has no room, and gives its
    /// small disk so many MiB from the next start on.
    ///
    /// # Errors
    /// When it was not running.
    pub fn end_and_grow(&self, mib: u32) -> anyhow::Result<()> {
        let mut slot = self.server.lock().expect("no test panics while it holds the server");
        let mut server = slot.take().context("PostgreSQL is not running")?;
        if server.ended()?.is_none() {
            server.signal(self.crash())?;
            server.wait()?;
        }
        self.mib.store(mib, Ordering::Relaxed);
        Ok(())
    }

    /// Its process id; none while it is not running.
    pub fn pid(&self) -> Option<u32> {
        let slot = self.server.lock().expect("no test panics while it holds the server");
        slot.as_ref().map(Supervised::pid)
    }

    /// The folder with its data and log.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Ends the first process as `kill -9` does; its children see that and go, so that a restart may have to
    /// be tried again.
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill9(&self) -> anyhow::Result<()> {
        let mut slot = self.server.lock().expect("no test panics while it holds the server");
        let mut server = slot.take().context("PostgreSQL is not running")?;
        server.signal("KILL")?;
        server.wait()?;
        Ok(())
    }

    /// Starts the server on its port and data, and waits until it takes connections.
    ///
    /// # Errors
    /// When it ends instead; its log is in the message.
    pub async fn restart(&self) -> anyhow::Result<()> {
        let log = self.dir.path().join("log");
        let server = Supervised::spawn(
            &self.command(),
            &[],
            Output::File(&log),
            self.dir.path(),
            self.crash(),
        )?;
        *self.server.lock().expect("no test panics while it holds the server") = Some(server);
        let url = self.url("postgres");
        until("PostgreSQL", || async {
            if self.has_ended()? {
                bail!("PostgreSQL ended while starting:\n{}", self.log());
            }
            Ok(PgConnection::connect(&url).await.ok())
        })
        .await?
        .close()
        .await?;
        Ok(())
    }

    /// The URL of a database of this cluster.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://onward@127.0.0.1:{}/{database}", self.port)
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    async fn create(&self) -> anyhow::Result<String> {
        let name = format!("t{}", self.numbers.fetch_add(1, Ordering::Relaxed));
        let mut sql = PgConnection::connect(&self.url("postgres")).await?;
        let given_back = std::mem::take(&mut *self.dropped.lock().expect("the list is whole"));
        for old in given_back {
            let text = format!("DROP DATABASE IF EXISTS {old} WITH (FORCE)");
            sql.execute(sqlx::AssertSqlSafe(text)).await?;
        }
        sql.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        sql.close().await?;
        Ok(name)
    }

    /// The signal at which it crashes.
    fn crash(&self) -> &'static str {
        if self.disk == Some(Small::Wal) { "TERM" } else { CRASH }
    }

    fn has_ended(&self) -> anyhow::Result<bool> {
        let mut slot = self.server.lock().expect("no test panics while it holds the server");
        slot.as_mut().map_or(Ok(true), |server| Ok(server.ended()?.is_some()))
    }

    fn command(&self) -> Vec<String> {
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            "unix_socket_directories=".to_owned(),
            "max_connections=400".to_owned(),
        ];
        let dir = text(self.dir.path());
        let (mut command, data) = match self.disk {
            None => (self.account.prefix(), format!("{dir}/data")),
            Some(small) => {
                let mib = self.mib.load(Ordering::Relaxed);
                let (script, data) = match small {
                    Small::Tables => (ON_A_SMALL_DISK, format!("{dir}/small/data")),
                    Small::Wal => (LOG_ON_A_SMALL_DISK, format!("{dir}/data")),
                };
                let words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
                let mut words: Vec<String> = words.map(str::to_owned).to_vec();
                words.extend([script, "sh", &dir, &mib.to_string()].map(str::to_owned));
                // Out of root again, for PostgreSQL.
                words.extend(["unshare", "--user"].map(str::to_owned));
                (words, data)
            }
        };
        command.push(text(&self.bin.join("postgres")));
        command.extend(["-D".to_owned(), data]);
        let settings = settings.into_iter().chain(self.settings.iter().cloned());
        command.extend(settings.flat_map(|setting| ["-c".to_owned(), setting]));
        command
    }
}

// === impl Database

impl Database {
    /// Where to connect.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A drop cannot wait for SQL: the next test that asks for a database clears this one.
        if let Cluster::Shared(cluster) = self.cluster
            && let Ok(mut list) = cluster.dropped.lock()
        {
            list.push(std::mem::take(&mut self.name));
        }
    }
}

// === impl Account

impl Account {
    /// Looks who we are (by whose folder we made) and what this machine allows.
    fn choose(ours: &Path) -> anyhow::Result<Self> {
        if std::fs::metadata(ours)?.uid() != 0 {
            return Ok(Self::Ourselves);
        }
        if std::env::var_os("ONWARD_TEST_AS_NOBODY").is_some() {
            return Ok(Self::Nobody);
        }
        let namespace = Command::new("unshare").args(["--user", "true"]).output();
        let works = namespace.is_ok_and(|output| output.status.success());
        Ok(if works { Self::Namespace } else { Self::Nobody })
    }

    fn prefix(self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Ourselves => &[],
            Self::Namespace => &["unshare", "--user"],
            Self::Nobody => &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
        };
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// Hands the cluster's folder to the account.
    fn own(self, dir: &Path) -> anyhow::Result<()> {
        if self == Self::Nobody {
            run(Command::new("chown").arg("65534:65534").arg(dir))?;
        }
        Ok(())
    }

    /// The server's programs where the account can read them: nobody cannot look into root's home,
    /// so that a copy is made there. The wheel keeps the libraries in a folder beside its package.
    fn reachable(self, bin: PathBuf, dir: &Path) -> anyhow::Result<PathBuf> {
        if self != Self::Nobody || self.can_run(&bin.join("initdb")) {
            return Ok(bin);
        }
        let install = bin.parent().context("PG_BIN has a parent folder")?;
        let package = install.parent().context("PostgreSQL is installed in a folder")?;
        let copy = dir.join("copy");
        std::fs::create_dir(&copy)?;
        run(Command::new("cp").args(["-R".as_ref(), package.as_os_str(), copy.as_os_str()]))?;
        let libraries = package.with_added_extension("libs");
        if libraries.is_dir() {
            run(Command::new("cp").args(["-R".as_ref(), libraries.as_os_str(), copy.as_os_str()]))?;
        }
        run(Command::new("chmod").args(["-R", "a+rX"]).arg(&copy))?;
        let below = bin.strip_prefix(package.parent().unwrap_or(package))?;
        Ok(copy.join(below))
    }

    /// Tried from a shell of the account's own: `setpriv` itself still reads what root reads.
    fn can_run(self, program: &Path) -> bool {
        let prefix = self.prefix();
        let mut command = Command::new(&prefix[0]);
        command.args(&prefix[1..]).args(["sh", "-c", r#""$1" --version"#, "sh"]).arg(program);
        command.output().is_ok_and(|output| output.status.success())
    }
}

/// Copies the cluster to a disk of its own; the write-ahead log stays, since a server without room for it
/// ends altogether. `$1` is the folder, `$2` the size in MiB; the rest is what to run.
const ON_A_SMALL_DISK: &str = r#"
mkdir -p "$1/small" && mount -t tmpfs -o size="$2"m,mode=700 tmpfs "$1/small" &&
cp -a "$1/data" "$1/small/data" && mv "$1/small/data/pg_wal" "$1/wal" &&
ln -s "$1/wal" "$1/small/data/pg_wal" && shift 2 && exec "$@"
"#;

/// Runs the cluster with its write-ahead log on a disk of its own, and keeps what is on that disk when the server
/// has ended: the mount goes with the namespace. `$1` is the folder, `$2` the size in MiB; the rest is what to
/// run. SIGTERM is its crash: a shell in the background does not hear SIGQUIT.
const LOG_ON_A_SMALL_DISK: &str = r#"
dir=$1
mkdir -p "$dir/small" && mount -t tmpfs -o size="$2"m,mode=700 tmpfs "$dir/small" || exit
[ -d "$dir/wal" ] || mv "$dir/data/pg_wal" "$dir/wal" || exit
cp -a "$dir/wal" "$dir/small/wal" && ln -sfn "$dir/small/wal" "$dir/data/pg_wal" || exit
shift 2
"$@" & server=$!
trap 'kill -s QUIT "$server"' TERM
status=0
while kill -0 "$server" 2>/dev/null; do wait "$server"; status=$?; done
rm -rf "$dir/wal.new" && cp -a "$dir/small/wal" "$dir/wal.new" && rm -rf "$dir/wal" && mv "$dir/wal.new" "$dir/wal"
exit "$status"
"#;

/// Where the wheel keeps PostgreSQL's programs, below `.dev`; `tests/run` makes this link.
const POSTGRES_BIN: &str = "postgres/bin";

fn initdb(account: Account, bin: &Path, dir: &Path) -> anyhow::Result<()> {
    let mut words = account.prefix();
    words.push(text(&bin.join("initdb")));
    words.extend(["-D".to_owned(), text(&dir.join("data"))]);
    let options = ["-U", "onward", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    words.extend(options.map(str::to_owned));
    run(Command::new(&words[0]).args(&words[1..]))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {said}");
    Ok(())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
