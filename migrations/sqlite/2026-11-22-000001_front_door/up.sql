-- The front door. Ids are UUIDv7 text, times are seconds since 1970 (UTC); both are made by the application.

-- People with an account.
CREATE TABLE users (
    id                  TEXT   NOT NULL PRIMARY KEY,                        -- the `sub` claim
    username            TEXT   NOT NULL,                                    -- as its owner writes it
    username_folded     TEXT   NOT NULL UNIQUE,                             -- what sign-in looks for
    username_skeleton   TEXT   NOT NULL UNIQUE,                             -- no two names that look alike
    email               TEXT,
    email_folded        TEXT,                                               -- several may claim it until one has proven it
    email_verified_at   BIGINT,
    password_hash       TEXT,                                               -- PHC string
    password_changed_at BIGINT,
    role                TEXT   NOT NULL CHECK (role IN ('user', 'admin')),
    created_at          BIGINT NOT NULL,
    disabled_at         BIGINT                                              -- NULL: may sign in
);
CREATE INDEX users_by_email ON users (email_folded);
CREATE UNIQUE INDEX users_by_verified_email ON users (email_folded) WHERE email_verified_at IS NOT NULL;
CREATE INDEX users_by_role ON users (role);

-- The browsers and programs people are signed in with.
CREATE TABLE sessions (
    id               TEXT   NOT NULL PRIMARY KEY,                           -- the `sid` claim
    user_id          TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at       BIGINT NOT NULL,                                       -- signed in
    authenticated_at BIGINT NOT NULL,                                       -- last proof: the `auth_time` claim
    last_seen_at     BIGINT NOT NULL,                                       -- to the minute
    expires_at       BIGINT NOT NULL,                                       -- whatever happens
    amr              TEXT   NOT NULL,                                       -- RFC 8176 values, space between
    address          TEXT   NOT NULL,
    user_agent       TEXT   NOT NULL,
    revoked_at       BIGINT,                                                -- NULL: still live
    revoked_because  TEXT
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);

-- The keys that sign access tokens.
CREATE TABLE signing_keys (
    id             TEXT   NOT NULL PRIMARY KEY,                             -- the `kid`: RFC 7638 thumbprint
    algorithm      TEXT   NOT NULL,
    public_jwk     TEXT   NOT NULL,
    sealed_private BLOB   NOT NULL,                                         -- AES-256-GCM under the master secret
    created_at     BIGINT NOT NULL,
    retired_at     BIGINT                                                   -- NULL: may sign
);

-- What other processes must forget: a session, or every session of a user.
CREATE TABLE revocations (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL,
    session_id TEXT,                                                        -- NULL: all of this user's
    revoked_at BIGINT NOT NULL
);
CREATE INDEX revocations_by_time ON revocations (revoked_at);

-- What happened: the audit trail. It outlives the people in it, hence no foreign keys.
CREATE TABLE events (
    id         TEXT   NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    user_id    TEXT,                                                        -- whom it happened to; NULL: nobody we know
    actor      TEXT   NOT NULL,                                             -- a user id, `operator` or `stranger`
    session_id TEXT,
    request_id TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    user_agent TEXT   NOT NULL,
    detail     TEXT
);
CREATE INDEX events_by_user ON events (user_id, at);
CREATE INDEX events_by_time ON events (at);

-- Budgets of guesses. A bucket's name is a keyed digest: it tells neither account nor address.
CREATE TABLE login_failures (
    bucket        TEXT   NOT NULL PRIMARY KEY,
    failures      BIGINT NOT NULL,                                          -- in a row
    blocked_until BIGINT NOT NULL,                                          -- or, for a rate, when the bucket is empty again
    touched_at    BIGINT NOT NULL
);
CREATE INDEX login_failures_by_time ON login_failures (touched_at);

-- Secrets handed out in links, each good for one deed and once.
CREATE TABLE one_time_tokens (
    digest     TEXT   NOT NULL PRIMARY KEY,                                 -- SHA-256 of the token
    purpose    TEXT   NOT NULL,
    user_id    TEXT   REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT                                                       -- NULL: not used yet
);
CREATE INDEX one_time_tokens_by_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_at);
