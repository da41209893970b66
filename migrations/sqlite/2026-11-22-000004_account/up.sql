-- An account that a person can trust.

ALTER TABLE users ADD COLUMN display_name TEXT;
ALTER TABLE users ADD COLUMN time_zone TEXT;                                -- an IANA name; NULL: UTC
ALTER TABLE users ADD COLUMN closed_at BIGINT;                              -- by its owner, who may come back for a while
CREATE INDEX users_closed ON users (closed_at) WHERE closed_at IS NOT NULL;

-- Since when a refresh token carries a session beyond its access token; NULL: none does.
ALTER TABLE sessions ADD COLUMN renewable_since BIGINT;

-- What else a mailed link is about: an address as its owner spelt it, a session.
ALTER TABLE one_time_tokens ADD COLUMN email TEXT;
ALTER TABLE one_time_tokens ADD COLUMN session_id TEXT;

-- Housekeeping forgets what happened, and what ended, long ago.
CREATE INDEX sessions_by_revocation ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX events_by_age ON events (at);
