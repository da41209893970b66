//! Every deed of the product, once: by browsers, by programs and by an operator.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use diesel::connection::SimpleConnection as _;
use serde_json::{Value, json};

use super::api_keys;
use super::change_password;
use super::codes;
use super::email;
use super::groups;
use super::house::{House, Server};
use super::leaving;
use super::metrics;
use super::passkeys;
use super::policy;
use super::renewing;
use super::rotation;
use super::second_factor;
use super::token_status;
use super::watch;
use crate::support::{OTHER_PASSWORD, PASSWORD};

const FORM: &str = "application/x-www-form-urlencoded";

/// How many sessions somebody may have at once here.
const MOST_SESSIONS: usize = 3;

/// Somebody at the socket, with cookies.
pub(super) struct Visitor<'server> {
    server: &'server Server,
    pub(super) cookies: BTreeMap<String, String>,
}

impl<'server> Visitor<'server> {
    pub(super) fn at(server: &'server Server) -> Self {
        Self { server, cookies: BTreeMap::new() }
    }

    /// Sends a request that must be answered with `status`.
    fn send(&mut self, status: u16, head: &str, kind: &str, body: &str) {
        assert_eq!(self.answer_to(head, kind, body), status, "{head} {body}");
    }

    /// Sends a request; the status of the answer.
    fn answer_to(&mut self, head: &str, kind: &str, body: &str) -> u16 {
        self.ask(head, kind, body).0
    }

