DROP INDEX events_by_age;
DROP INDEX sessions_by_revocation;
ALTER TABLE one_time_tokens DROP COLUMN session_id;
ALTER TABLE one_time_tokens DROP COLUMN email;
ALTER TABLE sessions DROP COLUMN renewable_since;
DROP INDEX users_closed;
ALTER TABLE users DROP COLUMN closed_at;
ALTER TABLE users DROP COLUMN time_zone;
ALTER TABLE users DROP COLUMN display_name;
