-- Makes the role and the database, once, as the superuser:
--   psql --set ON_ERROR_STOP=1 --file create.sql
-- Onward makes and migrates its own tables at start. The role owns its database and nothing else.
--
-- On one machine the role needs no password: `local onward onward peer` in pg_hba.conf lets the system user
-- onward in over the socket. Over the network: \password onward, and hostssl with scram-sha-256.

CREATE ROLE onward LOGIN;

-- Byte order: what the log sorts by is ids and positions, and the same on every machine.
CREATE DATABASE onward
    OWNER onward
    ENCODING 'UTF8'
    LOCALE_PROVIDER builtin
    BUILTIN_LOCALE 'C.UTF-8'
    TEMPLATE template0;

REVOKE ALL ON DATABASE onward FROM PUBLIC;
