//! Whoever does without a password, and has one set again; whom an operator takes all factors from.

use super::house::{House, Server};
use super::walk::Visitor;
use super::watch::execute;
use crate::support::{OTHER_PASSWORD, PASSWORD};

pub fn through(house: &House, server: &Server) {
    house.run("user create erin --email erin@example.org", PASSWORD);
    let mut erin = Visitor::at(server);
    erin.log_in(303, "erin", PASSWORD);
    // Before anybody remembers her: as if she had added a passkey, and shown it.
    execute(
        house,
        "INSERT INTO passkeys (id, user_id, credential_id, sealed_credential, rp_id, name, is_synced, sign_count, \
         created_at) SELECT 'of erin', id, 'of erin', '', 'localhost', 'desk', FALSE, 0, 1 FROM users \
         WHERE username = 'erin'; \
         UPDATE users SET second_factor_since = 1, factors_changed_at = 1 WHERE username = 'erin'; \
         UPDATE sessions SET amr = 'swk user mfa' WHERE user_id IN (SELECT id FROM users WHERE username = 'erin')",
    );
    erin.get(200, "/dashboard");
    erin.submit(303, "/account/passkeys/second/declined", &[]);
    erin.get(200, "/account/password");
    erin.submit(303, "/account/password/remove", &[]);
    erin.get(200, "/account/password");
    erin.submit(303, "/account/password/set", &[("password", OTHER_PASSWORD)]);
    erin.submit(200, "/account/export", &[]);
    house.run("user show erin", "");
    house.run("user reset-second-factor erin --reason Lost", "");
}
