-- Kept answers have a chain of their own, as events and reads have: a number without gaps and a hash that covers
-- the answer before. Given out under the lock, so that no index is needed: who verifies reads them in order.
-- Answers from before this file have number 0 and no hash.
ALTER TABLE log_request ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_request ADD COLUMN hash BYTEA NOT NULL DEFAULT ''::bytea;

-- Where that chain ends: number (8 bytes, big endian), then the hash.
ALTER TABLE log_batch ADD COLUMN requests BYTEA NOT NULL DEFAULT decode(repeat('00', 40), 'hex');

-- The tree over the events' hashes (RFC 6962): roots of its whole groups of 256. Level 1 is over 256 events,
-- level 2 over 256 of level 1, and so on. Can be built again from the events.
CREATE TABLE log_tree (
    shard  SMALLINT NOT NULL,
    level  SMALLINT NOT NULL,
    number BIGINT NOT NULL,    -- from 0
    hash   BYTEA NOT NULL,
    PRIMARY KEY (shard, level, number)
);

-- Signed checkpoints, as they were also written outside of the database.
CREATE TABLE log_checkpoint (
    shard  SMALLINT NOT NULL,
    number BIGINT NOT NULL,    -- from 1, without gaps
    size   BIGINT NOT NULL,    -- events that it covers
    note   TEXT NOT NULL,
    PRIMARY KEY (shard, number)
);
CREATE INDEX log_checkpoint_size ON log_checkpoint (shard, size);
