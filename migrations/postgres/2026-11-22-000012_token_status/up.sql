-- The token status list (docs/token-status.md): which tokens are over before their time, for whoever checks them alone.

-- Where its tokens stand in the list; NULL: it began before there was one.
ALTER TABLE sessions ADD COLUMN status_index BIGINT;

-- Places in the list are handed out in blocks, each to one process.
CREATE TABLE status_blocks (
    first_index BIGINT NOT NULL PRIMARY KEY,
    free_at     BIGINT NOT NULL                                             -- no token in it can be valid any more: it may be taken again
);
CREATE INDEX status_blocks_by_end ON status_blocks (free_at);

-- The bits that are set. A row outlives its session, which goes with its user.
CREATE TABLE invalid_tokens (
    status_index BIGINT NOT NULL PRIMARY KEY,
    since        BIGINT NOT NULL,
    until        BIGINT NOT NULL                                            -- they have expired by themselves, and the bit may go
);
CREATE INDEX invalid_tokens_by_start ON invalid_tokens (since);
CREATE INDEX invalid_tokens_by_end ON invalid_tokens (until);
