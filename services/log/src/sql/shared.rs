//! SQL texts that both databases accept.

use uuid::Uuid;

use crate::judge::Expired;
use crate::lease::{Candidate, LeaseRow};

/// Columns of an event, in the order of `read::EventRow`.
macro_rules! event_columns {
    ($table:literal) => {
        concat!(
            $table,
            "position, ",
            $table,
            "previous, ",
            $table,
            "partition_no, ",
            $table,
            "partition_sequence, ",
            $table,
            "stream, ",
            $table,
            "version, ",
            $table,
            "event_id, ",
            $table,
            "learner, ",
            $table,
            "event_type, ",
            $table,
            "schema_version, ",
            $table,
            "recorded_at, ",
            $table,
            "public_part, ",
            $table,
            "sealed_part, ",
            $table,
            "hash"
        )
    };
}
pub(crate) use event_columns;

/// Where the log ends.
pub(crate) const HEAD: &str = "
SELECT last_position, hash, recorded_at, sequences, epoch, requests FROM log_batch
WHERE shard = 0 ORDER BY last_position DESC LIMIT 1";

/// Events after a position, in order.
pub(crate) const AFTER: &str = concat!(
    "SELECT ",
    event_columns!(""),
    " FROM log_event WHERE shard = 0 AND position > $1 ORDER BY position LIMIT $2"
);

/// Events of a stretch, in order.
pub(crate) const BETWEEN: &str = concat!(
    "SELECT ",
    event_columns!(""),
    " FROM log_event WHERE shard = 0 AND position > $1 AND position <= $2 ORDER BY position"
);

/// A kept answer.
pub(crate) const REQUEST: &str = "
SELECT body_hash, position, stream_version, event_ids, recorded_at, issued FROM log_request
WHERE shard = 0 AND organisation = $1 AND request_id = $2";

/// Whose log this is.
pub(crate) const IDENTITY: &str =
    "SELECT log_id, keys_id, lookup_check FROM log_identity WHERE shard = 0";

pub(crate) const INSERT_IDENTITY: &str = "
INSERT INTO log_identity (shard, log_id, keys_id, lookup_check)
VALUES (0, $1, $2, $3) ON CONFLICT DO NOTHING";

/// Makes a queue's row, or moves its mark back to what now waits first.
pub(crate) const QUEUE: &str = "
INSERT INTO ref_queue (shard, queue, mark_day, mark_position) VALUES (0, $1, $2, $3)
ON CONFLICT (shard, queue) DO UPDATE
SET mark_day = excluded.mark_day, mark_position = excluded.mark_position
WHERE (ref_queue.mark_day, ref_queue.mark_position) > (excluded.mark_day, excluded.mark_position)";

/// Moves each queue's mark to the first that waits since its acceptance.
pub(crate) const MOVE_MARKS: &str = "
UPDATE ref_queue SET (mark_day, mark_position) = (
  SELECT r.order_day, r.position FROM ref_ready r
  WHERE r.shard = 0 AND r.queue = ref_queue.queue AND r.held = 0
  AND (r.order_day, r.position) >= (ref_queue.mark_day, ref_queue.mark_position)
  ORDER BY r.order_day, r.position LIMIT 1)
WHERE shard = 0 AND EXISTS (
  SELECT 1 FROM ref_ready r WHERE r.shard = 0 AND r.queue = ref_queue.queue AND r.held = 0
  AND (r.order_day, r.position) > (ref_queue.mark_day, ref_queue.mark_position))
 AND NOT EXISTS (
  SELECT 1 FROM ref_ready r WHERE r.shard = 0 AND r.queue = ref_queue.queue AND r.held = 0
  AND (r.order_day, r.position) = (ref_queue.mark_day, ref_queue.mark_position))";

pub(crate) const PRUNE: &str = "DELETE FROM log_batch WHERE shard = 0 AND last_position < $1";

