DROP INDEX sessions_by_device;
ALTER TABLE sessions DROP COLUMN network;
