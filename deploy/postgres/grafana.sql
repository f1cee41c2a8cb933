-- After the control schema is there, at each start: Grafana's role reads what the dashboard shows. Samples of requests, flags and
-- identities seen stay unread; an installation of before could read everything.
REVOKE pg_read_all_data FROM grafana;
REVOKE ALL ON ALL TABLES IN SCHEMA strangler_control FROM grafana;
GRANT USAGE ON SCHEMA strangler_control TO grafana;
GRANT SELECT ON strangler_control.contexts, strangler_control.watermarks, strangler_control.journal TO grafana;
