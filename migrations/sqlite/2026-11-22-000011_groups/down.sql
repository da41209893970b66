ALTER TABLE users DROP COLUMN groups;
DROP TABLE memberships;
DROP TABLE groups;
