DROP TABLE one_time_tokens;
DROP TABLE login_failures;
DROP TABLE events;
DROP TABLE revocations;
DROP TABLE signing_keys;
DROP TABLE sessions;
DROP TABLE users;
