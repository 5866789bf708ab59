//! SQL texts for SQLite. Lists come as JSON: ids and hashes in hexadecimal.

use crate::sql::shared::event_columns;

pub(crate) const VERSION: &str = "SELECT sqlite_version()";

/// The lock of the log: nobody else writes until the end.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

pub(crate) const FOLD: &str = "PRAGMA wal_checkpoint(PASSIVE)";
pub(crate) const BEGIN_ANEW: &str = "PRAGMA wal_checkpoint(RESTART)";
pub(crate) const FOLD_AWAY: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

pub(crate) const REQUESTS: &str = "
SELECT 1 AS kind, r.organisation AS u, r.request_id AS v, NULL AS w, NULL AS t, r.position AS a,
       r.recorded_at AS b, r.stream_version AS c, NULL AS d, r.body_hash AS x, r.event_ids AS y,
       r.issued AS z
FROM json_each($1) want CROSS JOIN log_request r ON r.shard = 0
 AND r.organisation = unhex(json_extract(want.value, '$[0]'))
 AND r.request_id = unhex(json_extract(want.value, '$[1]'))";

pub(crate) const STREAMS: &str = "
SELECT 2 AS kind, s.stream AS u, NULL AS v, NULL AS w, NULL AS t, s.version AS a,
       s.last_position AS b, NULL AS c, NULL AS d, NULL AS x, NULL AS y, NULL AS z
FROM json_each($1) want CROSS JOIN log_stream s ON s.shard = 0 AND s.stream = unhex(want.value)";

pub(crate) const ERASED: &str = "
SELECT 3 AS kind, e.learner AS u, NULL AS v, NULL AS w, NULL AS t, NULL AS a, NULL AS b,
       NULL AS c, NULL AS d, NULL AS x, NULL AS y, NULL AS z
FROM json_each($1) want CROSS JOIN log_erased e ON e.shard = 0 AND e.learner = unhex(want.value)";

pub(crate) const KEYS: &str = "
SELECT 4 AS kind, k.stream AS u, k.slot AS v, NULL AS w, NULL AS t, k.scope AS a,
       k.valid_until AS b, k.valid_from AS c, NULL AS d, k.hash AS x, NULL AS y, NULL AS z
FROM json_each($1) want CROSS JOIN log_key k ON k.shard = 0
 AND k.scope = json_extract(want.value, '$[0]')
 AND k.hash = unhex(json_extract(want.value, '$[1]'))
 AND k.slot = unhex(json_extract(want.value, '$[2]'))";

pub(crate) const LEASES: &str = "
SELECT 5 AS kind, l.referral AS u, l.queue AS v, l.learner AS w, l.member AS t, l.until AS a,
       NULL AS b, NULL AS c, NULL AS d, l.token_hash AS x, l.organisation AS y, NULL AS z
FROM json_each($1) want CROSS JOIN ref_lease l ON l.shard = 0
 AND l.referral = unhex(want.value)";

/// Events of a stream, last first: each names the position of the one before.
pub(crate) const STREAM: &str = concat!(
    "WITH RECURSIVE backwards AS (SELECT ",
    event_columns!("e."),
    " FROM log_stream s JOIN log_event e ON e.shard = 0 AND e.position = s.last_position",
    " WHERE s.shard = 0 AND s.stream = $1 UNION ALL SELECT ",
    event_columns!("e."),
    " FROM backwards b JOIN log_event e ON e.shard = 0 AND e.position = b.previous",
    ") SELECT ",
    event_columns!(""),
    " FROM backwards"
);

/// What waits in a queue, in order: from the mark on, what has come back, and what is held by a lease
/// that has run out.
pub(crate) const CANDIDATES: &str = "
SELECT r.referral, r.queue, r.learner, r.setting, r.priority, s.version, s.last_position,
       l.member, l.organisation
