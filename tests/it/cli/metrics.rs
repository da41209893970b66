//! The door for those who watch, as an operator opens it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use super::Folder;
use super::serve::Server;

const TOKEN: &str = "8f4e2a9c1b7d3f6085e2c4a917bd3f60a1c5e79d2b48f013";

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn ask(address: SocketAddr, header: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\n{header}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_door_that_others_reach_is_refused_without_a_token() {
    let folder = Folder::new().with_variable("VESTIBULE_METRICS__LISTEN", "0.0.0.0:9464");

    let said = folder.run("serve --listen 127.0.0.1:0").refused(2);

    let remedy = "Set `metrics.token` (make one with `openssl rand -hex 32`), or listen on 127.0.0.1.";
    assert!(said.contains("no token guards it") && said.contains(remedy), "{said}");
}

#[test]
fn the_token_is_read_from_a_file_and_the_door_is_shut_with_the_other() {
    let address = free();
    let folder = Folder::new()
        .with_file("token", TOKEN)
        .with_variable("VESTIBULE_METRICS__LISTEN", address.to_string())
        .with_variable("VESTIBULE_METRICS__TOKEN_FILE", "token");
    let file = folder.path.join("token");
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();

    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");

    assert!(ask(address, "").starts_with("HTTP/1.1 401 "));
    let told = ask(address, &format!("Authorization: Bearer {TOKEN}\r\n"));
    assert!(told.starts_with("HTTP/1.1 200 ") && told.contains("\nvestibule_workers "), "{told}");
    let said = server.end();
    assert!(
        !said.contains(TOKEN) && said.contains(&format!("metrics are at http://{address}/metrics")),
        "{said}"
    );
    assert!(TcpStream::connect(address).is_err(), "nobody is there any more");
}

#[test]
fn an_address_that_is_taken_is_named_and_nothing_is_served() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = Folder::new().with_variable("VESTIBULE_METRICS__LISTEN", address.to_string());

    let said = folder.run("serve --listen 127.0.0.1:0 --log-level warn").refused(1);

    assert!(said.contains(&format!("cannot listen on {address}: ")), "{said}");
}
