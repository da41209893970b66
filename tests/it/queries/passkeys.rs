//! Passkeys: added, named, signed in with, copied, removed; and a server at another host, which warns of them.

use serde_json::json;
use vestibule::models::Passkey;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::{Authenticator, PASSWORD};

const LOGIN: &str = "/login/passkey";

/// What must be in no log comes back.
pub fn through(house: &House, server: &Server) -> Vec<String> {
    let mut maria = Visitor::at(server);
    maria.submit(303, "/register", &[("username", "maria"), ("email", ""), ("password", PASSWORD)]);
    let mut devices = [device(), device()];
    for device in &mut devices {
        let asked = maria.fetch("/account/passkeys/options", &json!({}));
        let credential = device.create(&asked["publicKey"]);
        send(&mut maria, 303, "/account/passkeys", &asked, &credential);
    }
    maria.get(200, "/account/passkeys");
    let [mut first, second] = devices;
    sign_in(server, 303, &mut first);
    sign_in(server, 303, &mut first);
    first.count = 0;
    sign_in(server, 422, &mut first);
    let asked = maria.fetch("/reauth/passkey/options", &json!({}));
    first.count = 9;
    let credential = first.sign(&asked["publicKey"]);
    send(&mut maria, 303, "/reauth/passkey", &asked, &credential);
    let row = Passkey::find_by_credential(&mut house.connect(), &first.credential_id()).unwrap().unwrap();
    let id = row.id;
    maria.submit(303, &format!("/account/passkeys/{id}/rename"), &[("name", "laptop")]);

    // That is a session more than there may be: the first of them ends.
    let mut phone = Visitor::at(server);
    phone.log_in(303, "maria", PASSWORD);
    phone.get(200, LOGIN);
    let asked = phone.fetch("/login/passkey/options", &json!({ "second_step": true }));
    let credential = first.sign(&asked["publicKey"]);
    let (ceremony, credential) = (encoded(asked["ceremony"].as_str().unwrap()), encoded(&credential));
    phone.submit(303, LOGIN, &[("ceremony", &ceremony), ("credential", &credential), ("second_step", "yes")]);
    phone.submit(303, &format!("/account/passkeys/{id}/remove"), &[]);
    vec![first.credential_id(), second.credential_id(), "laptop".to_owned()]
}

fn device() -> Authenticator {
    Authenticator { origin: "http://localhost:9".to_owned(), ..Authenticator::new() }
}

fn sign_in(server: &Server, status: u16, device: &mut Authenticator) {
    let mut browser = Visitor::at(server);
    let asked = browser.fetch("/login/passkey/options", &json!({}));
    let credential = device.sign(&asked["publicKey"]);
    send(&mut browser, status, LOGIN, &asked, &credential);
}

fn send(browser: &mut Visitor<'_>, status: u16, path: &str, asked: &serde_json::Value, credential: &str) {
    let ceremony = encoded(asked["ceremony"].as_str().unwrap());
    browser.submit(status, path, &[("ceremony", &ceremony), ("credential", &encoded(credential))]);
}

/// As a form holds it: what our visitors type needs no escapes, but this does.
fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
