-- The same table as on PostgreSQL, where its rows are locked. Here BEGIN IMMEDIATE is the lock.
CREATE TABLE log_lock (
    shard INTEGER NOT NULL,
    name  TEXT NOT NULL,
    PRIMARY KEY (shard, name)
) WITHOUT ROWID;
INSERT INTO log_lock (shard, name) VALUES (0, 'log'), (0, 'access');

-- Whose log this is: made at the first start, never changed. The check values tell a process that was
-- started with another key folder before it writes anything.
CREATE TABLE log_identity (
    shard        INTEGER NOT NULL PRIMARY KEY,
    log_id       BLOB NOT NULL,
    keys_id      BLOB NOT NULL,
    lookup_check BLOB NOT NULL
) WITHOUT ROWID;

-- One row a batch; the newest says where the log ends. Old rows are pruned.
CREATE TABLE log_batch (
    shard         INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    hash          BLOB NOT NULL,
    recorded_at   INTEGER NOT NULL,
    sequences     BLOB NOT NULL,   -- 64 partition sequences, 8 bytes each, big endian
    epoch         INTEGER NOT NULL,
    PRIMARY KEY (shard, last_position)
) WITHOUT ROWID;
INSERT INTO log_batch (shard, last_position, hash, recorded_at, sequences, epoch)
VALUES (0, 0, zeroblob(32), 0, zeroblob(512), 1);

-- The optimistic lock of each stream.
CREATE TABLE log_stream (
    shard         INTEGER NOT NULL,
    stream        BLOB NOT NULL,
    version       INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    PRIMARY KEY (shard, stream)
) WITHOUT ROWID;

-- The facts. `previous` is the position of the stream's fact before this one (0 for the first): a stream is
-- read by following it, which spares a second index. Sealed and public bytes are compressed by nobody:
-- ciphertext does not shrink.
CREATE TABLE log_event (
    shard              INTEGER NOT NULL,
    position           INTEGER NOT NULL,
    previous           INTEGER NOT NULL,
    partition_no       INTEGER NOT NULL,
    partition_sequence INTEGER NOT NULL,
    stream             BLOB NOT NULL,
    version            INTEGER NOT NULL,
    event_id           BLOB NOT NULL,
    learner            BLOB,
    event_type         TEXT NOT NULL,
    schema_version     INTEGER NOT NULL,
    recorded_at        INTEGER NOT NULL,
    public_part        BLOB NOT NULL,
    sealed_part        BLOB NOT NULL,
    hash               BLOB NOT NULL,
    PRIMARY KEY (shard, position)
) WITHOUT ROWID;

-- Answers kept for good, so that a retry gets the first one again. OK answers only, no personal data.
CREATE TABLE log_request (
    shard          INTEGER NOT NULL,
    organisation   BLOB NOT NULL,
    request_id     BLOB NOT NULL,
    method         TEXT NOT NULL,
    body_hash      BLOB NOT NULL,
    position       INTEGER NOT NULL,
    stream_version INTEGER NOT NULL,
    event_ids      BLOB NOT NULL,   -- 16 bytes each
    recorded_at    INTEGER NOT NULL,
    issued         BLOB NOT NULL,   -- ids and tokens minted for the answer
    PRIMARY KEY (shard, organisation, request_id)
) WITHOUT ROWID;

-- Look-ups by keyed hash. The slot is the nil id where one holder at most may exist, else the holder.
CREATE TABLE log_key (
    shard       INTEGER NOT NULL,
    scope       INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    slot        BLOB NOT NULL,
    stream      BLOB NOT NULL,
    valid_from  INTEGER,             -- civil days as yyyymmdd
    valid_until INTEGER,
    PRIMARY KEY (shard, scope, hash, slot)
) WITHOUT ROWID;

-- Learners whose key was destroyed: nothing more may be written about them.
CREATE TABLE log_erased (
    shard    INTEGER NOT NULL,
    learner  BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (shard, learner)
) WITHOUT ROWID;

-- The record of reads, with a chain of its own.
CREATE TABLE log_access (
    shard        INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    organisation BLOB NOT NULL,
    member       BLOB,
    role         TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    method       TEXT NOT NULL,
    learners     BLOB NOT NULL,     -- 16 bytes each
    request_id   BLOB,
    hash         BLOB NOT NULL,
    PRIMARY KEY (shard, sequence)
) WITHOUT ROWID;