FROM (
  SELECT * FROM (
    SELECT w.* FROM ref_queue q CROSS JOIN ref_ready w ON w.shard = 0 AND w.queue = q.queue
    AND w.held = 0 AND (w.order_day, w.position) >= (q.mark_day, q.mark_position)
    WHERE q.shard = 0 AND q.queue = $1 ORDER BY w.order_day, w.position LIMIT $3)
  UNION ALL
  SELECT * FROM (
    SELECT w.* FROM ref_ready w WHERE w.shard = 0 AND w.queue = $1 AND w.held = 2
    ORDER BY w.order_day, w.position LIMIT $3)
  UNION ALL
  SELECT w.* FROM ref_lease x CROSS JOIN ref_ready w ON w.shard = 0
   AND w.referral = x.referral AND w.held = 1
  WHERE x.shard = 0 AND x.queue = $1 AND x.until <= $2
) r
CROSS JOIN log_stream s ON s.shard = 0 AND s.stream = r.referral
LEFT JOIN ref_lease l ON l.shard = 0 AND l.referral = r.referral
WHERE (l.until IS NULL OR l.until <= $2)
 AND NOT EXISTS (SELECT 1 FROM log_erased x WHERE x.shard = 0 AND x.learner = r.learner)
ORDER BY r.order_day, r.position LIMIT $3";

/// Leases that have run out, longest first.
pub(crate) const EXPIRED: &str = "
SELECT l.referral, l.queue, l.learner, l.member, l.organisation, l.token_hash, l.until,
       s.version, s.last_position
FROM ref_lease l JOIN log_stream s ON s.shard = 0 AND s.stream = l.referral
WHERE l.shard = 0 AND l.until <= $1
 AND NOT EXISTS (SELECT 1 FROM log_erased x WHERE x.shard = 0 AND x.learner = l.learner)
ORDER BY l.until LIMIT $2";

/// Holders of keys, whatever their slot.
pub(crate) const FIND: &str = "
SELECT want.key, k.stream, k.valid_from, k.valid_until
FROM json_each($1) want CROSS JOIN log_key k ON k.shard = 0
 AND k.scope = json_extract(want.value, '$[0]')
 AND k.hash = unhex(json_extract(want.value, '$[1]'))";

/// Streams that are about a learner, none of them begun before a position: a walk through the log, since an
/// index for what is done once a month would cost every append.
pub(crate) const STREAMS_ABOUT: &str = "
SELECT DISTINCT stream FROM log_event
WHERE shard = 0 AND position >= $2 AND learner IN (SELECT unhex(value) FROM json_each($1))";

/// Keys that streams hold.
pub(crate) const HELD_BY: &str = "
SELECT scope, hash, slot, stream FROM log_key
WHERE shard = 0 AND stream IN (SELECT unhex(value) FROM json_each($1))";

/// As on PostgreSQL, with the moment as `$4`.
pub(crate) const OWN: &str = "
INSERT INTO log_owner (shard, name, owner_id, epoch, until) VALUES (0, $1, $2, 1, $3)
ON CONFLICT (shard, name) DO UPDATE SET
  epoch = CASE WHEN log_owner.owner_id = excluded.owner_id AND log_owner.until > $4
               THEN log_owner.epoch ELSE log_owner.epoch + 1 END,
  owner_id = excluded.owner_id, until = excluded.until
WHERE log_owner.owner_id = excluded.owner_id OR log_owner.until <= $4
RETURNING epoch, until";

/// A batch that only kept answers moves the end of their chain in the newest row.
pub(crate) const BATCH: &str = "
INSERT INTO log_batch (shard, last_position, hash, recorded_at, sequences, epoch, requests)
VALUES (0, $1, $2, $3, $4, $5, $6)
ON CONFLICT (shard, last_position) DO UPDATE SET requests = excluded.requests";

/// A table that rows are put into many at a time.
pub(crate) struct Table {
    pub head: &'static str,
    /// Placeholders of one row.
    pub row: &'static str,
    pub tail: &'static str,
}

