//! The handle of the views: opened once, cloned freely; read from anywhere, run by the processes that
//! have the role.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use onward_log::{Feed, Log, Position};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::directory::{Directory, DirectoryView};
use crate::engine::build::Builder;
use crate::engine::checkpoint;
use crate::engine::compare::{self, Comparison};
use crate::engine::fold::{Applier, Folding};
use crate::engine::origin;
use crate::engine::parity::{self, Equal, ParityFault};
use crate::engine::parked::{self, Parked};
use crate::engine::registry::{self, GenerationState, Registered, Served};
use crate::engine::run::Engine;
use crate::engine::signal::{self, Signal};
use crate::engine::store::{Storage, Store};
use crate::error::ViewError;
use crate::inbox::{Inbox, InboxView};
use crate::queue::{Queue, QueueView};
use crate::timeline::{Timeline, TimelineView};

/// What the views are opened with.
#[derive(Clone)]
pub struct Options {
    /// Where they are kept.
    pub storage: Storage,
}

/// The views there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewName {
    /// What happened to a learner.
    Timeline,
    /// Handovers.
    Inbox,
    /// Referrals.
    Queue,
    /// Organisations and members.
    Directory,
}

impl ViewName {
    /// Every view, in the order in which they are applied.
    pub const ALL: [Self; 4] = [Self::Directory, Self::Timeline, Self::Inbox, Self::Queue];

    /// Its name as operators see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeline => "timeline",
            Self::Inbox => "inbox",
            Self::Queue => "queue",
            Self::Directory => "directory",
        }
    }

    /// The view of this name.
    ///
    /// # Errors
    /// `UnknownView`.
    pub fn parse(name: &str) -> Result<Self, ViewError> {
        Self::ALL.into_iter().find(|view| view.as_str() == name).ok_or(ViewError::UnknownView)
    }

    fn applier(self) -> Arc<dyn Applier> {
        match self {
            Self::Timeline => Arc::new(Folding::<Timeline>::new()),
            Self::Inbox => Arc::new(Folding::<Inbox>::new()),
            Self::Queue => Arc::new(Folding::<Queue>::new()),
            Self::Directory => Arc::new(Folding::<Directory>::new()),
        }
    }
}

/// How a view stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStatus {
    /// The view.
    pub view: ViewName,
    /// Version of its fold.
    pub version: u32,
    /// Everything up to here is reflected.
    pub position: Position,
    /// Events of the log that are not yet.
    pub lag: u64,
    /// Learners (or, without one, streams) whose events wait.
    pub parked: u64,
    /// Every build of it, oldest first.
    pub generations: Vec<GenerationStatus>,
}

/// How one build of a view stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationStatus {
    /// Its number.
    pub generation: u64,
    /// Version of the fold that builds it.
    pub version: u32,
    /// Whether readers see it.
    pub state: GenerationState,
    /// Everything up to here is in it.
    pub position: Position,
    /// Events of the log that are not yet.
    pub lag: u64,
    /// Learners whose events wait in it.
    pub parked: u64,
    /// What the last comparison with the live one came to.
    pub comparison: Option<Comparison>,
}

/// The open views.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    log: Log,
    known: Arc<Vec<Arc<dyn Applier>>>,
    signals: Arc<Vec<Signal>>,
    /// Wakes whoever follows or builds generations in this process.
    wake: Arc<watch::Sender<()>>,
}

/// A log of so many events is built like a rebuild where the views are not there yet: readers are told
/// to wait, instead of being shown a view that fills up.
const LONG: u64 = 20_000;

impl Views {
    /// Opens the views' storage and makes what is missing; safe twice and by two processes at once.
    /// Nothing is applied before [`Views::run`].
    ///
    /// # Errors
    /// `Settings` and `Database`: one line that says why.
    pub async fn open(options: Options, log: Log) -> Result<Self, ViewError> {
        let store = Store::open(&options.storage).await?;
        let known: Vec<Arc<dyn Applier>> =
            ViewName::ALL.into_iter().map(ViewName::applier).collect();
        let long = head(&log).await?.get() > LONG;
        registry::register(&store, &known, long).await?;
        origin::check(&store, &log, &known).await?;
        let signals: Vec<Signal> = known.iter().map(|view| Signal::new(served(view))).collect();
        let (known, signals) = (Arc::new(known), Arc::new(signals));
        tokio::spawn(signal::follow(store.clone(), Arc::downgrade(&signals)));
        let wake = Arc::new(watch::Sender::new(()));
        Ok(Self { inner: Arc::new(Inner { store, log, known, signals, wake }) })
    }

