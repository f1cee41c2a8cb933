#!/bin/sh
# First start of an application's database: its role owns the database and may do what replication needs, and is no superuser
# (docs/guide/configuration.md, Rights in the databases).
set -e
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set role="$APP_ROLE" --set password="$APP_PASSWORD" <<'SQL'
CREATE ROLE :"role" LOGIN REPLICATION PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
GRANT SET ON PARAMETER session_replication_role TO :"role";
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
\connect :"role"
GRANT EXECUTE ON FUNCTION pg_replication_origin_create(text), pg_replication_origin_drop(text), pg_replication_origin_oid(text),
  pg_replication_origin_session_setup(text), pg_replication_origin_session_reset(), pg_replication_origin_session_is_setup(),
  pg_replication_origin_xact_setup(pg_lsn, timestamptz), pg_replication_origin_progress(text, boolean) TO :"role";
SQL
