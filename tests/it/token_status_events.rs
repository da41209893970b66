//! The stream of changes: what it tells and when, how many may listen, and that nobody waits for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use actix_web::rt::net::TcpSocket;
use actix_web::rt::task::spawn_blocking;
use actix_web::rt::time::sleep;
use serde_json::Value;
use vestibule::clock::Stopwatch;
use vestibule::models::InvalidToken;

use crate::nodes::until_remembering;
use crate::socket::{on_a_socket, serve, talk};
use crate::support::TestApp;
use crate::token_status::{LIST, log_in, place};

const ASK: &str = "GET /.well-known/token-status/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// An event with its data and its id, or its status as it begins; nothing once it has ended.
type Event = (String, Value);

/// Listens, on a thread of its own. Without a reader it ends with the connection.
fn listen(stream: TcpStream) -> Receiver<Event> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        (&stream).write_all(ASK.as_bytes()).unwrap();
        let mut name = String::new();
        for line in BufReader::new(&stream).lines().map_while(Result::ok) {
            if line.starts_with("HTTP/1.1 ") {
                let _ = sender.send((line, Value::Null));
            } else if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                let _ = sender.send((name.clone(), serde_json::from_str(data).unwrap()));
            } else if line.starts_with(':') {
                let _ = sender.send((line, Value::Null));
            }
        }
    });
    receiver
}

async fn dial(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let stream = socket.connect(to).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

/// A stream that has begun, and the name of the list that it began with.
async fn stream(to: SocketAddr) -> (Receiver<Event>, String) {
    let events = listen(dial("127.0.0.1", to).await);
    let (events, status) = next(events, Duration::from_secs(5)).await;
    assert_eq!(status.unwrap().0, "HTTP/1.1 200 OK");
    let (events, list) = next(events, Duration::from_secs(5)).await;
    let (name, list) = list.unwrap();
    assert_eq!(
        (name.as_str(), list["uri"].as_str().unwrap()),
        ("list", &*format!("http://localhost:8080{LIST}"))
    );
    (events, list["etag"].as_str().unwrap().to_owned())
}

async fn next(events: Receiver<Event>, patience: Duration) -> (Receiver<Event>, Option<Event>) {
    let wait = move || {
        let event = events.recv_timeout(patience).ok();
        (events, event)
    };
    spawn_blocking(wait).await.unwrap()
}

async fn node(change: impl FnOnce(&mut vestibule::Config)) -> (TestApp, SocketAddr) {
    let app = TestApp::with(|config| {
        on_a_socket(config);
        change(config);
    })
    .await;
    let address = serve(&app).await;
    until_remembering(&app).await;
    (app, address)
}

#[actix_web::test]
async fn a_revocation_is_told_at_once_where_it_was_made_and_within_a_second_elsewhere() {
    let (app, address) = node(|_| ()).await;
    let other = app.another_node().await;
    let elsewhere = serve(&other).await;
    until_remembering(&other).await;
    app.register("ada").await;
    let ada = log_in(&app, "ada").await;
    let index = place(ada.token.as_ref().unwrap());
    let (here, etag) = stream(address).await;
    let (there, _) = stream(elsewhere).await;
    let list = app.program().get(LIST).await;
    assert_eq!(list.header("etag"), etag, "it is the one that is served");

    let since = Stopwatch::start();
    assert_eq!(ada.send(app.request("POST", "/logout")).await.status, 200);

    let told = ("revoked".to_owned(), serde_json::json!({ "idx": [index] }));
    assert_eq!(next(here, Duration::from_millis(400)).await.1, Some(told.clone()));
    assert_eq!(next(there, Duration::from_secs(1)).await.1, Some(told));
    assert!(since.elapsed() < Duration::from_millis(1500), "{:?}", since.elapsed());
}

#[actix_web::test]
async fn a_stream_outlives_what_an_idle_connection_may_and_says_that_there_is_nothing_new() {
    let (_app, address) = node(|config| config.server.keep_alive = Duration::from_secs(1)).await;
    let (events, _) = stream(address).await;

    let (_, beat) = next(events, Duration::from_secs(12)).await;

    assert_eq!(beat.unwrap().0, ": nothing new");
}

#[actix_web::test]
async fn one_address_may_listen_a_hundred_times_and_whoever_goes_gives_its_place_back() {
    let (app, address) = node(|_| ()).await;
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut stream = dial("127.0.0.1", address).await;
        stream.write_all(ASK.as_bytes()).unwrap();
        held.push(stream);
    }
    let listeners = &app.vestibule.status.listeners;
    while listeners.len() < 100 {
        sleep(Duration::from_millis(10)).await;
    }

    let refused = talk(address, ASK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.to_ascii_lowercase().contains("\r\nretry-after: 2\r\n"), "{refused}");
    let other = listen(dial("127.0.0.2", address).await);
    assert_eq!(next(other, Duration::from_secs(5)).await.1.unwrap().0, "HTTP/1.1 200 OK");

    held.clear();
    let since = Stopwatch::start();
    // A connection that is gone is noticed when something is said on it.
    while listeners.len() > 1 {
        assert!(since.elapsed() < Duration::from_secs(25), "{} are left", listeners.len());
        sleep(Duration::from_millis(50)).await;
    }
    stream(address).await;
}

