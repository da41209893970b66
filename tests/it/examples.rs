//! The examples, as the processes that whoever tries them starts.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{PASSWORD, Place};

/// An example that runs until the test ends.
struct Example {
    child: Child,
    port: u16,
    place: Place,
}

struct Told {
    status: u16,
    headers: BTreeMap<String, String>,
    /// What it sets, as a browser sends it back.
    cookies: String,
    body: String,
}

/// Where cargo puts examples: beside the folder of the tests.
fn binary(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples").join(name);
    assert!(path.exists(), "there is no {}: cargo build --examples", path.display());
    path
}

impl Example {
    fn start(name: &str) -> Self {
        let (place, port) = (Place::new(), free_port());
        std::fs::create_dir_all(place.dir()).unwrap();
        let child = Command::new(binary(name))
            .current_dir(place.dir())
            .env_clear()
            .env("VESTIBULE_SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut example = Self { child, port, place };
        for _ in 0..1000 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return example;
            }
            assert!(example.child.try_wait().unwrap().is_none(), "{name} has ended");
            sleep(Duration::from_millis(10));
        }
        panic!("{name} does not listen");
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (port, length) = (self.port, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{lines}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let cookies = headers.iter().filter(|(name, _)| name == "set-cookie");
        let cookies: Vec<_> = cookies.map(|(_, value)| value.split(';').next().unwrap()).collect();
        Told {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            cookies: cookies.join("; "),
            headers: headers.into_iter().collect(),
            body: body.to_owned(),
        }
    }

    fn browse(&self, path: &str, cookie: &str) -> Told {
        self.ask("GET", path, &[("Accept", "text/html"), ("Cookie", cookie)], "")
    }

    /// Somebody makes an account where a page has led them.
    fn register(&self, led_to: &str) -> Told {
        let asked = self.browse(led_to, "");
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let headers = [kind, ("Sec-Fetch-Site", "same-origin"), ("Cookie", &asked.cookies)];
        let form = format!("username=ada&password={}", PASSWORD.replace(' ', "+"));
        self.ask("POST", "/register", &headers, &form)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What whoever follows the README finds at `/notes`: the way in, and the way back.
fn leads_to_its_notes(example: &Example) -> String {
    let stranger = example.browse("/notes", "");
    let program = example.ask("GET", "/notes", &[("Accept", "application/json")], "");
    let registered = example.register(&stranger.headers["location"]);
    let ada = example.browse("/notes", &registered.cookies);

    assert_eq!((stranger.status, stranger.headers["location"].as_str()), (303, "/login?next=%2Fnotes"));
    assert_eq!((program.status, program.headers["www-authenticate"].as_str()), (401, "Bearer"));
    assert_eq!((registered.status, registered.headers["location"].as_str()), (303, "/notes"));
    assert_eq!((ada.status, ada.body.as_str()), (200, "The notes of ada"));
    registered.cookies
}

#[test]
fn what_the_readme_prints_runs() {
    leads_to_its_notes(&Example::start("notes"));
}

#[test]
fn what_is_wrong_with_the_settings_is_told_in_words() {
    let place = Place::new();
    std::fs::create_dir_all(place.dir()).unwrap();
    let mut command = Command::new(binary("notes"));
    let told = command.current_dir(place.dir()).env_clear().env("VESTIBULE_SERVER__LISTEN", "8080").output();

    let told = String::from_utf8(told.unwrap().stderr).unwrap();
    assert!(told.starts_with("Error: VESTIBULE_SERVER__LISTEN: "), "{told}");
    assert!(!told.contains('{'), "{told}");
}

#[test]
fn an_app_of_somebody_elses_has_its_own_pages_beside_ours() {
    let mut example = Example::start("embedded");
    let mut said = String::new();
    BufReader::new(example.child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said.trim_end(), format!("Open http://localhost:{}/notes", example.port));

    let cookie = leads_to_its_notes(&example);
    let token = cookie.split("; ").find_map(|pair| pair.strip_prefix("vestibule=")).unwrap();
    let token = format!("Bearer {token}");
    let by_token = [("Authorization", token.as_str())];

    assert_eq!(example.browse("/welcome", "").body, "Your notes are at /notes.");
    assert_eq!(example.browse("/nowhere", "").body, "There is no such note.");
    assert!(example.browse("/dashboard", &cookie).body.contains("Hello, ada"));
    assert_eq!(example.browse("/admin", &cookie).status, 403);
    let added = example.ask("POST", "/api/notes", &by_token, "milk");
    assert_eq!((added.status, added.body.as_str()), (201, "ada noted: milk"));
    let by_cookie = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(example.ask("POST", "/api/notes", &by_cookie, "milk").status, 401);
    assert_eq!(example.ask("DELETE", "/api/notes", &by_token, "").status, 204);
    assert_eq!(example.ask("DELETE", "/api/notes", &[], "").status, 401);
    assert!(example.browse("/login", "").body.contains("href=\"/forgot\""), "it carries mail");
    assert!(example.place.dir().join("data").join("vestibule.db").exists());
}
