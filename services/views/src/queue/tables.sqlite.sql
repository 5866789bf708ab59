-- The queue. _g_ stands for the generation. Ids, states, moments, numbers that order, sealed bytes.
CREATE TABLE IF NOT EXISTS queue_g_referral (
    referral           BLOB NOT NULL PRIMARY KEY,
    learner            BLOB NOT NULL,
    setting            BLOB NOT NULL,
    referrer           BLOB NOT NULL,
    queue              BLOB,
    pathfinder         BLOB,
    state              TEXT NOT NULL,
    priority           INTEGER NOT NULL,
    order_day          INTEGER NOT NULL, -- days since 1970
    received_day       INTEGER NOT NULL,
    holder             BLOB,
    held_until         INTEGER, -- nanoseconds since 1970, as every moment here
    keeper             BLOB,
    lapses             INTEGER NOT NULL,
    submitted_at       INTEGER NOT NULL,
    accepted_at        INTEGER,
    claimed_at         INTEGER,
    screened_at        INTEGER,
    started_at         INTEGER,
    ended_at           INTEGER,
    submitted_position INTEGER NOT NULL,
    changed_position   INTEGER NOT NULL,
    changed_at         INTEGER NOT NULL,
    row_version        INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS queue_g_form (
    position           INTEGER NOT NULL,
    previous           INTEGER NOT NULL,
    partition          INTEGER NOT NULL,
    partition_sequence INTEGER NOT NULL,
    stream             BLOB NOT NULL PRIMARY KEY, -- the referral
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
