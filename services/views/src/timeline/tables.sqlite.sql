-- The timeline. _g_ stands for the generation. Ids, moments and sealed bytes only. Rows of what has a
-- key of its own lie in its order, instead of in a second tree.
CREATE TABLE IF NOT EXISTS timeline_g_entry (
    position           INTEGER NOT NULL PRIMARY KEY,
    previous           INTEGER NOT NULL,
    partition          INTEGER NOT NULL,
    partition_sequence INTEGER NOT NULL,
    stream             BLOB NOT NULL,
    version            INTEGER NOT NULL,
    event_id           BLOB NOT NULL,
    learner            BLOB NOT NULL,
    event_type         TEXT NOT NULL,
    schema_version     INTEGER NOT NULL,
    recorded_at        INTEGER NOT NULL, -- nanoseconds since 1970
    public_part        BLOB NOT NULL,
    sealed_part        BLOB NOT NULL,
    hash               BLOB NOT NULL,
    owner              BLOB NOT NULL, -- keeps the record
    organisation       BLOB NOT NULL, -- recorded the event
    area               TEXT NOT NULL,
    corrects           BLOB,
    transition         BLOB,
    handover           BLOB
);
CREATE INDEX IF NOT EXISTS timeline_g_entry_by_learner ON timeline_g_entry (learner, position);
CREATE TABLE IF NOT EXISTS timeline_g_learner (
    learner      BLOB NOT NULL PRIMARY KEY,
    organisation BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timeline_g_link (
    learner            BLOB NOT NULL,
    other              BLOB NOT NULL,
    other_organisation BLOB NOT NULL,
    position           INTEGER NOT NULL,
    PRIMARY KEY (learner, other)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timeline_g_share (
    learner      BLOB NOT NULL,
    organisation BLOB NOT NULL,
    scope        TEXT NOT NULL,
    subject      BLOB NOT NULL,
    via          BLOB NOT NULL,
    position     INTEGER NOT NULL,
    known_at     INTEGER NOT NULL,
    full_at      INTEGER,
    ended_at     INTEGER,
    PRIMARY KEY (learner, organisation, scope, subject, via)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timeline_g_subject (
    subject          BLOB NOT NULL PRIMARY KEY,
    learner          BLOB NOT NULL,
    owner            BLOB NOT NULL,
    kind             TEXT NOT NULL,
    begun_as         TEXT NOT NULL,
    state            TEXT NOT NULL,
    steps            TEXT NOT NULL,
    authority        BLOB,
    source           BLOB,
    destination      BLOB,
    transition       BLOB,
    begun_position   INTEGER NOT NULL,
    begun_at         INTEGER NOT NULL,
    changed_position INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    version          INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timeline_g_subject_by_learner ON timeline_g_subject (learner);
CREATE TABLE IF NOT EXISTS timeline_g_feed (
    organisation BLOB NOT NULL,
    position     INTEGER NOT NULL,
    learner      BLOB NOT NULL,
    PRIMARY KEY (organisation, position)
) WITHOUT ROWID;
-- Only readers need these: a rebuild makes them once, at its end.
CREATE INDEX IF NOT EXISTS timeline_g_entry_by_stream ON timeline_g_entry (stream, position);
CREATE INDEX IF NOT EXISTS timeline_g_share_by_subject
    ON timeline_g_share (organisation, subject);
CREATE INDEX IF NOT EXISTS timeline_g_subject_by_owner
    ON timeline_g_subject (owner, kind, begun_position);
