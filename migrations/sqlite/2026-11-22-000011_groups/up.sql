-- Groups: names that rules, tokens and guards ask for.
CREATE TABLE groups (
    name       TEXT   NOT NULL PRIMARY KEY,                                 -- as tokens, headers and rules say it
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    group_name TEXT   NOT NULL REFERENCES groups (name) ON DELETE CASCADE,
    since      BIGINT NOT NULL,
    PRIMARY KEY (user_id, group_name)
);
CREATE INDEX memberships_by_group ON memberships (group_name, user_id);

-- What follows from them, for guards and tokens: the names in order, with a space between.
ALTER TABLE users ADD COLUMN groups TEXT NOT NULL DEFAULT '';
