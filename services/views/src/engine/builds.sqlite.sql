-- Generations that are or were built beside a live one: who builds, and what a comparison came to.
CREATE TABLE IF NOT EXISTS view_build (
    view              TEXT   NOT NULL,
    generation        INTEGER NOT NULL,
    worker            BLOB,
    epoch             INTEGER NOT NULL,
    until_ms          INTEGER NOT NULL,
    compared_position INTEGER, -- null: not compared yet
    partitions        INTEGER, -- that were compared
    rows_compared     INTEGER,
    differences       INTEGER,
    PRIMARY KEY (view, generation)
);
