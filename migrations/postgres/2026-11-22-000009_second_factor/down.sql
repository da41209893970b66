ALTER TABLE users DROP COLUMN second_passkey_declined_at;
ALTER TABLE users DROP COLUMN factors_changed_at;
ALTER TABLE users DROP COLUMN second_factor_since;
DROP TABLE login_challenges;
DROP TABLE spent_ceremonies;
DROP TABLE passkeys;
DROP TABLE recovery_codes;
DROP TABLE totp_factors;
