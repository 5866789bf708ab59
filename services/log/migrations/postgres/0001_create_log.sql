-- One row for each thing that is done by one transaction at a time. Locked FOR UPDATE, never updated: a row
-- that changed at every commit would grow a chain of dead versions under any long foreign snapshot.
CREATE TABLE log_lock (
    shard SMALLINT NOT NULL,
    name  TEXT NOT NULL,
    PRIMARY KEY (shard, name)
);
INSERT INTO log_lock (shard, name) VALUES (0, 'log'), (0, 'access');

-- Whose log this is: made at the first start, never changed. The check values tell a process that was
-- started with another key folder before it writes anything.
CREATE TABLE log_identity (
    shard        SMALLINT NOT NULL PRIMARY KEY,
    log_id       UUID NOT NULL,
    keys_id      UUID NOT NULL,
    lookup_check BYTEA NOT NULL
);

-- One row a batch; the newest says where the log ends. Old rows are pruned.
CREATE TABLE log_batch (
    shard         SMALLINT NOT NULL,
    last_position BIGINT NOT NULL,
    hash          BYTEA NOT NULL,
    recorded_at   BIGINT NOT NULL,
    sequences     BYTEA NOT NULL,   -- 64 partition sequences, 8 bytes each, big endian
    epoch         BIGINT NOT NULL,
    PRIMARY KEY (shard, last_position)
);
INSERT INTO log_batch (shard, last_position, hash, recorded_at, sequences, epoch)
VALUES (0, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 512), 'hex'), 1);

-- The optimistic lock of each stream.
CREATE TABLE log_stream (
    shard         SMALLINT NOT NULL,
    stream        UUID NOT NULL,
    version       BIGINT NOT NULL,
    last_position BIGINT NOT NULL,
    PRIMARY KEY (shard, stream)
) WITH (fillfactor = 85);

-- The facts. `previous` is the position of the stream's fact before this one (0 for the first): a stream is
-- read by following it, which spares a second index. Sealed and public bytes are compressed by nobody:
-- ciphertext does not shrink.
CREATE TABLE log_event (
    shard              SMALLINT NOT NULL,
    position           BIGINT NOT NULL,
    previous           BIGINT NOT NULL,
    partition_no       SMALLINT NOT NULL,
    partition_sequence BIGINT NOT NULL,
    stream             UUID NOT NULL,
    version            BIGINT NOT NULL,
    event_id           UUID NOT NULL,
    learner            UUID,
    event_type         TEXT NOT NULL,
    schema_version     SMALLINT NOT NULL,
    recorded_at        BIGINT NOT NULL,
    public_part        BYTEA NOT NULL,
    sealed_part        BYTEA NOT NULL,
    hash               BYTEA NOT NULL,
    PRIMARY KEY (shard, position)
) PARTITION BY RANGE (position);
ALTER TABLE log_event ALTER COLUMN public_part SET STORAGE EXTERNAL;
ALTER TABLE log_event ALTER COLUMN sealed_part SET STORAGE EXTERNAL;
-- Ranges are made ahead of the log's head at start and while running; this catches what they miss.
CREATE TABLE log_event_default PARTITION OF log_event DEFAULT;

-- Answers kept for good, so that a retry gets the first one again. OK answers only, no personal data.
CREATE TABLE log_request (
    shard          SMALLINT NOT NULL,
    organisation   UUID NOT NULL,
    request_id     UUID NOT NULL,
    method         TEXT NOT NULL,
    body_hash      BYTEA NOT NULL,
    position       BIGINT NOT NULL,
    stream_version BIGINT NOT NULL,
    event_ids      BYTEA NOT NULL,   -- 16 bytes each
    recorded_at    BIGINT NOT NULL,
    issued         BYTEA NOT NULL,   -- ids and tokens minted for the answer
    PRIMARY KEY (shard, organisation, request_id)
);

-- Look-ups by keyed hash. The slot is the nil UUID where one holder at most may exist, else the holder.
CREATE TABLE log_key (
    shard       SMALLINT NOT NULL,
    scope       SMALLINT NOT NULL,
    hash        BYTEA NOT NULL,
    slot        UUID NOT NULL,
    stream      UUID NOT NULL,
    valid_from  INTEGER,             -- civil days as yyyymmdd
    valid_until INTEGER,
    PRIMARY KEY (shard, scope, hash, slot)
);

-- Learners whose key was destroyed: nothing more may be written about them.
CREATE TABLE log_erased (
    shard    SMALLINT NOT NULL,
    learner  UUID NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (shard, learner)
);

-- The record of reads, with a chain of its own.
CREATE TABLE log_access (
    shard        SMALLINT NOT NULL,
    sequence     BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    organisation UUID NOT NULL,
    member       UUID,
    role         TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    method       TEXT NOT NULL,
    learners     BYTEA NOT NULL,     -- 16 bytes each
    request_id   UUID,
    hash         BYTEA NOT NULL,
    PRIMARY KEY (shard, sequence)
);
