DROP INDEX events_about_others;
DROP INDEX reset_requests_by_email;
DROP INDEX outbox_by_recipient;
