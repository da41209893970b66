//! What people do about their e-mail address.

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::PASSWORD;

/// Registers, proves an address, changes it and puts it back.
pub fn through(house: &House, server: &Server) {
    let mut eve = Visitor::at(server);
    let account = [("username", "eve"), ("email", "eve@example.org"), ("password", PASSWORD)];
    eve.submit(303, "/register", &account);
    let first = link(house, &mut eve, "");
    eve.get(303, &format!("/verify-email/{first}"));
    eve.get(200, "/verify-email");
    eve.submit(422, "/account/email/code", &[("code", "x")]);
    eve.submit(303, "/verify-email", &[]);

    eve.submit(303, "/account/email/cancel", &[]);
    eve.submit(303, "/account/email", &[("email", "eve@example.net")]);
    let second = link(house, &mut eve, &first);
    eve.get(303, &format!("/verify-email/{second}"));
    eve.submit(303, "/verify-email", &[]);
    let token = house.wait_for_mail("/restore-email/", "");
    let mut victim = Visitor::at(server);
    victim.get(303, &format!("/restore-email/{token}"));
    victim.get(200, "/restore-email");
    victim.submit(303, "/restore-email", &[]);
}

/// What follows in the link that proves an address, of another mail than the `known` one.
fn link(house: &House, eve: &mut Visitor<'_>, known: &str) -> String {
    eve.get(200, "/account/email");
    house.wait_for_mail("/verify-email/", known)
}
