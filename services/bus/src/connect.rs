//! The connection to the server, and what must be true of the server before anything is copied.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr, jetstream};
use onward_log::Log;
use tokio::sync::{Notify, watch};

use crate::status::BusStatus;
use crate::{incarnation, settings, subject};

/// Oldest server that keeps an atomic batch atomic. Older ones accept the setting and ignore it.
const OLDEST_SERVER: (i64, i64, i64) = (2, 12, 0);

/// How long a start waits for a server that may be away.
const LOOK: Duration = Duration::from_secs(2);

/// How the bus is reached and kept. No `Debug`: the URL may hold a password.
#[derive(Clone)]
pub struct BusOptions {
    /// `nats://host:port`, or several with commas between.
    pub url: String,
    /// Copies of the stream in a cluster: 1 on a laptop, 3 in production.
    pub replicas: usize,
    /// How many of the newest events a new incarnation begins with; older ones come from the log.
    pub kept: u64,
    /// How long the relay's ownership holds without being renewed.
    pub lease: Duration,
    /// How many retired incarnations are kept, the newest ones. One from before a restore is kept for good.
    pub retired_kept: usize,
    /// From the end of one round of the audit to the beginning of the next.
    pub audit_every: Duration,
    /// Events that the audit compares in a second at most.
    pub audit_rate: u64,
}

impl BusOptions {
    /// The usual options for a server.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            replicas: 1,
            kept: 10_000_000,
            lease: Duration::from_secs(10),
            retired_kept: 2,
            audit_every: Duration::from_secs(3_600),
            audit_rate: 10_000,
        }
    }
}

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The address cannot be read.
    #[error("the NATS URL cannot be read: {0}")]
    Url(String),
    /// The server is too old.
    #[error("nats-server {found} is too old: 2.12 or newer is needed for atomic batches")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The copy would lose what it holds.
    #[error(
        "the stream {stream} may discard old messages ({setting}): set it back, or remove the stream \
         (nats stream rm {stream}); it is filled again from the log"
    )]
    Discards {
        /// Name of the stream.
        stream: String,
        /// By which setting.
        setting: &'static str,
    },
    /// The client could not be made.
    #[error("the NATS client could not be made: {0}")]
    Client(String),
}

/// The connection, shared by relay and followers. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    pub(crate) client: Client,
    pub(crate) log: Log,
    pub(crate) options: Arc<BusOptions>,
    pub(crate) status: Arc<watch::Sender<BusStatus>>,
    /// Somebody in this process has reason to think that the stream is not what it should be.
    pub(crate) doubted: Arc<Notify>,
}

/// Hears of the connection's comings and goings, so that the status is true at once.
fn listener(
    status: &Arc<watch::Sender<BusStatus>>,
) -> impl Fn(Event) -> std::future::Ready<()> + Send + Sync + 'static {
    let status = Arc::clone(status);
    move |event| {
        let connected = match event {
            Event::Connected => Some(true),
            Event::Disconnected | Event::Closed => Some(false),
            Event::ServerError(error) => {
                tracing::warn!(%error, "the NATS server complains");
                None
            }
            _ => None,
        };
        if let Some(connected) = connected {
            status.send_if_modified(|now| {
                std::mem::replace(&mut now.connected, connected) != connected
            });
        }
        std::future::ready(())
    }
}

impl Bus {
    /// Connects. A server that is away is waited for in the background: it delays, it never fails.
    ///
    /// # Errors
    /// The URL cannot be read, or a server that answers is too old or holds a copy that may forget.
    pub async fn connect(options: BusOptions, log: Log) -> Result<Self, BusError> {
        let addresses = options
            .url
            .split(',')
            .map(|url| url.trim().parse::<ServerAddr>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| BusError::Url(error.to_string()))?;
        if addresses.iter().any(|address| address.host().is_empty()) {
            return Err(BusError::Url("it names no host".to_owned()));
        }
        let status = Arc::new(watch::Sender::new(BusStatus::default()));
        let mut connecting = ConnectOptions::new()
            .name("onward")
            .event_callback(listener(&status))
            .retry_on_initial_connect()
            .connection_timeout(Duration::from_secs(5))
            .max_reconnects(None)
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(50 * (attempts as u64).clamp(1, 40))
            });
        // The client does not take a login from an address by itself.
        let login = addresses.iter().find_map(|at| Some((at.username()?, at.password()?)));
        if let Some((user, password)) = login {
            connecting = connecting.user_and_password(user.to_owned(), password.to_owned());
        }
        let client = async_nats::connect_with_options(addresses, connecting)
            .await
            .map_err(|error| BusError::Client(error.to_string()))?;
        // One bounded look, so that a wrong server is refused at start and an absent one is not.
        let looked = tokio::time::timeout(LOOK, client.flush()).await;
        let (options, doubted) = (Arc::new(options), Arc::new(Notify::new()));
        let bus = Self { client, log, options, status, doubted };
        bus.report(|_| {});
        if matches!(looked, Ok(Ok(()))) {
            bus.check_version()?;
            bus.check_streams().await?;
        }
        Ok(bus)
    }

    /// Checks the version of the server that the client is connected to.
    ///
    /// # Errors
    /// It is too old.
    pub(crate) fn check_version(&self) -> Result<(), BusError> {
        let found = self.client.server_info().version;
        let (major, minor, patch) = OLDEST_SERVER;
        if found.is_empty() || self.client.is_server_compatible(major, minor, patch) {
            Ok(())
        } else {
            Err(BusError::TooOld { found })
        }
    }

    /// Refuses a copy of this log that may discard old messages: whoever set that up has to know. (Where it
    /// is changed later, the copy moves on to a stream that does not.)
    async fn check_streams(&self) -> Result<(), BusError> {
        let context = jetstream::new(self.client.clone());
        let looked = tokio::time::timeout(LOOK, incarnation::all(&context)).await;
        // What cannot be looked at now is looked at by the relay, again and again.
        let Ok(Ok(all)) = looked else { return Ok(()) };
        let ours = self.log.id().to_string();
        for found in all.iter().filter(|found| !found.is_retired()) {
            let of = found.info.config.metadata.get(settings::COPY_OF);
            if of.is_none_or(|id| *id == ours)
                && let Some(setting) = settings::may_discard(&found.info.config)
            {
                let stream = subject::stream_name(found.number);
                return Err(BusError::Discards { stream, setting });
            }
        }
        Ok(())
    }

    /// How far the copy is, as it changes.
    pub fn status(&self) -> watch::Receiver<BusStatus> {
        self.status.subscribe()
    }

    pub(crate) fn connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    /// Says what is wrong, once for each change.
    pub(crate) fn report(&self, change: impl FnOnce(&mut BusStatus)) {
        let connected = self.connected();
        let version = connected.then(|| self.client.server_info().version);
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            status.connected = connected;
            status.server_version = version;
            *status != before
        });
    }
}
