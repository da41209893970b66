//! What only a socket shows: time limits, bodies of HEAD, bytes that no client library would send.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use vestibule::web;

use crate::support::TestApp;

/// A server on a socket, for what only a socket shows.
pub async fn serve(app: &TestApp) -> SocketAddr {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let vestibule = app.vestibule.clone();
    actix_web::rt::spawn(web::serve(vestibule, move |address| {
        let _ = sender.send(address);
    }));
    receiver.await.unwrap()
}

/// Sends bytes as they are and reads until the server closes.
pub async fn talk(address: SocketAddr, bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    actix_web::rt::task::spawn_blocking(talk).await.unwrap()
}

/// The settings of [`serve`]: any free port, one worker, little patience.
pub fn on_a_socket(config: &mut vestibule::Config) {
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config.server.public_url = Some("http://localhost:8080".to_owned());
    (config.server.workers, config.server.body_timeout) = (1, Duration::from_millis(200));
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let app = TestApp::with(on_a_socket).await;
    let address = serve(&app).await;
    let head =
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n";

    let problem = talk(address, format!("{head}\r\n{{\"username\":")).await;
    let page = talk(address, format!("{head}Accept: text/html\r\n\r\n{{")).await;

    assert!(
        problem.starts_with("HTTP/1.1 408 ") && problem.contains("urn:vestibule:problem:request-timeout"),
        "{problem}"
    );
    assert!(page.starts_with("HTTP/1.1 408 ") && page.contains("<h1>That took too long</h1>"), "{page}");
}

#[actix_web::test]
async fn head_has_no_body_and_the_same_length() {
    let app = TestApp::with(on_a_socket).await;
    let address = serve(&app).await;

    for path in ["/login", "/nothing", "/robots.txt", "/protected", "/healthz"] {
        let ask = |method: &str| {
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        };
        let (head, get) = (talk(address, ask("HEAD")).await, talk(address, ask("GET")).await);
        let length = |answer: &str| {
            answer
                .to_ascii_lowercase()
                .split("content-length: ")
                .nth(1)
                .map(|rest| rest.lines().next().unwrap().to_owned())
        };

        assert_eq!(head.split_once("\r\n\r\n").unwrap().1, "", "{path}");
        assert!(length(&head).is_some() && length(&head) == length(&get), "{path}: {head}");
        assert_eq!(head.lines().next(), get.lines().next());
        assert!(!head.to_ascii_lowercase().contains("\nserver:"));
    }
}

#[actix_web::test]
async fn what_is_no_http_is_refused_and_the_server_lives() {
    let app = TestApp::with(on_a_socket).await;
    let address = serve(&app).await;
    let head = |lines: &str| format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n").into_bytes();
    let post = |lines: &str, body: &str| {
        format!("POST /login HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n{body}").into_bytes()
    };
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let refused = [
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        b"GET / \r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        b"G\x00T / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        head("X: a\x00b\r\n"),
        head("X y: z\r\n"),
        post(&format!("{form}Content-Length: 5\r\nContent-Length: 6\r\n"), "login="),
        post(&format!("{form}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        post(&format!("{form}Content-Length: +5\r\n"), "login"),
        post(&format!("{form}Content-Length: -1\r\n"), ""),
        post(&format!("{form}Transfer-Encoding: xchunked\r\n"), "0\r\n\r\n"),
        post(&format!("{form}Transfer-Encoding: chunked\r\n"), "zz\r\nlogin\r\n0\r\n\r\n"),
        head(&"X: y\r\n".repeat(200)),
        head(&format!("X: {}\r\n", "y".repeat(200_000))),
    ];

    for bytes in refused {
        let answer = talk(address, bytes.clone()).await;

        let shown = String::from_utf8_lossy(&bytes).chars().take(120).collect::<String>();
        let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(is_refused, "{shown:?}: {}", answer.lines().next().unwrap_or_default());
    }
    assert!(talk(address, head("Connection: close\r\n")).await.starts_with("HTTP/1.1 200 "));
}

#[actix_web::test]
async fn raw_bytes_in_headers_and_cookies_are_no_reason_to_fall() {
    let app = TestApp::with(on_a_socket).await;
    let address = serve(&app).await;
    for line in [
        "Cookie: vestibule=\u{ff}\u{fe}",
        "Cookie: =",
        "Cookie: vestibule",
        "User-Agent: \u{ff}",
        "Accept: \u{ff}",
        "Authorization: Bearer \u{ff}",
    ] {
        let bytes: Vec<u8> = line.chars().map(|letter| letter as u8).collect();
        let start = b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_vec();

        let answer = talk(address, [start, bytes, b"\r\n\r\n".to_vec()].concat()).await;

        assert!(
            answer.starts_with("HTTP/1.1 200 "),
            "{line:?}: {}",
            answer.lines().next().unwrap_or_default()
        );
    }
}

#[actix_web::test]
async fn an_endless_body_is_cut_off() {
    let app = TestApp::with(on_a_socket).await;
    let address = serve(&app).await;
    let start = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
                 Transfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(4096));

    let answer = talk(address, format!("{start}{}", chunk.repeat(6))).await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}
