-- The API keys of somebody's programs. The key itself is shown once and is nowhere.
CREATE TABLE api_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest       TEXT   NOT NULL UNIQUE,                                    -- SHA-256 of the key, base64url
    name         TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,                                           -- what it may do: words with a space between
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT                                                     -- NULL: not used yet
);
CREATE INDEX api_keys_by_user ON api_keys (user_id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at);
