-- Keys that take turns. Which of them signs follows from the time alone, so that all nodes agree without a word.

-- From when on it signs: the youngest whose time has come does.
ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0;
UPDATE signing_keys SET signs_from = created_at;
-- When it was given up because somebody may have it: from then on nothing that it signed counts.
ALTER TABLE signing_keys RENAME COLUMN retired_at TO withdrawn_at;
