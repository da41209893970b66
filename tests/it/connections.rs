//! Connections: how many there may be, of one address and in all, and what the next one is told.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use actix_web::rt::net::TcpSocket;
use actix_web::rt::task::spawn_blocking;
use actix_web::rt::time::sleep;

use crate::socket::{on_a_socket, serve};
use crate::support::TestApp;

const ASK: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection from this address, which need not be the usual one.
async fn dial(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let stream = socket.connect(to).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

/// Asks over this connection; empty if there is no answer within `patience`.
async fn ask(stream: &TcpStream, patience: Duration) -> String {
    let mut stream = stream.try_clone().unwrap();
    let talk = move || {
        stream.set_read_timeout(Some(patience)).unwrap();
        let _ = stream.write_all(ASK);
        let mut bytes = [0; 4096];
        let length = stream.read(&mut bytes).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    spawn_blocking(talk).await.unwrap()
}

/// A connection that is held open, and has been answered once.
async fn hold(from: &str, to: SocketAddr) -> TcpStream {
    let stream = dial(from, to).await;
    let answer = ask(&stream, Duration::from_secs(5)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{from}: {answer}");
    stream
}

/// What a new connection from this address is told, once that is 200; a place is given back a little after its
/// connection ends.
async fn is_served_soon(from: &str, to: SocketAddr) -> bool {
    for _ in 0..50 {
        if ask(&dial(from, to).await, Duration::from_secs(1)).await.starts_with("HTTP/1.1 200 ") {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}

#[actix_web::test]
async fn an_address_at_its_limit_is_refused_while_others_are_served() {
    let app = TestApp::with(|config| {
        on_a_socket(config);
        (config.server.workers, config.server.max_connections_per_address) = (2, 3);
    })
    .await;
    let server = serve(&app).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(hold("127.0.0.1", server).await);
    }

    let mut refused = dial("127.0.0.1", server).await;
    let answer = ask(&refused, Duration::from_secs(5)).await;
    let other = ask(&dial("127.0.0.2", server).await, Duration::from_secs(5)).await;
    let earlier = ask(&held[0], Duration::from_secs(5)).await;

    let (head, words) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
    assert!(head.contains("\r\nRetry-After: 5") && head.contains("\r\nConnection: close"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}", words.len())), "{head}");
    assert!(matches!(refused.read(&mut [0; 1]), Ok(0) | Err(_)), "it is still open");
    assert!(other.starts_with("HTTP/1.1 200 "), "{other}");
    assert!(earlier.starts_with("HTTP/1.1 200 "), "{earlier}");

    held.pop();

    assert!(is_served_soon("127.0.0.1", server).await, "a closed connection keeps its place");
}

#[actix_web::test]
async fn a_trusted_proxy_is_not_counted() {
    let app = TestApp::with(|config| {
        on_a_socket(config);
        config.server.max_connections_per_address = 1;
        config.server.trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
    })
    .await;
    let server = serve(&app).await;

    let _others = hold("127.0.0.1", server).await;
    let stranger = ask(&dial("127.0.0.1", server).await, Duration::from_secs(5)).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(hold("127.0.0.2", server).await);
    }

    assert!(stranger.starts_with("HTTP/1.1 503 "), "{stranger}");
}

#[actix_web::test]
async fn beyond_the_total_a_connection_waits_until_another_ends() {
    let app = TestApp::with(|config| {
        on_a_socket(config);
        config.server.max_connections = 2;
    })
    .await;
    let server = serve(&app).await;
    let (first, _second) = (hold("127.0.0.1", server).await, hold("127.0.0.2", server).await);

    let third = dial("127.0.0.3", server).await;
    let early = ask(&third, Duration::from_millis(300)).await;
    drop(first);
    let late = ask(&third, Duration::from_secs(5)).await;

    assert_eq!(early, "");
    assert!(late.starts_with("HTTP/1.1 200 "), "{late}");
}
