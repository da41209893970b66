//! We ask no address that a request names, and nobody but the database and the mail server (ASVS 1.3.6, 13.2.4, 13.2.5).

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::json;
use vestibule::secret::to_base64url;

use crate::architecture::sources;
use crate::bad_tokens::{but, read};
use crate::support::{PASSWORD, TestApp};

/// Whoever would be asked, and writes nothing down: whether they were is all there is to know.
struct Stranger(TcpListener);

impl Stranger {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn has_heard(&self) -> bool {
        // What is on its way on this machine has arrived by then.
        std::thread::sleep(Duration::from_millis(100));
        match self.0.accept() {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn the_stranger_would_hear_it() {
    let stranger = Stranger::new();
    assert!(!stranger.has_heard());

    let _asked = std::net::TcpStream::connect(stranger.address()).unwrap();

    assert!(stranger.has_heard());
}

#[actix_web::test]
async fn an_address_in_the_head_of_a_token_is_not_asked() {
    let (app, stranger) = (TestApp::new().await, Stranger::new());
    app.register("ada").await;
    let mut ada = app.program();
    ada.log_in("ada").await;
    let good = ada.token.clone().unwrap();
    let (head, _) = read(&good);
    let (_, rest) = good.split_once('.').unwrap();
    let url = format!("http://{}/keys", stranger.address());

    for changes in [
        json!({ "jku": url }),
        json!({ "x5u": url }),
        json!({ "kid": url }),
        json!({ "jku": url, "kid": "unknown" }),
        json!({ "jku": url, "alg": "RS256" }),
        json!({ "iss": url }),
        json!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "jku": url } }),
    ] {
        let head = to_base64url(but(&head, changes.clone()).to_string().as_bytes());
        ada.token = Some(format!("{head}.{rest}"));

        assert_eq!(ada.get("/api/session").await.status, 401, "{changes}");
        let mut browser = app.browser();
        browser.cookies.insert("vestibule".to_owned(), format!("{head}.{rest}"));
        assert_eq!(browser.get("/dashboard").await.status, 303, "{changes}");
    }

    assert!(!stranger.has_heard());
}

#[actix_web::test]
async fn an_address_in_a_header_or_in_a_field_is_not_asked() {
    let (app, stranger) = (TestApp::new().await, Stranger::new());
    app.register_as("ada", "ada@example.org", vestibule::models::Role::User).await;
    let (at, url) = (stranger.address().to_string(), format!("http://{}/x", stranger.address()));
    let names = [
        ("host", &at),
        ("x-forwarded-host", &at),
        ("forwarded", &format!("host={at};proto=http")),
        ("referer", &url),
        ("x-original-url", &url),
        ("x-wap-profile", &url),
        ("from", &format!("root@[{at}]")),
        ("link", &format!("<{url}>; rel=preload")),
        ("access-control-request-headers", &url),
    ];

    for (name, value) in names {
        for path in ["/login", "/dashboard", "/api/session", "/readyz", "/nothing"] {
            let answer = app.send(app.request("GET", path).insert_header((name, value.as_str()))).await;
            assert!(answer.status < 500 && !answer.location().contains(&at), "{name}: {path}");
        }
    }
    let next = format!("/login?next={}", url.replace("://", "%3A%2F%2F"));
    let mut browser = app.browser();
    browser.get(&next).await;
    assert_eq!(browser.sign_in("ada").await.location(), "/dashboard");
    for path in ["/login", "/register", "/forgot"] {
        let fields = [("login", &*url), ("password", PASSWORD), ("username", &url), ("email", &url)];
        for count in 1..=4 {
            browser.submit(path, &fields[..count]).await;
        }
    }
    browser.submit("/forgot", &[("email", "ada@example.org")]).await;
    app.mails().await;

    assert!(!stranger.has_heard());
}

/// Where connections are opened, and how; `docs/connections.md` has a row for each.
pub const OPENERS: &[(&str, &[&str])] = &[
    ("cli/healthcheck.rs", &["TcpStream::connect", "ToSocketAddrs"]),
    ("cli/supervisor.rs", &["sd_notify::notify"]),
    ("db", &["establish("]),
    ("mail/mailer.rs", &["SmtpTransport"]),
    // Never of the server: whoever checks our tokens elsewhere asks us.
    ("verify/fetch.rs", &["Agent::config_builder"]),
];

#[test]
fn whoever_opens_a_connection_is_known() {
    let ways = [
        "TcpStream::connect",
        "UdpSocket",
        "UnixStream::connect",
        "UnixDatagram",
        "sd_notify::notify",
        "ToSocketAddrs",
        "lookup_host",
        "Transport",
        "establish(",
        "Agent::",
        "ureq::get",
        "awc::",
        "reqwest",
    ];
    let mut seen = 0;
    for (file, code) in sources() {
        let part = file.split('/').next().unwrap();
        let homes = OPENERS.iter().filter(|(home, _)| *home == file || *home == part);
        let allowed: Vec<&str> = homes.flat_map(|(_, ways)| ways.iter().copied()).collect();
        for way in ways.iter().filter(|way| code.contains(**way)) {
            assert!(allowed.iter().any(|allowed| allowed.contains(way)), "{file}: {way}");
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}
