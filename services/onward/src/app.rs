//! The composition root: settings → parts → tasks. Read it to know what runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use onward_access::{DevelopmentKey, Issuer, Verifier};
use onward_api::{BusTold, Doors, Limits, ProcessTold, Tls};
use onward_bus::{Auditor, Bus, BusOptions, Relay, StreamFeed};
use onward_log::{BatcherOptions, Database, Feed, KeyOptions, Log, Options, ProofOptions};
use onward_views::{Options as ViewsOptions, Storage, Views};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Checked, Settings};
use crate::lifecycle;
use crate::role::Role;

/// A server that has opened everything and listens, but does not answer yet.
pub struct App {
    settings: Settings,
    listener: TcpListener,
    log: Log,
    views: Views,
    bus: Option<Bus>,
    verifier: Verifier,
    tls: Option<Tls>,
}

/// What a log is opened with, as the settings say.
pub fn log_options(settings: &Settings, create: bool) -> Options {
    let database = match &settings.database.postgres {
        Some(url) => Database::Postgres {
            url: url.clone(),
            schema: None,
            max_connections: settings.database.max_connections,
        },
        None => Database::Sqlite { folder: settings.database.data.clone() },
    };
    Options {
        database,
        keys: key_options(settings),
        batcher: BatcherOptions::default(),
        proof: ProofOptions {
            key_file: settings.proof.key_file.clone(),
            folder: Some(settings.checkpoints_folder()),
            every: Duration::from_secs(settings.proof.every_seconds.max(1)),
        },
        clock: Arc::new(Timestamp::now),
        create,
    }
}

/// Where the keys are, as the settings say.
pub fn key_options(settings: &Settings) -> KeyOptions {
    KeyOptions {
        folder: settings.keys_folder(),
        postgres_url: settings.keys.postgres.clone(),
        kek: settings.kek(),
        erasures: settings.keys.erasures.clone(),
    }
}

/// How the bus is reached and kept, as the settings say.
fn bus_options(settings: &Settings, url: &str) -> BusOptions {
    BusOptions {
        replicas: settings.bus.replicas,
        lease: Duration::from_secs(settings.bus.lease_seconds),
        retired_kept: settings.bus.retired_kept,
        audit_every: Duration::from_secs(settings.bus.audit_seconds),
        audit_rate: settings.bus.audit_rate,
        ..BusOptions::new(url)
    }
}

impl App {
    /// Opens everything in daylight: whatever is wrong is said before the first caller is let in.
    ///
    /// # Errors
    /// One clear line about the first thing that is wrong.
    pub async fn open(checked: Checked) -> anyhow::Result<Self> {
        let Checked { settings, listen } = checked;
        let tls = read_tls(&settings)?;
        // The port first: it is the cheapest thing that two servers can both want.
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}"))?;
        let log = Log::open(log_options(&settings, true)).await?;
        let verifier = verifier(&settings)?;
        let views = Views::open(views_options(&settings), log.clone()).await?;
        let bus = match &settings.bus.nats {
            Some(url) => Some(Bus::connect(bus_options(&settings, url), log.clone()).await?),
            None => None,
        };
        Ok(Self { settings, listener, log, views, bus, verifier, tls })
    }

    /// Where it listens: the port that was picked, where 0 was asked for.
    ///
    /// # Errors
    /// The listener is gone.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Serves until `stop` is cancelled, then drains: doors first, then what builds on the log, the
    /// log last.
    ///
    /// # Errors
    /// The doors cannot open or fail.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let background = CancellationToken::new();
        let tasks = TaskTracker::new();
        let does = |role| self.settings.roles.contains(&role);
        let bus_told = tell_bus(self.bus.as_ref(), &tasks, &background);
        if does(Role::Views) {
            let (views, feed, stop) = (self.views.clone(), self.feed().await?, background.clone());
            tasks.spawn(async move { views.run(feed, stop).await });
        }
        if let Some(bus) = self.bus.clone() {
            if does(Role::Audit) {
                tasks.spawn(Auditor::new(bus.clone()).run(background.clone()));
            }
            let (relay, stop) = (Relay::new(bus), background.clone());
            if does(Role::Relay) {
                tasks.spawn(relay.run(stop));
            } else {
                // Somebody else copies; how far is told here too.
                tasks.spawn(relay.watch(stop));
            }
        }
        if does(Role::Relay) {
            let (log, stop) = (self.log.clone(), background.clone());
            tasks.spawn(async move { log.keep_proof(stop).await });
        }
        // Whatever this process does: an erasure that is held up is everybody's.
        let (log, until) = (self.log.clone(), background.clone());
        tasks.spawn(async move { log.keep_erasing(until).await });
        if does(Role::Views) {
            tasks.spawn(sweep(self.log.clone(), background.clone()));
        }
        let served = if does(Role::Api) {
            let doors = Doors::new(
                self.log.clone(),
                self.views.clone(),
                self.verifier,
                bus_told,
                told(&self.settings),
                stop.clone(),
            );
            let limits = limits(&self.settings);
            let doors = onward_api::serve(doors, self.listener, limits, self.tls, stop.clone());
            tokio::select! {
                served = doors => served,
                () = lifecycle::overdue(&stop) => Ok(()),
            }
        } else {
            stop.cancelled().await;
            Ok(())
        };
        background.cancel();
        tasks.close();
        let leave = async {
            tasks.wait().await;
            self.log.close().await;
        };
        lifecycle::in_time(leave).await;
        served.context("the server stopped")
    }

    /// What the views follow: the bus where there is one, else the log itself.
    async fn feed(&self) -> anyhow::Result<Box<dyn Feed>> {
        let from = self.views.lowest_position().await?;
        Ok(match &self.bus {
            Some(bus) => Box::new(StreamFeed::new(bus.clone(), from)),
            None => Box::new(self.log.feed(from)),
        })
    }
}