    /// Compares the live views with a fold of the log that is made for it, in a file in `scratch`, an empty
    /// folder. Beside whoever serves them: nothing is written there. `progress` hears of the last position
    /// folded.
    ///
    /// # Errors
    /// The first table whose rows differ, or what could not be read.
    pub async fn compare_with_log(
        options: &Options,
        log: &Log,
        scratch: &std::path::Path,
        progress: impl FnMut(Position) + Send,
    ) -> Result<Vec<Equal>, ParityFault> {
        let appliers = ViewName::ALL.into_iter().map(ViewName::applier).collect();
        parity::compare(&options.storage, log, appliers, scratch, progress).await
    }

    /// Applies events until cancelled, sharing the work with every other process that runs the views.
    /// The feed may begin anywhere: what it lacks is read from the log's SQL.
    /// [`Views::lowest_position`] is a good place.
    ///
    /// Run it as a task of its own that nobody aborts; cancel it instead.
    pub async fn run(&self, feed: Box<dyn Feed>, cancel: CancellationToken) {
        let Inner { store, log, known, signals, wake } = &*self.inner;
        let engine = Engine::new(
            store.clone(),
            log.clone(),
            Arc::clone(known),
            Arc::clone(signals),
            wake.subscribe(),
        );
        let stop = cancel.child_token();
        let building = tokio::spawn(self.builder().run(stop.clone()));
        engine.run(feed, cancel).await;
        // Where the feed has ended, nothing will be left to build on.
        stop.cancel();
        if building.await.is_err() {
            tracing::warn!("the builder of the views was cut short");
        }
    }

    /// The position up to which every view has applied everything.
    ///
    /// # Errors
    /// The database.
    pub async fn lowest_position(&self) -> Result<Position, ViewError> {
        let mut lowest: Option<Position> = None;
        for signal in self.inner.signals.iter() {
            let position = match signal.refresh(&self.inner.store).await {
                // It is built by other means, and followed from where that ends.
                Err(ViewError::NotYet) => continue,
                position => position?,
            };
            lowest = Some(lowest.map_or(position, |known| known.min(position)));
        }
        Ok(lowest.unwrap_or(Position::START))
    }

    /// Leaves nothing of deleted rows in files beside the storage, where the database allows it.
    ///
    /// # Errors
    /// The database.
    pub async fn fold_away(&self) -> Result<(), ViewError> {
        self.inner.store.fold_away().await
    }

    /// Closes the storage, once nothing reads or runs any more.
    pub async fn close(self) {
        self.inner.store.close().await;
    }

    /// Reads of the timeline.
    pub fn timeline(&self) -> TimelineView {
        let (store, served) = self.storage(ViewName::Timeline);
        TimelineView { store, served }
    }

    /// Reads of the inbox.
    pub fn inbox(&self) -> InboxView {
        let (store, served) = self.storage(ViewName::Inbox);
        InboxView { store, served }
    }

    /// Reads of the queue.
    pub fn queue(&self) -> QueueView {
        let (store, served) = self.storage(ViewName::Queue);
        QueueView { store, served }
    }

    /// Reads of the directory.
    pub fn directory(&self) -> DirectoryView {
        let (store, served) = self.storage(ViewName::Directory);
        DirectoryView { store, served }
    }

    /// Waits until a view reflects everything up to `min_position`; answers what it reflects.
    ///
    /// # Errors
    /// `NotYet` when the time is up.
    pub async fn wait_for(
        &self,
        view: ViewName,
        min_position: Position,
        timeout: Duration,
    ) -> Result<Position, ViewError> {
        let deadline = Instant::now() + timeout;
        self.signal(view).wait_for(&self.inner.store, min_position, deadline).await
    }

