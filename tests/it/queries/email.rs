//! What people do about their e-mail address.

use std::fs;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::PASSWORD;

/// Registers, proves an address, changes it and puts it back.
pub fn through(house: &House, server: &Server) {
    let mut eve = Visitor::at(server);
    let account = [("username", "eve"), ("email", "eve@example.org"), ("password", PASSWORD)];
    eve.submit(303, "/register", &account);
    let token = code_mail(house, &mut eve);
    eve.get(303, &format!("/verify-email/{token}"));
    eve.get(200, "/verify-email");
    eve.submit(422, "/account/email/code", &[("code", "x")]);
    eve.submit(303, "/verify-email", &[]);

    eve.submit(303, "/account/email", &[("email", "never@example.org")]);
    eve.submit(303, "/account/email/cancel", &[]);
    fs::remove_dir_all(house.data().join("mail")).unwrap();
    eve.submit(303, "/account/email", &[("email", "eve@example.net")]);
    let token = code_mail(house, &mut eve);
    eve.get(303, &format!("/verify-email/{token}"));
    eve.submit(303, "/verify-email", &[]);
    let token = house.wait_for_mail("/restore-email/");
    let mut victim = Visitor::at(server);
    victim.get(303, &format!("/restore-email/{token}"));
    victim.get(200, "/restore-email");
    victim.submit(303, "/restore-email", &[]);
}

fn code_mail(house: &House, eve: &mut Visitor<'_>) -> String {
    eve.get(200, "/account/email");
    house.wait_for_mail("/verify-email/")
}
