//! The batcher: many callers, one commit.
//!
//! A bounded channel holds what waits; the batcher drains whatever is there (no timer), commits it as
//! one transaction, and answers. On PostgreSQL a second batch is read in, and waits for the log's lock,
//! while the first commits. A full channel refuses at once. What the caller handed in is worked
//! off even when the caller has gone away.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::batch::{Backend, Judging, decide};
use crate::error::Cause;
use crate::options::BatcherOptions;
use crate::position::Position;
use crate::proposal::{Rejection, Work};
use crate::recent::Recent;
use crate::request::Answer;

/// When a refused caller should come back: a few batches later.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(250);
/// How often the batcher lets others run before it takes what is there, as long as more comes in.
const LOOKS: usize = 8;

/// What a piece of work came to.
pub(crate) type Verdict = Result<Answer, Rejection>;

/// The way to the batcher.
#[derive(Clone)]
pub(crate) struct Batcher {
    jobs: mpsc::Sender<Job>,
    /// Room for bytes of events, so that a few large requests cannot fill the memory either.
    room: Arc<Semaphore>,
    /// The most that waited at once since somebody asked.
    crowd: Arc<AtomicUsize>,
}

/// A piece of work and who waits for it.
pub(crate) struct Job {
    work: Work,
    reply: oneshot::Sender<Verdict>,
    /// Given back when the work is done.
    room: OwnedSemaphorePermit,
}

/// What waits. Whoever holds it has the turn: cuts a batch, and keeps the turn until that commits.
pub(crate) struct Queue {
    jobs: mpsc::Receiver<Job>,
    /// What did not fit into the batch before.
    held: Option<Job>,
}

/// The turn.
type Turn = OwnedMutexGuard<Queue>;

/// What a task of the batcher runs on.
pub(crate) struct Service<B> {
    pub backend: B,
    pub options: BatcherOptions,
    /// Told where the log ends after each commit.
    pub head: watch::Sender<Position>,
    /// Given what each commit wrote.
    pub recent: Arc<Recent>,
    pub stop: CancellationToken,
}

impl Batcher {
    /// A channel for this many waiting requests, and its other end.
    pub(crate) fn channel(options: &BatcherOptions) -> (Self, Arc<Mutex<Queue>>) {
        let (sender, jobs) = mpsc::channel(options.waiting);
        let room = Arc::new(Semaphore::new(options.waiting_bytes));
        let crowd = Arc::default();
        (Self { jobs: sender, room, crowd }, Arc::new(Mutex::new(Queue { jobs, held: None })))
    }

    /// The most that waited at once since this was asked last.
    pub(crate) fn crowd(&self) -> usize {
        self.crowd.swap(0, Ordering::Relaxed)
    }

    /// Hands work in and waits for its verdict.
    pub(crate) async fn submit(&self, work: Work) -> Verdict {
        let (reply, verdict) = oneshot::channel();
        let bytes = u32::try_from(work.bytes()).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(bytes);
        let room = room.map_err(|_| Rejection::Overloaded)?;
        self.jobs.try_send(Job { work, reply, room }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Rejection::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Rejection::Unavailable(Cause::Stopping),
        })?;
        let waiting = self.jobs.max_capacity() - self.jobs.capacity();
        self.crowd.fetch_max(waiting, Ordering::Relaxed);
        // Without an answer the batcher has ended in the middle: the request id tells later.
        verdict.await.unwrap_or(Err(Rejection::Unavailable(Cause::Unknown)))
    }
}

impl<B: Backend> Service<B> {
    /// Works until it is stopped and everything that had come in is answered.
    pub(crate) async fn run(mut self, queue: Arc<Mutex<Queue>>) {
        loop {
            let mut turn = Arc::clone(&queue).lock_owned().await;
            let Some(first) = self.first(&mut turn).await else { break };
            settle(&turn.jobs).await;
            let batch = self.drain(first, &mut turn);
            // A fault of the program costs its batch an answer, which the request ids tell later, and not
            // everybody after it their writes.
            let work = AssertUnwindSafe(self.work(batch, turn)).catch_unwind();
            if work.await.is_err() {
                tracing::error!("a batch was not brought to its end");
                self.backend.reset().await;
            }
        }
        self.backend.reset().await;
    }

