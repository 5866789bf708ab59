-- The engine's own tables: which views there are, who owns which partitions, how far each has come.
CREATE TABLE IF NOT EXISTS view_registry (
    view       TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    state      TEXT   NOT NULL, -- live, building or retired
    PRIMARY KEY (view, generation)
);
-- A slice is every eighth partition. The epoch grows with each new owner.
CREATE TABLE IF NOT EXISTS view_owner (
    slice    BIGINT NOT NULL PRIMARY KEY,
    worker   UUID,
    epoch    BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS view_worker (
    worker   UUID   NOT NULL PRIMARY KEY,
    until_ms BIGINT NOT NULL
);
-- The last partition sequence that was applied.
CREATE TABLE IF NOT EXISTS view_checkpoint (
    view       TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    partition  BIGINT NOT NULL,
    sequence   BIGINT NOT NULL,
    PRIMARY KEY (view, generation, partition)
) WITH (fillfactor = 50);
-- The position up to which a slice has seen every event, its own or not.
CREATE TABLE IF NOT EXISTS view_progress (
    view       TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    slice      BIGINT NOT NULL,
    scanned    BIGINT NOT NULL,
    hash       BYTEA NOT NULL DEFAULT '', -- of the event at that position
    PRIMARY KEY (view, generation, slice)
) WITH (fillfactor = 50);
-- Events that a view could not apply, and those of the same learner behind them.
CREATE TABLE IF NOT EXISTS view_parked (
    view        TEXT   NOT NULL,
    generation  BIGINT NOT NULL,
    position    BIGINT NOT NULL,
    parked      UUID   NOT NULL, -- learner, or stream where there is none
    partition   BIGINT NOT NULL,
    event_type  TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    behind      BIGINT NOT NULL,
    tries       BIGINT NOT NULL,
    PRIMARY KEY (view, generation, position)
);
CREATE INDEX IF NOT EXISTS view_parked_by ON view_parked (parked, view, generation);
