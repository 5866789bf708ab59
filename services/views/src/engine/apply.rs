//! One batch of events into one generation of a view: rows, checkpoints and what was set aside in one
//! transaction, which changes nothing unless this worker still holds what it writes and nobody else has
//! moved the checkpoints.

use std::sync::Arc;

use onward_log::{Log, OpenFault, Opened, Recorded};
use uuid::Uuid;

use super::checkpoint::{self, Moved, Track};
use super::erase;
use super::fold::{Applier, Prepared, Reading, SetAside};
use super::lease;
use super::narrow;
use super::number;
use super::owner::{self, Owned};
use super::parked;
use super::registry::Generation;
use super::store::{Store, Tx};
use crate::error::ViewError;

/// A view and a generation of its tables.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) applier: Arc<dyn Applier>,
    pub(crate) generation: Generation,
}

impl Running {
    pub(crate) fn of(applier: Arc<dyn Applier>, generation: Generation) -> Self {
        Self { applier, generation }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.applier.name()
    }

    /// Whether both are the same rows.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (self.name(), self.generation) == (other.name(), other.generation)
    }
}

/// By what right a worker applies. Either is looked at, and held, in the applying transaction: a worker
/// that was paused past its time changes nothing.
#[derive(Clone, Copy)]
pub(crate) enum Right<'a> {
    /// It owns these slices of every generation that follows.
    Slices(&'a Owned),
    /// It builds this generation, under this epoch.
    Build(&'a Running, i64),
}

impl Right<'_> {
    async fn hold(self, tx: &mut Tx, worker: Uuid) -> Result<(), ViewError> {
        match self {
            Self::Slices(owned) => owner::hold(tx, worker, owned).await,
            Self::Build(view, epoch) => {
                tx.by_index().await?;
                lease::hold(tx, view, worker, epoch).await
            }
        }
    }
}

/// Opens the events, once for all views.
///
/// # Errors
/// `Log` where the key store cannot be used: that is nobody's poison, and passes.
pub(crate) async fn prepare(log: &Log, events: Vec<Recorded>) -> Result<Vec<Prepared>, ViewError> {
    let opened = log.open_events(&events).await;
    let both = events.into_iter().zip(opened);
    both.map(|(recorded, opened)| Ok(Prepared { recorded, reading: reading(opened)? })).collect()
}

fn reading(opened: Result<Opened, OpenFault>) -> Result<Reading, ViewError> {
    Ok(match opened {
        Ok(opened) => Reading::Opened(Box::new(opened)),
        Err(OpenFault::Erased) => Reading::Erased,
        Err(OpenFault::UnknownType) => Reading::Unreadable("the type is not known"),
        Err(OpenFault::NewerVersion) => Reading::Unreadable("a newer version wrote it"),
        Err(OpenFault::Malformed) => Reading::Unreadable("it does not open, or does not parse"),
        Err(OpenFault::NoKey) => Reading::Unreadable("its key is not in the key store"),
        Err(OpenFault::Store) => {
            return Err(ViewError::Log("the key store cannot be used".to_owned()));
        }
    })
}

/// A view and how far it has come.
pub(crate) type At<'a> = (&'a Running, &'a Track);

/// Applies a batch, contiguous by position, to the slices of the tracks, in these views, all in one
/// transaction. Answers the new tracks. Where the database refuses rows as data, the learner whose rows
/// they are is parked.
///
/// # Errors
/// `NotOwner` where somebody else owns or has applied; `Disordered` where the batch does not follow.
/// Nothing is changed then.
pub(crate) async fn apply(
    store: &Store,
    views: &[At<'_>],
    by: (Uuid, Right<'_>),
    events: &[Prepared],
) -> Result<Vec<Track>, ViewError> {
    match attempt(store, views, by, events, Way::Whole).await {
        Err(refused) if refused.unfit().is_some() => {
            attempt(store, views, by, events, Way::Narrowed).await
        }
        done => done,
    }
}

/// How a batch goes into a view.
#[derive(Clone, Copy)]
enum Way {
    /// At once: nearly always.
    Whole,
    /// Part by part, to find what the database refuses.
    Narrowed,
}

async fn attempt(
    store: &Store,
    views: &[At<'_>],
    (worker, right): (Uuid, Right<'_>),
    events: &[Prepared],
    way: Way,
) -> Result<Vec<Track>, ViewError> {
    let wanted: Vec<_> =
        views.iter().map(|(_, track)| wanted(track, events)).collect::<Result<_, _>>()?;
    let tracks: Vec<Track> = wanted.iter().map(|(next, _)| next.clone()).collect();
    let mut moved = Vec::with_capacity(views.len());
    for ((view, old), new) in views.iter().zip(&tracks).filter(|((_, old), new)| old != new) {
        moved.push(Moved { view: view.name(), generation: view.generation, old, new });
    }
    if moved.is_empty() {
        return Ok(tracks);
    }
    let mut tx = store.begin().await?;
    right.hold(&mut tx, worker).await?;
    let mut parked = parked::keys(&mut tx).await?;
    let mut all_aside = Vec::new();
    for ((view, _), (_, wanted)) in views.iter().zip(&wanted) {
        let (name, generation) = (view.name(), view.generation);
        let blocked = parked.remove(&(name.to_owned(), generation.0)).unwrap_or_default();
        let aside = match way {
            Way::Whole => view.applier.apply(&mut tx, generation, wanted, blocked).await?,
            Way::Narrowed => narrow::apply(&mut tx, view, wanted, blocked).await?,
        };
        parked::add(&mut tx, name, generation, &aside).await?;
        erase::parked(&mut tx, name, generation, wanted).await?;
        all_aside.extend(aside.into_iter().map(|aside| (name, aside)));
    }
    let last = events.last().map_or(&[][..], |last| last.recorded.hash.as_slice());
    checkpoint::save(&mut tx, &moved, last).await?;
    tx.commit().await?;
    say(&all_aside);
    Ok(tracks)
}

/// What of a batch a view has not seen, and its track afterwards.
fn wanted<'a>(
    track: &Track,
    events: &'a [Prepared],
) -> Result<(Track, Vec<&'a Prepared>), ViewError> {
    let mut next = track.clone();
    let mut wanted = Vec::with_capacity(events.len());
    for event in events {
        let Recorded { position, partition, partition_sequence, .. } = event.recorded;
        if track.wants(number::of_position(position), partition) {
            let sequence = i64::try_from(partition_sequence).unwrap_or(i64::MAX);
            next.advance(partition, sequence)?;
            wanted.push(event);
        }
    }
    if let Some(last) = events.last() {
        next.saw(number::of_position(last.recorded.position));
    }
    Ok((next, wanted))
}

fn say(aside: &[(&'static str, SetAside<'_>)]) {
    for (name, one) in aside.iter().filter(|(_, aside)| !aside.behind) {
        tracing::warn!(
            view = *name,
            position = %one.recorded.position,
            event_type = one.recorded.event_type,
            reason = one.reason,
            "an event was parked; only its learner waits"
        );
    }
}
