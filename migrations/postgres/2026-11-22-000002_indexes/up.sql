-- Each query finds its rows by an index, and each index serves a query.

-- Housekeeping forgets what is long over.
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
-- Few are live, however often somebody has signed in: every sign-in counts them.
CREATE INDEX sessions_live ON sessions (user_id, expires_at) WHERE revoked_at IS NULL;

-- Nothing asks what happened at a time, and every deed paid for it.
DROP INDEX events_by_time;
