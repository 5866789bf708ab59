-- The inbox. _g_ stands for the generation. Ids, states, moments and sealed bytes only.
CREATE TABLE IF NOT EXISTS inbox_g_handover (
    handover          UUID NOT NULL PRIMARY KEY,
    learner           UUID NOT NULL,
    sender            UUID NOT NULL,
    receiver          UUID NOT NULL,
    transition        UUID,
    receiver_learner  UUID,
    state             TEXT NOT NULL,
    pack_version      BIGINT NOT NULL,
    drafted_at        BIGINT NOT NULL, -- nanoseconds since 1970, as every moment here
    edited_at         BIGINT,
    released_at       BIGINT,
    delivered_at      BIGINT,
    opened_at         BIGINT,
    accepted_at       BIGINT,
    declined_at       BIGINT,
    confirmed_at      BIGINT,
    withdrawn_at      BIGINT,
    drafted_position  BIGINT NOT NULL,
    released_position BIGINT,
    changed_position  BIGINT NOT NULL,
    changed_at        BIGINT NOT NULL,
    row_version       BIGINT NOT NULL,
    first_day         BIGINT NOT NULL -- days since 1970; the largest number where not known
);
CREATE INDEX IF NOT EXISTS inbox_g_handover_by_learner ON inbox_g_handover (learner);
CREATE TABLE IF NOT EXISTS inbox_g_pack (
    position           BIGINT NOT NULL,
    previous           BIGINT NOT NULL,
    partition          BIGINT NOT NULL,
    partition_sequence BIGINT NOT NULL,
    stream             UUID NOT NULL PRIMARY KEY, -- the handover
    version            BIGINT NOT NULL,
    event_id           UUID NOT NULL,
    learner            UUID NOT NULL,
    event_type         TEXT NOT NULL,
    schema_version     BIGINT NOT NULL,
    recorded_at        BIGINT NOT NULL,
    public_part        BYTEA NOT NULL,
    sealed_part        BYTEA NOT NULL,
    hash               BYTEA NOT NULL
);
CREATE TABLE IF NOT EXISTS inbox_g_move (
    transition UUID NOT NULL PRIMARY KEY,
    learner    UUID NOT NULL,
    first_day  BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS inbox_g_move_by_learner ON inbox_g_move (learner);
-- Only readers need these: a rebuild makes them once, at its end.
CREATE INDEX IF NOT EXISTS inbox_g_handover_sent
    ON inbox_g_handover (sender, first_day, drafted_position);
CREATE INDEX IF NOT EXISTS inbox_g_handover_received
    ON inbox_g_handover (receiver, first_day, released_position);
CREATE INDEX IF NOT EXISTS inbox_g_handover_changed
    ON inbox_g_handover (receiver, changed_position);
