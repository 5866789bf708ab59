-- Learners whose erasure is recorded but not carried through yet: a row goes when nothing is left to do, so
-- that whoever opens the log finishes what a crash cut short. Learner ids only.
CREATE TABLE log_erasing (
    shard   INTEGER NOT NULL,
    learner BLOB NOT NULL,
    PRIMARY KEY (shard, learner)
) WITHOUT ROWID;

-- Other processes ask what was erased since they last looked.
CREATE INDEX log_erased_position ON log_erased (shard, position);
