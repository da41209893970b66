//! Whoever looks where they are signed in and what happened, and is told of a sign-in that was not theirs.

use std::fs;

use diesel::connection::SimpleConnection as _;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::{OTHER_PASSWORD, PASSWORD};

/// A place in a list.
const PLACE: &str = "1.x";

pub fn through(house: &House, server: &Server) {
    house.run("user create grace --email grace@example.org", PASSWORD);
    execute(house, "UPDATE users SET email_verified_at = 1 WHERE username = 'grace'");
    let mut grace = Visitor::at(server);
    grace.log_in(303, "grace", PASSWORD);
    for page in
        ["/account/sessions", "/account/activity", "/account/activity.csv", "/account/activity?kind=failures"]
    {
        grace.get(200, page);
    }
    for list in ["/account/sessions", "/account/activity"] {
        grace.get(200, &format!("{list}?before={PLACE}"));
        grace.get(200, &format!("{list}?after={PLACE}"));
    }
    // From nowhere else has she been here: with no cookie of hers, and no session like this one.
    execute(house, "UPDATE sessions SET network = 'elsewhere'");
    Visitor::at(server).log_in(303, "grace", PASSWORD);

    // And whoever that was has made a way in since.
    execute(
        house,
        "INSERT INTO recovery_codes (digest, user_id, created_at) SELECT 'of grace', id, 9999999999 FROM users \
         WHERE username = 'grace'; \
         INSERT INTO passkeys (id, user_id, credential_id, sealed_credential, rp_id, name, is_synced, sign_count, \
         created_at) SELECT 'of grace', id, 'of grace', '', 'localhost', 'desk', FALSE, 0, 9999999999 FROM users \
         WHERE username = 'grace'",
    );
    let mut phone = Visitor::at(server);
    phone.get(303, &format!("/not-me/{}", link(house)));
    phone.get(200, "/not-me");
    phone.submit(303, "/not-me", &[]);
    phone.submit(303, "/reset", &[("username", "grace"), ("password", OTHER_PASSWORD)]);
    phone.log_in(303, "grace", OTHER_PASSWORD);
    phone.submit(303, "/sessions/end-all", &[]);
}

/// Changes the database by hand, as soon as the server leaves it alone for a moment.
pub(super) fn execute(house: &House, sql: &str) {
    let mut tries = (0..200).map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        house.connect().batch_execute(sql)
    });
    assert!(tries.any(|done| done.is_ok()), "{sql}");
}

/// What the link in a mail about a new device has behind its path, as soon as there is such a mail.
fn link(house: &House) -> String {
    for _ in 0..200 {
        let mails = fs::read_dir(house.data().join("mail")).into_iter().flatten();
        let texts = mails.map(|mail| fs::read_to_string(mail.unwrap().path()).unwrap().replace("=\r\n", ""));
        if let Some(text) = texts.into_iter().find(|text| text.contains("/not-me/")) {
            let (_, rest) = text.split_once("/not-me/").unwrap();
            return rest.split_whitespace().next().unwrap().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no such mail");
}
