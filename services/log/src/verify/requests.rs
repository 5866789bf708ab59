//! Kept answers: their own chain has no gap and ends where batch rows and checkpoints say; each names events
//! that exist.

use std::collections::{BTreeMap, HashMap};

use super::VerifyProgress;
use super::fault::{VerifyFault, unless_unreadable};
use crate::chain::{EventHash, GENESIS};
use crate::plan::ChainEnd;
use crate::request::{AnswerColumns, KeptLink};
use crate::sql::snapshot::{RequestRow, Snapshot};

/// Rows between two words of progress.
const TOLD: u64 = 4_096;

/// What chains must come to, by how many there are.
pub(super) struct Ends {
    requests: BTreeMap<u64, (EventHash, &'static str)>,
    /// The same of the record of reads.
    pub reads: BTreeMap<u64, EventHash>,
    /// Where the newest batch row says that the chain of answers ends.
    pub newest: ChainEnd,
    /// Epochs that checkpoints say, by size.
    pub epochs: HashMap<u64, i64>,
    pub first_epoch: i64,
    /// Two said different things about one place.
    contradiction: Option<(u64, &'static str)>,
}

impl Ends {
    pub(super) fn new() -> Self {
        Self {
            requests: BTreeMap::new(),
            reads: BTreeMap::new(),
            newest: ChainEnd::default(),
            epochs: HashMap::new(),
            first_epoch: 1,
            contradiction: None,
        }
    }

    /// The chain of answers must come to this.
    pub(super) fn add(&mut self, end: ChainEnd, or: &'static str) {
        let known = *self.requests.entry(end.count).or_insert((end.hash, or));
        if known.0 != end.hash {
            self.contradiction.get_or_insert((end.count, or));
        }
    }
}

/// Checks every kept answer; answers how many there are.
pub(super) async fn check(
    snapshot: &mut Snapshot,
    ends: &Ends,
    head: u64,
    progress: &mut (impl FnMut(VerifyProgress) + Send),
) -> Result<u64, VerifyFault> {
    let mut chain = Chain { end: ChainEnd::default(), ends, head };
    chain.at_an_end()?;
    let rows = snapshot.each_request(|row| {
        chain.step(&row)?;
        if chain.end.count.is_multiple_of(TOLD) {
            let (done, of) = (chain.end.count, ends.newest.count);
            progress(VerifyProgress { check: "answers", done, of });
        }
        Ok::<(), VerifyFault>(())
    });
    let rows = rows.await;
    let unreadable = chain.wrong("the row cannot be read");
    rows.map_err(|error| unless_unreadable(&error, unreadable))??;
    if chain.end != ends.newest {
        return Err(chain.wrong("the answer is missing"));
    }
    if let Some((number, what)) = ends.contradiction {
        return Err(VerifyFault::Request { number, what });
    }
    if let Some((number, _)) = ends.requests.range(chain.end.count + 1..).next() {
        return Err(VerifyFault::Request { number: *number, what: "the answer is missing" });
    }
    Ok(chain.end.count)
}

/// The chain so far.
struct Chain<'a> {
    end: ChainEnd,
    ends: &'a Ends,
    head: u64,
}

impl Chain<'_> {
    fn wrong(&self, what: &'static str) -> VerifyFault {
        VerifyFault::Request { number: self.end.count + 1, what }
    }

    fn step(&mut self, row: &RequestRow) -> Result<(), VerifyFault> {
        let sequence = self.end.count + 1;
        if row.sequence.cast_unsigned() != sequence {
            return Err(self.wrong("the answer is missing, or out of place"));
        }
        let columns = AnswerColumns {
            position: row.position,
            stream_version: row.stream_version,
            event_ids: row.event_ids.clone(),
            recorded_at: row.recorded_at,
            issued: row.issued.clone(),
        };
        let link = KeptLink {
            sequence,
            organisation: row.organisation,
            id: row.request_id,
            method: &row.method,
            body_hash: &row.body_hash,
            columns: &columns,
        };
        let hash = link.hashed(&self.end.hash);
        if row.hash != hash {
            return Err(self.wrong("the answer or its hash was altered"));
        }
        self.names_events(row)?;
        self.end = ChainEnd { count: sequence, hash };
        self.at_an_end()
    }

    /// The events of one request stand side by side, the last at the answer's position.
    fn names_events(&self, row: &RequestRow) -> Result<(), VerifyFault> {
        if row.position.cast_unsigned() > self.head {
            return Err(self.wrong("its position is above the log's end"));
        }
        let ids = &row.event_ids;
        if ids.is_empty() {
            return Ok(());
        }
        let id = |at: Option<&[u8]>| at.and_then(|bytes| uuid::Uuid::from_slice(bytes).ok());
        let (first, last) =
            (id(ids.get(..16)), id(ids.len().checked_sub(16).and_then(|at| ids.get(at..))));
        let named = first.is_some() && first == row.first_id && last == row.last_id;
        if !named || !ids.len().is_multiple_of(16) {
            return Err(self.wrong("the events that it names are not there"));
        }
        if row.last_at != Some(row.recorded_at) {
            return Err(self.wrong("its events were recorded at another moment"));
        }
        Ok(())
    }

    fn at_an_end(&self) -> Result<(), VerifyFault> {
        let said = self.ends.requests.get(&self.end.count);
        match said.filter(|(hash, _)| *hash != self.end.hash) {
            // Before the first there is nothing but the beginning.
            Some(_) if self.end.hash == GENESIS => Err(self.wrong("the beginning is not one")),
            Some((_, or)) => Err(VerifyFault::Request { number: self.end.count, what: or }),
            None => Ok(()),
        }
    }
}
