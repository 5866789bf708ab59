-- One row a queue. The mark is where the scan for work begins: nothing
-- that waits since its acceptance is ordered before it, so that dead index entries at the head are not read again.
CREATE TABLE ref_queue (
    shard         INTEGER NOT NULL,
    queue         BLOB NOT NULL,
    mark_day      INTEGER NOT NULL DEFAULT 0,
    mark_position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, queue)
) WITHOUT ROWID;

-- Referrals that wait, or are held by a lease. Written by the append that accepts, and rebuilt from the log
-- if it must be.
CREATE TABLE ref_ready (
    shard     INTEGER NOT NULL,
    referral  BLOB NOT NULL,
    queue     BLOB NOT NULL,
    learner   BLOB NOT NULL,
    setting   BLOB,
    order_day INTEGER NOT NULL,      -- yyyymmdd
    position  INTEGER NOT NULL,
    priority  INTEGER NOT NULL,
    lapses    INTEGER NOT NULL DEFAULT 0,
    held      INTEGER NOT NULL DEFAULT 0,   -- 0 waits since its acceptance, 1 held, 2 came back
    PRIMARY KEY (shard, referral)
) WITHOUT ROWID;
-- What is held is not walked over by every claim: it stands in another part of the index.
CREATE INDEX ref_ready_order ON ref_ready (shard, queue, held, order_day, position);

-- Leases. The token is kept as its SHA-256 only.
CREATE TABLE ref_lease (
    shard        INTEGER NOT NULL,
    referral     BLOB NOT NULL,
    queue        BLOB NOT NULL,
    learner      BLOB NOT NULL,
    member       BLOB NOT NULL,
    organisation BLOB NOT NULL,
    token_hash   BLOB NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (shard, referral)
) WITHOUT ROWID;
CREATE INDEX ref_lease_until ON ref_lease (shard, queue, until);

-- Who does what only one process may do (the relay, a view's partition), for how long, and in which epoch.
CREATE TABLE log_owner (
    shard    INTEGER NOT NULL,
    name     TEXT NOT NULL,
    owner_id BLOB NOT NULL,
    epoch    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    PRIMARY KEY (shard, name)
) WITHOUT ROWID;
