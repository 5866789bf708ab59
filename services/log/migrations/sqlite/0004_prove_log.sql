-- Kept answers have a chain of their own, as events and reads have: a number without gaps and a hash that covers
-- the answer before. Given out under the lock, so that no index is needed: who verifies reads them in order.
-- Answers from before this file have number 0 and no hash.
ALTER TABLE log_request ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_request ADD COLUMN hash BLOB NOT NULL DEFAULT x'';

-- Where that chain ends: number (8 bytes, big endian), then the hash.
ALTER TABLE log_batch ADD COLUMN requests BLOB NOT NULL
    DEFAULT x'00000000000000000000000000000000000000000000000000000000000000000000000000000000';

-- The tree over the events' hashes (RFC 6962): roots of its whole groups of 256. Level 1 is over 256 events,
-- level 2 over 256 of level 1, and so on. Can be built again from the events.
CREATE TABLE log_tree (
    shard  INTEGER NOT NULL,
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,   -- from 0
    hash   BLOB NOT NULL,
    PRIMARY KEY (shard, level, number)
) WITHOUT ROWID;

-- Signed checkpoints, as they were also written outside of the database.
CREATE TABLE log_checkpoint (
    shard  INTEGER NOT NULL,
    number INTEGER NOT NULL,   -- from 1, without gaps
    size   INTEGER NOT NULL,   -- events that it covers
    note   TEXT NOT NULL,
    PRIMARY KEY (shard, number)
) WITHOUT ROWID;
CREATE INDEX log_checkpoint_size ON log_checkpoint (shard, size);
