-- Whoever leaves is looked for wherever they may have left something, and whoever stays may have a copy of it.

CREATE INDEX outbox_by_recipient ON outbox (recipient);
CREATE INDEX reset_requests_by_email ON reset_requests (email_folded);

-- What somebody did to others: few lines, since most people act for themselves alone.
CREATE INDEX events_about_others ON events (actor) WHERE actor <> user_id;
