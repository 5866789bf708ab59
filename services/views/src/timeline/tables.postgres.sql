-- The timeline. _g_ stands for the generation. Ids, moments and sealed bytes only.
CREATE TABLE IF NOT EXISTS timeline_g_entry (
    position           BIGINT NOT NULL PRIMARY KEY,
    previous           BIGINT NOT NULL,
    partition          BIGINT NOT NULL,
    partition_sequence BIGINT NOT NULL,
    stream             UUID NOT NULL,
    version            BIGINT NOT NULL,
    event_id           UUID NOT NULL,
    learner            UUID NOT NULL,
    event_type         TEXT NOT NULL,
    schema_version     BIGINT NOT NULL,
    recorded_at        BIGINT NOT NULL, -- nanoseconds since 1970
    public_part        BYTEA NOT NULL,
    sealed_part        BYTEA NOT NULL,
    hash               BYTEA NOT NULL,
    owner              UUID NOT NULL, -- keeps the record
    organisation       UUID NOT NULL, -- recorded the event
    area               TEXT NOT NULL,
    corrects           UUID,
    transition         UUID,
    handover           UUID
);
CREATE INDEX IF NOT EXISTS timeline_g_entry_by_learner ON timeline_g_entry (learner, position);
CREATE TABLE IF NOT EXISTS timeline_g_learner (
    learner      UUID NOT NULL PRIMARY KEY,
    organisation UUID NOT NULL
);
CREATE TABLE IF NOT EXISTS timeline_g_link (
    learner            UUID NOT NULL,
    other              UUID NOT NULL,
    other_organisation UUID NOT NULL,
    position           BIGINT NOT NULL,
    PRIMARY KEY (learner, other)
);
CREATE TABLE IF NOT EXISTS timeline_g_share (
    learner      UUID NOT NULL,
    organisation UUID NOT NULL,
    scope        TEXT NOT NULL,
    subject      UUID NOT NULL,
    via          UUID NOT NULL,
    position     BIGINT NOT NULL,
    known_at     BIGINT NOT NULL,
    full_at      BIGINT,
    ended_at     BIGINT,
    PRIMARY KEY (learner, organisation, scope, subject, via)
);
CREATE TABLE IF NOT EXISTS timeline_g_subject (
    subject          UUID NOT NULL PRIMARY KEY,
    learner          UUID NOT NULL,
    owner            UUID NOT NULL,
    kind             TEXT NOT NULL,
    begun_as         TEXT NOT NULL,
    state            TEXT NOT NULL,
    steps            TEXT NOT NULL,
    authority        UUID,
    source           UUID,
    destination      UUID,
    transition       UUID,
    begun_position   BIGINT NOT NULL,
    begun_at         BIGINT NOT NULL,
    changed_position BIGINT NOT NULL,
    changed_at       BIGINT NOT NULL,
    version          BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS timeline_g_subject_by_learner ON timeline_g_subject (learner);
CREATE TABLE IF NOT EXISTS timeline_g_feed (
    organisation UUID NOT NULL,
    position     BIGINT NOT NULL,
    learner      UUID NOT NULL,
    PRIMARY KEY (organisation, position)
);
-- Only readers need these: a rebuild makes them once, at its end.
CREATE INDEX IF NOT EXISTS timeline_g_entry_by_stream ON timeline_g_entry (stream, position);
CREATE INDEX IF NOT EXISTS timeline_g_share_by_subject
    ON timeline_g_share (organisation, subject);
CREATE INDEX IF NOT EXISTS timeline_g_subject_by_owner
    ON timeline_g_subject (owner, kind, begun_position);
