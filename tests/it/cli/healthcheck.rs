//! `vestibule healthcheck`

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::Folder;

/// Answers one request with `answer`; the request comes back.
fn server(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (url, server)
}

#[test]
fn a_ready_server_is_healthy() {
    let (url, server) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

    let ran = Folder::new().run(&format!("healthcheck --url {url}"));

    assert_eq!(ran.done(), "ok\n");
    let request = server.join().unwrap();
    assert!(request.starts_with("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:"), "{request}");
}

#[test]
fn the_listening_address_is_asked_unless_another_is_named() {
    let (url, server) = server("HTTP/1.1 200 OK\r\n\r\n");
    let listen = url.replace("http://127.0.0.1", "0.0.0.0");
    let folder = Folder::new().with_variable("VESTIBULE_SERVER__LISTEN", listen);

    let json = folder.run("healthcheck --json").json();

    assert_eq!((&json["status"], &json["url"]), (&"ok".into(), &format!("{url}/readyz").into()));
    server.join().unwrap();
    assert!(folder.names().is_empty());
}

#[test]
fn a_server_that_is_not_ready_is_unhealthy() {
    for (answer, words) in [
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "answered 503"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "answered 404"),
        ("SSH-2.0-OpenSSH_9.9\r\n", "does not speak HTTP"),
    ] {
        let (url, server) = server(answer);

        let said = Folder::new().run(&format!("healthcheck --url {url}")).refused(4);

        assert!(said.starts_with("not ready: ") && said.contains(words), "{said}");
        server.join().unwrap();
    }
    let (url, server) = server("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    let ran = Folder::new().run(&format!("healthcheck --json --url {url}"));
    assert_eq!(ran.code, Some(4));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["status"], "unhealthy");
    server.join().unwrap();
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let (url, server) = server("");
    Folder::new().run(&format!("healthcheck --url {url}")).refused(3);
    server.join().unwrap();

    let said = Folder::new().run(&format!("healthcheck --url {url}")).refused(3);

    assert!(said.starts_with("no answer from http://127.0.0.1:"), "{said}");
}

#[test]
fn only_plain_http_can_be_asked() {
    for url in ["https://localhost", "localhost:8080", "http://ada@localhost"] {
        assert!(Folder::new().run(&format!("healthcheck --url {url}")).refused(2).contains(url));
    }
}