/// The end of the record of reads.
pub(crate) const LAST_ACCESS: &str = "
SELECT sequence, hash FROM log_access WHERE shard = 0 ORDER BY sequence DESC LIMIT 1";

pub(crate) const DISOWN: &str =
    "UPDATE log_owner SET until = 0 WHERE shard = 0 AND name = $1 AND owner_id = $2";

pub(crate) const OWNER: &str =
    "SELECT owner_id, epoch, until FROM log_owner WHERE shard = 0 AND name = $1";

/// Nothing more is written about a learner.
pub(crate) const ERASE: &str = "
INSERT INTO log_erased (shard, learner, position) VALUES (0, $1, $2) ON CONFLICT DO NOTHING";

/// What goes with it: the rest is still to be done, and the learner neither waits nor is held.
pub(crate) const ERASING: [&str; 3] = [
    OWE,
    "DELETE FROM ref_ready WHERE shard = 0 AND learner = $1",
    "DELETE FROM ref_lease WHERE shard = 0 AND learner = $1",
];

/// Learners erased after a position, and where.
pub(crate) const ERASED_AFTER: &str = "
SELECT learner, position FROM log_erased WHERE shard = 0 AND position > $1 ORDER BY position";

/// Learners whose erasure is not carried through.
pub(crate) const UNFINISHED: &str =
    "SELECT learner FROM log_erasing WHERE shard = 0 ORDER BY learner";

/// An erasure that is still to be carried through, or is once more.
pub(crate) const OWE: &str =
    "INSERT INTO log_erasing (shard, learner) VALUES (0, $1) ON CONFLICT DO NOTHING";

/// The key is gone, since this moment unless it was before.
pub(crate) const DESTROYED: &str = "
UPDATE log_erased SET destroyed_at = $2 WHERE shard = 0 AND learner = $1 AND destroyed_at IS NULL";

/// When the key of a learner was destroyed.
pub(crate) const DESTROYED_AT: &str =
    "SELECT destroyed_at FROM log_erased WHERE shard = 0 AND learner = $1";

pub(crate) const FINISHED: &str = "DELETE FROM log_erasing WHERE shard = 0 AND learner = $1";

// === rows and queries that both databases share

/// Columns of [`CANDIDATES`].
pub(crate) type CandidateRow =
    (Uuid, Uuid, Uuid, Option<Uuid>, i16, i64, i64, Option<Uuid>, Option<Uuid>);

/// Columns of [`EXPIRED`].
pub(crate) type ExpiredRow = (Uuid, Uuid, Uuid, Uuid, Uuid, Vec<u8>, i64, i64, i64);

pub(crate) fn candidate(row: CandidateRow) -> Candidate {
    Candidate {
        referral: row.0,
        queue: row.1,
        learner: row.2,
        setting: row.3,
        priority: row.4,
        stream: (row.5.cast_unsigned(), row.6.cast_unsigned()),
        lapsed: row.7.zip(row.8),
    }
}

pub(crate) fn expired(row: ExpiredRow) -> Expired {
    Expired {
        referral: row.0,
        lease: LeaseRow {
            queue: row.1,
            learner: row.2,
            member: row.3,
            organisation: row.4,
            token_hash: row.5.try_into().unwrap_or_default(),
            until: row.6,
        },
        stream: (row.7.cast_unsigned(), row.8.cast_unsigned()),
    }
}

/// When old batch rows go: every 256 batches, those from before the 256 last.
#[derive(Default)]
pub(crate) struct Pruning {
    batches: u32,
    mark: u64,
}

impl Pruning {
    /// Told of each batch; the position below which rows may go now, if any.
    pub(crate) fn due(&mut self, head: u64) -> Option<u64> {
        self.batches += 1;
        if self.batches < 256 {
            return None;
        }
        self.batches = 0;
        Some(std::mem::replace(&mut self.mark, head)).filter(|below| *below > 0)
    }
}