    async fn first(&self, queue: &mut Queue) -> Option<Job> {
        if let Some(job) = queue.held.take() {
            return Some(job);
        }
        let jobs = &mut queue.jobs;
        tokio::select! {
            biased;
            job = jobs.recv() => job,
            () = self.stop.cancelled(), if !jobs.is_closed() => {
                jobs.close();
                jobs.recv().await
            }
        }
    }

    fn drain(&self, first: Job, queue: &mut Queue) -> Vec<Job> {
        let (mut events, mut bytes) = (first.work.events(), first.work.bytes());
        let mut batch = vec![first];
        while let Ok(job) = queue.jobs.try_recv() {
            events += job.work.events();
            bytes += job.work.bytes();
            if events > self.options.max_events || bytes > self.options.max_bytes {
                queue.held = Some(job);
                break;
            }
            batch.push(job);
        }
        batch
    }

    async fn work(&mut self, batch: Vec<Job>, turn: Turn) {
        let (works, replies): (Vec<Work>, Vec<_>) =
            batch.into_iter().map(|job| (job.work, (job.reply, job.room))).unzip();
        let mut turn = Some(turn);
        // What comes next is cut while this commits, so that the lock is never idle for long.
        let mut pass_on = || drop(turn.take());
        let verdicts = match decide(&mut self.backend, &works, &mut pass_on).await {
            Judging::Done(judged) => {
                self.recent.keep(judged.events);
                self.raise(judged.head);
                judged.verdicts
            }
            Judging::Failed(cause) => {
                works.iter().map(|_| Err(Rejection::Unavailable(cause))).collect()
            }
            Judging::Apart { in_doubt } => self.apart(&works, in_doubt).await,
        };
        for ((reply, _room), verdict) in replies.into_iter().zip(verdicts) {
            // A caller that has gone away finds its answer under its request id.
            let _ = reply.send(verdict);
        }
    }

    /// Each piece alone, so that what the database refuses fails only its sender.
    async fn apart(&mut self, works: &[Work], in_doubt: bool) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(works.len());
        for work in works {
            if in_doubt && work.request().is_none() {
                verdicts.push(Err(Rejection::Unavailable(Cause::Unknown)));
                continue;
            }
            let alone = std::slice::from_ref(work);
            verdicts.push(match decide(&mut self.backend, alone, &mut || {}).await {
                Judging::Done(mut judged) => {
                    self.recent.keep(std::mem::take(&mut judged.events));
                    self.raise(judged.head);
                    judged.verdicts.pop().unwrap_or(Err(Rejection::Unavailable(Cause::Fault)))
                }
                // Together it may have been committed, and alone nobody could be asked.
                Judging::Failed(_) if in_doubt => Err(Rejection::Unavailable(Cause::Unknown)),
                Judging::Failed(cause) => Err(Rejection::Unavailable(cause)),
                Judging::Apart { .. } => Err(Rejection::Unavailable(Cause::Unknown)),
            });
        }
        verdicts
    }

    fn raise(&self, head: Position) {
        raise(&self.head, head);
    }
}

/// Tells followers where the log ends, never backwards.
pub(crate) fn raise(known: &watch::Sender<Position>, head: Position) {
    known.send_if_modified(|known| {
        let higher = head > *known;
        if higher {
            *known = head;
        }
        higher
    });
}

/// Lets callers that were just answered come back before the next batch is cut, as long as they do:
/// else a batch of one would alternate with a batch of all the others.
async fn settle(jobs: &mpsc::Receiver<Job>) {
    let mut waiting = jobs.len();
    for _ in 0..LOOKS {
        tokio::task::yield_now().await;
        let now = jobs.len();
        if now == waiting {
            break;
        }
        waiting = now;
    }
}
