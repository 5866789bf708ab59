//! SQL of the key store.

/// Makes the tables of a key store in SQLite.
pub(crate) const CREATE_SQLITE: &str = "
CREATE TABLE IF NOT EXISTS key_store (one INTEGER PRIMARY KEY, id BLOB NOT NULL, wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS subject_key (subject BLOB NOT NULL PRIMARY KEY, wrapped BLOB) WITHOUT ROWID;
";

/// Makes the tables of a key store in PostgreSQL; two at once wait for each other.
pub(crate) const CREATE_POSTGRES: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(7209741);
CREATE TABLE IF NOT EXISTS key_store (one INTEGER PRIMARY KEY, id UUID NOT NULL, wrapped BYTEA NOT NULL);
CREATE TABLE IF NOT EXISTS subject_key (subject UUID NOT NULL PRIMARY KEY, wrapped BYTEA);
COMMIT;
";

pub(crate) const INSERT_IDENTITY: &str =
    "INSERT INTO key_store (one, id, wrapped) VALUES (1, $1, $2) ON CONFLICT DO NOTHING";

pub(crate) const READ_IDENTITY: &str = "SELECT id, wrapped FROM key_store WHERE one = 1";

pub(crate) const INSERT: &str =
    "INSERT INTO subject_key (subject, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING";

pub(crate) const INSERT_POSTGRES: &str = "
INSERT INTO subject_key (subject, wrapped)
SELECT * FROM unnest($1::uuid[], $2::bytea[]) ON CONFLICT DO NOTHING";

pub(crate) const READ_SQLITE: &str = "
SELECT subject, wrapped FROM subject_key
WHERE subject IN (SELECT unhex(value) FROM json_each($1))";

pub(crate) const READ_POSTGRES: &str =
    "SELECT subject, wrapped FROM subject_key WHERE subject = ANY($1)";
