DROP INDEX one_time_tokens_by_mail;
ALTER TABLE one_time_tokens DROP COLUMN mail_id;
ALTER TABLE one_time_tokens DROP COLUMN email_folded;
DROP TABLE reset_requests;
DROP TABLE outbox;
