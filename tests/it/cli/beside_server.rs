//! What an operator does beside a running server counts there within a second.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::serve::Server;
use super::{Folder, GOOD_PASSWORD};

impl Server {
    /// Sends one request of a program; the status and what else was answered.
    fn ask(&self, head: &str, token: Option<&str>, body: Option<&Value>) -> (u16, String) {
        let mut stream = TcpStream::connect(self.fact("Listening").unwrap()).unwrap();
        let host = self.fact("Open").unwrap().strip_prefix("http://").unwrap();
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let body = body.map(Value::to_string).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n{bearer}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Ada's token.
    fn sign_in(&self) -> String {
        let account = json!({ "username": "ada", "password": GOOD_PASSWORD });
        let (status, body) = self.ask("POST /login", None, Some(&account));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["token"].as_str().unwrap().to_owned()
    }

    fn status_with(&self, token: &str) -> u16 {
        self.ask("GET /protected", Some(token), None).0
    }
}

const SOON: Duration = Duration::from_secs(1);

#[test]
fn a_session_that_is_ended_and_an_account_that_is_shut_are_over_at_once() {
    let folder = Folder::new();
    folder.create("ada");
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");

    let by_name = "session revoke --user ada --all".to_owned();
    for (deed, answer) in [
        (None, "Session ended."),
        (Some(by_name), "ada ended: 1."),
        (Some("user disable ada".into()), "disabled"),
    ] {
        let token = server.sign_in();
        assert_eq!(server.status_with(&token), 200);
        let deed = deed.unwrap_or_else(|| {
            let sessions = folder.run("session list ada --json").json();
            format!("session revoke {}", sessions[0]["id"].as_str().unwrap())
        });

        let said = folder.run(&deed).done();
        std::thread::sleep(SOON);

        assert!(said.contains(answer), "{said}");
        assert_eq!(server.status_with(&token), 403, "{deed}");
    }
}
