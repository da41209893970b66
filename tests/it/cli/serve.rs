//! `vestibule serve`

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command};
use std::time::Duration;

use actix_web::rt::System;
use vestibule::clock::Stopwatch;
use vestibule::config::Config;
use vestibule::flows::set_up;
use vestibule::vestibule::Vestibule;

use super::Folder;

/// A server that ends with the test, and what it has said.
pub(super) struct Server {
    child: Child,
    said: Vec<String>,
    stderr: BufReader<ChildStderr>,
}

impl Server {
    /// Starts one and waits until it listens.
    pub(super) fn start(folder: &Folder, line: &str) -> Self {
        let mut child = folder.start(line);
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self { child, said: Vec::new(), stderr };
        server.read_until("istening");
        server
    }

    fn read_until(&mut self, words: &str) {
        while !self.said.last().is_some_and(|line| line.contains(words)) {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "never said {words}: {:?}", self.said);
            self.said.push(line.trim_end().to_owned());
        }
    }

    pub(super) fn fact(&self, name: &str) -> Option<&str> {
        self.said.iter().find_map(|line| line.strip_prefix(name)).map(str::trim)
    }

    /// Asks for a new password, as the page does; the status of the answer.
    pub(super) fn forget(&self, host: &str, email: &str) -> u16 {
        let mut stream = TcpStream::connect(self.fact("Listening").unwrap()).unwrap();
        let body = format!("email={}", email.replace('@', "%40"));
        let length = body.len();
        let request = format!(
            "POST /forgot HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Tells it to stop; everything that it has said.
    pub(super) fn end(mut self) -> String {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        let mut said = self.said.join("\n") + "\n";
        self.stderr.read_to_string(&mut said).unwrap();
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(out, "", "a server says everything on standard error");
        said
    }

    /// Tells it to stop, and says how long that took.
    pub(super) fn stop(mut self) -> Duration {
        let began = Stopwatch::start();
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success() && self.child.wait().unwrap().success());
        began.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_setup_link_live(folder: &Folder, token: &str) -> bool {
    let mut config = Config::default();
    config.server.data_dir = folder.path.join("data");
    let vestibule = Vestibule::open(config).unwrap();
    System::new().block_on(set_up::is_live(&vestibule, token, vestibule.clock.now())).unwrap()
}

#[test]
fn a_start_in_an_empty_folder_says_where_everything_is() {
    let folder = Folder::new();

    let server = Server::start(&folder, "serve --listen 127.0.0.1:0 --public-url http://localhost:9999");

    let version = concat!("Vestibule ", env!("CARGO_PKG_VERSION"));
    assert!(server.said.iter().any(|line| line == version));
    assert_eq!(server.fact("Open"), Some("http://localhost:9999"));
    let data = folder.path.join("data").display().to_string();
    assert_eq!(server.fact("Data"), Some(data.as_str()));
    assert_eq!(server.fact("Database"), Some(format!("SQLite, {data}/vestibule.db").as_str()));
    assert_eq!(server.fact("Settings"), Some("flags"));
    assert!(server.fact("Mail").unwrap().starts_with("off"));
    let token = server.fact("Set up").unwrap().strip_prefix("http://localhost:9999/setup/").unwrap();
    assert!(is_setup_link_live(&folder, token));

    let address = server.fact("Listening").unwrap();
    assert_eq!(folder.run(&format!("healthcheck --url http://{address}")).done(), "ok\n");
}

#[test]
fn the_server_starts_without_a_command_and_offers_no_set_up_once_there_is_an_administrator() {
    let folder = Folder::new().with_variable("VESTIBULE_SERVER__LISTEN", "127.0.0.1:0");
    folder.create("ada --role admin");

    let server = Server::start(&folder, "");

    assert_eq!((server.fact("Set up"), server.fact("Settings")), (None, Some("environment")));
}

#[test]
fn a_second_start_by_mistake_is_refused_and_voids_no_link() {
    let folder = Folder::new();
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");
    let token = server.fact("Set up").unwrap().rsplit_once('/').unwrap().1;
    let address = server.fact("Listening").unwrap();

    let said = folder.run(&format!("serve --listen {address} --log-level warn")).refused(1);

    assert!(said.starts_with(&format!("cannot listen on {address}: ")), "{said}");
    assert!(is_setup_link_live(&folder, token));
}

#[test]
fn the_log_is_a_json_object_a_line_and_warns_when_nothing_is_throttled() {
    let folder = Folder::new()
        .with_variable("VESTIBULE_LOG__FORMAT", "json")
        .with_variable("VESTIBULE_THROTTLE__ENABLED", "false");

    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");

    let lines: Vec<serde_json::Value> =
        server.said.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let warning = lines.iter().find(|line| line["level"] == "warn").unwrap();
    assert!(warning["message"].as_str().unwrap().starts_with("throttle.enabled is false"));
    assert!(warning["target"].as_str().unwrap().starts_with("vestibule::"));
    let (ts, facts) = (warning["ts"].as_str().unwrap(), &lines.last().unwrap()["facts"]);
    assert!(ts.len() == "2026-11-22T14:32:00.000Z".len() && ts.ends_with('Z'), "{ts}");
    assert!(facts["set_up"].as_str().unwrap().contains("/setup/"));
}

#[test]
fn other_commands_keep_quiet_unless_told_otherwise() {
    let line = "migrate";
    assert_eq!(Folder::new().run(line).err, "");

    assert!(Folder::new().run("migrate --log-level info").err.contains("INFO  vestibule"));
    let folder = Folder::new().with_variable("VESTIBULE_LOG", "vestibule=info");
    assert!(folder.run(line).err.contains("migrated the database"));
}

#[test]
fn the_flags_of_the_default_command_work_without_its_name() {
    let folder = Folder::new();

    let server = Server::start(&folder, "--listen 127.0.0.1:0 --public-url http://localhost:9");

    assert_eq!(server.fact("Open"), Some("http://localhost:9"));
}

#[test]
fn an_address_with_too_many_connections_is_in_the_log_once_and_how_to_trust_a_proxy() {
    let folder = Folder::new().with_variable("VESTIBULE_SERVER__MAX_CONNECTIONS_PER_ADDRESS", "1");
    let mut server = Server::start(&folder, "serve --listen 127.0.0.1:0");
    let address = server.fact("Listening").unwrap().to_owned();
    let mut held = TcpStream::connect(&address).unwrap();
    held.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(held.read(&mut [0; 4096]).unwrap() > 0);

    for _ in 0..3 {
        let mut answer = String::new();
        TcpStream::connect(&address).unwrap().read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
    server.read_until("holds 1 connections");
    server.child.kill().unwrap();
    let mut log = server.said.join("\n") + "\n";
    server.stderr.read_to_string(&mut log).unwrap();

    let told: Vec<&str> = log.lines().filter(|line| line.contains("connections")).collect();
    assert!(told.len() == 1 && told[0].contains("127.0.0.1 holds 1 connections"), "{log}");
    assert!(told[0].contains("name it in server.trusted_proxies"), "{log}");
}

#[test]
fn a_server_that_is_told_to_stop_does_not_wait_for_those_who_listen_to_it() {
    let folder = Folder::new();
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");
    let mut stream = TcpStream::connect(server.fact("Listening").unwrap()).unwrap();
    // The list is there once revocations have been read.
    let mut answer = [0; 4096];
    for _ in 0..100 {
        stream
            .write_all(b"GET /.well-known/token-status/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let length = stream.read(&mut answer).unwrap();
        if answer[..length].starts_with(b"HTTP/1.1 200 ") {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }

    let took = server.stop();

    assert!(took < Duration::from_secs(3), "{took:?}");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "it was told to its end: {rest}");
}
