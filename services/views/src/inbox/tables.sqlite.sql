-- The inbox. _g_ stands for the generation. Ids, states, moments and sealed bytes only.
CREATE TABLE IF NOT EXISTS inbox_g_handover (
    handover          BLOB NOT NULL PRIMARY KEY,
    learner           BLOB NOT NULL,
    sender            BLOB NOT NULL,
    receiver          BLOB NOT NULL,
    transition        BLOB,
    receiver_learner  BLOB,
    state             TEXT NOT NULL,
    pack_version      INTEGER NOT NULL,
    drafted_at        INTEGER NOT NULL, -- nanoseconds since 1970, as every moment here
    edited_at         INTEGER,
    released_at       INTEGER,
    delivered_at      INTEGER,
    opened_at         INTEGER,
    accepted_at       INTEGER,
    declined_at       INTEGER,
    confirmed_at      INTEGER,
    withdrawn_at      INTEGER,
    drafted_position  INTEGER NOT NULL,
    released_position INTEGER,
    changed_position  INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL,
    row_version       INTEGER NOT NULL,
    first_day         INTEGER NOT NULL -- days since 1970; the largest number where not known
);
CREATE INDEX IF NOT EXISTS inbox_g_handover_by_learner ON inbox_g_handover (learner);
CREATE TABLE IF NOT EXISTS inbox_g_pack (
    position           INTEGER NOT NULL,
    previous           INTEGER NOT NULL,
    partition          INTEGER NOT NULL,
    partition_sequence INTEGER NOT NULL,
    stream             BLOB NOT NULL PRIMARY KEY, -- the handover
    version            INTEGER NOT NULL,
    event_id           BLOB NOT NULL,
    learner            BLOB NOT NULL,
    event_type         TEXT NOT NULL,
    schema_version     INTEGER NOT NULL,
    recorded_at        INTEGER NOT NULL,
    public_part        BLOB NOT NULL,
    sealed_part        BLOB NOT NULL,
    hash               BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS inbox_g_move (
    transition BLOB NOT NULL PRIMARY KEY,
    learner    BLOB NOT NULL,
    first_day  INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS inbox_g_move_by_learner ON inbox_g_move (learner);
-- Only readers need these: a rebuild makes them once, at its end.
CREATE INDEX IF NOT EXISTS inbox_g_handover_sent
    ON inbox_g_handover (sender, first_day, drafted_position);
CREATE INDEX IF NOT EXISTS inbox_g_handover_received
    ON inbox_g_handover (receiver, first_day, released_position);
CREATE INDEX IF NOT EXISTS inbox_g_handover_changed
    ON inbox_g_handover (receiver, changed_position);
