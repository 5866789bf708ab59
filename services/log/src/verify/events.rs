//! The walk over the events: each in its place, each hash following from the one before.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use super::VerifyProgress;
use super::fault::{VerifyFault, unless_unreadable};
use super::requests::Ends;
use super::signed::Signed;
use super::streams::Streams;
use crate::chain::{EventHash, GENESIS, Linked, event_hash};
use crate::partition::{PARTITIONS, partition_of};
use crate::plan::Head;
use crate::position::Position;
use crate::proof::{Peaks, TreeHash, leaf_hash};
use crate::recorded::{Recorded, micros};
use crate::sql::read::{EventRow, HeadRow};
use crate::sql::snapshot::Snapshot;

/// Events read at once.
const TOGETHER: i64 = 4_096;
/// Name of the check.
pub(super) const CHECK: &str = "events";
/// How the type of the fact ends that says that a learner was erased.
const ERASURE: &str = ".learner_erased";

/// What was recomputed so far.
pub(super) struct Walk {
    pub position: u64,
    pub hash: EventHash,
    recorded_at: i64,
    sequences: [u64; PARTITIONS],
    pub streams: Streams,
    pub peaks: Peaks,
    /// Roots of the whole groups of 256 events.
    pub groups: Vec<TreeHash>,
    group: Peaks,
    /// Learners of whom an event says that they were erased.
    pub erased: HashSet<Uuid>,
    batches: BTreeMap<u64, Head>,
}

impl Walk {
    /// Walks over all events.
    pub(super) async fn over(
        snapshot: &mut Snapshot,
        signed: &Signed,
        ends: &mut Ends,
        progress: &mut (impl FnMut(VerifyProgress) + Send),
    ) -> Result<Self, VerifyFault> {
        let count = snapshot.count_streams().await.map_err(crate::error::LogError::from)?;
        let batches = batches(snapshot, ends).await?;
        let Some((&end, newest)) = batches.last_key_value() else {
            return Err(VerifyFault::Table("no batch row says where the log ends"));
        };
        let newest = newest.clone();
        let mut walk = Self {
            position: 0,
            hash: GENESIS,
            recorded_at: 0,
            sequences: [0; PARTITIONS],
            streams: Streams::new(count.cast_unsigned()),
            peaks: Peaks::default(),
            groups: Vec::new(),
            group: Peaks::default(),
            erased: HashSet::new(),
            batches,
        };
        walk.at_a_batch()?;
        signed.check(&walk.peaks)?;
        loop {
            let events = walk.read(snapshot).await?;
            if events.is_empty() {
                break;
            }
            for event in &events {
                walk.step(event)?;
                signed.check(&walk.peaks)?;
            }
            progress(VerifyProgress { check: CHECK, done: walk.position, of: end });
        }
        walk.finish(&newest, signed)?;
        Ok(walk)
    }

    /// The next events. Where a row among many cannot be read, they are read singly, to name it.
    async fn read(&self, snapshot: &mut Snapshot) -> Result<Vec<EventRow>, VerifyFault> {
        match snapshot.events(self.position, TOGETHER).await {
            Ok(events) => Ok(events),
            Err(_) => {
                let one = snapshot.events(self.position, 1).await;
                let fault = self.wrong("the row cannot be read");
                one.map_err(|error| unless_unreadable(&error, fault))
            }
        }
    }

    fn wrong(&self, what: &'static str) -> VerifyFault {
        VerifyFault::Event { position: Position::new(self.position + 1), what }
    }

    fn step(&mut self, row: &EventRow) -> Result<(), VerifyFault> {
        let event = self.judge(row)?;
        self.recorded_at = row.10;
        self.hash = event;
        self.position += 1;
        let leaf = leaf_hash(&self.hash);
        self.peaks.push(leaf);
        self.group.push(leaf);
        if self.group.size() == crate::proof::GROUP {
            self.groups.push(std::mem::take(&mut self.group).root());
        }
        if let Some(learner) = row.7.filter(|_| row.8.ends_with(ERASURE)) {
            self.erased.insert(learner);
        }
        self.at_a_batch()
    }

