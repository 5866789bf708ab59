//! The loop of one process: own slices, catch up from SQL, follow one feed for all views.
//!
//! Whatever goes wrong ends in the same way: forget what was known, wait a little, ask the database
//! again who owns what and how far each view has come, and go on from there.

use std::sync::Arc;
use std::time::Duration;

use onward_log::{Feed, FeedError, Log, Position, Recorded};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::apply::{self, At, Right, Running};
use super::checkpoint::{self, Track};
use super::fold::{Applier, Prepared};
use super::number;
use super::origin;
use super::owner::{self, Owned, SLICES, slice_of};
use super::parked;
use super::registry;
use super::signal::Signal;
use super::store::Store;
use crate::error::ViewError;

/// Events of a batch at most.
const BATCH: usize = 512;
/// How often ownership is renewed: several times within its time to live.
const RENEW: Duration = Duration::from_secs(1);
/// Longest that events are gathered at the log's end before the next batch.
const GATHER: Duration = Duration::from_millis(8);
/// Appends that wait at once in this process, from which on the views give way to them.
const CROWD: usize = 32;
/// How much longer than a batch took the views then stand back: they keep a quarter of the time.
const STAND_BACK: u32 = 3;
/// Longest that they stand back.
const LONGEST_BACK: Duration = Duration::from_millis(300);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One process's share of the work.
pub(crate) struct Engine {
    pub(crate) store: Store,
    pub(crate) log: Log,
    pub(crate) worker: Uuid,
    known: Arc<Vec<Arc<dyn Applier>>>,
    pub(crate) signals: Arc<Vec<Signal>>,
    /// Changes when another generation is to be followed.
    woken: watch::Receiver<()>,
    /// The generations that are followed, the live one of a view before those beside it.
    views: Vec<Running>,
    owned: Owned,
    /// One for each of `views`, as far as the slices owned go.
    tracks: Vec<Track>,
    renew_at: Instant,
    /// What a dead process left behind was taken over.
    settled: bool,
    /// The feed brought nothing since the last renewal.
    idle: bool,
}

impl Engine {
    pub(crate) fn new(
        store: Store,
        log: Log,
        known: Arc<Vec<Arc<dyn Applier>>>,
        signals: Arc<Vec<Signal>>,
        woken: watch::Receiver<()>,
    ) -> Self {
        Self {
            store,
            log,
            worker: Uuid::now_v7(),
            known,
            signals,
            woken,
            views: Vec::new(),
            owned: Owned::new(),
            tracks: Vec::new(),
            renew_at: Instant::now(),
            settled: false,
            idle: false,
        }
    }

