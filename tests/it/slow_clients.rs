//! Clients that take their time: none holds a connection for longer than its settings say, whatever it sends or leaves.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use actix_web::rt::task::spawn_blocking;
use futures_util::future::{join, join_all};
use vestibule::clock::Stopwatch;

use crate::socket::{on_a_socket, serve, talk};
use crate::support::TestApp;

const SECOND: Duration = Duration::from_secs(1);
/// What the server may need beyond its limits: a second to linger, and a busy machine.
const A_LITTLE: Duration = Duration::from_millis(2500);

async fn server(change: impl FnOnce(&mut vestibule::Config)) -> (TestApp, SocketAddr) {
    let app = TestApp::with(|config| {
        on_a_socket(config);
        change(config);
    })
    .await;
    let address = serve(&app).await;
    (app, address)
}

/// Sends `first`, then `drop` after `drop`, and tells what came back and when the server hung up.
async fn trickle(address: SocketAddr, first: &str, drop: &str, pause: Duration) -> (String, Duration) {
    let (first, drop) = (first.to_owned(), drop.to_owned());
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let (mut answer, mut bytes, started) = (Vec::new(), [0; 4096], Stopwatch::start());
        let mut dropped = 0;
        stream.set_read_timeout(Some(pause)).unwrap();
        stream.write_all(first.as_bytes()).unwrap();
        while started.elapsed() < Duration::from_secs(20) {
            match stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(length) => answer.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
            // What is due by now: a machine that is busy is not to make us slower.
            let due = (started.elapsed().as_millis() / pause.as_millis()) as usize;
            if stream.write_all(drop.repeat(due.saturating_sub(dropped)).as_bytes()).is_err() {
                break;
            }
            dropped = due;
        }
        (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
    };
    spawn_blocking(talk).await.unwrap()
}

const PAUSE: Duration = Duration::from_millis(50);
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[actix_web::test]
async fn a_head_that_trickles_is_not_waited_for() {
    let (_app, address) = server(|config| config.server.request_timeout = SECOND).await;
    let start = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ";

    let (silent, waited) = trickle(address, "", "", PAUSE).await;
    let (first, took) = trickle(address, start, "y", PAUSE).await;
    let (later, took_later) = trickle(address, &format!("{HEALTH}{start}"), "y", PAUSE).await;

    assert!(first.starts_with("HTTP/1.1 408 "), "{first}");
    assert!(silent.is_empty() || silent.starts_with("HTTP/1.1 408 "), "{silent}");
    assert!(later.starts_with("HTTP/1.1 200 "), "{later}");
    for took in [waited, took, took_later] {
        assert!(took < SECOND + A_LITTLE, "{took:?}");
    }
}

#[actix_web::test]
async fn an_idle_connection_is_kept_for_the_next_request_and_no_longer() {
    let (_app, address) = server(|config| config.server.keep_alive = 2 * SECOND).await;
    let pauses = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut bytes = [0; 4096];
        stream.set_read_timeout(Some(10 * SECOND)).unwrap();
        for _ in 0..4 {
            stream.write_all(HEALTH.as_bytes()).unwrap();
            assert!(stream.read(&mut bytes).unwrap() > 0);
            sleep(SECOND);
        }
        let started = Stopwatch::start();
        (stream.read(&mut bytes).unwrap_or(0), started.elapsed())
    };

    let (more, took) = spawn_blocking(pauses).await.unwrap();

    assert_eq!(more, 0);
    assert!(took < 2 * SECOND + A_LITTLE, "{took:?}");
}

#[actix_web::test]
async fn a_body_that_trickles_is_answered_and_its_connection_closed() {
    let (_app, address) = server(|config| config.server.body_timeout = SECOND).await;
    let post = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    for framing in ["Content-Length: 16000", "Transfer-Encoding: chunked"] {
        let drop = if framing.starts_with('T') { "1\r\nx\r\n" } else { "x" };

        let (answer, took) = trickle(address, &format!("{post}{framing}\r\n\r\n"), drop, PAUSE).await;

        assert!(answer.starts_with("HTTP/1.1 408 "), "{framing}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{framing}: {answer}");
        assert!(took < SECOND + A_LITTLE, "{framing}: {took:?}");
    }
}

#[actix_web::test]
async fn a_body_that_nobody_reads_holds_no_connection() {
    let (_app, address) = server(|config| config.server.body_timeout = SECOND).await;
    let cross_site = "Sec-Fetch-Site: cross-site\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let cases = [
        ("POST /dashboard", "", 405),
        ("POST /nothing", "", 404),
        ("POST /login", cross_site, 403),
        ("POST /login", "Content-Type: text/plain\r\n", 415),
        ("POST /login", "Content-Type: application/json; charset=utf-16\r\n", 415),
        ("POST /logout", "", 303),
        ("GET /healthz", "", 200),
    ];

    let framings = [("Content-Length: 16000", "x"), ("Transfer-Encoding: chunked", "1\r\nx\r\n")];
    let cases = cases.iter().flat_map(|case| framings.map(|framing| (case, framing)));
    let all = cases.map(|((line, fields, status), (framing, drop))| async move {
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}{framing}\r\n\r\n");
        let (trickling, silent) =
            join(trickle(address, &head, drop, PAUSE), trickle(address, &head, "", PAUSE)).await;

        for (answer, took) in [trickling, silent] {
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line} {framing}: {answer}");
            assert!(took < SECOND + A_LITTLE, "{line} {framing}: {took:?}");
        }
    });

    join_all(all).await;
}

#[actix_web::test]
async fn half_the_time_of_a_body_is_for_those_who_send_500_bytes_a_second() {
    let (_app, address) = server(|config| config.server.body_timeout = 4 * SECOND).await;
    let head = |length: usize| {
        format!(
            "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n"
        )
    };

    let (slow, took) = trickle(address, &head(400), "xx", PAUSE).await;
    let (steady, took_steady) = trickle(address, &head(3000), &" ".repeat(50), PAUSE).await;

    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
    assert!(took > 2 * SECOND && took < 4 * SECOND, "{took:?}");
    assert!(steady.starts_with("HTTP/1.1 400 "), "{steady}");
    assert!(took_steady > 2 * SECOND, "{took_steady:?}");
}

#[actix_web::test]
async fn who_does_not_fetch_the_answers_is_hung_up_on() {
    let (_app, address) = server(|config| config.server.keep_alive = SECOND).await;
    let ask_on = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let (asks, started) =
            ("GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100), Stopwatch::start());
        loop {
            match stream.write_all(asks.as_bytes()) {
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return started.elapsed(),
                _ if started.elapsed() > Duration::from_secs(30) => return started.elapsed(),
                _ => {}
            }
        }
    };

    let took = spawn_blocking(ask_on).await.unwrap();

    assert!(took < 20 * SECOND, "{took:?}");
}

#[actix_web::test]
async fn a_chunked_body_that_ends_leaves_the_connection_to_the_next_request() {
    let (_app, address) = server(|_| ()).await;
    let post = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    let answers = talk(address, format!("{post}{post}{last}")).await;

    assert_eq!(answers.matches("HTTP/1.1 400 ").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 1, "{answers}");
}
