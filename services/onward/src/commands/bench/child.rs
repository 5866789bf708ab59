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

use super::ground::{self, Made};
use super::streams;
use crate::app::log_options;
use crate::cli::BenchArgs;
use crate::commands::bootstrap::first_operator;
use crate::config::Settings;

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
    flags: Vec<String>,
    folder: TempDir,
    database: Option<Made>,
    nats: Option<String>,
}

/// A running process.
pub struct Serving {
    child: Child,
    /// Where it serves.
    pub url: String,
}

impl Stage {
    /// Makes the store.
    ///
    /// # Errors
    /// It cannot be made, or is somebody else's.
    pub async fn set(args: &BenchArgs) -> anyhow::Result<Self> {
        streams::none(args.nats.as_deref()).await?;
        let folder = ground::folder(args)?;
        let database = Made::on(args.postgres.as_deref()).await?;
        let mut settings = Settings::default();
        settings.database.data = folder.path().join("data");
        settings.database.postgres = database.as_ref().map(Made::url);
        let log = Log::open(log_options(&settings, true)).await?;
        ground::empty(&log).await?;
        let first = first_operator(&log, "Bench", DEVELOPMENT_ISSUER, "operator").await?;
        log.close().await;
        let key = DevelopmentKey::load_or_make(&settings.development_key_file())?;
        let mut flags = vec!["serve".to_owned(), "--data".to_owned()];
        flags.push(settings.database.data.to_string_lossy().into_owned());
        if let Some(url) = settings.database.postgres {
            flags.extend(["--postgres".to_owned(), url]);
        }
        if let Some(url) = &args.nats {
            flags.extend(["--nats".to_owned(), url.clone()]);
        }
        let backend = if database.is_some() { "postgres" } else { "sqlite" };
        let (operator, nats) = (first.organisation, args.nats.clone());
        Ok(Self { key, operator, backend, flags, folder, database, nats })
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
            .args(&self.flags)
            .args(["--listen", "127.0.0.1:0"])
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
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
    }
}
