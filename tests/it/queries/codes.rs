//! Two-step sign-in: on, confirmed by its codes, and off.

use vestibule::clock::Clock;

use super::house::Server;
use super::walk::Visitor;
use crate::support::PASSWORD;
use crate::totp::{Phone, codes};

/// Does all of it; the codes and the key that are to be in no log come back.
pub fn through(server: &Server) -> Vec<String> {
    let mut tess = Visitor::at(server);
    tess.submit(303, "/register", &[("username", "tess"), ("email", ""), ("password", PASSWORD)]);
    tess.submit(303, "/account/totp/begin", &[]);
    tess.submit(303, "/account/totp/cancel", &[]);
    tess.submit(303, "/account/totp/begin", &[]);
    let shown = tess.page("/account/totp");
    let code = Phone::scan(&shown).code(Clock::default().now());
    tess.submit(422, "/account/totp", &[("code", "x")]);
    tess.submit(303, "/account/totp", &[("code", &code)]);
    let mut codes = codes(&tess.page("/account/recovery-codes"));
    tess.submit(200, "/account/recovery-codes/download", &[]);
    tess.submit(303, "/account/recovery-codes/saved", &[]);

    tess.get(200, "/reauth");
    tess.submit(422, "/reauth", &[("password", PASSWORD), ("code", &code)]);
    tess.submit(303, "/reauth", &[("password", PASSWORD), ("code", &codes[0])]);
    tess.get(200, "/account/password");
    tess.submit(303, "/account/recovery-codes", &[]);
    tess.submit(303, "/account/totp/remove", &[]);
    codes.push(Phone::key(&shown));
    codes
}
