CREATE INDEX events_by_time ON events (at);
DROP INDEX sessions_live;
DROP INDEX sessions_by_expiry;
