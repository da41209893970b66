//! What a whole visit leaves in the log of the real program: each refusal and each fault with its request, and no
//! secret (ASVS 16.2.3, 16.2.5, 16.3.2 to 16.3.4).

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

use super::serve::Server;
use super::{Folder, GOOD_PASSWORD};

const WRONG_PASSWORD: &str = "canary-wrong-password-5f0e";
const NEW_PASSWORD: &str = "seven purple lanterns drift north";
const ADDRESS: &str = "canary-ada@example.org";
const NOBODY: &str = "canary-nobody-4411";

/// What was answered.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
    }
}

/// Somebody's browser, with all that nobody else must read.
struct Visitor<'server> {
    server: &'server Server,
    cookies: BTreeMap<String, String>,
    secrets: Vec<String>,
}

impl<'server> Visitor<'server> {
    fn of(server: &'server Server) -> Self {
        Self { server, cookies: BTreeMap::new(), secrets: Vec::new() }
    }

    fn send(&mut self, line: &str, headers: &str, body: &str) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let host = self.server.fact("Open").unwrap().strip_prefix("http://").unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: text/html\r\nCookie: {}\r\n{headers}\
             Content-Length: {}\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        );
        let mut stream = TcpStream::connect(self.server.fact("Listening").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let answer = Answer { status, head: head.replace('\r', ""), body: body.to_owned() };
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
            // Whole, and each part of a token: the signature alone would be a find.
            self.secrets.extend(value.split('.').filter(|part| part.len() > 20).map(str::to_owned));
        }
        answer
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), "", "")
    }

    fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let kind = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";
        self.send(&format!("POST {path}"), kind, &serde_urlencoded::to_string(fields).unwrap())
    }
}

