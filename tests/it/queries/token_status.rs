//! The token status list: bits that go, and places that are handed out again.

use diesel::connection::SimpleConnection as _;

use super::house::House;
use super::walk::Visitor;
use crate::support::PASSWORD;

/// Everything in it is past its time: another server finds out as it starts.
pub fn through(house: &House) {
    house.run("user create heidi", PASSWORD);
    house
        .connect()
        .batch_execute("UPDATE invalid_tokens SET until = 1; UPDATE status_blocks SET free_at = 1")
        .unwrap();
    let later = house.serve(&[("VESTIBULE_THROTTLE__ADDRESS_BURST", "1000")]);
    house.wait_for(|sql| sql.starts_with("DELETE FROM \"invalid_tokens\""));
    let mut heidi = Visitor::at(&later);
    heidi.log_in(303, "heidi", PASSWORD);
    house.wait_for(|sql| sql.starts_with("UPDATE \"status_blocks\""));
    heidi.get(200, "/.well-known/token-status");
}
