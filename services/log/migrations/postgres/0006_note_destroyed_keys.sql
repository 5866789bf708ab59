-- When the key of an erased learner was destroyed, which may be later than the erasure was recorded: from that
-- day on the days of the last backup that holds it are counted. Microseconds since 1970; null until then.
ALTER TABLE log_erased ADD COLUMN destroyed_at BIGINT;
