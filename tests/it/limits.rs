//! How much a request may hold: each limit one below, at it and one above. And that `docs/limits.md` says so.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::test::TestRequest;
use vestibule::clock::Stopwatch;

use crate::socket::{on_a_socket, serve, talk};
use crate::support::TestApp;

async fn server() -> (TestApp, SocketAddr) {
    let app = TestApp::with(on_a_socket).await;
    let address = serve(&app).await;
    (app, address)
}

/// Whether the connection ends with this answer, which is the first.
fn ends(answer: &str) -> bool {
    answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n")
        && answer.matches("HTTP/1.1 ").count() == 1
}

/// Sends a head, twice: whoever is refused is not heard a second time.
async fn send_twice(address: SocketAddr, first: &str, fields: &str) -> String {
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    talk(address, format!("{first}\r\n{fields}\r\n{last}")).await
}

#[actix_web::test]
async fn an_address_has_8_kib() {
    let (_app, address) = server().await;
    let get = |length: usize| format!("GET /healthz?{} HTTP/1.1", "x".repeat(length - "/healthz?".len()));

    for length in [8191, 8192] {
        let answer = send_twice(address, &get(length), "Host: localhost\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{length}: {answer}");
    }
    for length in [8193, 60_000] {
        let answer = send_twice(address, &get(length), "Host: localhost\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 414 ") && ends(&answer), "{length}: {answer}");
        assert!(answer.contains("urn:vestibule:problem:uri-too-long"), "{answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
    }
    let page = send_twice(address, &get(8193), "Host: localhost\r\nAccept: text/html\r\n").await;
    assert!(page.contains("<h1>That is too much</h1>") && ends(&page), "{page}");
}

#[actix_web::test]
async fn a_request_has_64_headers() {
    let (_app, address) = server().await;
    let fields = |count: usize| format!("Host: localhost\r\n{}", "X: y\r\n".repeat(count - 1));

    for count in [63, 64] {
        let answer = send_twice(address, "GET /healthz HTTP/1.1", &fields(count)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{count}: {answer}");
    }
    for count in [65, 96] {
        let answer = send_twice(address, "GET /healthz HTTP/1.1", &fields(count)).await;
        assert!(answer.starts_with("HTTP/1.1 431 ") && ends(&answer), "{count}: {answer}");
        assert!(answer.contains("urn:vestibule:problem:headers-too-large"), "{answer}");
    }
    let page =
        send_twice(address, "GET /login HTTP/1.1", &format!("Accept: text/html\r\n{}", fields(70))).await;
    assert!(page.contains("Delete the cookies of this site") && ends(&page), "{page}");
    // What Actix does not even read.
    let answer = send_twice(address, "GET /healthz HTTP/1.1", &fields(97)).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && ends(&answer), "{answer}");
}

