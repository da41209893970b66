//! `vestibule healthcheck`: one question to the running server, for containers and watchdogs.
//!
//! Plain HTTP to the listening socket: whether TLS and the proxy in front work is another question.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use serde_json::json;

use super::exit::Failure;
use super::global::GlobalArgs;
use super::output::Format;
use crate::clock::Stopwatch;
use crate::config::Overrides;

const PATH: &str = "/readyz";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The first line of an answer is shorter than this.
const LONGEST_STATUS_LINE: usize = 256;

const EXAMPLES: &str = "\
Exit codes: 0 ready, 3 nobody answers, 4 not ready.

Examples:
  vestibule healthcheck
  vestibule healthcheck --url http://127.0.0.1:9000";

/// Ask the running server whether it is ready
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Healthcheck {
    /// Ask here, not at `server.listen`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Healthcheck {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        let place = match &self.url {
            Some(url) => Place::parse(url)?,
            None => Place::of(global.load_quietly(Overrides::default())?.config.server.listen),
        };
        let asked = ask(&place);
        let status = match &asked {
            Ok(()) => "ok",
            Err(Failure::Unhealthy(_)) => "unhealthy",
            Err(_) => "unreachable",
        };
        if asked.is_ok() || self.format.json {
            let answer = json!({ "status": status, "url": place.to_string() });
            self.format.answer(&answer, || status.to_owned())?;
        }
        Ok(asked?)
    }
}

/// Whom to ask, and for what.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    authority: String,
    path: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

impl Place {
    /// Where a server that listens on `address` can be asked from its own machine.
    fn of(address: SocketAddr) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self { authority: SocketAddr::new(ip, address.port()).to_string(), path: PATH.to_owned() }
    }

    fn parse(url: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Usage(format!("--url must be like `http://127.0.0.1:8080`, but is `{url}`."));
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let odd = |letter: char| letter.is_control() || letter.is_whitespace();
        if authority.is_empty() || authority.contains(['@', '?', '#']) || url.contains(odd) {
            return Err(wrong());
        }
        let host_end = authority.rfind(']').unwrap_or(0);
        let has_port = authority.get(host_end..).is_some_and(|rest| rest.contains(':'));
        let port = if has_port { "" } else { ":80" };
        let path = if path.trim_matches('/').is_empty() { PATH } else { path };
        Ok(Self { authority: format!("{authority}{port}"), path: path.to_owned() })
    }
}

fn ask(place: &Place) -> Result<(), Failure> {
    let unreachable = |error: io::Error| Failure::Unreachable(format!("no answer from {place}: {error}"));
    match status_line(place).map_err(unreachable)?.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some(code) => Err(Failure::Unhealthy(format!("not ready: {place} answered {code}"))),
        None => Err(Failure::Unhealthy(format!("not ready: {place} does not speak HTTP"))),
    }
}

/// The first line of the answer.
fn status_line(place: &Place) -> io::Result<String> {
    let mut stream = connect(&place.authority)?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    let (path, host) = (&place.path, &place.authority);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    // In one piece: whoever has read enough of it may answer and hang up.
    stream.write_all(request.as_bytes())?;
    let (mut answer, started) = (Vec::new(), Stopwatch::start());
    while answer.len() < LONGEST_STATUS_LINE && !answer.contains(&b'\n') {
        let mut piece = [0; LONGEST_STATUS_LINE];
        let read = stream.read(&mut piece)?;
        if read == 0 {
            break;
        }
        answer.extend(piece.iter().take(read));
        if started.elapsed() > ANSWER_TIMEOUT {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
    Ok(if line.starts_with("HTTP/") { line } else { String::new() })
}

/// The first of the host's addresses that takes the call.
fn connect(authority: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_at_home() {
        for (listen, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080/readyz"),
            ("[::]:8080", "http://[::1]:8080/readyz"),
            ("192.0.2.1:80", "http://192.0.2.1:80/readyz"),
        ] {
            assert_eq!(Place::of(listen.parse().unwrap()).to_string(), url);
        }
    }

    #[test]
    fn an_address_may_leave_out_its_port_and_path() {
        for (url, place) in [
            ("http://localhost", "http://localhost:80/readyz"),
            ("http://[::1]/", "http://[::1]:80/readyz"),
            ("http://[::1]:8080/healthz", "http://[::1]:8080/healthz"),
        ] {
            assert_eq!(Place::parse(url).unwrap().to_string(), place);
        }
        for url in ["https://localhost", "localhost:8080", "http://", "http://a@b", "http://a/\r\nb"] {
            assert!(Place::parse(url).is_err(), "{url}");
        }
    }
}
