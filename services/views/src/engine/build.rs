//! Building generations beside the live ones: from nothing to the end of the log, as fast as the
//! database takes it, while the engine goes on applying what is new to what is live.
//!
//! One stream of the log is opened chunk by chunk and shared out among workers by slice; each writes its
//! part of a chunk in one transaction, rows and checkpoints together, so that whatever kills a build
//! loses nothing but time. Once it is near the end the generation is handed to the engine, which follows
//! with it as with any other, and it is compared with the live one.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use onward_log::{Log, Position};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::apply::{self, Right, Running};
use super::checkpoint::{self, Track};
use super::compare;
use super::fold::{Applier, Prepared};
use super::lease;
use super::number;
use super::owner::{Owned, SLICES, slice_of};
use super::registry::{self, GenerationState, Registered};
use super::store::Store;
use crate::error::ViewError;

/// Events of a chunk. Everything of a few chunks is in memory at once, about three kilobytes an event.
const CHUNK: usize = 4_096;
/// On SQLite a chunk holds up what the engine applies, since there is one writer.
const EMBEDDED_CHUNK: usize = 2_048;
/// Chunks that are opened at once.
const OPENED_AT_ONCE: usize = 2;
/// Workers on PostgreSQL at most: each is a connection and, there, a core.
const WORKERS: usize = 4;
/// So near to the end of the log the engine takes over; it catches up with the rest in a moment.
const NEAR: u64 = 2_000;
/// How often a builder that has nothing to do looks for work.
const LOOK: Duration = Duration::from_secs(1);

/// Builds what is to be built, in one process.
#[derive(Clone)]
pub(crate) struct Builder {
    pub(crate) store: Store,
    pub(crate) log: Log,
    pub(crate) worker: Uuid,
    pub(crate) views: Arc<Vec<Arc<dyn Applier>>>,
    /// Changes when a generation was begun or switched to.
    pub(crate) woken: watch::Receiver<()>,
    /// Told when a generation was handed over.
    pub(crate) wake: Arc<watch::Sender<()>>,
}

