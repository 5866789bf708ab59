-- The engine's own tables: which views there are, who owns which partitions, how far each has come.
CREATE TABLE IF NOT EXISTS view_registry (
    view       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    state      TEXT    NOT NULL, -- live, building or retired
    PRIMARY KEY (view, generation)
);
-- A slice is every eighth partition. The epoch grows with each new owner.
CREATE TABLE IF NOT EXISTS view_owner (
    slice    INTEGER NOT NULL PRIMARY KEY,
    worker   BLOB,
    epoch    INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS view_worker (
    worker   BLOB    NOT NULL PRIMARY KEY,
    until_ms INTEGER NOT NULL
);
-- The last partition sequence that was applied.
CREATE TABLE IF NOT EXISTS view_checkpoint (
    view       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    partition  INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    PRIMARY KEY (view, generation, partition)
);
-- The position up to which a slice has seen every event, its own or not.
CREATE TABLE IF NOT EXISTS view_progress (
    view       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    slice      INTEGER NOT NULL,
    scanned    INTEGER NOT NULL,
    hash       BLOB NOT NULL DEFAULT X'', -- of the event at that position
    PRIMARY KEY (view, generation, slice)
);
-- Events that a view could not apply, and those of the same learner behind them.
CREATE TABLE IF NOT EXISTS view_parked (
    view        TEXT    NOT NULL,
    generation  INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    parked      BLOB    NOT NULL, -- learner, or stream where there is none
    partition   INTEGER NOT NULL,
    event_type  TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    behind      INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    PRIMARY KEY (view, generation, position)
);
CREATE INDEX IF NOT EXISTS view_parked_by ON view_parked (parked, view, generation);
