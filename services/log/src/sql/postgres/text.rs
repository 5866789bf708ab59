//! SQL texts for PostgreSQL.

use crate::sql::shared::event_columns;

/// The database's moment in microseconds since 1970.
macro_rules! now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000000)::int8"
    };
}

pub(crate) const SETTING: &str = "SELECT current_setting($1)";

pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// The lock of the log. What is read afterwards begins after it was taken.
pub(crate) const LOCK: &str = "SELECT 1 FROM log_lock WHERE shard = 0 AND name = 'log' FOR UPDATE";

/// Both in one round trip.
pub(crate) const BEGIN_AND_LOCK: &str = "
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT 1 FROM log_lock WHERE shard = 0 AND name = 'log' FOR UPDATE";

pub(crate) const BEGIN_AND_LOCK_READS: &str = "
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT 1 FROM log_lock WHERE shard = 0 AND name = 'access' FOR UPDATE";

pub(crate) const LOCK_QUEUES: &str = "
SELECT queue FROM ref_queue WHERE shard = 0 AND queue = ANY($1) ORDER BY queue FOR UPDATE";

pub(crate) const LOCK_ALL_QUEUES: &str =
    "SELECT queue FROM ref_queue WHERE shard = 0 ORDER BY queue FOR UPDATE";

/// Everything that a batch needs to know, in one statement: see `known::kind`. Each look-up is lateral,
/// fenced by `OFFSET 0`: a plan from when a table was small would else walk all of it for each row.
pub(crate) const KNOWN: &str = concat!(
    "
SELECT 0 AS kind, NULL::uuid AS u, NULL::uuid AS v, NULL::uuid AS w, NULL::uuid AS t,
       h.last_position AS a, h.recorded_at AS b, h.epoch AS c, ",
    now!(),
    " AS d, h.hash AS x, h.sequences AS y, h.requests AS z
FROM (SELECT * FROM log_batch WHERE shard = 0 ORDER BY last_position DESC LIMIT 1) h
UNION ALL
SELECT 1, r.organisation, r.request_id, NULL, NULL,
       r.position, r.recorded_at, r.stream_version, NULL, r.body_hash, r.event_ids, r.issued
FROM unnest($1::uuid[], $2::uuid[]) AS want (organisation, id)
CROSS JOIN LATERAL (SELECT * FROM log_request r WHERE r.shard = 0
 AND r.organisation = want.organisation AND r.request_id = want.id OFFSET 0) r
UNION ALL
SELECT 2, s.stream, NULL, NULL, NULL, s.version, s.last_position, NULL, NULL, NULL, NULL, NULL
FROM unnest($3::uuid[]) AS want (stream)
CROSS JOIN LATERAL (SELECT * FROM log_stream s WHERE s.shard = 0
 AND s.stream = want.stream OFFSET 0) s
UNION ALL
SELECT 3, e.learner, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM unnest($4::uuid[]) AS want (learner)
CROSS JOIN LATERAL (SELECT * FROM log_erased e WHERE e.shard = 0
 AND e.learner = want.learner OFFSET 0) e
UNION ALL
SELECT 4, k.stream, k.slot, NULL, NULL, k.scope, k.valid_until, k.valid_from, NULL,
       k.hash, NULL, NULL
FROM unnest($5::int2[], $6::bytea[], $7::uuid[]) AS want (scope, hash, slot)
CROSS JOIN LATERAL (SELECT * FROM log_key k WHERE k.shard = 0 AND k.scope = want.scope
 AND k.hash = want.hash AND k.slot = want.slot OFFSET 0) k
UNION ALL
SELECT 5, l.referral, l.queue, l.learner, l.member, l.until, NULL, NULL, NULL,
       l.token_hash, uuid_send(l.organisation), NULL
FROM unnest($8::uuid[]) AS want (referral)
CROSS JOIN LATERAL (SELECT * FROM ref_lease l WHERE l.shard = 0
 AND l.referral = want.referral OFFSET 0) l"
);