#[actix_web::test]
async fn only_the_head_is_answered_without_a_stream() {
    let (app, address) = node(|_| ()).await;
    let head =
        talk(address, ASK.replace("GET", "HEAD").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).await;

    let (head, body) = head.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 ") && body.is_empty(), "{head}");
    let head = head.to_ascii_lowercase();
    for line in
        ["content-type: text/event-stream", "cache-control: no-store", "access-control-allow-origin: *"]
    {
        assert!(head.contains(line), "{head}");
    }
    assert!(app.vestibule.status.listeners.is_empty());
}

#[actix_web::test]
async fn whoever_does_not_read_on_is_let_go_once_the_stream_has_ended() {
    let (app, address) = node(|config| config.server.keep_alive = Duration::from_secs(1)).await;
    let (events, _) = stream(address).await;
    app.vestibule.status.listeners.close();

    let since = Stopwatch::start();
    // Its end, and then the end of its connection: nobody can ask on one that we forgot.
    assert_eq!(next(events, Duration::from_secs(5)).await.1, None);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    let refused = app.program().get("/.well-known/token-status/events").await;
    assert_eq!(refused.status, 503, "nobody begins to listen to who is about to end");
}

#[actix_web::test]
async fn a_node_that_cannot_read_gives_no_list_and_ends_its_streams() {
    let (app, address) = node(|_| ()).await;
    let (mut events, _) = stream(address).await;
    assert_eq!(app.program().get(LIST).await.status, 200);

    app.execute("ALTER TABLE invalid_tokens RENAME TO elsewhere").await;

    let since = Stopwatch::start();
    while app.program().get(LIST).await.status == 200 {
        assert!(since.elapsed() < Duration::from_secs(12), "it is served as if nothing was wrong");
        sleep(Duration::from_millis(100)).await;
    }
    let refused = app.program().get(LIST).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "2"));
    loop {
        let (rest, event) = next(events, Duration::from_secs(12)).await;
        events = rest;
        match event {
            Some((line, _)) => assert!(line.starts_with(':'), "{line}"),
            None => break,
        }
    }
    assert!(since.elapsed() < Duration::from_secs(25));
    app.execute("ALTER TABLE elsewhere RENAME TO invalid_tokens").await;
    until_remembering(&app).await;
    assert_eq!(app.program().get(LIST).await.status, 200);
}

#[actix_web::test]
async fn after_a_stream_its_connection_serves_the_next_request() {
    let (app, address) = node(|_| ()).await;
    let stream = dial("127.0.0.1", address).await;
    let mut writer = stream.try_clone().unwrap();
    let events = listen(stream);
    let (events, _) = next(events, Duration::from_secs(5)).await;
    let (events, _) = next(events, Duration::from_secs(5)).await;

    app.vestibule.status.listeners.close();
    sleep(Duration::from_millis(200)).await;
    writer.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();

    assert_eq!(next(events, Duration::from_secs(5)).await.1.unwrap().0, "HTTP/1.1 200 OK");
    let _ = writer.read(&mut [0; 1]);
}

#[actix_web::test]
async fn whoever_would_be_told_too_much_at_once_is_told_to_fetch_the_list() {
    let (app, address) = node(|_| ()).await;
    let (events, before) = stream(address).await;
    let until = app.now() + Duration::from_secs(60);
    let many: Vec<_> =
        (0..1001).map(|status_index| InvalidToken { status_index, since: app.now(), until }).collect();

    app.vestibule.status.note(&many);

    let (name, list) = next(events, Duration::from_secs(5)).await.1.unwrap();
    assert_eq!(name, "list");
    assert_ne!(list["etag"], before);
    assert_eq!(app.program().get(LIST).await.header("etag"), list["etag"]);
}
