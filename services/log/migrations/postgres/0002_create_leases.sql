-- One row a queue, locked FOR UPDATE by whoever claims. The mark is where the scan for work begins: nothing
-- that waits since its acceptance is ordered before it, so that dead index entries at the head are not read again.
CREATE TABLE ref_queue (
    shard         SMALLINT NOT NULL,
    queue         UUID NOT NULL,
    mark_day      INTEGER NOT NULL DEFAULT 0,
    mark_position BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, queue)
);

-- Referrals that wait, or are held by a lease. Written by the append that accepts, and rebuilt from the log
-- if it must be.
CREATE TABLE ref_ready (
    shard     SMALLINT NOT NULL,
    referral  UUID NOT NULL,
    queue     UUID NOT NULL,
    learner   UUID NOT NULL,
    setting   UUID,
    order_day INTEGER NOT NULL,      -- yyyymmdd
    position  BIGINT NOT NULL,
    priority  SMALLINT NOT NULL,
    lapses    INTEGER NOT NULL DEFAULT 0,
    held      SMALLINT NOT NULL DEFAULT 0,   -- 0 waits since its acceptance, 1 held, 2 came back
    PRIMARY KEY (shard, referral)
);
-- What is held is not walked over by every claim: it stands in another part of the index.
CREATE INDEX ref_ready_order ON ref_ready (shard, queue, held, order_day, position);

-- Leases. The token is kept as its SHA-256 only.
CREATE TABLE ref_lease (
    shard        SMALLINT NOT NULL,
    referral     UUID NOT NULL,
    queue        UUID NOT NULL,
    learner      UUID NOT NULL,
    member       UUID NOT NULL,
    organisation UUID NOT NULL,
    token_hash   BYTEA NOT NULL,
    until        BIGINT NOT NULL,
    PRIMARY KEY (shard, referral)
);
CREATE INDEX ref_lease_until ON ref_lease (shard, queue, until);

-- Who does what only one process may do (the relay, a view's partition), for how long, and in which epoch.
CREATE TABLE log_owner (
    shard    SMALLINT NOT NULL,
    name     TEXT NOT NULL,
    owner_id UUID NOT NULL,
    epoch    BIGINT NOT NULL,
    until    BIGINT NOT NULL,
    PRIMARY KEY (shard, name)
);
