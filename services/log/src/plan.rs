//! What one batch writes: places, versions, partition sequences and hashes are given out here, in
//! order, from the head of the log as it was read under the lock.

use std::collections::{BTreeMap, HashMap};

use onward_domain::ids::{EventId, LearnerId};
use uuid::Uuid;

#[cfg(test)]
use crate::chain::GENESIS;
use crate::chain::{EventHash, Linked, event_hash};
use crate::claim_key::{Holder, KeyId};
use crate::codec::Kind;
use crate::lease::{LeaseRow, ReadyRow};
use crate::partition::{PARTITIONS, partition_of};
use crate::position::Position;
use crate::proposal::Pending;
use crate::recorded::{Recorded, moment};
use crate::request::{Answer, KeptLink, KeptRow, RequestRow};

/// Where the log ends: the newest row of `log_batch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub position: u64,
    pub hash: EventHash,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    pub sequences: [u64; PARTITIONS],
    pub epoch: i64,
    /// Where the chain of kept answers ends.
    pub requests: ChainEnd,
}

/// Where a chain ends: how many there are, and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ChainEnd {
    pub count: u64,
    pub hash: EventHash,
}

/// What one batch writes.
pub(crate) struct Plan {
    /// Where the log will end.
    pub head: Head,
    pub events: Vec<Recorded>,
    /// Versions and last positions that streams come to.
    pub streams: HashMap<Uuid, (u64, u64)>,
    pub requests: Vec<KeptRow>,
    /// Who holds which key afterwards; nobody where it was given up.
    pub keys: BTreeMap<KeyId, Option<Holder>>,
    /// What waits afterwards, and what no longer does.
    pub ready: BTreeMap<Uuid, Option<ReadyRow>>,
    /// Who holds what afterwards; nobody where a lease ended.
    pub leases: BTreeMap<Uuid, Option<LeaseRow>>,
    /// Referrals that are held from now on.
    pub held: Vec<Uuid>,
    /// Referrals whose lease lapsed.
    pub lapsed: Vec<Uuid>,
    /// Move the queues' marks on.
    pub move_marks: bool,
    /// Learners of whom nothing is written any more, and where the log says so.
    pub erased: BTreeMap<Uuid, u64>,
}

impl Head {
    /// Before the first event.
    #[cfg(test)]
    pub(crate) fn genesis() -> Self {
        let sequences = [0; PARTITIONS];
        let requests = ChainEnd::default();
        Self { position: 0, hash: GENESIS, recorded_at: 0, sequences, epoch: 1, requests }
    }

    pub(crate) fn sequences_to_bytes(&self) -> Vec<u8> {
        self.sequences.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    /// Reads a row of `log_batch`; none when its bytes cannot be one.
    pub(crate) fn from_columns(
        position: i64,
        hash: &[u8],
        recorded_at: i64,
        sequences: &[u8],
        epoch: i64,
        requests: &[u8],
    ) -> Option<Self> {
        let mut numbers = [0; PARTITIONS];
        let chunks = sequences.chunks_exact(8);
        if chunks.len() != PARTITIONS || !chunks.remainder().is_empty() {
            return None;
        }
        for (number, chunk) in numbers.iter_mut().zip(chunks) {
            *number = u64::from_be_bytes(chunk.try_into().ok()?);
        }
        let position = position.cast_unsigned();
        let hash = hash.try_into().ok()?;
        let requests = ChainEnd::from_bytes(requests)?;
        Some(Self { position, hash, recorded_at, sequences: numbers, epoch, requests })
    }
}

impl ChainEnd {
    /// Eight bytes of number, big endian, then the hash.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        [self.count.to_be_bytes().as_slice(), &self.hash].concat()
    }

    /// The other way; none when the bytes cannot be one.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (count, hash) = bytes.split_first_chunk::<8>()?;
        Some(Self { count: u64::from_be_bytes(*count), hash: hash.try_into().ok()? })
    }
}

