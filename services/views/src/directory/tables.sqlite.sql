-- The directory. _g_ stands for the generation. What organisations publish; members as ids and copies.
CREATE TABLE IF NOT EXISTS directory_g_organisation (
    organisation        BLOB NOT NULL PRIMARY KEY,
    kind                TEXT NOT NULL,
    name                TEXT NOT NULL,
    name_key            TEXT NOT NULL, -- the name in lower case
    phase               TEXT,
    low_age             INTEGER,
    high_age            INTEGER,
    open_from           INTEGER, -- days since 1970, as every day here
    open_to             INTEGER,
    go_live             INTEGER,
    successor_of        BLOB,
    registered_position INTEGER NOT NULL,
    registered_at       INTEGER NOT NULL, -- nanoseconds since 1970, as every moment here
    row_version         INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS directory_g_organisation_by_place
    ON directory_g_organisation (registered_position);
CREATE TABLE IF NOT EXISTS directory_g_number (
    organisation BLOB NOT NULL,
    kind         TEXT NOT NULL,
    number       TEXT NOT NULL,
    PRIMARY KEY (organisation, kind, number)
);
CREATE INDEX IF NOT EXISTS directory_g_number_by_number ON directory_g_number (kind, number);
CREATE TABLE IF NOT EXISTS directory_g_member (
    member         BLOB NOT NULL PRIMARY KEY,
    organisation   BLOB NOT NULL,
    roles          TEXT NOT NULL, -- ,SENCO,DSL,
    from_day       INTEGER,
    until_day      INTEGER,
    deputy         BLOB,
    added_position INTEGER NOT NULL,
    added_at       INTEGER NOT NULL,
    removed_at     INTEGER,
    row_version    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS directory_g_member_by_organisation
    ON directory_g_member (organisation, added_position);
CREATE TABLE IF NOT EXISTS directory_g_said (
    position           INTEGER NOT NULL,
    previous           INTEGER NOT NULL,
    partition          INTEGER NOT NULL,
    partition_sequence INTEGER NOT NULL,
    stream             BLOB NOT NULL PRIMARY KEY, -- the member or the organisation
    version            INTEGER NOT NULL,
    event_id           BLOB NOT NULL,
    learner            BLOB,
    event_type         TEXT NOT NULL,
    schema_version     INTEGER NOT NULL,
    recorded_at        INTEGER NOT NULL,
    public_part        BLOB NOT NULL,
    sealed_part        BLOB NOT NULL,
    hash               BLOB NOT NULL
);
