-- The address that somebody has yet to prove, one at most for each user.

-- Whoever carries the mail makes the code and the link and writes them to the address; until then the row holds neither.
CREATE TABLE email_proofs (
    id           TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    email        TEXT   NOT NULL,                                           -- as its owner writes it
    email_folded TEXT   NOT NULL,
    replaces     TEXT,                                                      -- the folded address until now; NULL: none
    code_digest  TEXT,                                                      -- HMAC of the row's id and the code
    link_digest  TEXT   UNIQUE,                                             -- SHA-256 of the link's token
    mail_id      TEXT,                                                      -- NULL: waits for its mail to be written
    tries        BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX email_proofs_by_mail ON email_proofs (mail_id, created_at, id);
CREATE INDEX email_proofs_by_expiry ON email_proofs (expires_at);
