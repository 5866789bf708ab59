-- The directory. _g_ stands for the generation. What organisations publish; members as ids and copies.
CREATE TABLE IF NOT EXISTS directory_g_organisation (
    organisation        UUID NOT NULL PRIMARY KEY,
    kind                TEXT NOT NULL,
    name                TEXT NOT NULL,
    name_key            TEXT NOT NULL, -- the name in lower case
    phase               TEXT,
    low_age             BIGINT,
    high_age            BIGINT,
    open_from           BIGINT, -- days since 1970, as every day here
    open_to             BIGINT,
    go_live             BIGINT,
    successor_of        UUID,
    registered_position BIGINT NOT NULL,
    registered_at       BIGINT NOT NULL, -- nanoseconds since 1970, as every moment here
    row_version         BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS directory_g_organisation_by_place
    ON directory_g_organisation (registered_position);
CREATE TABLE IF NOT EXISTS directory_g_number (
    organisation UUID NOT NULL,
    kind         TEXT NOT NULL,
    number       TEXT NOT NULL,
    PRIMARY KEY (organisation, kind, number)
);
CREATE INDEX IF NOT EXISTS directory_g_number_by_number ON directory_g_number (kind, number);
CREATE TABLE IF NOT EXISTS directory_g_member (
    member         UUID NOT NULL PRIMARY KEY,
    organisation   UUID NOT NULL,
    roles          TEXT NOT NULL, -- ,SENCO,DSL,
    from_day       BIGINT,
    until_day      BIGINT,
    deputy         UUID,
    added_position BIGINT NOT NULL,
    added_at       BIGINT NOT NULL,
    removed_at     BIGINT,
    row_version    BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS directory_g_member_by_organisation
    ON directory_g_member (organisation, added_position);
CREATE TABLE IF NOT EXISTS directory_g_said (
    position           BIGINT NOT NULL,
    previous           BIGINT NOT NULL,
    partition          BIGINT NOT NULL,
    partition_sequence BIGINT NOT NULL,
    stream             UUID NOT NULL PRIMARY KEY, -- the member or the organisation
    version            BIGINT NOT NULL,
    event_id           UUID NOT NULL,
    learner            UUID,
    event_type         TEXT NOT NULL,
    schema_version     BIGINT NOT NULL,
    recorded_at        BIGINT NOT NULL,
    public_part        BYTEA NOT NULL,
    sealed_part        BYTEA NOT NULL,
    hash               BYTEA NOT NULL
);
