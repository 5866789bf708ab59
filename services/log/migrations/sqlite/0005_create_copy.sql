-- What is known of the copy on the bus, whoever relays or audits it next: one row. None of it is needed to copy
-- (the stream itself says how far it is); it is what must outlive a process: a halt, what befell the copy last,
-- how far the audit has come.
CREATE TABLE log_copy (
    shard               INTEGER NOT NULL PRIMARY KEY,
    incarnation         INTEGER NOT NULL,   -- the highest number that was ever used; 0 before the first
    copied              INTEGER NOT NULL,  -- a position that the present one is known to have come to
    halted              TEXT,              -- why copying was stopped on purpose, until somebody has looked
    halted_at           INTEGER,
    incident            TEXT,              -- what befell the copy last
    incident_at         INTEGER,
    condemned           INTEGER NOT NULL,   -- the incarnation that was found unequal to the log; 0 for none
    condemned_why       TEXT,
    audited_incarnation INTEGER NOT NULL,   -- what the audit is at
    audited             INTEGER NOT NULL,   -- the position that its present round has come to
    audit_until         INTEGER NOT NULL,   -- where that round will end; 0 while none is under way
    rounds              INTEGER NOT NULL,   -- rounds that came to their end
    round_ended_at      INTEGER
) WITHOUT ROWID;
INSERT INTO log_copy
    (shard, incarnation, copied, condemned, audited_incarnation, audited, audit_until, rounds)
VALUES (0, 0, 0, 0, 0, 0, 0, 0);