    /// Runs until cancelled, then gives its slices back.
    pub(crate) async fn run(mut self, mut feed: Box<dyn Feed>, cancel: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !cancel.is_cancelled() {
            match self.step(feed.as_mut(), &cancel).await {
                Ok(true) => pause = FIRST_PAUSE,
                Ok(false) => break,
                Err(error) => {
                    self.stumble(&error);
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        if let Err(error) = owner::release(&self.store, self.worker).await {
            tracing::warn!(%error, "the views' partitions could not be given back");
        }
    }

    fn stumble(&mut self, error: &ViewError) {
        if matches!(error, ViewError::NotOwner) {
            tracing::info!("another process has taken over partitions of the views");
        } else {
            tracing::warn!(%error, "the views cannot be brought up to date now");
        }
        self.owned.clear();
        self.tracks.clear();
        self.renew_at = Instant::now();
    }

    /// Renews, or applies what the feed has; `false` when the feed has ended.
    async fn step(
        &mut self,
        feed: &mut dyn Feed,
        cancel: &CancellationToken,
    ) -> Result<bool, ViewError> {
        if Instant::now() >= self.renew_at || self.woken.has_changed().unwrap_or(false) {
            self.woken.borrow_and_update();
            self.renew(cancel).await?;
        }
        let mut woken = self.woken.clone();
        let renew = tokio::time::sleep_until(self.renew_at);
        if self.owned.is_empty() {
            tokio::select! { () = cancel.cancelled() => {}, () = renew => {} }
            return Ok(true);
        }
        let events = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(true),
            () = renew => return Ok(true),
            Ok(()) = woken.changed() => return Ok(true),
            events = feed.next(BATCH) => events,
        };
        self.idle = false;
        match events {
            Ok(events) => self.take(events, cancel).await.map(|()| true),
            Err(FeedError::Ended) => Ok(false),
            // The log is there even when the carrier is not.
            Err(FeedError::Away) => {
                self.catch_up(None, cancel).await?;
                tokio::time::sleep(FIRST_PAUSE).await;
                Ok(true)
            }
            Err(error @ FeedError::Log(_)) => Err(ViewError::Log(error.to_string())),
        }
    }

    async fn renew(&mut self, cancel: &CancellationToken) -> Result<(), ViewError> {
        let alone = self.store.is_embedded() && !self.settled;
        let owned = owner::claim(&self.store, self.worker, alone).await?;
        self.renew_at = Instant::now() + RENEW;
        self.settled = true;
        let views = registry::active(&self.store, &self.known).await?;
        let same = views.len() == self.views.len()
            && views.iter().zip(&self.views).all(|(one, other)| one.is(other));
        if owned == self.owned && same && self.tracks.len() == views.len() {
            // A feed that lost its last events, or its carrier, says nothing: the log is asked.
            let idle = std::mem::replace(&mut self.idle, true);
            return if idle { self.catch_up(None, cancel).await } else { Ok(()) };
        }
        let gained: Vec<u8> = owned
            .iter()
            .filter(|(slice, epoch)| self.owned.get(slice) != Some(epoch))
            .map(|(slice, _)| *slice)
            .collect();
        self.tracks.clear();
        // Whatever was lost or gained may have been so because the log was put back.
        if !origin::check(&self.store, &self.log, &self.known).await?.is_empty() {
            self.views.clear();
            self.renew_at = Instant::now();
            return Ok(());
        }
        self.views = views;
        for view in &self.views {
            self.tracks
                .push(checkpoint::load(&self.store, view.name(), view.generation, &owned).await?);
        }
        self.owned = owned;
        self.say();
        if !gained.is_empty() {
            self.retry(&gained).await?;
        }
        self.catch_up(None, cancel).await
    }

    /// What a former owner could not apply, this program perhaps can.
    async fn retry(&self, slices: &[u8]) -> Result<(), ViewError> {
        for view in &self.views {
            let waiting = parked::waiting(&self.store, view.name(), view.generation).await?;
            for (key, partition) in waiting {
                if slices.contains(&slice_of(partition)) {
                    parked::retry(&self.store, &self.log, view, key, partition).await?;
                }
            }
        }
        Ok(())
    }

    /// The position up to which every view has seen everything in the slices owned.
    fn lowest(&self) -> Option<i64> {
        self.tracks.iter().filter_map(Track::lowest).min()
    }

    /// A batch of the feed: what was seen is left out, a hole before it is read from SQL.
    async fn take(
        &mut self,
        mut events: Vec<Recorded>,
        cancel: &CancellationToken,
    ) -> Result<(), ViewError> {
        let Some(lowest) = self.lowest() else { return Ok(()) };
        events.retain(|event| number::of_position(event.position) > lowest);
        let Some(first) = events.first().map(|event| event.position) else { return Ok(()) };
        let whole = events.windows(2).all(|pair| pair[0].position.next() == pair[1].position);
        if number::of_position(first) == lowest + 1 && whole {
            return self.apply(events).await;
        }
        let last = events.last().map(|event| event.position);
        self.catch_up(last, cancel).await
    }

    /// Reads from SQL from the lowest position on, up to `until` or the head.
    async fn catch_up(
        &mut self,
        until: Option<Position>,
        cancel: &CancellationToken,
    ) -> Result<(), ViewError> {
        while !cancel.is_cancelled() {
            let Some(lowest) = self.lowest() else { return Ok(()) };
            let after = number::position(lowest);
            if until.is_some_and(|until| after >= until) {
                return Ok(());
            }
            let events = self
                .log
                .read(after, BATCH)
                .await
                .map_err(|error| ViewError::Log(error.to_string()))?;
            if events.is_empty() {
                return Ok(());
            }
            self.apply(events).await?;
            if Instant::now() >= self.renew_at {
                self.keep().await?;
            }
        }
        Ok(())
    }

    /// Renews during a long catch-up, where nothing may be gained or lost.
    async fn keep(&mut self) -> Result<(), ViewError> {
        let owned = owner::claim(&self.store, self.worker, false).await?;
        self.renew_at = Instant::now() + RENEW;
        if owned == self.owned { Ok(()) } else { Err(ViewError::NotOwner) }
    }

    /// Applies a batch to every view, all in one transaction; where that fails, each in one of its own,
    /// so that one that fails does not hold up the others for longer than the next round.
    async fn apply(&mut self, events: Vec<Recorded>) -> Result<(), ViewError> {
        if events.is_empty() {
            return Ok(());
        }
        let (begun, at_the_end) = (Instant::now(), events.len() < BATCH);
        let prepared = apply::prepare(&self.log, events).await?;
        let all: Vec<At<'_>> = self.views.iter().zip(&self.tracks).collect();
        let right = (self.worker, Right::Slices(&self.owned));
        let failed = match apply::apply(&self.store, &all, right, &prepared).await {
            Ok(tracks) => {
                self.tracks = tracks;
                None
            }
            Err(_) => self.apply_each(&prepared).await,
        };
        self.say();
        tokio::time::sleep(rest(begun.elapsed(), self.log.crowd(), at_the_end)).await;
        failed.map_or(Ok(()), Err)
    }

    /// Each view in a transaction of its own; the last failure.
    async fn apply_each(&mut self, prepared: &[Prepared]) -> Option<ViewError> {
        let mut failed = None;
        for (view, track) in self.views.iter().zip(&mut self.tracks) {
            let one = [(view, &*track)];
            let right = (self.worker, Right::Slices(&self.owned));
            match apply::apply(&self.store, &one, right, prepared).await {
                Ok(next) => *track = next.into_iter().next().unwrap_or_default(),
                Err(error) => {
                    tracing::warn!(view = view.name(), %error, "a batch was not applied");
                    failed = Some(error);
                }
            }
        }
        failed
    }

    /// Wakes this process's readers. With slices elsewhere, only the database knows the position.
    fn say(&self) {
        if self.owned.len() != usize::from(SLICES) {
            return;
        }
        for signal in self.signals.iter() {
            let of_view = self.views.iter().zip(&self.tracks);
            // The lowest of its generations: whichever readers are moved to has it.
            let lowest = of_view
                .filter(|(view, _)| view.name() == signal.served.view)
                .map(|(_, track)| track.lowest().unwrap_or_default())
                .min();
            if let Some(lowest) = lowest {
                signal.reached(number::position(lowest));
            }
        }
    }
}

/// How long to leave the processors to others after a batch that took so long.
fn rest(took: Duration, crowd: usize, at_the_end: bool) -> Duration {
    if crowd >= CROWD {
        // More calls than can be answered at once: answering comes before showing. Whatever is left
        // behind is caught up, in large batches, as soon as there is room.
        (took * STAND_BACK).min(LONGEST_BACK)
    } else if at_the_end {
        // A transaction for every event or two would keep a processor busy with beginnings and ends.
        took.min(GATHER)
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_views_stand_back_for_callers_and_hurry_when_alone() {
        let ms = Duration::from_millis;
        assert_eq!(rest(ms(20), CROWD, true), ms(60));
        assert_eq!(rest(ms(2_000), CROWD, false), LONGEST_BACK, "never for long");
        assert_eq!(rest(ms(20), CROWD - 1, false), ms(0), "behind, and nobody waits");
        assert_eq!(rest(ms(3), 0, true), ms(3));
        assert_eq!(rest(ms(20), 0, true), GATHER);
    }
}
