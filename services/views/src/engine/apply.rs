//! One batch of events into the views: rows, checkpoints and what was set aside in one transaction,
//! which changes nothing unless this worker still owns the partitions and nobody else has moved the
//! checkpoints.

use std::sync::Arc;

use onward_log::{Log, OpenFault, Opened, Recorded};
use uuid::Uuid;

use super::checkpoint::{self, Moved, Track};
use super::erase;
use super::fold::{Applier, Prepared, Reading, SetAside};
use super::number;
use super::owner::{self, Owned};
use super::parked;
use super::registry::Generation;
use super::store::Store;
use crate::error::ViewError;

/// A view and the generation of its tables.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) applier: Arc<dyn Applier>,
    pub(crate) generation: Generation,
}

impl Running {
    pub(crate) fn name(&self) -> &'static str {
        self.applier.name()
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
        Err(OpenFault::Store) => {
            return Err(ViewError::Log("the key store cannot be used".to_owned()));
        }
    })
}

/// A view and how far it has come.
pub(crate) type At<'a> = (&'a Running, &'a Track);

/// Applies a batch, contiguous by position, to the partitions owned, in these views, all in one
/// transaction. Answers the new tracks.
///
/// # Errors
/// `NotOwner` where somebody else owns or has applied; `Disordered` where the batch does not follow.
/// Nothing is changed then.
pub(crate) async fn apply(
    store: &Store,
    views: &[At<'_>],
    worker: Uuid,
    owned: &Owned,
    events: &[Prepared],
) -> Result<Vec<Track>, ViewError> {
    let mut tx = store.begin().await?;
    owner::hold(&mut tx, worker, owned).await?;
    let mut parked = parked::keys(&mut tx).await?;
    let mut tracks = Vec::with_capacity(views.len());
    let mut all_aside = Vec::new();
    for (view, track) in views {
        let (name, generation) = (view.name(), view.generation);
        let (next, wanted) = wanted(track, events)?;
        let blocked = parked.remove(&(name.to_owned(), generation.0)).unwrap_or_default();
        let aside = view.applier.apply(&mut tx, generation, &wanted, blocked).await?;
        parked::add(&mut tx, name, generation, &aside).await?;
        erase::parked(&mut tx, name, generation, &wanted).await?;
        all_aside.extend(aside.into_iter().map(|aside| (name, aside)));
        tracks.push(next);
    }
    let moved: Vec<Moved<'_>> = views
        .iter()
        .zip(&tracks)
        .map(|((view, old), new)| Moved {
            view: view.name(),
            generation: view.generation,
            old,
            new,
        })
        .collect();
    checkpoint::save(&mut tx, &moved).await?;
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
