//! The kept tree, the checkpoints in the database, and those that somebody kept outside of it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Outside;
use super::fault::{VerifyFault, unless_unreadable};
use super::requests::Ends;
use crate::proof::{Checkpoint, GROUP, Note, Peaks, SignedCheckpoint, TreeHash, root_of};
use crate::sql::snapshot::{CheckpointRow, Snapshot};

/// What the events must come to.
pub(super) struct Signed {
    /// Roots by size.
    roots: BTreeMap<u64, TreeHash>,
    /// Checkpoints in the database.
    pub count: u64,
    /// Size of the newest of them.
    pub newest: u64,
    /// Size of the largest from outside.
    pub proven: u64,
    /// Size of one from outside that is not among those in the database.
    gone: Option<u64>,
}

/// Reads the checkpoints of both places. Those from outside come first: what is in the database may have
/// been altered with it.
pub(super) async fn checkpoints(
    snapshot: &mut Snapshot,
    outside: &Outside,
    (log, identity): (Uuid, TreeHash),
    ends: &mut Ends,
) -> Result<Signed, VerifyFault> {
    let mut signed = Signed { roots: BTreeMap::new(), count: 0, newest: 0, proven: 0, gone: None };
    for one in &outside.checkpoints {
        signed.add(&one.checkpoint, ends)?;
        signed.proven = signed.proven.max(one.checkpoint.size);
    }
    let mut kept: Vec<&SignedCheckpoint> = outside.checkpoints.iter().collect();
    let mut rows = Rows { log, identity, outside, number: 0, size: 0, weight: None };
    let done = snapshot.each_checkpoint(|row| {
        kept.retain(|one| one.note != row.2);
        let checkpoint = rows.step(&row)?;
        signed.add(&checkpoint, ends)
    });
    let done = done.await;
    let unreadable = rows.wrong("a row cannot be read");
    done.map_err(|error| unless_unreadable(&error, unreadable))??;
    (signed.count, signed.newest) = (rows.number, rows.size);
    signed.gone = kept.first().map(|gone| gone.checkpoint.size);
    Ok(signed)
}

/// The rows so far.
struct Rows<'a> {
    log: Uuid,
    identity: TreeHash,
    outside: &'a Outside,
    number: u64,
    size: u64,
    /// Rows of all kinds that the one before covers: one is signed only where something was written.
    weight: Option<u64>,
}

impl Rows<'_> {
    fn wrong(&self, what: &'static str) -> VerifyFault {
        VerifyFault::Checkpoint { size: self.size, good: 0, what }
    }

    fn step(&mut self, (number, size, note): &CheckpointRow) -> Result<Checkpoint, VerifyFault> {
        if number.cast_unsigned() != self.number + 1 {
            return Err(self.wrong("the one after it is missing in the database"));
        }
        self.number += 1;
        let keys = &self.outside.keys;
        let read = if keys.is_empty() {
            note.parse::<Note>().and_then(|note| note.text().parse())
        } else {
            SignedCheckpoint::verified(note, keys).map(|signed| signed.checkpoint)
        };
        let checkpoint: Checkpoint = read.map_err(|_| VerifyFault::Checkpoint {
            size: size.cast_unsigned(),
            good: 0,
            what: "its row in the database is not signed by the log's key",
        })?;
        let Checkpoint { requests, reads, .. } = &checkpoint;
        let weight = checkpoint.size.saturating_add(requests.count).saturating_add(reads.count);
        // After an accepted restore the epoch alone is another.
        let weight = weight.saturating_add(checkpoint.epoch.unsigned_abs());
        let later =
            checkpoint.size >= self.size && self.weight.is_none_or(|before| before < weight);
        if checkpoint.size != size.cast_unsigned() || !later {
            return Err(self.wrong("the one after it in the database is out of place"));
        }
        if (checkpoint.log, checkpoint.identity) != (self.log, self.identity) {
            return Err(self.wrong("it is another log's, or the log's identity was altered"));
        }
        (self.size, self.weight) = (checkpoint.size, Some(weight));
        Ok(checkpoint)
    }
}

