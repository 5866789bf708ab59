//! SQL of the key store.

/// Makes the tables of a key store in SQLite. `kek` is the id of the key that wrapped.
pub(crate) const CREATE_SQLITE: &str = "
CREATE TABLE IF NOT EXISTS key_store (one INTEGER PRIMARY KEY, id BLOB NOT NULL, wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS subject_key (subject BLOB NOT NULL PRIMARY KEY, wrapped BLOB) WITHOUT ROWID;
";

/// Columns that came later.
pub(crate) const HAS_KEK_SQLITE: &str =
    "SELECT COUNT(*) FROM pragma_table_info('subject_key') WHERE name = 'kek'";
pub(crate) const ADD_KEK_SQLITE: &str = "
ALTER TABLE key_store ADD COLUMN kek BLOB;
ALTER TABLE subject_key ADD COLUMN kek BLOB;
";

/// Makes the tables of a key store in PostgreSQL; two at once wait for each other. ANALYZE would keep a sample
/// of the wrapped keys in the server's catalogue, where no erasure finds it.
pub(crate) const CREATE_POSTGRES: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(7209741);
CREATE TABLE IF NOT EXISTS key_store (one INTEGER PRIMARY KEY, id UUID NOT NULL, wrapped BYTEA NOT NULL);
CREATE TABLE IF NOT EXISTS subject_key (subject UUID NOT NULL PRIMARY KEY, wrapped BYTEA);
ALTER TABLE key_store ADD COLUMN IF NOT EXISTS kek BYTEA;
ALTER TABLE subject_key ADD COLUMN IF NOT EXISTS kek BYTEA;
ALTER TABLE subject_key ALTER COLUMN wrapped SET STATISTICS 0;
COMMIT;
";

pub(crate) const INSERT_IDENTITY: &str =
    "INSERT INTO key_store (one, id, wrapped, kek) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING";

pub(crate) const READ_IDENTITY: &str = "SELECT id, wrapped, kek FROM key_store WHERE one = 1";

pub(crate) const HOLDS_ANY: &str = "SELECT 1 FROM subject_key LIMIT 1";

/// From now on this key wraps. The row is what everybody who adds a key looks at first.
pub(crate) const SWITCH: &str = "UPDATE key_store SET wrapped = $1, kek = $2 WHERE one = 1";

/// A store from before keys had ids: all of it was wrapped by one key.
pub(crate) const ADOPT: &str = "UPDATE subject_key SET kek = $1 WHERE kek IS NULL";

pub(crate) const INSERT: &str = "
INSERT INTO subject_key (subject, wrapped, kek)
SELECT $1, $2, $3 WHERE (SELECT kek FROM key_store WHERE one = 1) = $3 ON CONFLICT DO NOTHING";

/// Only while the wrapping key is still this one: a switch waits for those who add, and they for it.
pub(crate) const INSERT_POSTGRES: &str = "
WITH present AS (SELECT kek FROM key_store WHERE one = 1 FOR SHARE)
INSERT INTO subject_key (subject, wrapped, kek)
SELECT fresh.subject, fresh.wrapped, $3 FROM unnest($1::uuid[], $2::bytea[]) AS fresh (subject, wrapped)
CROSS JOIN present WHERE present.kek = $3 ON CONFLICT DO NOTHING";

pub(crate) const READ_SQLITE: &str = "
SELECT subject, wrapped, kek FROM subject_key
WHERE subject IN (SELECT unhex(value) FROM json_each($1))";

pub(crate) const READ_POSTGRES: &str =
    "SELECT subject, wrapped, kek FROM subject_key WHERE subject = ANY($1)";

// === rotation

/// Keys that another key than this one wrapped, in order, after a subject.
pub(crate) const OTHERS: &str = "
SELECT subject, wrapped, kek FROM subject_key
WHERE subject > $1 AND wrapped IS NOT NULL AND kek <> $2 ORDER BY subject LIMIT $3";

pub(crate) const COUNT_OTHERS: &str =
    "SELECT COUNT(*) FROM subject_key WHERE wrapped IS NOT NULL AND kek <> $1";

/// Wrapped anew, unless it was destroyed or wrapped by somebody else meanwhile.
pub(crate) const REWRAP: &str = "
UPDATE subject_key SET wrapped = $1, kek = $2 WHERE subject = $3 AND wrapped = $4";

// === destruction

/// Overwritten; the row stays, so that no key is made for this subject again.
pub(crate) const DESTROY: &str = "
INSERT INTO subject_key (subject, wrapped, kek) VALUES ($1, NULL, NULL)
ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, kek = NULL";

/// Who may still see these rows as they were before: snapshots of this database, of standbys, and of slots that
/// are not younger than the newest change. VACUUM FULL would keep the old rows for them.
pub(crate) const STILL_SEEN_POSTGRES: &str = "
WITH seen AS (
    SELECT backend_xmin AS xmin FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (datname IS NULL OR datname = current_database())
    UNION ALL SELECT xmin FROM pg_replication_slots
)
SELECT COUNT(*) FROM seen WHERE seen.xmin IS NOT NULL AND age(seen.xmin) >=
    (SELECT MIN(age(subject_key.xmin)) FROM subject_key WHERE subject = ANY($1))";

/// Gives up what others hold for longer than this.
pub(crate) const IMPATIENT: &str = "SET lock_timeout = '200ms'";

/// Writes the table into new files, and lets the old ones go.
pub(crate) const VACUUM_POSTGRES: &str = "VACUUM FULL subject_key";

/// Whether segments of the write-ahead log are removed, instead of being used again with what is in them.
pub(crate) const WAL_IS_REMOVED: &str = "SELECT current_setting('wal_recycle') = 'off'";
/// Begins a new segment of the write-ahead log.
pub(crate) const SWITCH_WAL: &str = "SELECT pg_switch_wal()";
/// Lets go of the segments before it, and of the files of the table that was written anew.
pub(crate) const CHECKPOINT: &str = "CHECKPOINT";

pub(crate) const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
pub(crate) const VACUUM_SQLITE: &str = "VACUUM";
/// Folds the write-ahead log in and cuts it to nothing.
pub(crate) const FOLD_AWAY: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// A copy of the whole store in one new file.
pub(crate) const COPY_SQLITE: &str = "VACUUM INTO $1";
