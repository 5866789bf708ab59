-- Generations that are or were built beside a live one: who builds, and what a comparison came to.
CREATE TABLE IF NOT EXISTS view_build (
    view              TEXT   NOT NULL,
    generation        BIGINT NOT NULL,
    worker            UUID,
    epoch             BIGINT NOT NULL,
    until_ms          BIGINT NOT NULL,
    compared_position BIGINT, -- null: not compared yet
    partitions        BIGINT, -- that were compared
    rows_compared     BIGINT,
    differences       BIGINT,
    PRIMARY KEY (view, generation)
);
