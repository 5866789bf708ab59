//! Log → stream. One owner; the next position is always the stream's last sequence + 1, so there is
//! no checkpoint of the relay's own that could be wrong, and a relay that was paused past its lease
//! is refused by the server itself.

use std::time::Duration;

use async_nats::jetstream;
use onward_log::{Feed, FeedError, Log, Position};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::batch::{self, BatchFault, Outgoing};
use crate::connect::Bus;
use crate::envelope::Envelope;
use crate::stream::{self, Incarnations, Present, StreamFault};

/// Name of the relay's row of ownership.
const OWNED: &str = "relay";

/// Batches that are read and encoded while the server stores the one before.
const AHEAD: usize = 2;

/// Pause before the server or the log is tried again.
const AGAIN: Duration = Duration::from_millis(250);

/// Pause where nothing changes until somebody has looked.
const HALTED: Duration = Duration::from_secs(2);

/// Longest pause before a relay that does not own the right asks for it again.
const STAND_BY: Duration = Duration::from_secs(1);

/// Why a spell of relaying came to its end.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the server is away")]
    Away,
    #[error(transparent)]
    Stream(#[from] StreamFault),
    #[error(transparent)]
    Batch(#[from] BatchFault),
    #[error("the stream was changed by somebody else")]
    Changed,
    #[error("the log cannot be read")]
    Log(#[from] onward_log::LogError),
    #[error("the log cannot be followed")]
    Feed(#[from] FeedError),
    #[error("{0}")]
    Server(#[from] crate::connect::BusError),
    /// Another process is the relay.
    #[error("another process relays")]
    NotOwner,
}

/// Copies the log onto the stream while it owns the right to.
pub struct Relay {
    bus: Bus,
    owner: Uuid,
    context: jetstream::Context,
    incarnations: Incarnations,
    /// The right was asked for and not given up since.
    owning: bool,
}

impl Relay {
    /// A relay for this process.
    pub fn new(bus: Bus) -> Self {
        let context = jetstream::new(bus.client.clone());
        let (owner, incarnations) = (Uuid::now_v7(), Incarnations::default());
        Self { bus, owner, context, incarnations, owning: false }
    }

    /// Runs until it is stopped. Faults delay and are said in the status; they never reach a writer.
    pub async fn run(mut self, stop: CancellationToken) {
        let work = async {
            loop {
                let pause = self.turn().await;
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
        self.let_go().await;
        self.bus.report(|status| status.relaying = false);
    }

    /// Keeps the status true without ever relaying: for a process that leaves that to others.
    pub async fn watch(self, stop: CancellationToken) {
        let work = async {
            loop {
                self.stand_by().await;
                tokio::time::sleep(STAND_BY).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    /// One attempt to own the relay and copy until something interrupts. Says how long to wait before
    /// the next.
    async fn turn(&mut self) -> Duration {
        let Err(interrupted) = self.spell().await;
        if matches!(interrupted, Interrupted::NotOwner) {
            self.stand_by().await;
            return STAND_BY.min(self.bus.options.lease / 4);
        }
        if matches!(interrupted, Interrupted::Away) {
            // Another process may reach the server.
            self.let_go().await;
        }
        let halted = matches!(interrupted, Interrupted::Stream(StreamFault::AheadOfLog { .. }));
        let fault = interrupted.to_string();
        self.bus.report(|status| {
            status.halted = halted;
            if status.fault.as_ref() != Some(&fault) {
                tracing::warn!(fault, "the copy on the bus is delayed");
            }
            status.relaying = false;
            status.fault = Some(fault);
        });
        match interrupted {
            Interrupted::Stream(fault) if fault.halts() => HALTED,
            Interrupted::Server(_) => HALTED,
            _ => AGAIN,
        }
    }

    async fn spell(&mut self) -> Result<std::convert::Infallible, Interrupted> {
        if !self.bus.connected() {
            return Err(Interrupted::Away);
        }
        self.bus.check_version()?;
        let epoch = self.own().await?;
        // Whatever earlier owners made and lost had lower numbers.
        self.incarnations.free = self.incarnations.free.max(epoch);
        let Self { bus, context, incarnations, .. } = &mut *self;
        let present = stream::present(context, &bus.log, &bus.options, incarnations).await?;
        self.copy(present).await
    }

    /// Takes or keeps the right to relay; gives its epoch.
    async fn own(&mut self) -> Result<u32, Interrupted> {
        self.owning = true;
        let owned = self.bus.log.own(OWNED, self.owner, self.bus.options.lease).await?;
        self.owning = owned.is_some();
        let ownership = owned.ok_or(Interrupted::NotOwner)?;
        Ok(u32::try_from(ownership.epoch).unwrap_or(u32::MAX))
    }

    async fn let_go(&mut self) {
        if !self.owning {
            return;
        }
        self.owning = false;
        if let Err(error) = self.bus.log.disown(OWNED, self.owner).await {
            tracing::debug!(%error, "the relay's ownership runs out by itself");
        }
    }

    /// Copies batch after batch, renewing the ownership and looking at the stream on the way.
    async fn copy(
        &mut self,
        mut present: Present,
    ) -> Result<std::convert::Infallible, Interrupted> {
        let name = present.name();
        self.tell(&name, present.last);
        let (mut batches, _reading) = read_ahead(&self.bus.log, present.last);
        let third = self.bus.options.lease / 3;
        let mut renew = interval_at(Instant::now() + third, third);
        loop {
            let messages = tokio::select! {
                // Renewal first: a busy log must not starve it.
                biased;
                _ = renew.tick() => {
                    self.renew(&present).await?;
                    continue;
                }
                batch = batches.recv() => batch.ok_or(FeedError::Ended)??,
            };
            present.last = batch::publish(&self.bus.client, &name, present.last, messages).await?;
            self.tell(&name, present.last);
        }
    }

    async fn renew(&mut self, present: &Present) -> Result<(), Interrupted> {
        if !self.bus.connected() {
            return Err(Interrupted::Away);
        }
        self.own().await?;
        if !stream::unchanged(&self.context, present).await? {
            return Err(Interrupted::Changed);
        }
        Ok(())
    }

    fn tell(&self, name: &str, last: Position) {
        self.bus.report(|status| {
            status.relaying = true;
            if status.stream.as_deref() != Some(name) {
                status.stream = Some(name.to_owned());
            }
            status.copied = last;
            status.halted = false;
            status.fault = None;
        });
    }

    /// Keeps the status true while another process relays.
    async fn stand_by(&self) {
        let observed = if self.bus.connected() {
            stream::observe(&self.context, &self.bus.log).await.map_err(Interrupted::from)
        } else {
            Err(Interrupted::Away)
        };
        self.bus.report(|status| {
            status.relaying = false;
            match observed {
                Ok(Some(present)) => {
                    status.stream = Some(present.name());
                    status.copied = present.last;
                    status.fault = None;
                }
                // Between two incarnations: the relay is about to make the next.
                Ok(None) => {}
                Err(fault) => status.fault = Some(fault.to_string()),
            }
        });
    }
}

type Read = Result<Vec<Outgoing>, FeedError>;

/// Reads and encodes on a task of its own, so that it goes on while the server stores.
fn read_ahead(log: &Log, after: Position) -> (mpsc::Receiver<Read>, AbortOnDropHandle<()>) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let mut feed = log.feed(after);
    let task = tokio::spawn(async move {
        loop {
            match feed.next(batch::MOST_MESSAGES).await {
                Ok(events) => {
                    let messages = events.iter().map(Envelope::outgoing).collect();
                    for batch in batch::cut(messages) {
                        if sender.send(Ok(batch)).await.is_err() {
                            return;
                        }
                    }
                }
                Err(fault) => {
                    // The relay is told, and begins anew.
                    let _ = sender.send(Err(fault)).await;
                    return;
                }
            }
        }
    });
    (receiver, AbortOnDropHandle::new(task))
}
