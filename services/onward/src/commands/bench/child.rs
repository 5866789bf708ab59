//! `onward serve` as a process of its own, for benches that end it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_domain::ids::OrganisationId;
use onward_log::Log;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::figures::most_memory;
use super::ground::{self, Made};
use super::load::used_by;
use super::streams;
use crate::app::log_options;
use crate::cli::BenchArgs;
use crate::commands::bootstrap::first_operator;
use crate::config::Settings;

/// How often it is looked at what a process takes.
const LOOK: Duration = Duration::from_millis(10);

/// What the server prints once it serves.
const READY: &str = "onward: serving on ";

/// A store of the bench's own, with an operator in it, and how a process is started on it.
pub struct Stage {
    /// Signs tokens.
    pub key: DevelopmentKey,
    /// The operator's organisation.
    pub operator: OrganisationId,
    /// `sqlite` or `postgres`.
    pub backend: &'static str,
    settings: Settings,
    /// Where the store is, as flags of every command.
    store: Vec<String>,
    folder: TempDir,
    database: Option<Made>,
    nats: Option<String>,
}

/// A command that has run to its end.
pub struct Ended {
    /// What it printed.
    pub out: String,
    /// How long it ran.
    pub took: Duration,
    /// The most memory that it held, in MiB; none where the system does not say.
    pub memory: Option<u64>,
    /// Seconds of processors that it used; none where the system does not say.
    pub used: Option<f64>,
}

/// A running process.
pub struct Serving {
    child: Child,
    /// Where it serves.
    pub url: String,
}

impl Stage {
    /// Makes the store, where there is room for so many bytes.
    ///
    /// # Errors
    /// It cannot be made, or is somebody else's, or they would not fit.
    pub async fn set(args: &BenchArgs, bytes: u64) -> anyhow::Result<Self> {
        streams::none(args.nats.as_deref()).await?;
        let folder = ground::folder(args)?;
        let database = Made::with_room(args, &folder, bytes).await?;
        let mut settings = Settings::default();
        settings.database.data = folder.path().join("data");
        settings.database.postgres = database.as_ref().map(Made::url);
        let log = Log::open(log_options(&settings, true)).await?;
        ground::empty(&log).await?;
        let first = first_operator(&log, "Bench", DEVELOPMENT_ISSUER, "operator").await?;
        log.close().await;
        let key = DevelopmentKey::load_or_make(&settings.development_key_file())?;
        let mut store = vec!["--data".to_owned()];
        store.push(settings.database.data.to_string_lossy().into_owned());
        if let Some(url) = &settings.database.postgres {
            store.extend(["--postgres".to_owned(), url.clone()]);
        }
        let backend = if database.is_some() { "postgres" } else { "sqlite" };
        let (operator, nats) = (first.organisation, args.nats.clone());
        Ok(Self { key, operator, backend, settings, store, folder, database, nats })
    }

    /// The log, while no process serves it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn log(&self) -> anyhow::Result<Log> {
        Ok(Log::open(log_options(&self.settings, false)).await?)
    }

    /// A token of the operator's.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn token(&self) -> anyhow::Result<String> {
        let day = Duration::from_secs(24 * 60 * 60);
        Ok(self.key.sign("operator", self.operator, Timestamp::now(), day)?)
    }

    /// Starts a process and waits until it says that it serves.
    ///
    /// # Errors
    /// It ends instead.
    pub async fn serve(&self) -> anyhow::Result<Serving> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(&self.store)
            .args(self.nats.iter().flat_map(|url| ["--nats", url]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("starting onward serve")?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let line = BufReader::new(stdout).lines().next_line().await?.unwrap_or_default();
        let url = line.strip_prefix(READY).context("onward serve ended instead of serving")?;
        Ok(Serving { url: url.trim().to_owned(), child })
    }

    /// Runs another command on the store to its end.
    ///
    /// # Errors
    /// It fails: with what it said.
    pub async fn run(&self, command: &[&str]) -> anyhow::Result<Ended> {
        let begun = Instant::now();
        let child = Command::new(std::env::current_exe()?)
            .args(command)
            .args(&self.store)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting onward")?;
        let pid = child.id().unwrap_or_default().to_string();
        let (mut memory, mut used) = (None, None);
        let mut looks = tokio::time::interval(LOOK);
        let output = child.wait_with_output();
        tokio::pin!(output);
        // Both only grow: the last look before the end is as good as the end.
        let output = loop {
            tokio::select! {
                output = &mut output => break output?,
                _ = looks.tick() => {
                    memory = most_memory(&pid).or(memory);
                    used = used_by(&pid).or(used);
                }
            }
        };
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "onward {} failed: {}", command.join(" "), said.trim());
        let out = String::from_utf8(output.stdout).context("it prints UTF-8")?;
        Ok(Ended { out, took: begun.elapsed(), memory, used })
    }

    /// Takes everything away again.
    ///
    /// # Errors
    /// What was made cannot be removed.
    pub async fn strike(self) -> anyhow::Result<()> {
        self.folder.close()?;
        Made::remove(self.database).await?;
        streams::remove(self.nats.as_deref()).await
    }
}

impl Serving {
    /// Ends it as `kill -9` does.
    ///
    /// # Errors
    /// The system does not let us.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Ends it by SIGTERM; answers how long it took to drain.
    ///
    /// # Errors
    /// It ends in another way than it should.
    pub async fn terminate(mut self) -> anyhow::Result<Duration> {
        let pid = self.child.id().context("the process has ended")?;
        let begun = Instant::now();
        Command::new("kill").arg(pid.to_string()).status().await?;
        let status = self.child.wait().await?;
        ensure!(status.success(), "onward serve ended with {status}");
        Ok(begun.elapsed())
    }

    /// The most memory that it has held, in MiB; none where the system does not say.
    pub fn most_memory(&self) -> Option<u64> {
        most_memory(&self.child.id()?.to_string())
    }
}
