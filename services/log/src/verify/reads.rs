//! The record of reads: a chain of its own, which ends where checkpoints say.

use super::VerifyProgress;
use super::fault::{VerifyFault, unless_unreadable};
use super::requests::Ends;
use crate::access::AccessEntry;
use crate::chain::{EventHash, GENESIS};
use crate::sql::read::AccessRow;
use crate::sql::snapshot::Snapshot;

/// Rows between two words of progress.
const TOLD: u64 = 4_096;

/// Checks every line; answers how many there are.
pub(super) async fn check(
    snapshot: &mut Snapshot,
    ends: &Ends,
    progress: &mut (impl FnMut(VerifyProgress) + Send),
) -> Result<u64, VerifyFault> {
    let mut chain = Chain { line: 0, hash: GENESIS, ends };
    let rows = snapshot.each_read(|row| {
        chain.step(row)?;
        if chain.line.is_multiple_of(TOLD) {
            progress(VerifyProgress { check: "reads", done: chain.line, of: 0 });
        }
        Ok::<(), VerifyFault>(())
    });
    let rows = rows.await;
    let unreadable = chain.wrong("the line cannot be read");
    rows.map_err(|error| unless_unreadable(&error, unreadable))??;
    match ends.reads.range(chain.line + 1..).next() {
        Some(_) => Err(chain.wrong("the line is missing")),
        None => Ok(chain.line),
    }
}

/// The chain so far.
struct Chain<'a> {
    line: u64,
    hash: EventHash,
    ends: &'a Ends,
}

impl Chain<'_> {
    fn wrong(&self, what: &'static str) -> VerifyFault {
        VerifyFault::Read { line: self.line + 1, what }
    }

    fn step(&mut self, row: AccessRow) -> Result<(), VerifyFault> {
        if row.0.cast_unsigned() != self.line + 1 {
            return Err(self.wrong("the line is missing"));
        }
        let entry = AccessEntry {
            sequence: row.0,
            at: row.1,
            organisation: row.2,
            member: row.3,
            role: row.4,
            purpose: row.5,
            method: row.6,
            learners: row.7,
            request_id: row.8,
            hash: GENESIS,
        };
        let hash = entry.hashed(&self.hash);
        if row.9 != hash {
            return Err(self.wrong("the line or its hash was altered"));
        }
        if self.ends.reads.get(&(self.line + 1)).is_some_and(|said| *said != hash) {
            return Err(self.wrong("it is not the line that a checkpoint was signed for"));
        }
        (self.line, self.hash) = (self.line + 1, hash);
        Ok(())
    }
}