    /// Wakes whenever a view has moved, in whatever process it was applied.
    pub fn changes(&self, view: ViewName) -> watch::Receiver<Position> {
        self.signal(view).listen()
    }

    /// How every view stands.
    ///
    /// # Errors
    /// The database, or the log.
    pub async fn status(&self) -> Result<Vec<ViewStatus>, ViewError> {
        let head = head(&self.inner.log).await?;
        let mut all = Vec::with_capacity(ViewName::ALL.len());
        for view in ViewName::ALL {
            let applier = self.applier(view);
            let generations = self.generations(applier.name(), head).await?;
            let version = u32::try_from(applier.version()).unwrap_or_default();
            let live = |one: &&GenerationStatus| {
                one.version == version && one.state == GenerationState::Live
            };
            let live = generations.iter().find(live);
            let position = live.map_or(Position::START, |live| live.position);
            all.push(ViewStatus {
                view,
                version,
                position,
                lag: head.get().saturating_sub(position.get()),
                parked: live.map_or(0, |live| live.parked),
                generations,
            });
        }
        Ok(all)
    }

    async fn generations(
        &self,
        view: &str,
        head: Position,
    ) -> Result<Vec<GenerationStatus>, ViewError> {
        let store = &self.inner.store;
        let mut all = Vec::new();
        for Registered { generation, version, state } in registry::list(store, view).await? {
            let position = checkpoint::position(store, view, generation).await?;
            all.push(GenerationStatus {
                generation: generation.0.unsigned_abs(),
                version: u32::try_from(version).unwrap_or_default(),
                state,
                position,
                lag: head.get().saturating_sub(position.get()),
                parked: parked::count(store, view, generation).await?,
                comparison: compare::last(store, view, generation).await?,
            });
        }
        Ok(all)
    }

    /// The parked events of a view, by position, after one of them.
    ///
    /// # Errors
    /// The database.
    pub async fn parked(
        &self,
        view: ViewName,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Parked>, ViewError> {
        let (store, served) = self.storage(view);
        let Some(generation) = served.generation(&store).await? else { return Ok(Vec::new()) };
        parked::list(&store, view.as_str(), generation, after, i64::from(limit.max(1))).await
    }

    /// For each of these learners that waits in the view: since when what is shown of it is not up to
    /// date.
    ///
    /// # Errors
    /// The database.
    pub async fn not_up_to_date(
        &self,
        view: ViewName,
        learners: &[Uuid],
    ) -> Result<Vec<(Uuid, Timestamp)>, ViewError> {
        if learners.is_empty() {
            return Ok(Vec::new());
        }
        let (store, served) = self.storage(view);
        let Some(generation) = served.generation(&store).await? else { return Ok(Vec::new()) };
        parked::since(&store, view.as_str(), generation, learners).await
    }

    fn place(view: ViewName) -> usize {
        ViewName::ALL.iter().position(|known| *known == view).unwrap_or_default()
    }

    pub(crate) fn applier(&self, view: ViewName) -> &Arc<dyn Applier> {
        &self.inner.known[Self::place(view)]
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    /// Wakes whoever follows or builds generations in this process.
    pub(crate) fn wake(&self) {
        self.inner.wake.send_replace(());
    }

    pub(crate) fn builder(&self) -> Builder {
        let Inner { store, log, known, wake, .. } = &*self.inner;
        Builder {
            store: store.clone(),
            log: log.clone(),
            worker: Uuid::now_v7(),
            views: Arc::clone(known),
            woken: wake.subscribe(),
            wake: Arc::clone(wake),
        }
    }

    fn signal(&self, view: ViewName) -> &Signal {
        &self.inner.signals[Self::place(view)]
    }

    fn storage(&self, view: ViewName) -> (Store, Served) {
        (self.inner.store.clone(), self.signal(view).served)
    }
}

fn served(view: &Arc<dyn Applier>) -> Served {
    Served { view: view.name(), version: view.version() }
}

async fn head(log: &Log) -> Result<Position, ViewError> {
    log.head().await.map_err(|fault| ViewError::Log(fault.to_string()))
}
