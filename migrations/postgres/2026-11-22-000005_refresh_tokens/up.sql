-- What carries a session beyond its access token. Of each the SHA-256 alone is here. A token is spent once, for the
-- next one and an access token; both are made of the token itself, so that a retry gets the very same.
CREATE TABLE refresh_tokens (
    digest     TEXT   NOT NULL PRIMARY KEY,
    session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    token_id   TEXT   NOT NULL,                                             -- the `jti` of the access token that it gives
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at   BIGINT                                                       -- NULL: the newest of its session
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_by_use ON refresh_tokens (spent_at) WHERE spent_at IS NOT NULL;
