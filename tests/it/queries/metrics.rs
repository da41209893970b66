//! Somebody who watches over the server: what they are told of the tables.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::house::House;

/// A server of its own, with a door for them.
pub fn through(house: &House) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let _server = house.serve(&[("VESTIBULE_METRICS__LISTEN", &free)]);
    let mut stream = TcpStream::connect(&free).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).unwrap();
    assert!(told.contains("\nvestibule_scrape_complete 1"), "{told}");
    house.wait_for(|sql| sql.starts_with("SELECT \"outbox\".\"created_at\"") && sql.contains("given_up_at"));
}