impl Plan {
    /// Begins at the head that was read, and at the database's moment: time never goes back in the log.
    pub(crate) fn begin(mut head: Head, now: i64) -> Self {
        head.recorded_at = head.recorded_at.max(now);
        Self {
            head,
            events: Vec::new(),
            streams: HashMap::new(),
            requests: Vec::new(),
            keys: BTreeMap::new(),
            ready: BTreeMap::new(),
            leases: BTreeMap::new(),
            held: Vec::new(),
            lapsed: Vec::new(),
            move_marks: false,
            erased: BTreeMap::new(),
        }
    }

    /// Gives an event the next place; `stream` is its stream's version and last position before it.
    pub(crate) fn place(&mut self, pending: &Pending, stream: (u64, u64)) -> (u64, u64) {
        let learner = pending.learner.map(LearnerId::new);
        let partition = partition_of(learner);
        let sequence = &mut self.head.sequences[usize::from(partition)];
        *sequence += 1;
        let position = self.head.position + 1;
        let version = stream.0 + 1;
        let linked = Linked {
            position,
            partition,
            partition_sequence: *sequence,
            stream: pending.stream,
            version,
            event_id: pending.event_id,
            learner: pending.learner,
            event_type: pending.event_type,
            schema_version: pending.schema_version,
            recorded_at: self.head.recorded_at,
            public: &pending.public,
            sealed: &pending.sealed,
        };
        self.head.hash = event_hash(&self.head.hash, &linked);
        self.head.position = position;
        self.events.push(Recorded {
            position: Position::new(position),
            previous: Position::new(stream.1),
            partition,
            partition_sequence: linked.partition_sequence,
            stream: pending.stream,
            version,
            event_id: EventId::new(pending.event_id),
            learner,
            event_type: pending.event_type.to_owned(),
            schema_version: pending.schema_version,
            recorded_at: moment(self.head.recorded_at),
            public: pending.public.clone(),
            sealed: pending.sealed.clone(),
            hash: self.head.hash,
        });
        self.streams.insert(pending.stream, (version, position));
        if pending.event_type == Kind::LearnerErased.event_type() {
            self.erased.extend(pending.learner.map(|learner| (learner, position)));
        }
        (version, position)
    }

    /// Keeps an answer: the next of the chain of kept answers.
    pub(crate) fn keep(&mut self, request: &RequestRow, answer: &Answer) {
        let columns = answer.columns();
        let sequence = self.head.requests.count + 1;
        let link = KeptLink {
            sequence,
            organisation: request.organisation,
            id: request.id,
            method: request.method,
            body_hash: &request.body_hash,
            columns: &columns,
        };
        let hash = link.hashed(&self.head.requests.hash);
        self.head.requests = ChainEnd { count: sequence, hash };
        self.requests.push(KeptRow { request: request.clone(), columns, sequence, hash });
    }

    /// Referrals whose lease ended: those that still wait have come back.
    pub(crate) fn ended(&self) -> Vec<Uuid> {
        self.leases.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| *id).collect()
    }

    /// Referrals that no longer wait.
    pub(crate) fn unready(&self) -> Vec<Uuid> {
        self.ready.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| *id).collect()
    }

    /// Referrals that wait from now on.
    pub(crate) fn waiting(&self) -> Vec<&ReadyRow> {
        self.ready.values().flatten().collect()
    }

    /// Of each queue the place of the first that waits from now on.
    pub(crate) fn marks(&self) -> BTreeMap<Uuid, (i32, i64)> {
        let mut marks = BTreeMap::new();
        for row in self.waiting() {
            let place = (row.day(), row.position);
            let mark = marks.entry(row.ready.queue.uuid()).or_insert(place);
            *mark = place.min(*mark);
        }
        marks
    }

    /// Nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.requests.is_empty()
            && self.keys.is_empty()
            && self.ready.is_empty()
            && self.leases.is_empty()
            && !self.move_marks
    }
}
