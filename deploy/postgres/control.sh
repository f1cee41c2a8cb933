#!/bin/sh
# First start of the control server: a database and a role for each of its users; nobody sees the others' rows.
set -e
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set strangler="$STRANGLER_PASSWORD" --set unleash="$UNLEASH_PASSWORD" \
  --set pact_broker="$PACT_BROKER_PASSWORD" --set grafana="$GRAFANA_PASSWORD" <<'SQL'
CREATE ROLE strangler LOGIN PASSWORD :'strangler';
CREATE ROLE unleash LOGIN PASSWORD :'unleash';
CREATE ROLE pact_broker LOGIN PASSWORD :'pact_broker';
CREATE ROLE grafana LOGIN PASSWORD :'grafana';
CREATE DATABASE strangler OWNER strangler;
CREATE DATABASE unleash OWNER unleash;
CREATE DATABASE pact_broker OWNER pact_broker;
REVOKE CONNECT ON DATABASE strangler, unleash, pact_broker FROM PUBLIC;
-- What it may read there: grafana.sql, when there are tables.
GRANT CONNECT ON DATABASE strangler TO grafana;
SQL