impl Signed {
    fn add(&mut self, checkpoint: &Checkpoint, ends: &mut Ends) -> Result<(), VerifyFault> {
        let Checkpoint { size, root, requests, reads, epoch, .. } = checkpoint;
        let known = *self.roots.entry(*size).or_insert(*root);
        let read = *ends.reads.entry(reads.count).or_insert(reads.hash);
        if known != *root || read != reads.hash {
            let what = "two that were signed contradict each other";
            return Err(VerifyFault::Checkpoint { size: *size, good: 0, what });
        }
        ends.add(*requests, "it is not the answer that a checkpoint was signed for");
        ends.epochs.insert(*size, *epoch);
        Ok(())
    }

    /// Where a checkpoint was signed for as many events as there are so far, they are those.
    pub(super) fn check(&self, peaks: &Peaks) -> Result<(), VerifyFault> {
        let size = peaks.size();
        match self.roots.get(&size) {
            Some(root) if *root != peaks.root() => {
                let what = "the events are not those that it was signed for";
                Err(VerifyFault::Checkpoint { size, good: self.good_below(size), what })
            }
            _ => Ok(()),
        }
    }

    fn good_below(&self, size: u64) -> u64 {
        self.roots.range(..size).next_back().map_or(0, |(size, _)| *size)
    }

    /// The log goes as far as was signed for, and still has what was signed.
    pub(super) fn reached(&self, position: u64) -> Result<(), VerifyFault> {
        let above = self.roots.range(position + 1..).next();
        let (size, what) = match (above, self.gone) {
            (Some((size, _)), _) => {
                (*size, "the log is shorter: its tail was lost, or an older copy was put back")
            }
            (None, Some(size)) => (size, "it is not among those in the database"),
            (None, None) => return Ok(()),
        };
        Err(VerifyFault::Checkpoint { size, good: position.min(size), what })
    }
}

/// Checks the kept tree against the groups that were recomputed. It may lag behind the events, but not
/// behind the newest checkpoint, for which it was grown.
pub(super) async fn tree(
    snapshot: &mut Snapshot,
    groups: &[TreeHash],
    signed: u64,
) -> Result<(), VerifyFault> {
    let mut levels: Vec<Vec<TreeHash>> = vec![groups.to_vec()];
    while let Some(below) = levels.last().filter(|below| below.len() >= 256) {
        let next: Vec<TreeHash> = below.chunks_exact(256).map(root_of).collect();
        levels.push(next);
    }
    let mut counts = vec![0_usize; levels.len()];
    let nodes = snapshot.each_node(|(level, number, hash)| {
        let wrong = |what| VerifyFault::Tree { level, number, what };
        let at = usize::try_from(level - 1).ok().filter(|at| *at < levels.len());
        let at = at.ok_or_else(|| wrong("there is no such level"))?;
        if usize::try_from(number) != Ok(counts[at]) {
            return Err(wrong("a node before it is missing"));
        }
        counts[at] += 1;
        match levels[at].get(counts[at] - 1) {
            Some(node) if hash == *node => Ok(()),
            Some(_) => Err(wrong("it is not the root of its events")),
            None => Err(wrong("there are no such events")),
        }
    });
    let unreadable = VerifyFault::Table("a node of the kept tree cannot be read");
    nodes.await.map_err(|error| unless_unreadable(&error, unreadable))??;
    let mut whole = signed;
    for (level, count) in (1_i64..).zip(counts) {
        whole /= GROUP;
        if (count as u64) < whole {
            let number = i64::try_from(count).unwrap_or(i64::MAX);
            return Err(VerifyFault::Tree { level, number, what: "the node is missing" });
        }
    }
    Ok(())
}
