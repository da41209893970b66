-- What a sign-in is compared with, to tell whether its device is new: an address, or the /64 of an IPv6 one.
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
UPDATE sessions SET network = address;
CREATE INDEX sessions_by_device ON sessions (user_id, user_agent, network);
