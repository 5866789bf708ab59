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
use crate::engine::apply::Running;
use crate::engine::fold::{Applier, Folding};
use crate::engine::parity::{self, Equal, ParityFault};
use crate::engine::parked::{self, Parked, Retried};
use crate::engine::registry::{self, Generation};
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
}

/// The open views.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    log: Log,
    running: Vec<Running>,
    signals: Arc<Vec<Signal>>,
}

impl Views {
    /// Opens the views' storage and makes what is missing; safe twice and by two processes at once.
    /// Nothing is applied before [`Views::run`].
    ///
    /// # Errors
    /// `Settings` and `Database`: one line that says why.
    pub async fn open(options: Options, log: Log) -> Result<Self, ViewError> {
        let store = Store::open(&options.storage).await?;
        let appliers: Vec<Arc<dyn Applier>> =
            ViewName::ALL.into_iter().map(ViewName::applier).collect();
        let known: Vec<&dyn Applier> = appliers.iter().map(AsRef::as_ref).collect();
        let generations = registry::register(&store, &known).await?;
        let running: Vec<Running> = appliers
            .into_iter()
            .zip(generations)
            .map(|(applier, generation)| Running { applier, generation })
            .collect();
        let signals: Vec<Signal> =
            running.iter().map(|view| Signal::new(view.name(), view.generation)).collect();
        let signals = Arc::new(signals);
        tokio::spawn(signal::follow(store.clone(), Arc::downgrade(&signals)));
        Ok(Self { inner: Arc::new(Inner { store, log, running, signals }) })
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
        let Inner { store, log, running, signals } = &*self.inner;
        let engine = Engine::new(store.clone(), log.clone(), running.clone(), Arc::clone(signals));
        engine.run(feed, cancel).await;
    }

    /// The position up to which every view has applied everything.
    ///
    /// # Errors
    /// The database.
    pub async fn lowest_position(&self) -> Result<Position, ViewError> {
        let mut lowest: Option<Position> = None;
        for signal in self.inner.signals.iter() {
            let position = signal.refresh(&self.inner.store).await?;
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
        let (store, generation) = self.storage(ViewName::Timeline);
        TimelineView { store, generation }
    }

    /// Reads of the inbox.
    pub fn inbox(&self) -> InboxView {
        let (store, generation) = self.storage(ViewName::Inbox);
        InboxView { store, generation }
    }

    /// Reads of the queue.
    pub fn queue(&self) -> QueueView {
        let (store, generation) = self.storage(ViewName::Queue);
        QueueView { store, generation }
    }

    /// Reads of the directory.
    pub fn directory(&self) -> DirectoryView {
        let (store, generation) = self.storage(ViewName::Directory);
        DirectoryView { store, generation }
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
        let store = &self.inner.store;
        let head = self.inner.log.head().await;
        let head = head.map_err(|fault| ViewError::Log(fault.to_string()))?;
        let mut all = Vec::with_capacity(ViewName::ALL.len());
        for (place, view) in ViewName::ALL.into_iter().enumerate() {
            let Some(running) = self.inner.running.get(place) else { continue };
            let position = self.signal(view).refresh(store).await?;
            all.push(ViewStatus {
                view,
                version: u32::try_from(running.applier.version()).unwrap_or_default(),
                position,
                lag: head.get().saturating_sub(position.get()),
                parked: parked::count(store, running.name(), running.generation).await?,
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
        let (store, generation) = self.storage(view);
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
        let (store, generation) = self.storage(view);
        parked::since(&store, view.as_str(), generation, learners).await
    }

    /// Tries the parked events of one learner (or stream) again, in order, up to the first that still
    /// cannot be applied. Cancelling the future is safe: the work is a task of its own.
    ///
    /// # Errors
    /// The database, or the log.
    pub async fn retry_parked(&self, view: ViewName, key: Uuid) -> Result<Retried, ViewError> {
        let views = self.clone();
        let work = tokio::spawn(async move {
            let Inner { store, log, .. } = &*views.inner;
            let running = views.running(view);
            let waiting = parked::waiting(store, running.name(), running.generation).await?;
            match waiting.into_iter().find(|(waiting, _)| *waiting == key) {
                Some((_, partition)) => parked::retry(store, log, running, key, partition).await,
                None => Ok(Retried { applied: 0, waiting: 0 }),
            }
        });
        work.await.map_err(|_| ViewError::Log("the retry was cut short".to_owned()))?
    }

    fn place(view: ViewName) -> usize {
        ViewName::ALL.iter().position(|known| *known == view).unwrap_or_default()
    }

    fn running(&self, view: ViewName) -> &Running {
        &self.inner.running[Self::place(view)]
    }

    fn signal(&self, view: ViewName) -> &Signal {
        &self.inner.signals[Self::place(view)]
    }

    fn storage(&self, view: ViewName) -> (Store, Generation) {
        (self.inner.store.clone(), self.running(view).generation)
    }
}