#[actix_web::test]
async fn headers_have_16_kib() {
    let (_app, address) = server().await;
    let host = "Host: localhost\r\n";
    let fields = |bytes: usize| format!("{host}X: {}\r\n", "y".repeat(bytes - host.len() - "X: \r\n".len()));

    for bytes in [16_383, 16_384] {
        let answer = send_twice(address, "GET /healthz HTTP/1.1", &fields(bytes)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{bytes}: {answer}");
    }
    for bytes in [16_385, 100_000] {
        let answer = send_twice(address, "GET /healthz HTTP/1.1", &fields(bytes)).await;
        assert!(answer.starts_with("HTTP/1.1 431 ") && ends(&answer), "{bytes}: {answer}");
    }
    let answer = send_twice(address, "GET /healthz HTTP/1.1", &fields(200_000)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

fn post(app: &TestApp, kind: &str, body: String) -> TestRequest {
    app.request("POST", "/login").insert_header(("content-type", kind)).set_payload(body)
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[actix_web::test]
async fn a_body_has_16_kib() {
    let app = TestApp::new().await;
    let form = |length: usize| {
        let start = "login=nobody&password=";
        format!("{start}{}", "x".repeat(length - start.len()))
    };

    for (length, status) in [(16_383, 422), (16_384, 422), (16_385, 413)] {
        assert_eq!(app.send(post(&app, FORM, form(length))).await.status, status, "{length}");
    }
}

#[actix_web::test]
async fn a_form_has_64_fields() {
    let app = TestApp::new().await;
    // Between two `&` is a field, if an empty one.
    let form = |count: usize| format!("login=nobody&password=x{}", "&".repeat(count - 2));

    for (count, status) in [(63, 422), (64, 422), (65, 400), (16_000, 400)] {
        let answer = app.send(post(&app, FORM, form(count))).await;
        assert_eq!(answer.status, status, "{count}");
        assert_eq!(answer.body.contains("more than 64 fields"), status == 400, "{count}: {}", answer.body);
    }
    let twice = app.send(post(&app, FORM, "login=ada&login=bob&password=x".to_owned())).await;
    assert_eq!(twice.status, 400);
}

#[actix_web::test]
async fn json_nests_8_deep() {
    let app = TestApp::new().await;
    let nested = |depth: usize| {
        let inside = depth - 1;
        format!(r#"{{"username":{}{}}}"#, "[".repeat(inside), "]".repeat(inside))
    };

    for (depth, is_too_deep) in [(7, false), (8, false), (9, true), (130, true), (8000, true)] {
        let answer = app.send(post(&app, JSON, nested(depth))).await;
        assert_eq!(answer.status, 400, "{depth}");
        assert_eq!(answer.body.contains("nested more than 8 deep"), is_too_deep, "{depth}: {}", answer.body);
    }
    let text = r#"{"username":"nobody","password":"\"[[[[[[[[[[{{{{{{\\"}"#;
    assert_eq!(app.send(post(&app, JSON, text.to_owned())).await.status, 401, "brackets in a text are text");
}

#[actix_web::test]
async fn a_member_of_a_document_comes_once_and_is_one_of_ours() {
    let app = TestApp::new().await;
    for (document, words) in [
        (r#"{"username":"a","username":"b","password":"x"}"#, "duplicate field"),
        (r#"{"username":"a","user\u006eame":"b","password":"x"}"#, "duplicate field"),
        (r#"{"username":"a","password":"x","role":{"admin":true}}"#, "unknown field"),
        (r#"{"username":"a","password":"x"}{}"#, "not valid JSON"),
    ] {
        let answer = app.send(post(&app, JSON, document.to_owned())).await;
        assert_eq!(answer.status, 400, "{document}");
        assert!(answer.body.contains(words), "{document}: {}", answer.body);
    }
}

#[actix_web::test]
async fn cookies_that_pretend_to_be_ours_do_not_make_a_large_head_small_or_slow() {
    let (_app, address) = server().await;
    let many = format!("Host: localhost\r\nCookie: {}\r\n", "vestibule=;".repeat(10_000));

    let started = Stopwatch::start();
    let answer = send_twice(address, "GET /healthz HTTP/1.1", &many).await;

    assert!(answer.starts_with("HTTP/1.1 431 ") && ends(&answer), "{answer}");
    // A second of it is for the end of the connection.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[actix_web::test]
async fn what_is_asked_of_no_path_at_all_is_answered_like_everything_else() {
    let (_app, address) = server().await;
    let ask = |line: &str| format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");

    let options = talk(address, ask("OPTIONS *") + "\r\n").await;
    let forged = talk(address, ask("POST *") + "Origin: https://evil.example\r\n\r\n").await;

    assert!(options.starts_with("HTTP/1.1 404 ") && options.contains("\r\nx-request-id: "), "{options}");
    assert!(options.contains("\r\nx-content-type-options: nosniff\r\n"), "{options}");
    assert!(forged.starts_with("HTTP/1.1 403 "), "{forged}");
}