impl Builder {
    /// Runs until cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let mut alone = self.store.is_embedded();
        while !cancel.is_cancelled() {
            self.woken.borrow_and_update();
            match self.round(alone, &cancel).await {
                Ok(true) => continue,
                Ok(false) => alone = false,
                Err(ViewError::NotOwner) => {
                    tracing::info!("another process goes on building a view");
                }
                Err(error) => tracing::warn!(%error, "a view cannot be built now"),
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = self.woken.changed() => {}
            }
        }
    }

    /// Does one piece of work, if there is one that nobody else does.
    async fn round(&self, alone: bool, cancel: &CancellationToken) -> Result<bool, ViewError> {
        for applier in self.views.iter() {
            let Some(one) = self.unfinished(applier.as_ref()).await? else { continue };
            let view = Running::of(Arc::clone(applier), one.generation);
            let Some(epoch) = lease::claim(&self.store, &view, self.worker, alone).await? else {
                continue;
            };
            let held = Held::keep(self, &view, cancel);
            let done = if one.state == GenerationState::Building {
                self.build(&view, epoch, &held.cancel).await
            } else {
                self.compare(&view, &held.cancel).await
            };
            held.end().await;
            lease::release(&self.store, &view, self.worker).await?;
            done?;
            return Ok(true);
        }
        Ok(false)
    }

    /// A generation of this program's version that is to be built, or compared.
    async fn unfinished(&self, view: &dyn Applier) -> Result<Option<Registered>, ViewError> {
        let listed = registry::list(&self.store, view.name()).await?;
        // Beside an older program's, the first of a version is compared although it is live already.
        let older =
            |one: &Registered| one.version < view.version() && one.state == GenerationState::Live;
        let first = listed.iter().any(older);
        for one in listed.into_iter().filter(|one| one.version == view.version()) {
            let to_compare = match one.state {
                GenerationState::Building => return Ok(Some(one)),
                GenerationState::Ready => true,
                GenerationState::Live => first,
                GenerationState::Retired => false,
            };
            let compared = || compare::last(&self.store, view.name(), one.generation);
            if to_compare && compared().await?.is_none() {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// Catches up to near the end of the log and hands over.
    pub(crate) async fn build(
        &self,
        view: &Running,
        epoch: i64,
        cancel: &CancellationToken,
    ) -> Result<(), ViewError> {
        let (mut begun, mut indexed) = (false, false);
        while !cancel.is_cancelled() {
            let head = self.head().await?;
            let position = checkpoint::position(&self.store, view.name(), view.generation).await?;
            if !begun || head.get().saturating_sub(position.get()) > NEAR {
                self.catch_up(view, epoch, head, cancel).await?;
                begun = true;
            } else if indexed {
                return self.hand_over(view, epoch).await;
            } else {
                // Once, when all rows are there, instead of with every row.
                let mut tx = self.store.begin().await?;
                lease::hold(&mut tx, view, self.worker, epoch).await?;
                registry::finish(&mut tx, view.applier.as_ref(), view.generation).await?;
                tx.commit().await?;
                indexed = true;
            }
        }
        Ok(())
    }

    async fn head(&self) -> Result<Position, ViewError> {
        self.log.head().await.map_err(|error| ViewError::Log(error.to_string()))
    }

    /// The engine follows with it from now on. The first generation of its version is live at once:
    /// nobody reads that version yet.
    async fn hand_over(&self, view: &Running, epoch: i64) -> Result<(), ViewError> {
        let mut tx = self.store.begin().await?;
        lease::hold(&mut tx, view, self.worker, epoch).await?;
        let listed = registry::list_in(&mut tx, view.name()).await?;
        let version = view.applier.version();
        let there = |state| listed.iter().any(|one| one.version == version && one.state == state);
        let state = if there(GenerationState::Live) {
            GenerationState::Ready
        } else {
            GenerationState::Live
        };
        registry::set_state(&mut tx, view.name(), view.generation, state).await?;
        tx.commit().await?;
        self.wake.send_replace(());
        let (view, generation) = (view.name(), view.generation.0);
        tracing::info!(view, generation, state = state.as_str(), "a view has been built");
        Ok(())
    }

    async fn compare(&self, view: &Running, cancel: &CancellationToken) -> Result<(), ViewError> {
        compare::compare(&self.store, view, cancel).await.map(drop)
    }

    /// Applies everything up to a position.
    async fn catch_up(
        &self,
        view: &Running,
        epoch: i64,
        until: Position,
        cancel: &CancellationToken,
    ) -> Result<(), ViewError> {
        let all: Owned = (0..SLICES).map(|slice| (slice, 0)).collect();
        let track = checkpoint::load(&self.store, view.name(), view.generation, &all).await?;
        let from = number::position(track.lowest().unwrap_or_default());
        let (count, chunk) = if self.store.is_embedded() {
            (1, EMBEDDED_CHUNK)
        } else {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            (cores.clamp(1, WORKERS), CHUNK)
        };
        let mut workers = Workers::start(self, view, epoch, share(&track, count));
        let scan = self.log.scan(from, until, chunk);
        let log = self.log.clone();
        let chunks = stream::unfold(scan, |mut scan| async {
            let next = scan.next().await.map_err(|error| ViewError::Log(error.to_string()));
            next.transpose().map(|next| (next, scan))
        });
        // Opening is arithmetic: a task for each chunk uses the other cores.
        let opened = chunks.map(|chunk| {
            let log = log.clone();
            async move {
                let chunk = chunk?;
                let opening = tokio::spawn(async move { apply::prepare(&log, chunk).await });
                opening.await.map_err(|_| ViewError::Log("opening was cut short".to_owned()))?
            }
        });
        let mut opened = std::pin::pin!(opened.buffered(OPENED_AT_ONCE));
        while let Some(chunk) = opened.next().await {
            if cancel.is_cancelled() || !workers.give(Arc::new(chunk?)).await {
                break;
            }
        }
        workers.end().await
    }
}

/// Shares the slices of a track out among so many workers.
fn share(track: &Track, count: usize) -> Vec<Track> {
    let mut shares = vec![Track::default(); count];
    let of = |slice: u8| usize::from(slice) % count;
    for (partition, sequence) in &track.sequences {
        shares[of(slice_of(*partition))].sequences.insert(*partition, *sequence);
    }
    for (slice, scanned) in &track.scanned {
        shares[of(*slice)].scanned.insert(*slice, *scanned);
    }
    shares
}

type Chunk = Arc<Vec<Prepared>>;

/// Those who write, each its own slices.
struct Workers {
    tasks: Vec<JoinHandle<Result<(), ViewError>>>,
    queues: Vec<mpsc::Sender<Chunk>>,
}

impl Workers {
    fn start(builder: &Builder, view: &Running, epoch: i64, tracks: Vec<Track>) -> Self {
        let (mut tasks, mut queues) = (Vec::new(), Vec::new());
        for mut track in tracks {
            let (queue, mut chunks) = mpsc::channel::<Chunk>(1);
            let (store, view, worker) = (builder.store.clone(), view.clone(), builder.worker);
            tasks.push(tokio::spawn(async move {
                let right = (worker, Right::Build(&view, epoch));
                while let Some(chunk) = chunks.recv().await {
                    let next = apply::apply(&store, &[(&view, &track)], right, &chunk).await?;
                    track = next.into_iter().next().unwrap_or_default();
                }
                Ok(())
            }));
            queues.push(queue);
        }
        Self { tasks, queues }
    }

    /// Whether all took it.
    async fn give(&self, chunk: Chunk) -> bool {
        for queue in &self.queues {
            if queue.send(Arc::clone(&chunk)).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Waits until everything given is written.
    async fn end(&mut self) -> Result<(), ViewError> {
        self.queues.clear();
        let mut failed = None;
        for task in self.tasks.drain(..) {
            match task.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed = Some(error),
                Err(_) => failed = Some(ViewError::Log("a build was cut short".to_owned())),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// The work on a generation is kept as long as this lives; where it is lost, `cancel` says so.
struct Held {
    cancel: CancellationToken,
    renewing: JoinHandle<()>,
    _guard: DropGuard,
}

impl Held {
    fn keep(builder: &Builder, view: &Running, cancel: &CancellationToken) -> Self {
        let cancel = cancel.child_token();
        let (builder, view, lost) = (builder.clone(), view.clone(), cancel.clone());
        let renewing = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = lost.cancelled() => return,
                    () = tokio::time::sleep(LOOK) => {}
                }
                let kept = lease::claim(&builder.store, &view, builder.worker, false).await;
                if matches!(kept, Ok(None)) {
                    lost.cancel();
                }
            }
        });
        Self { _guard: cancel.clone().drop_guard(), cancel, renewing }
    }

    /// Renews no more.
    async fn end(self) {
        self.cancel.cancel();
        // It only renews: nothing can be wrong with how it ended.
        let _ = self.renewing.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slice_has_one_worker() {
        let track = Track {
            sequences: (0..64).map(|partition| (partition, 1)).collect(),
            scanned: (0..SLICES).map(|slice| (slice, 5)).collect(),
        };
        let shares = share(&track, 3);
        assert_eq!(shares.iter().map(|share| share.scanned.len()).sum::<usize>(), 8);
        assert_eq!(shares.iter().map(|share| share.sequences.len()).sum::<usize>(), 64);
        for share in shares {
            assert!(share.sequences.keys().all(|p| share.scanned.contains_key(&slice_of(*p))));
        }
    }
}