pub(crate) const EVENTS: Table = Table {
    head: "INSERT INTO log_event (shard, position, previous, partition_no, partition_sequence, \
           stream, version, event_id, learner, event_type, schema_version, recorded_at, \
           public_part, sealed_part, hash) VALUES ",
    row: "(0,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    tail: "",
};

pub(crate) const STREAM_ROWS: Table = Table {
    head: "INSERT INTO log_stream (shard, stream, version, last_position) VALUES ",
    row: "(0,?,?,?)",
    tail: " ON CONFLICT (shard, stream) DO UPDATE SET version = excluded.version, \
           last_position = excluded.last_position",
};

pub(crate) const REQUEST_ROWS: Table = Table {
    head: "INSERT INTO log_request (shard, organisation, request_id, method, body_hash, position, \
           stream_version, event_ids, recorded_at, issued, sequence, hash) VALUES ",
    row: "(0,?,?,?,?,?,?,?,?,?,?,?)",
    tail: "",
};

pub(crate) const KEY_ROWS: Table = Table {
    head: "INSERT INTO log_key (shard, scope, hash, slot, stream, valid_from, valid_until) VALUES ",
    row: "(0,?,?,?,?,?,?)",
    tail: " ON CONFLICT (shard, scope, hash, slot) DO UPDATE SET stream = excluded.stream, \
           valid_from = excluded.valid_from, valid_until = excluded.valid_until",
};

pub(crate) const LEASE_ROWS: Table = Table {
    head: "INSERT INTO ref_lease (shard, referral, queue, learner, member, organisation, \
           token_hash, until) VALUES ",
    row: "(0,?,?,?,?,?,?,?)",
    tail: " ON CONFLICT (shard, referral) DO UPDATE SET queue = excluded.queue, \
           member = excluded.member, organisation = excluded.organisation, \
           token_hash = excluded.token_hash, until = excluded.until",
};

pub(crate) const READY_ROWS: Table = Table {
    head: "INSERT INTO ref_ready (shard, referral, queue, learner, setting, order_day, position, \
           priority) VALUES ",
    row: "(0,?,?,?,?,?,?,?)",
    tail: " ON CONFLICT (shard, referral) DO UPDATE SET queue = excluded.queue, \
           setting = excluded.setting, order_day = excluded.order_day, \
           position = excluded.position, priority = excluded.priority, held = 0",
};

pub(crate) const READ_ROWS: Table = Table {
    head: "INSERT INTO log_access (shard, sequence, at, organisation, member, role, purpose, \
           method, learners, request_id, hash) VALUES ",
    row: "(0,?,?,?,?,?,?,?,?,?,?)",
    tail: "",
};

pub(crate) const DROP_KEY: &str =
    "DELETE FROM log_key WHERE shard = 0 AND scope = $1 AND hash = $2 AND slot = $3";

pub(crate) const HOLD: &str = "
UPDATE ref_ready SET held = 1
WHERE shard = 0 AND referral IN (SELECT unhex(value) FROM json_each($1))";

pub(crate) const BACK: &str = "
UPDATE ref_ready SET held = 2
WHERE shard = 0 AND referral IN (SELECT unhex(value) FROM json_each($1))";

pub(crate) const UNREADY: &str = "
DELETE FROM ref_ready WHERE shard = 0 AND referral IN (SELECT unhex(value) FROM json_each($1))";

pub(crate) const UNLEASE: &str = "
DELETE FROM ref_lease WHERE shard = 0 AND referral IN (SELECT unhex(value) FROM json_each($1))";

pub(crate) const LAPSED: &str = "
UPDATE ref_ready SET lapses = lapses + 1
WHERE shard = 0 AND referral IN (SELECT unhex(value) FROM json_each($1))";

/// Nodes that are there already are the same.
pub(crate) const PUT_NODES: &str = "
INSERT INTO log_tree (shard, level, number, hash)
SELECT 0, $1, json_extract(value, '$[0]'), unhex(json_extract(value, '$[1]')) FROM json_each($2)
WHERE true ON CONFLICT DO NOTHING";
