-- What is known of the copy on the bus, whoever relays or audits it next: one row. None of it is needed to copy
-- (the stream itself says how far it is); it is what must outlive a process: a halt, what befell the copy last,
-- how far the audit has come.
CREATE TABLE log_copy (
    shard               SMALLINT NOT NULL PRIMARY KEY,
    incarnation         BIGINT NOT NULL,   -- the highest number that was ever used; 0 before the first
    copied              BIGINT NOT NULL,  -- a position that the present one is known to have come to
    halted              TEXT,              -- why copying was stopped on purpose, until somebody has looked
    halted_at           BIGINT,
    incident            TEXT,              -- what befell the copy last
    incident_at         BIGINT,
    condemned           BIGINT NOT NULL,   -- the incarnation that was found unequal to the log; 0 for none
    condemned_why       TEXT,
    audited_incarnation BIGINT NOT NULL,   -- what the audit is at
    audited             BIGINT NOT NULL,   -- the position that its present round has come to
    audit_until         BIGINT NOT NULL,   -- where that round will end; 0 while none is under way
    rounds              BIGINT NOT NULL,   -- rounds that came to their end
    round_ended_at      BIGINT
);
INSERT INTO log_copy
    (shard, incarnation, copied, condemned, audited_incarnation, audited, audit_until, rounds)
VALUES (0, 0, 0, 0, 0, 0, 0, 0);