/// The token of the link in the mail that became a file.
fn mailed_token(folder: &Folder) -> String {
    for _ in 0..100 {
        let files = std::fs::read_dir(folder.path.join("data/mail")).into_iter().flatten();
        let mails = files.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok());
        for mail in mails.map(|mail| mail.replace("=\r\n", "")) {
            if let Some((_, rest)) = mail.split_once("/reset/") {
                return rest
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
                    .collect();
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no mail with a link");
}

/// A token of root's with another signature.
fn forged_token(server: &Server) -> String {
    let document = format!("{{\"username\":\"root\",\"password\":\"{GOOD_PASSWORD}\"}}");
    let json = "Content-Type: application/json\r\nAccept: application/json\r\n";
    let answer = Visitor::of(server).send("POST /login", json, &document);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let (signed, _) = body["token"].as_str().unwrap().rsplit_once('.').unwrap();
    format!("{signed}.{}AA", "canaryforged".repeat(7))
}

/// Everything that somebody can do, well and badly; what must not be written down.
fn visit(folder: &Folder, server: &Server) -> Vec<String> {
    let mut ada = Visitor::of(server);
    let account = [("username", "ada"), ("email", ADDRESS), ("password", GOOD_PASSWORD)];
    assert_eq!(ada.submit("/register", &account).status, 303);
    assert_eq!(ada.submit("/logout", &[]).status, 303);
    assert_eq!(ada.submit("/login", &[("login", NOBODY), ("password", WRONG_PASSWORD)]).status, 422);
    assert_eq!(ada.submit("/login", &[("login", ADDRESS), ("password", WRONG_PASSWORD)]).status, 422);
    assert_eq!(ada.get("/dashboard?canary-query-77=1").status, 303);
    assert_eq!(ada.submit("/login", &[("login", ADDRESS), ("password", GOOD_PASSWORD)]).status, 303);
    assert_eq!(ada.submit("/reauth", &[("password", WRONG_PASSWORD)]).status, 422);
    assert_eq!(ada.submit("/reauth", &[("password", GOOD_PASSWORD)]).status, 303);
    assert_eq!(ada.get("/canary-path-88?token=canary-query-77").status, 404);

    let document = format!("{{\"username\":\"ada\",\"password\":\"{GOOD_PASSWORD}\"}}");
    let json = "Content-Type: application/json\r\nAccept: application/json\r\n";
    let mut program = Visitor::of(server);
    let answer = program.send("POST /login", json, &document);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let token = body["token"].as_str().unwrap().to_owned();
    assert_eq!(program.send("GET /protected", &format!("Authorization: Bearer {token}\r\n"), "").status, 200);
    let forged = forged_token(server);
    program.send("GET /protected", &format!("Authorization: Bearer {forged}\r\n"), "");

    assert_eq!(ada.submit("/forgot", &[("email", ADDRESS)]).status, 303);
    let link = mailed_token(folder);
    assert_eq!(ada.get(&format!("/reset/{link}")).status, 303);
    assert_eq!(ada.submit("/reset", &[("password", NEW_PASSWORD)]).status, 303);
    assert_eq!(ada.get(&format!("/reset/{link}")).status, 410);

    let mut secrets = [ada.secrets, program.secrets].concat();
    secrets.extend(token.split('.').map(str::to_owned));
    secrets.extend([link, "canary".to_owned(), "@example.org".to_owned()]);
    secrets.extend([GOOD_PASSWORD, WRONG_PASSWORD, NEW_PASSWORD].map(str::to_owned));
    secrets.extend([GOOD_PASSWORD, NEW_PASSWORD].map(|password| password.replace(' ', "+")));
    secrets
}

#[test]
fn a_whole_visit_leaves_no_secret_in_the_log_however_much_it_says() {
    for level in ["info", "debug", "trace"] {
        let folder = Folder::new();
        folder.create("root --role admin");
        let server = Server::start(&folder, &format!("serve --listen 127.0.0.1:0 --log-level {level}"));
        let at = server.fact("Listening").unwrap().to_owned();

        let secrets = visit(&folder, &server);
        let log = server.end();

        // There is no other place that is written to (ASVS 16.2.3).
        let files = std::fs::read_dir(folder.path.join("data")).unwrap();
        for file in files.map(|file| file.unwrap().file_name().into_string().unwrap()) {
            assert!(["secret", "mail"].contains(&&*file) || file.starts_with("vestibule.db"), "{file}");
        }
        assert_eq!(folder.names(), ["data"]);
        for line in ["POST /login 303", "POST /reset 303", "GET /reset/{token} 410", "GET - 404", "mail "] {
            assert!(log.contains(line), "{level}: {line} of {at}: {log}");
        }
        assert!(secrets.len() > 15);
        for secret in secrets {
            assert!(!log.contains(&secret), "{level}: {secret}: {log}");
        }
    }
}

#[test]
fn every_refusal_and_every_fault_is_in_the_log_with_its_request() {
    let folder = Folder::new();
    folder.create("root --role admin");
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0 --log-level warn");
    let mut stranger = Visitor::of(&server);
    let mut expected = Vec::new();
    let mut expect = |answer: &Answer, status: u16, words: &str| {
        assert_eq!(answer.status, status, "{words}: {}", answer.body);
        expected.push((answer.header("x-request-id").to_owned(), words.to_owned()));
    };

    let elsewhere = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: cross-site\r\n";
    let forged = stranger.send("POST /login", elsewhere, "login=root&password=x");
    expect(
        &forged,
        403,
        "WARN  vestibule::web::same_origin refused POST /login: Sec-Fetch-Site is \"cross-site\"",
    );
    expect(&forged, 403, "WARN  vestibule::access POST /login 403");
    let bearer = format!("Accept: application/json\r\nAuthorization: Bearer x.{}.x\r\n", "A".repeat(40));
    expect(&stranger.send("GET /protected", &bearer, ""), 403, "WARN  vestibule::access GET /protected 403");
    let bearer = format!("Accept: application/json\r\nAuthorization: Bearer {}\r\n", forged_token(&server));
    expect(
        &stranger.send("GET /protected", &bearer, ""),
        403,
        "WARN  vestibule::web::extract::current_user ",
    );
    let throttled = (0..30).map(|_| stranger.submit("/login", &[("login", "root"), ("password", "x")]));
    let throttled = throttled.into_iter().find(|answer| answer.status == 429).unwrap();
    expect(&throttled, 429, "WARN  vestibule::access POST /login 429");
    let mut conn =
        SqliteConnection::establish(&folder.path.join("data/vestibule.db").display().to_string()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 5000; ALTER TABLE users RENAME TO users_lost").unwrap();
    let fault = stranger.send(
        "POST /forgot",
        "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n",
        "email=x",
    );
    assert_ne!(fault.status, 500, "what is no address asks no table");
    let fault =
        stranger.submit("/register", &[("username", "bob"), ("email", ""), ("password", GOOD_PASSWORD)]);
    expect(&fault, 500, "ERROR vestibule::web::render The database refused: no such table: users");
    assert!(fault.body.contains(fault.header("x-request-id")) && !fault.body.contains("no such table"));
    let log = server.end();

    for (request, words) in expected {
        let line = log.lines().find(|line| line.contains(&request) && line.contains(&words));
        assert!(request.len() == 36 && line.is_some(), "{words} (request {request}): {log}");
    }
    assert!(!log.contains(" INFO "), "{log}");
}

#[test]
fn a_door_that_lets_somebody_pass_is_in_the_proxys_log_alone_and_one_that_does_not_in_ours_too() {
    let doors = "[server]\npublic_url = 'https://login.example.org'\ntrusted_proxies = ['127.0.0.1/32']\n\
                 [forward_auth]\ncookie_domain = 'example.org'\n[[forward_auth.hosts]]\nhost = 'wiki.example.org'\n\
                 rules = [{ path = '/public', allow = 'public' }]\n";
    let folder = Folder::new().with_file("vestibule.toml", doors);
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");
    for (path, status) in [("/public", "200"), ("/", "401")] {
        let mut stream = TcpStream::connect(server.fact("Listening").unwrap()).unwrap();
        let request = format!(
            "GET /auth/nginx HTTP/1.1\r\nHost: login.example.org\r\nConnection: close\r\nX-Original-Method: GET\r\n\
             X-Original-URL: https://wiki.example.org{path}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
    }
    let log = server.end();

    assert!(log.contains("INFO  vestibule::access GET /auth/nginx 401"), "{log}");
    assert!(!log.contains("GET /auth/nginx 200"), "{log}");
}