    /// The hash that the event has, where all of it is as it must be. The row is judged as it is stored:
    /// a number too large for its type must not pass for another.
    fn judge(&mut self, row: &EventRow) -> Result<EventHash, VerifyFault> {
        let position = self.position + 1;
        if row.0.cast_unsigned() != position {
            return Err(self.wrong("the event is missing"));
        }
        let learner = row.7;
        let partition = partition_of(learner.map(onward_domain::ids::LearnerId::new));
        if row.2 != i16::from(partition) {
            return Err(self.wrong("the partition is not the learner's"));
        }
        let sequence = self.sequences[usize::from(partition)] + 1;
        if row.3.cast_unsigned() != sequence {
            return Err(self.wrong("the partition sequence has a gap"));
        }
        self.sequences[usize::from(partition)] = sequence;
        let step = (row.0, row.1, row.4, row.5);
        self.streams.step(step).map_err(|what| self.wrong(what))?;
        if row.10 < self.recorded_at {
            return Err(self.wrong("it was recorded before the event below it"));
        }
        let linked = Linked {
            position,
            partition,
            partition_sequence: sequence,
            stream: row.4,
            version: row.5.cast_unsigned(),
            event_id: row.6,
            learner,
            event_type: &row.8,
            schema_version: row.9.cast_unsigned(),
            recorded_at: row.10,
            public: &row.11,
            sealed: &row.12,
        };
        let hash = event_hash(&self.hash, &linked);
        if row.13 != hash {
            return Err(self.wrong("the event or its hash was altered"));
        }
        Ok(hash)
    }

    /// Where a batch ended here, its row says what was recomputed.
    fn at_a_batch(&mut self) -> Result<(), VerifyFault> {
        let Some(row) = self.batches.remove(&self.position) else { return Ok(()) };
        let same = row.hash == self.hash
            && row.sequences == self.sequences
            && row.recorded_at == self.recorded_at;
        if same {
            return Ok(());
        }
        Err(VerifyFault::Batch {
            position: Position::new(self.position),
            what: "it does not agree with the events",
        })
    }

    fn finish(&self, newest: &Head, signed: &Signed) -> Result<(), VerifyFault> {
        signed.reached(self.position)?;
        if self.position > newest.position {
            return Err(VerifyFault::Event {
                position: Position::new(newest.position + 1),
                what: "the log ends below it, by the newest batch row",
            });
        }
        match self.batches.first_key_value() {
            Some(_) => Err(self.wrong("the event is missing")),
            None => Ok(()),
        }
    }
}

async fn batches(
    snapshot: &mut Snapshot,
    ends: &mut Ends,
) -> Result<BTreeMap<u64, Head>, VerifyFault> {
    let unreadable = VerifyFault::Table("a batch row cannot be read");
    let rows = snapshot.batches().await;
    let rows = rows.map_err(|error| unless_unreadable(&error, unreadable.clone()))?;
    let mut batches = BTreeMap::new();
    let mut epoch = ends.first_epoch;
    for row in rows {
        let head = read(&row).ok_or_else(|| unreadable.clone())?;
        let wrong = |what| VerifyFault::Batch { position: Position::new(head.position), what };
        if head.epoch < epoch || ends.epochs.get(&head.position).is_some_and(|e| *e != head.epoch) {
            return Err(wrong("its epoch is not the log's"));
        }
        epoch = head.epoch;
        if head.requests.count < ends.newest.count {
            return Err(wrong("a row before it knows more answers"));
        }
        ends.add(head.requests, "a batch row says otherwise");
        ends.newest = head.requests;
        batches.insert(head.position, head);
    }
    Ok(batches)
}

fn read(row: &HeadRow) -> Option<Head> {
    crate::sql::read::head(row).ok()
}

/// What an event's hash covers.
pub(crate) fn linked(event: &Recorded) -> Linked<'_> {
    Linked {
        position: event.position.get(),
        partition: event.partition,
        partition_sequence: event.partition_sequence,
        stream: event.stream,
        version: event.version,
        event_id: event.event_id.uuid(),
        learner: event.learner.map(onward_domain::ids::LearnerId::uuid),
        event_type: &event.event_type,
        schema_version: event.schema_version,
        recorded_at: micros(event.recorded_at),
        public: &event.public,
        sealed: &event.sealed,
    }
}
