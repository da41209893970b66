//! What somebody does with their own account: settings, a copy, closing it, coming back; and what is left to do then.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::PASSWORD;

/// Does all of it.
pub fn through(house: &House, server: &Server) {
    house.run("user create carol --email carol@example.org", PASSWORD);
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
    let until = Instant::now() + Duration::from_secs(20);
    while house.run("user list --json", "").contains("carol") {
        assert!(Instant::now() < until, "carol is still there");
        thread::sleep(Duration::from_millis(100));
    }
    house.wait_for(|sql| sql.starts_with("DELETE FROM \"outbox\" WHERE (\"outbox\".\"id\" "));
}
