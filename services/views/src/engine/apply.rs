//! One batch of events into one view: rows, checkpoints and what was set aside in one transaction,
//! which changes nothing unless this worker still owns the partitions and nobody else has moved the
//! checkpoints.

use std::sync::Arc;

use futures::StreamExt as _;
use onward_log::{Log, OpenFault, Recorded};
use uuid::Uuid;

use super::checkpoint::{self, Track};
use super::erase;
use super::fold::{Applier, Prepared, Reading};
use super::number;
use super::owner::{self, Owned};
use super::parked;
use super::registry::Generation;
use super::store::Store;
use crate::error::ViewError;

/// Events opened at once.
const OPENED_AT_ONCE: usize = 32;

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
    let opening = events.into_iter().map(|recorded| async move {
        let reading = match log.open_event(&recorded).await {
            Ok(opened) => Reading::Opened(Box::new(opened)),
            Err(OpenFault::Erased) => Reading::Erased,
            Err(OpenFault::UnknownType) => Reading::Unreadable("the type is not known"),
            Err(OpenFault::NewerVersion) => Reading::Unreadable("a newer version wrote it"),
            Err(OpenFault::Malformed) => Reading::Unreadable("it does not open, or does not parse"),
            Err(OpenFault::Store) => {
                return Err(ViewError::Log("the key store cannot be used".to_owned()));
            }
        };
        Ok(Prepared { recorded, reading })
    });
    let mut opened = futures::stream::iter(opening).buffered(OPENED_AT_ONCE);
    let mut prepared = Vec::new();
    while let Some(one) = opened.next().await {
        prepared.push(one?);
    }
    Ok(prepared)
}

/// Applies a batch, contiguous by position, to the partitions owned. Answers the new track.
///
/// # Errors
/// `NotOwner` where somebody else owns or has applied; `Disordered` where the batch does not follow.
/// Nothing is changed then.
pub(crate) async fn apply(
    store: &Store,
    view: &Running,
    worker: Uuid,
    owned: &Owned,
    track: &Track,
    events: &[Prepared],
) -> Result<Track, ViewError> {
    let Some(last) = events.last() else { return Ok(track.clone()) };
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
    next.saw(number::of_position(last.recorded.position));
    let (name, generation) = (view.name(), view.generation);
    let mut tx = store.begin().await?;
    owner::hold(&mut tx, worker, owned).await?;
    let blocked = parked::keys(&mut tx, name, generation).await?;
    let aside = view.applier.apply(&mut tx, generation, &wanted, blocked).await?;
    parked::add(&mut tx, name, generation, &aside).await?;
    erase::parked(&mut tx, name, generation, &wanted).await?;
    checkpoint::save(&mut tx, name, generation, track, &next).await?;
    tx.commit().await?;
    for one in aside.iter().filter(|aside| !aside.behind) {
        tracing::warn!(
            view = name,
            position = %one.recorded.position,
            event_type = one.recorded.event_type,
            reason = one.reason,
            "an event was parked; only its learner waits"
        );
    }
    Ok(next)
}