    /// The document that comes of another.
    pub(super) fn fetch(&mut self, path: &str, document: &Value) -> Value {
        let (status, body) = self.ask(&format!("POST {path}"), "application/json", &document.to_string());
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Asks as a program with an API key does.
    pub(super) fn ask_with_key(&mut self, status: u16, path: &str, key: &str) {
        // The kind is the header before the last: another one fits behind it.
        let kind = format!("{FORM}\r\nAuthorization: Bearer {key}");
        assert_eq!(self.ask(&format!("GET {path}"), &kind, "").0, status, "{path}");
    }

    /// Sends a request and keeps the cookies of the answer, whose status and body come back.
    fn ask(&mut self, head: &str, kind: &str, body: &str) -> (u16, String) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (cookies, length) = (cookies.join("; "), body.len());
        let mut stream = TcpStream::connect(&self.server.address).unwrap();
        let request = format!(
            "{head} HTTP/1.1\r\nHost: localhost:9\r\nAccept: */*\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
             Cookie: {cookies}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        for line in head.lines().filter(|line| line.to_lowercase().starts_with("set-cookie: ")) {
            let (name, value) =
                line["set-cookie: ".len()..].split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// What is on a page.
    pub(super) fn page(&mut self, path: &str) -> String {
        let (status, body) = self.ask(&format!("GET {path}"), FORM, "");
        assert_eq!(status, 200, "{path}");
        body
    }

    pub(super) fn get(&mut self, status: u16, path: &str) {
        self.send(status, &format!("GET {path}"), FORM, "")
    }

    pub(super) fn submit(&mut self, status: u16, path: &str, fields: &[(&str, &str)]) {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.send(status, &format!("POST {path}"), FORM, &fields.join("&").replace(' ', "+"));
    }

    pub fn log_in(&mut self, status: u16, login: &str, password: &str) {
        self.submit(status, "/login", &[("login", login), ("password", password)]);
    }
}

/// Does everything; what must be in no log comes back.
pub fn through(house: &House) -> Vec<String> {
    let most = MOST_SESSIONS.to_string();
    let generous =
        [("VESTIBULE_THROTTLE__ADDRESS_BURST", "1000"), ("VESTIBULE_SESSIONS__MAX_PER_USER", &most)];
    // Stored at a cost that is not the server's: the first sign-in puts that right.
    house.run_with("user create oldtimer", PASSWORD, &[("VESTIBULE_PASSWORDS__HASH_PASSES", "3")]);
    let server = house.serve(&generous);
    let mut values =
        vec![PASSWORD.to_owned(), OTHER_PASSWORD.to_owned(), "argon2".to_owned(), "ada".to_owned()];
    values.extend(["oldtimer", "example.org", "127.0.0.1", "setup@"].map(str::to_owned));

    set_up(&server);
    let mut ada = Visitor::at(&server);
    let account = [("username", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    ada.submit(303, "/register", &account);
    let bob = json!({ "username": "bob", "password": PASSWORD }).to_string();
    Visitor::at(&server).send(200, "POST /register", "application/json", &bob);
    Visitor::at(&server).log_in(303, "oldtimer", PASSWORD);
    be_signed_in(house, &mut ada);
    values.extend(renewing::walk(house, &server));
    guess(&server);
    end_sessions(house, &server, &mut ada);
    operate(house, &server);
    write_mails(house, &server);
    watch::through(house, &server);
    leaving::through(house, &server);
    policy::through(house, &server);
    email::through(house, &server);
    values.extend(codes::through(&server));
    values.extend(passkeys::through(house, &server));
    second_factor::through(house, &server);
    groups::through(house);
    values.extend(api_keys::through(house, &server));
    rotation::through(house);
    metrics::through(house);
    token_status::through(house);
    values.extend(ada.cookies.into_values().filter(|value| !value.is_empty()));
    let users: Value = serde_json::from_str(&house.run("user list --json", "")).unwrap();
    values.extend(users.as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()));
    values
}

fn set_up(server: &Server) {
    let mut root = Visitor::at(server);
    root.get(303, server.setup.as_deref().expect("a link for the first administrator"));
    root.get(200, "/setup");
    root.submit(303, "/setup", &[("username", "root"), ("email", ""), ("password", PASSWORD)]);
}

fn be_signed_in(house: &House, ada: &mut Visitor<'_>) {
    ada.get(303, "/");
    ada.get(200, "/dashboard");
    ada.get(200, "/readyz");
    ada.get(200, "/reauth");
    ada.submit(422, "/reauth", &[("password", OTHER_PASSWORD)]);
    ada.submit(303, "/reauth", &[("password", PASSWORD)]);
    change_password::twice(ada);
    ada.submit(303, "/session/renew", &[]);
    // As if it had been used two minutes ago.
    house.connect().batch_execute("UPDATE sessions SET last_seen_at = last_seen_at - 120").unwrap();
    ada.get(200, "/api/session");
    house.wait_for(|sql| sql.starts_with("UPDATE") && sql.contains("SET \"last_seen_at\""));
    ada.get(200, "/logout");
    ada.submit(303, "/logout", &[]);
    ada.log_in(303, "ada@example.org", PASSWORD);
    ada.log_in(303, "ada", PASSWORD);
}

fn guess(server: &Server) {
    let form = format!("login=bob&password={}", OTHER_PASSWORD.replace(' ', "+"));
    let mut guesses = (0..20).map(|_| Visitor::at(server).answer_to("POST /login", FORM, &form));
    assert!(guesses.any(|status| status == 429), "nobody may guess for ever");
    Visitor::at(server).log_in(422, "nobody@example.org", OTHER_PASSWORD);
}

fn end_sessions(house: &House, server: &Server, ada: &mut Visitor<'_>) {
    let before = sessions(house);
    let mut phone = Visitor::at(server);
    phone.log_in(303, "ada", PASSWORD);
    let id = sessions(house).into_iter().find(|id| !before.contains(id)).unwrap();
    ada.submit(303, &format!("/sessions/{id}/end"), &[]);
    phone.log_in(303, "ada", PASSWORD);
    ada.submit(303, "/sessions/end-others", &[]);
    // One more than anybody may have.
    for _ in 0..MOST_SESSIONS {
        Visitor::at(server).log_in(303, "ada", PASSWORD);
    }
    house.run(&format!("session revoke {}", sessions(house)[0]), "");
    house.run("session revoke --user ada --all", "");
}

/// The ids of Ada's.
fn sessions(house: &House) -> Vec<String> {
    let listed: Value = serde_json::from_str(&house.run("session list ada --json", "")).unwrap();
    listed.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

/// Asks for a mail that cannot be written, is given up, sent all the same, and used.
fn write_mails(house: &House, server: &Server) {
    let (folder, mut ada) = (house.data().join("mail"), Visitor::at(server));
    let _ = fs::remove_dir_all(&folder);
    fs::write(&folder, "in the way").unwrap();
    ada.get(200, "/forgot");
    ada.submit(303, "/forgot", &[("email", "ada@example.org")]);
    house.wait_for(|sql| {
        sql.starts_with("UPDATE \"outbox\" SET \"last_error\"") && !sql.contains("given_up_at")
    });
    let days_ago = "UPDATE outbox SET created_at = created_at - 400000, send_after = 1 WHERE sent_at IS NULL";
    house.connect().batch_execute(days_ago).unwrap();
    house.wait_for(|sql| sql.contains("\"given_up_at\" = "));

    fs::remove_file(&folder).unwrap();
    house.run("mail retry", "");
    house.wait_for(|sql| sql.starts_with("UPDATE \"outbox\" SET \"sent_at\""));
    let token = house.wait_for_mail("/reset/", "");
    let listed: Value = serde_json::from_str(&house.run("mail list --json", "")).unwrap();
    let reset = listed.as_array().unwrap().iter().find(|mail| mail["about"] == "reset_password");
    let id = reset.unwrap()["id"].as_str().unwrap().to_owned();
    house.run_any(&format!("mail retry {id}"));
    house.run("mail test somebody@example.org", "");
    ada.get(200, "/dev/mailbox");
    ada.get(200, &format!("/dev/mailbox/{id}"));
    ada.get(303, &format!("/reset/{token}"));
    ada.submit(303, "/reset", &[("username", "ada"), ("password", OTHER_PASSWORD)]);
}

fn operate(house: &House, server: &Server) {
    let link = house.run("user reset-link bob", "");
    let path = link.trim().strip_prefix("http://localhost:8080").unwrap_or(link.trim()).to_owned();
    let mut bob = Visitor::at(server);
    bob.get(303, &path);
    bob.get(200, "/reset");
    bob.submit(303, "/reset", &[("username", "bob"), ("password", OTHER_PASSWORD)]);
    for line in [
        "migrate status",
        "user list",
        "user show bob",
        "user set-role bob admin",
        "user disable bob",
        "user enable bob",
    ] {
        house.run(line, "");
    }
}