/// Makes lapsed leases visible: whoever meets one appends the lapse, and this meets them all.
async fn sweep(log: Log, stop: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_secs(15));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {
                if let Err(error) = log.sweep_leases().await {
                    tracing::warn!(%error, "lapsed leases were not swept");
                }
            }
        }
    }
}

/// What the doors tell about this process.
fn told(settings: &Settings) -> ProcessTold {
    let roles = settings.roles.iter().map(|role| role.as_str().to_owned()).collect();
    ProcessTold {
        postgres: settings.database.postgres.is_some(),
        roles,
        backup_days: settings.keys.backup_days,
    }
}

/// Keeps what the doors tell about the bus true.
fn tell_bus(
    bus: Option<&Bus>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> watch::Receiver<BusTold> {
    let (told, receiver) =
        watch::channel(BusTold { configured: bus.is_some(), ..BusTold::default() });
    if let Some(bus) = bus {
        let mut status = bus.status();
        let stop = stop.clone();
        tasks.spawn(async move {
            loop {
                let now = status.borrow_and_update().clone();
                told.send_replace(BusTold {
                    configured: true,
                    connected: now.connected,
                    stream: now.stream,
                    copied: now.copied,
                    halted: now.halted,
                    server_version: now.server_version,
                    fault: now.fault,
                    incident: now.incident.map(|said| (said.what, said.at)),
                    audited: now.audit.position,
                    audit_ended_at: now.audit.ended_at,
                });
                tokio::select! {
                    () = stop.cancelled() => return,
                    changed = status.changed() => if changed.is_err() { return },
                }
            }
        });
    }
    receiver
}

fn issuers(settings: &Settings) -> anyhow::Result<Vec<Issuer>> {
    let mut issuers = Vec::new();
    for issuer in &settings.access.issuers {
        let file = issuer.jwks.display();
        let jwks = std::fs::read_to_string(&issuer.jwks)
            .with_context(|| format!("the key set {file} cannot be read"))?;
        let read = Issuer::from_jwks(&issuer.name, &jwks);
        issuers.push(read.with_context(|| format!("the key set {file} cannot be used"))?);
    }
    Ok(issuers)
}

fn verifier(settings: &Settings) -> anyhow::Result<Verifier> {
    let mut issuers = issuers(settings)?;
    if settings.access.development_key {
        let file = settings.development_key_file();
        issuers.push(DevelopmentKey::load_or_make(&file)?.issuer());
    }
    Ok(Verifier::new(issuers))
}

pub(crate) fn views_options(settings: &Settings) -> ViewsOptions {
    let storage = match settings.views.postgres.as_ref().or(settings.database.postgres.as_ref()) {
        Some(url) => Storage::Postgres {
            url: url.clone(),
            schema: None,
            max_connections: settings.database.max_connections,
        },
        None => Storage::Sqlite { folder: settings.database.data.clone() },
    };
    ViewsOptions { storage }
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        largest_request: settings.http.largest_request,
        calls: settings.http.calls,
        calls_per_connection: settings.http.calls_per_connection,
        call_time: Duration::from_secs(settings.http.call_seconds),
        ..Limits::default()
    }
}

fn read_tls(settings: &Settings) -> anyhow::Result<Option<Tls>> {
    let (Some(certificate), Some(key)) = (&settings.http.tls_certificate, &settings.http.tls_key)
    else {
        return Ok(None);
    };
    let read = |path: &std::path::Path| {
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let tls = Tls { certificate: read(certificate)?, key: read(key)? };
    let identity = tonic::transport::Identity::from_pem(&tls.certificate, &tls.key);
    let config = tonic::transport::ServerTlsConfig::new().identity(identity);
    // Tried before the port is open: a server that says that it is ready is.
    tonic::transport::Server::builder()
        .tls_config(config)
        .with_context(|| format!("{} with its key cannot be used", certificate.display()))?;
    Ok(Some(tls))
}

/// Reads what the settings name as certificates and key sets, without making any of it.
///
/// # Errors
/// The first that is missing or malformed.
pub fn credentials(settings: &Settings) -> anyhow::Result<()> {
    read_tls(settings)?;
    issuers(settings)?;
    Ok(())
}
