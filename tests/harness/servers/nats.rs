//! nats-server with JetStream: one per test that needs one, since streams are named after the log.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::process::{Output, Supervised};
use super::{server_path, until};

/// A server on a loopback port with a store of its own, every write synced as in production.
pub struct Nats {
    server: Option<Supervised>,
    port: u16,
    envs: Vec<(String, String)>,
    /// The store lies on a disk of so many MiB, which goes away with the server.
    disk: Option<u32>,
    dir: TempDir,
}

impl Nats {
    /// Stands in a configuration for the store's folder.
    pub const STORE: &str = "@store@";

    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When there is no nats-server (run `tests/run` once, or set `NATS_SERVER`), or it does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with("").await
    }

    /// Starts a server with more lines of configuration (after the harness's own).
    ///
    /// # Errors
    /// As [`Nats::start`]; also when the server refuses the lines.
    pub async fn start_with(more: &str) -> anyhow::Result<Self> {
        let sizes = "max_memory_store: 64MB, max_file_store: 4GB";
        let jetstream = format!("store_dir: {:?}, sync_interval: always, {sizes}", Self::STORE);
        Self::start_from(&format!("jetstream {{ {jetstream} }}\n{more}\n"), &[]).await
    }

    /// Starts a server from a whole configuration, with the variables it names. Address and port are the
    /// harness's own, and so is the folder that stands for [`Nats::STORE`].
    ///
    /// # Errors
    /// As [`Nats::start_with`].
    pub async fn start_from(conf: &str, envs: &[(&str, &str)]) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("onward-nats-").tempdir()?;
        let store = dir.path().join("store");
        let conf = conf.replace(Self::STORE, &store.to_string_lossy());
        std::fs::write(dir.path().join("conf"), conf)?;
        let envs = envs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut nats = Self { server: None, port: 0, envs, disk: None, dir };
        nats.restart().await?;
        Ok(nats)
    }

    /// As [`Nats::start`], with its store on a disk of so many MiB.
    ///
    /// # Errors
    /// As [`Nats::start`]; also where no disk can be mounted in a namespace.
    pub async fn start_small(mib: u32) -> anyhow::Result<Self> {
        let mut nats = Self::start().await?;
        nats.kill()?;
        nats.disk = Some(mib);
        nats.restart().await?;
        Ok(nats)
    }

    /// The next start finds an ordinary disk, and nothing on it.
    pub fn on_an_ordinary_disk(&mut self) {
        self.disk = None;
    }

    /// Where to connect: `nats://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// A client of this server.
    ///
    /// # Errors
    /// When it is not running.
    pub async fn client(&self) -> anyhow::Result<async_nats::Client> {
        Ok(async_nats::connect(self.url()).await?)
    }

    /// Ends the server as `kill -9` does. The store stays for [`Nats::restart`].
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut server = self.server.take().context("nats-server is not running")?;
        server.signal("KILL")?;
        server.wait()?;
        Ok(())
    }

    /// Ends the server in order (SIGTERM) and waits until it has. The store stays for [`Nats::restart`].
    ///
    /// # Errors
    /// When it is not running.
    pub fn end(&mut self) -> anyhow::Result<()> {
        let mut server = self.server.take().context("nats-server is not running")?;
        server.signal("TERM")?;
        server.wait()?;
        Ok(())
    }

    /// Starts the server again on the same port and store, and waits until it serves.
    ///
    /// # Errors
    /// When it ends instead; its log is in the message.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let (log, dir) = (self.dir.path().join("log"), self.dir.path());
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        let mut command = self.mounted();
        command.extend([
            server_path("NATS_SERVER", "bin/nats-server")?,
            PathBuf::from("-c"),
            dir.join("conf"),
            PathBuf::from("-a"),
            PathBuf::from("127.0.0.1"),
            PathBuf::from("-p"),
            PathBuf::from(port),
            PathBuf::from("--ports_file_dir"),
            dir.to_owned(),
        ]);
        let envs: Vec<_> = self.envs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut server = Supervised::spawn(&command, &envs, Output::File(&log), dir, "KILL")?;
        // The server writes this file once it listens, with JetStream already up.
        let ports = dir.join(format!("nats-server_{}.ports", server.pid()));
        let server_ref = &mut server;
        self.port = until("nats-server", || {
            let answer = port_in(&ports);
            let ended = server_ref.ended().map(|status| status.is_some());
            let log = &log;
            async move {
                if ended? {
                    bail!("nats-server ended:\n{}", std::fs::read_to_string(log)?);
                }
                Ok(answer)
            }
        })
        .await?;
        self.server = Some(server);
        Ok(())
    }

    /// What mounts the small disk before the server runs.
    fn mounted(&self) -> Vec<PathBuf> {
        let Some(mib) = self.disk else { return Vec::new() };
        let script =
            r#"mkdir -p "$1" && mount -t tmpfs -o size="$2"m tmpfs "$1" && shift 2 && exec "$@""#;
        let words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"];
        let mut words: Vec<PathBuf> = words.map(PathBuf::from).to_vec();
        words.extend([self.dir.path().join("store"), PathBuf::from(mib.to_string())]);
        words
    }

    /// Stops the server in its tracks (connections stay open and silent) until [`Nats::cont`].
    ///
    /// # Errors
    /// When it is not running.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.server.as_ref().context("nats-server is not running")?.signal("STOP")
    }

    /// Lets a stopped server go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn cont(&self) -> anyhow::Result<()> {
        self.server.as_ref().context("nats-server is not running")?.signal("CONT")
    }

    /// Its process id; none while it is not running.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Supervised::pid)
    }

    /// The folder with its configuration, log and store.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

/// The client port in a ports file, when the file is there and whole.
fn port_in(ports: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(ports).ok()?;
    let value: serde_json::Value = serde_json::from_str(&text).ok()?;
    value["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}
