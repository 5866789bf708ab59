//! What stands beside the events: whose log it is, its locks, the learners who were erased.

use std::collections::HashSet;

use uuid::Uuid;

use super::Outside;
use super::fault::{VerifyFault, unless_unreadable};
use super::requests::Ends;
use crate::proof::{TreeHash, identity_hash};
use crate::sql::snapshot::Snapshot;

/// The log's id and the hash of its identity row, which every checkpoint from outside must name.
pub(super) async fn identity(
    snapshot: &mut Snapshot,
    outside: &Outside,
) -> Result<((Uuid, TreeHash), Ends), VerifyFault> {
    let unreadable = || VerifyFault::Table("the log's identity cannot be read");
    let row = snapshot.identity().await;
    let row = row.map_err(|error| unless_unreadable(&error, unreadable()))?;
    let (log, keys, check) = row.ok_or_else(unreadable)?;
    let hash = identity_hash(log, keys, &check);
    for signed in &outside.checkpoints {
        let signed = &signed.checkpoint;
        if (signed.log, signed.identity) != (log, hash) {
            let what = "it is another log's, or the log's identity was altered";
            return Err(VerifyFault::Checkpoint { size: signed.size, good: 0, what });
        }
    }
    if snapshot.locks().await.map_err(crate::error::LogError::from)? != 2 {
        return Err(VerifyFault::Table("a row of the log's locks is missing"));
    }
    Ok(((log, hash), Ends::new()))
}

/// Everybody who is marked as erased was erased by an event, and the other way round.
pub(super) async fn erased(
    snapshot: &mut Snapshot,
    by_events: &HashSet<Uuid>,
) -> Result<(), VerifyFault> {
    let mut marked = HashSet::new();
    let rows = snapshot.each_erased(|(learner, _, of_event, event_type)| {
        let by_event = event_type.is_some_and(|kind| kind.ends_with(".learner_erased"));
        if !by_event || of_event != Some(learner) {
            let what = "a learner is marked as erased at a position where no event says so";
            return Err(VerifyFault::Table(what));
        }
        marked.insert(learner);
        Ok(())
    });
    let unreadable = VerifyFault::Table("a row of the erased learners cannot be read");
    rows.await.map_err(|error| unless_unreadable(&error, unreadable))??;
    if marked == *by_events {
        return Ok(());
    }
    Err(VerifyFault::Table("an event erased a learner who is not marked as erased"))
}
