ALTER TABLE signing_keys RENAME COLUMN withdrawn_at TO retired_at;
ALTER TABLE signing_keys DROP COLUMN signs_from;
