//! What somebody does with their own account: settings, a copy, closing it, coming back; and what is left to do then.

use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::PASSWORD;

/// Does all of it.
pub fn through(house: &House, server: &Server) {
    house.run("user create carol --email carol@example.org", PASSWORD);
    house.connect().batch_execute("UPDATE users SET email_verified_at = 1 WHERE username = 'carol'").unwrap();
    let mut carol = Visitor::at(server);
    carol.log_in(303, "carol", PASSWORD);
    carol.get(200, "/account/settings");
    carol.submit(303, "/account/settings/name", &[("display_name", "Countess")]);
    carol.submit(303, "/account/settings/time-zone", &[("time_zone", "Asia/Tokyo")]);
    carol.submit(303, "/account/settings/theme", &[("theme", "dark")]);
    carol.get(200, "/account/export");
    carol.submit(200, "/account/export", &[]);
    carol.get(200, "/account/close");
    carol.submit(303, "/account/close", &[("confirmation", "carol")]);
    carol.log_in(303, "carol", PASSWORD);
    carol.submit(303, "/account/close", &[("confirmation", "carol")]);
    house.run("user create dave", PASSWORD);
    house.run("user delete dave --yes", "");

    // A week later: another server keeps house as it starts.
    house.connect().batch_execute("UPDATE users SET closed_at = 1 WHERE username = 'carol'").unwrap();
    let _later = house.serve(&[]);
    let is_there = || house.run("user list --json", "").contains("carol");
    let is_gone = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(100));
        !is_there()
    });
    assert!(is_gone, "carol is still there");
    house.wait_for(|sql| sql.starts_with("DELETE FROM \"outbox\" WHERE (\"outbox\".\"id\" "));
}
