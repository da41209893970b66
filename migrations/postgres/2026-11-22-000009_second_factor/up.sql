-- A second proof beside the password, and one in place of it.

-- The authenticator app of somebody: one at most.
CREATE TABLE totp_factors (
    user_id       TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_secret BYTEA  NOT NULL,                                           -- under the master secret, for this row alone
    created_at    BIGINT NOT NULL,
    confirmed_at  BIGINT,                                                   -- NULL: no code was typed yet; it counts for nothing
    last_step     BIGINT                                                    -- no code of this step or an earlier one is taken again
);

-- The ways back in when the app is lost, each good once.
CREATE TABLE recovery_codes (
    digest     TEXT   NOT NULL PRIMARY KEY,                                 -- keyed, and bound to its owner
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at    BIGINT                                                       -- NULL: not used yet
);
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- The passkeys of somebody.
CREATE TABLE passkeys (
    id                TEXT   NOT NULL PRIMARY KEY,
    user_id           TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id     TEXT   NOT NULL UNIQUE,                               -- what the device calls it, base64url
    sealed_credential BYTEA  NOT NULL,                                       -- the public key; sealed, so that none is slipped in
    rp_id             TEXT   NOT NULL,                                      -- the host that it is for
    name              TEXT   NOT NULL,
    aaguid            TEXT,                                                 -- what made it, if that says so
    is_synced         BOOLEAN NOT NULL,                                     -- kept by more than one device
    sign_count        BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    last_used_at      BIGINT,
    cloned_at         BIGINT                                                -- when its count went backwards: there is a copy
);
CREATE INDEX passkeys_by_user ON passkeys (user_id);
CREATE INDEX passkeys_by_host ON passkeys (rp_id);

-- Challenges for passkeys that were answered: each is good once.
CREATE TABLE spent_ceremonies (
    digest     TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL                                              -- nobody takes it after this anyway
);
CREATE INDEX spent_ceremonies_by_expiry ON spent_ceremonies (expires_at);

-- Sign-ins that wait for the second proof: the password was right, and nobody is signed in yet.
CREATE TABLE login_challenges (
    digest           TEXT   NOT NULL PRIMARY KEY,                           -- SHA-256 of what the browser holds
    user_id          TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    password_digest  TEXT   NOT NULL,                                       -- SHA-256 of the hash that was matched: a new password voids it
    stay             TEXT   NOT NULL,                                       -- how long they mean to stay
    replaces         TEXT,                                                  -- the session that the same browser had until now
    address          TEXT   NOT NULL,
    user_agent       TEXT   NOT NULL,
    tries            BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    used_at          BIGINT,                                                -- NULL: still waits
    told_at          BIGINT                                                 -- its owner was told that nobody came on; NULL: not yet
);
CREATE INDEX login_challenges_by_user ON login_challenges (user_id);
CREATE INDEX login_challenges_by_expiry ON login_challenges (expires_at);
CREATE INDEX login_challenges_waiting ON login_challenges (created_at) WHERE used_at IS NULL AND told_at IS NULL;

-- Since when signing in takes two proofs; NULL: one will do.
ALTER TABLE users ADD COLUMN second_factor_since BIGINT;
-- When the factors last changed: browsers that were trusted before are trusted no more.
ALTER TABLE users ADD COLUMN factors_changed_at BIGINT;
-- When its owner said that one passkey is enough; NULL: we may suggest another.
ALTER TABLE users ADD COLUMN second_passkey_declined_at BIGINT;
