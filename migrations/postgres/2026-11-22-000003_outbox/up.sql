-- Mail on its way out, and the questions that are answered by mail.

-- The mails. Whoever sends one moves `send_after` into the future first: meanwhile nobody else sends it, and if its
-- sender dies, it is due again.
CREATE TABLE outbox (
    id          TEXT   NOT NULL PRIMARY KEY,                                -- in the Message-ID, too
    kind        TEXT   NOT NULL,
    recipient   TEXT   NOT NULL,
    sealed      BYTEA,                                                      -- the words, under the master secret; NULL: sent, and forgotten
    created_at  BIGINT NOT NULL,
    send_after  BIGINT,                                                     -- NULL: sent, or given up
    attempts    BIGINT NOT NULL,
    last_error  TEXT,
    sent_at     BIGINT,
    given_up_at BIGINT
);
CREATE INDEX outbox_by_due ON outbox (send_after, id);
CREATE INDEX outbox_by_time ON outbox (created_at, id);
CREATE INDEX outbox_given_up ON outbox (given_up_at) WHERE given_up_at IS NOT NULL;

-- Who forgot a password, by the address they gave: a row for known and unknown addresses alike, until it is answered.
CREATE TABLE reset_requests (
    id           TEXT   NOT NULL PRIMARY KEY,
    email_folded TEXT   NOT NULL,
    asked_at     BIGINT NOT NULL,
    request_id   TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    user_agent   TEXT   NOT NULL
);
CREATE INDEX reset_requests_by_time ON reset_requests (asked_at, id);

-- A link that is mailed works while its account still has that address, and its time begins when the mail leaves.
ALTER TABLE one_time_tokens ADD COLUMN email_folded TEXT;
ALTER TABLE one_time_tokens ADD COLUMN mail_id TEXT;
CREATE INDEX one_time_tokens_by_mail ON one_time_tokens (mail_id);
