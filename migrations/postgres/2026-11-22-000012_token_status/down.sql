DROP TABLE invalid_tokens;
DROP TABLE status_blocks;
ALTER TABLE sessions DROP COLUMN status_index;
