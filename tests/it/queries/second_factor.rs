//! What people do at the second step of signing in, and what is done about those who stop there.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use diesel::connection::SimpleConnection as _;
use vestibule::clock::Clock;
use vestibule::db::AnyConnection;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::PASSWORD;
use crate::totp::Phone;

/// Turns it on, comes in by each kind of code, trusts a browser and none any more, and stops half way.
pub fn through(house: &House, server: &Server) {
    let mut zoe = Visitor::at(server);
    let account = [("username", "zoe"), ("email", "zoe@example.org"), ("password", PASSWORD)];
    zoe.submit(303, "/register", &account);
    alter(house, "UPDATE users SET email_verified_at = 1 WHERE username = 'zoe'");
    zoe.submit(303, "/account/totp/begin", &[]);
    let phone = Phone::scan(&read(server, &zoe, "/account/totp"));
    let code = || phone.code(Clock::default().now());
    zoe.submit(303, "/account/totp", &[("code", &code())]);
    let codes = read(server, &zoe, "/account/recovery-codes");
    let paper = codes.split("<li><code>").nth(1).unwrap().split('<').next().unwrap();
    zoe.submit(303, "/logout", &[]);

    zoe.log_in(303, "zoe", PASSWORD);
    zoe.get(200, "/login/totp");
    zoe.submit(422, "/login/totp", &[("code", "000000")]);
    let mut copy = Visitor::at(server);
    copy.cookies.clone_from(&zoe.cookies);
    zoe.submit(303, "/login/recovery-code", &[("code", paper)]);
    copy.get(303, "/login/totp");
    zoe.submit(303, "/logout", &[]);
    // The code that turned it on is used up, and another takes half a minute.
    alter(house, "UPDATE totp_factors SET last_step = 1");
    zoe.log_in(303, "zoe", PASSWORD);
    zoe.submit(303, "/login/totp", &[("code", &code()), ("trust_browser", "yes")]);
    zoe.submit(303, "/logout", &[]);
    zoe.log_in(303, "zoe", PASSWORD);
    zoe.get(200, "/dashboard");
    zoe.submit(303, "/account/trusted-browsers/forget", &[]);

    Visitor::at(server).log_in(303, "zoe", PASSWORD);
    // As if that had been a while ago, and nobody had come in since.
    alter(house, "UPDATE login_challenges SET created_at = created_at - 300");
    house.wait_for(|sql| sql.starts_with("UPDATE \"login_challenges\" SET \"told_at\""));
}

/// Changes a row by hand, as soon as nobody else writes.
fn alter(house: &House, sql: &str) {
    let mut conn = house.connect();
    if matches!(conn, AnyConnection::Sqlite(_)) {
        conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    }
    conn.batch_execute(sql).unwrap();
}

/// A page of hers.
fn read(server: &Server, zoe: &Visitor<'_>, path: &str) -> String {
    let cookies: Vec<_> = zoe.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:9\r\nAccept: */*\r\nConnection: close\r\nCookie: {}\r\n\r\n",
        cookies.join("; ")
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
