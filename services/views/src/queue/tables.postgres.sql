-- The queue. _g_ stands for the generation. Ids, states, moments, numbers that order, sealed bytes.
CREATE TABLE IF NOT EXISTS queue_g_referral (
    referral           UUID NOT NULL PRIMARY KEY,
    learner            UUID NOT NULL,
    setting            UUID NOT NULL,
    referrer           UUID NOT NULL,
    queue              UUID,
    pathfinder         UUID,
    state              TEXT NOT NULL,
    priority           BIGINT NOT NULL,
    order_day          BIGINT NOT NULL, -- days since 1970
    received_day       BIGINT NOT NULL,
    holder             UUID,
    held_until         BIGINT, -- nanoseconds since 1970, as every moment here
    keeper             UUID,
    lapses             BIGINT NOT NULL,
    submitted_at       BIGINT NOT NULL,
    accepted_at        BIGINT,
    claimed_at         BIGINT,
    screened_at        BIGINT,
    started_at         BIGINT,
    ended_at           BIGINT,
    submitted_position BIGINT NOT NULL,
    changed_position   BIGINT NOT NULL,
    changed_at         BIGINT NOT NULL,
    row_version        BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS queue_g_form (
    position           BIGINT NOT NULL,
    previous           BIGINT NOT NULL,
    partition          BIGINT NOT NULL,
    partition_sequence BIGINT NOT NULL,
    stream             UUID NOT NULL PRIMARY KEY, -- the referral
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
-- Only readers need these: a rebuild makes them once, at its end.
CREATE INDEX IF NOT EXISTS queue_g_referral_by_queue
    ON queue_g_referral (queue, state, order_day, submitted_position);
CREATE INDEX IF NOT EXISTS queue_g_referral_by_pathfinder
    ON queue_g_referral (pathfinder, changed_position);
CREATE INDEX IF NOT EXISTS queue_g_referral_by_referrer
    ON queue_g_referral (referrer, order_day, submitted_position);
CREATE INDEX IF NOT EXISTS queue_g_referral_by_setting
    ON queue_g_referral (setting, order_day, submitted_position);
CREATE INDEX IF NOT EXISTS queue_g_referral_by_holder ON queue_g_referral (holder);
CREATE INDEX IF NOT EXISTS queue_g_referral_by_keeper ON queue_g_referral (keeper);