/// Events, streams, kept answers and the batch's own row, in one statement. Nothing here waits: these
/// tables change only under the lock. A batch that only kept answers moves the end of their chain in the
/// newest row.
pub(crate) const WRITE: &str = "
WITH events AS (
  INSERT INTO log_event (shard, recorded_at, position, previous, partition_no, partition_sequence,
    stream, version, event_id, learner, event_type, schema_version, public_part, sealed_part, hash)
  SELECT 0, $1, * FROM unnest($2::int8[], $3::int8[], $4::int2[], $5::int8[], $6::uuid[],
    $7::int8[], $8::uuid[], $9::uuid[], $10::text[], $11::int2[], $12::bytea[], $13::bytea[],
    $14::bytea[])
), streams AS (
  INSERT INTO log_stream (shard, stream, version, last_position)
  SELECT 0, * FROM unnest($15::uuid[], $16::int8[], $17::int8[])
  ON CONFLICT (shard, stream) DO UPDATE
  SET version = excluded.version, last_position = excluded.last_position
), requests AS (
  INSERT INTO log_request (shard, organisation, request_id, method, body_hash, position,
    stream_version, event_ids, recorded_at, issued, sequence, hash)
  SELECT 0, * FROM unnest($18::uuid[], $19::uuid[], $20::text[], $21::bytea[], $22::int8[],
    $23::int8[], $24::bytea[], $25::int8[], $26::bytea[], $31::int8[], $32::bytea[])
)
INSERT INTO log_batch (shard, last_position, hash, recorded_at, sequences, epoch, requests)
SELECT 0, $27, $28, $1, $29, $30, $33
WHERE cardinality($2::int8[]) > 0 OR cardinality($18::uuid[]) > 0
ON CONFLICT (shard, last_position) DO UPDATE SET requests = excluded.requests";

pub(crate) const DROP_KEYS: &str = "
DELETE FROM log_key WHERE ctid = ANY (ARRAY(
  SELECT k.ctid FROM unnest($1::int2[], $2::bytea[], $3::uuid[]) AS gone (scope, hash, slot)
  CROSS JOIN LATERAL (SELECT k.ctid FROM log_key k WHERE k.shard = 0 AND k.scope = gone.scope
   AND k.hash = gone.hash AND k.slot = gone.slot OFFSET 0) k))";

pub(crate) const PUT_KEYS: &str = "
INSERT INTO log_key (shard, scope, hash, slot, stream, valid_from, valid_until)
SELECT 0, * FROM unnest($1::int2[], $2::bytea[], $3::uuid[], $4::uuid[], $5::int4[], $6::int4[])
ON CONFLICT (shard, scope, hash, slot) DO UPDATE SET stream = excluded.stream,
valid_from = excluded.valid_from, valid_until = excluded.valid_until";

pub(crate) const READY: &str = "
INSERT INTO ref_ready (shard, referral, queue, learner, setting, order_day, position, priority)
SELECT 0, * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int4[], $6::int8[],
  $7::int2[])
ON CONFLICT (shard, referral) DO UPDATE SET queue = excluded.queue, setting = excluded.setting,
order_day = excluded.order_day, position = excluded.position, priority = excluded.priority, held = 0";

pub(crate) const HOLD: &str =
    "UPDATE ref_ready SET held = 1 WHERE shard = 0 AND referral = ANY($1)";

pub(crate) const BACK: &str =
    "UPDATE ref_ready SET held = 2 WHERE shard = 0 AND referral = ANY($1)";

pub(crate) const UNREADY: &str = "DELETE FROM ref_ready WHERE shard = 0 AND referral = ANY($1)";

pub(crate) const UNLEASE: &str = "DELETE FROM ref_lease WHERE shard = 0 AND referral = ANY($1)";

pub(crate) const LAPSED: &str =
    "UPDATE ref_ready SET lapses = lapses + 1 WHERE shard = 0 AND referral = ANY($1)";

pub(crate) const LEASE: &str = "
INSERT INTO ref_lease (shard, referral, queue, learner, member, organisation, token_hash, until)
SELECT 0, * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[],
  $7::int8[])
ON CONFLICT (shard, referral) DO UPDATE SET queue = excluded.queue, member = excluded.member,
organisation = excluded.organisation, token_hash = excluded.token_hash, until = excluded.until";

/// Holders of keys, whatever their slot.
pub(crate) const FIND: &str = "
SELECT want.number - 1, k.stream, k.valid_from, k.valid_until
FROM unnest($1::int2[], $2::bytea[]) WITH ORDINALITY AS want (scope, hash, number)
CROSS JOIN LATERAL (SELECT * FROM log_key k WHERE k.shard = 0 AND k.scope = want.scope
 AND k.hash = want.hash OFFSET 0) k";

