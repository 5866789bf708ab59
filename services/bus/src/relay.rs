//! Log → stream. One owner; the next position is always the stream's last sequence + 1, so there is
//! no checkpoint of the relay's own that could be wrong, and a relay that was paused past its lease
//! is refused by the server itself.

use std::collections::VecDeque;
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
use crate::incarnation::Incarnations;
use crate::pipeline::Pipeline;
use crate::renew::{Renewal, Renewed};
use crate::stream::{self, Present, StreamFault};

/// Name of the relay's row of ownership.
const OWNED: &str = "relay";

/// Pages of the log that are read and encoded while the server stores what came before.
const AHEAD: usize = 2;

/// Batches on their way to the server at a time.
const IN_FLIGHT: usize = 2;

/// Pause before the server or the log is tried again.
const AGAIN: Duration = Duration::from_millis(250);

/// Pause where nothing changes until somebody has looked.
const HALTED: Duration = Duration::from_secs(2);

/// Longest pause before a relay that does not own the right asks for it again.
const STAND_BY: Duration = Duration::from_secs(1);

/// Why a spell of relaying came to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interrupted {
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
        let halted = matches!(&interrupted, Interrupted::Stream(fault) if fault.is_a_halt());
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
        // A halt is told whether or not the server is there.
        let state = self.bus.log.copy_state().await?;
        self.bus.tell_state(&state);
        if let Some(halted) = state.halted {
            return Err(StreamFault::Halted(halted.what).into());
        }
        if !self.bus.connected() {
            return Err(Interrupted::Away);
        }
        self.bus.check_version()?;
        self.owning = true;
        let owned = own(&self.bus, self.owner).await;
        self.owning = !matches!(owned, Err(Interrupted::NotOwner));
        owned?;
        let Self { bus, context, incarnations, .. } = &mut *self;
        let present = stream::present(bus, context, incarnations).await?;
        self.copy(present).await
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
        let mut backlog = Backlog::read_ahead(&self.bus.log, present.last);
        let mut pipeline = Pipeline::open(&self.bus.client, name.clone(), present.last).await?;
        let third = self.bus.options.lease / 3;
        let mut renew = interval_at(Instant::now() + third, third);
        let (mut renewal, mut prune) = (None, true);
        loop {
            if backlog.may_go(pipeline.in_flight()) {
                pipeline.send(batch::take(&mut backlog.waiting)).await?;
                continue;
            }
            tokio::select! {
                // Renewal first: a busy log must not starve it.
                biased;
                _ = renew.tick(), if renewal.is_none() => {
                    renewal = Some(self.renew(&present, prune));
                }
                () = self.bus.doubted.notified(), if renewal.is_none() => {
                    renewal = Some(self.renew(&present, prune));
                }
                renewed = ended(&mut renewal) => {
                    renewal = None;
                    let Renewed { ends, pruned } = renewed?;
                    prune &= !pruned;
                    if ends > pipeline.end() {
                        return Err(Interrupted::Changed);
                    }
                }
                end = pipeline.settled() => {
                    present.last = end?;
                    self.incarnations.reached = (present.number, present.last);
                    self.tell(&name, present.last);
                }
                page = backlog.pages.recv(), if !batch::is_full(&backlog.waiting) => {
                    backlog.waiting.extend(page.ok_or(FeedError::Ended)??);
                    backlog.gather()?;
                }
            }
        }
    }

    /// Begins a renewal beside the copying, which it must not hold up.
    fn renew(&self, present: &Present, prune: bool) -> AbortOnDropHandle<Renewing> {
        let renewal = Renewal {
            bus: self.bus.clone(),
            context: self.context.clone(),
            owner: self.owner,
            present: present.clone(),
            prune,
        };
        AbortOnDropHandle::new(tokio::spawn(renewal.run()))
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
        let observed = self.observe().await;
        self.bus.report(|status| {
            status.relaying = false;
            match observed {
                Ok(Some(present)) => {
                    status.stream = Some(present.name());
                    status.copied = present.last;
                    (status.fault, status.halted) = (None, false);
                }
                // Between two incarnations: the relay is about to make the next.
                Ok(None) => {}
                Err(fault) => {
                    status.halted = matches!(&fault, Interrupted::Stream(it) if it.is_a_halt());
                    status.fault = Some(fault.to_string());
                }
            }
        });
    }

    async fn observe(&self) -> Result<Option<Present>, Interrupted> {
        let state = self.bus.log.copy_state().await?;
        self.bus.tell_state(&state);
        if let Some(halted) = state.halted {
            return Err(StreamFault::Halted(halted.what).into());
        }
        if !self.bus.connected() {
            return Err(Interrupted::Away);
        }
        Ok(stream::observe(&self.context, &self.bus.log).await?)
    }
}

/// Takes or keeps the right to relay.
pub(crate) async fn own(bus: &Bus, owner: Uuid) -> Result<(), Interrupted> {
    let owned = bus.log.own(OWNED, owner, bus.options.lease).await?;
    owned.map(drop).ok_or(Interrupted::NotOwner)
}

/// What a renewal comes to.
type Renewing = Result<Renewed, Interrupted>;

/// The end of a renewal; for ever while there is none.
async fn ended(renewal: &mut Option<AbortOnDropHandle<Renewing>>) -> Renewing {
    match renewal {
        Some(renewal) => renewal.await.map_err(|_| Interrupted::Changed)?,
        None => std::future::pending().await,
    }
}

/// A page of the log, encoded.
type Page = Result<Vec<Outgoing>, FeedError>;

/// What was read and is not sent yet.
struct Backlog {
    waiting: VecDeque<Outgoing>,
    pages: mpsc::Receiver<Page>,
    _reading: AbortOnDropHandle<()>,
}

impl Backlog {
    /// Reads and encodes on a task of its own, so that it goes on while the server stores.
    fn read_ahead(log: &Log, after: Position) -> Self {
        let (sender, pages) = mpsc::channel(AHEAD);
        let mut feed = log.feed(after);
        let reading = tokio::spawn(async move {
            loop {
                let read = feed.next(batch::MOST_MESSAGES).await;
                let page = read.map(|events| events.iter().map(Envelope::outgoing).collect());
                // The relay is told of a fault, and begins anew.
                let over = page.is_err();
                if sender.send(page).await.is_err() || over {
                    return;
                }
            }
        });
        Self { waiting: VecDeque::new(), pages, _reading: AbortOnDropHandle::new(reading) }
    }

    /// Takes what has been read already, so that a batch is cut as late, and as large, as can be: each one
    /// costs the server a sync, and what waits behind a small one waits for it.
    fn gather(&mut self) -> Result<(), FeedError> {
        while !batch::is_full(&self.waiting) {
            let Ok(page) = self.pages.try_recv() else { return Ok(()) };
            self.waiting.extend(page?);
        }
        Ok(())
    }

    /// Something may be sent beside so many batches. A second one only when it is full: a small one would
    /// only stand in line, and what comes next behind it.
    fn may_go(&self, in_flight: usize) -> bool {
        match in_flight {
            0 => !self.waiting.is_empty(),
            _ => in_flight < IN_FLIGHT && batch::is_full(&self.waiting),
        }
    }
}