/// Events of a stream, last first: each names the position of the one before.
pub(crate) const STREAM: &str = concat!(
    "WITH RECURSIVE backwards AS (SELECT ",
    event_columns!("e."),
    " FROM log_stream s CROSS JOIN LATERAL (SELECT * FROM log_event e WHERE e.shard = 0",
    " AND e.position = s.last_position OFFSET 0) e",
    " WHERE s.shard = 0 AND s.stream = $1 UNION ALL SELECT ",
    event_columns!("e."),
    " FROM backwards b CROSS JOIN LATERAL (SELECT * FROM log_event e WHERE e.shard = 0",
    " AND e.position = b.previous OFFSET 0) e",
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
    SELECT * FROM ref_ready w WHERE w.shard = 0 AND w.queue = $1 AND w.held = 0
    AND (w.order_day, w.position) >= (
      (SELECT q.mark_day FROM ref_queue q WHERE q.shard = 0 AND q.queue = $1),
      (SELECT q.mark_position FROM ref_queue q WHERE q.shard = 0 AND q.queue = $1))
    ORDER BY w.order_day, w.position LIMIT $3) waiting
  UNION ALL
  SELECT * FROM (
    SELECT * FROM ref_ready w WHERE w.shard = 0 AND w.queue = $1 AND w.held = 2
    ORDER BY w.order_day, w.position LIMIT $3) back
  UNION ALL
  SELECT w.* FROM ref_lease x
  CROSS JOIN LATERAL (SELECT * FROM ref_ready w WHERE w.shard = 0
   AND w.referral = x.referral AND w.held = 1 OFFSET 0) w
  WHERE x.shard = 0 AND x.queue = $1 AND x.until <= $2
) r
LEFT JOIN LATERAL (SELECT * FROM ref_lease l WHERE l.shard = 0
 AND l.referral = r.referral OFFSET 0) l ON true
CROSS JOIN LATERAL (SELECT * FROM log_stream s WHERE s.shard = 0
 AND s.stream = r.referral OFFSET 0) s
WHERE (l.until IS NULL OR l.until <= $2)
 AND NOT EXISTS (SELECT 1 FROM log_erased x WHERE x.shard = 0 AND x.learner = r.learner OFFSET 0)
ORDER BY r.order_day, r.position LIMIT $3";

/// Leases that have run out, longest first.
pub(crate) const EXPIRED: &str = "
SELECT l.referral, l.queue, l.learner, l.member, l.organisation, l.token_hash, l.until,
       s.version, s.last_position
FROM ref_lease l
CROSS JOIN LATERAL (SELECT * FROM log_stream s WHERE s.shard = 0
 AND s.stream = l.referral OFFSET 0) s
WHERE l.shard = 0 AND l.until <= $1
 AND NOT EXISTS (SELECT 1 FROM log_erased x WHERE x.shard = 0 AND x.learner = l.learner OFFSET 0)
ORDER BY l.until LIMIT $2";

/// Streams that are about a learner, none of them begun before a position: a walk through the log, since an
/// index for what is done once a month would cost every append.
pub(crate) const STREAMS_ABOUT: &str = "
SELECT DISTINCT stream FROM log_event
WHERE shard = 0 AND position >= $2 AND learner = ANY($1)";

/// Keys that streams hold.
pub(crate) const HELD_BY: &str = "
SELECT scope, hash, slot, stream FROM log_key WHERE shard = 0 AND stream = ANY($1)";

pub(crate) const WRITE_READS: &str = "
INSERT INTO log_access (shard, sequence, at, organisation, member, role, purpose, method, learners,
  request_id, hash)
SELECT 0, * FROM unnest($1::int8[], $2::int8[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
  $7::text[], $8::bytea[], $9::uuid[], $10::bytea[])";

/// Takes or keeps an ownership that is free, has run out, or is one's own. A new owner begins a new
/// epoch; so does one that comes back after it had run out, since others may have acted meanwhile.
pub(crate) const OWN: &str = concat!(
    "INSERT INTO log_owner AS o (shard, name, owner_id, epoch, until) VALUES (0, $1, $2, 1, ",
    now!(),
    " + $3) ON CONFLICT (shard, name) DO UPDATE SET
  epoch = CASE WHEN o.owner_id = excluded.owner_id AND o.until > ",
    now!(),
    " THEN o.epoch ELSE o.epoch + 1 END,
  owner_id = excluded.owner_id, until = excluded.until
WHERE o.owner_id = excluded.owner_id OR o.until <= ",
    now!(),
    " RETURNING epoch, until"
);

/// Nodes that are there already are the same.
pub(crate) const PUT_NODES: &str = "
INSERT INTO log_tree (shard, level, number, hash)
SELECT 0, $1, made.number, made.hash FROM unnest($2::int8[], $3::bytea[]) AS made (number, hash)
ON CONFLICT DO NOTHING";

/// Ranges of positions are made by one process at a time.
pub(crate) const LOCK_RANGES: &str = "SELECT pg_advisory_xact_lock(7209742)";

pub(crate) const HAS_RANGE: &str = "SELECT to_regclass($1) IS NOT NULL";
