//! `[server]`: where we listen, under which address people know us, and how patient we are.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, lasts, not_blank, within};
use super::secret::SecretKey;
use super::{duration, origin, placeholder, text};

/// Where we listen, under which address people know us, and how patient we are with clients.
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The name shown to people, on pages and in mails.
    pub name: String,
    /// The address and port to listen on.
    #[serde(deserialize_with = "text::socket_address")]
    pub listen: SocketAddr,
    /// The address under which browsers reach us: scheme, host and port, without a path. Plain `http` is for
    /// loopback only. Unset: `http://localhost` with the port of `listen`.
    pub public_url: Option<String>,
    /// The directory of the database, the secret and everything else we keep.
    pub data_dir: PathBuf,
    /// The 32 bytes, as hex or base64url, from which every other key is derived. Unset: the file `secret` in
    /// the data directory, made on first start.
    pub secret: Option<SecretKey>,
    /// The proxies, as networks or addresses, whose word about the client's address we take. They must write
    /// `X-Forwarded-For` themselves, or take it away and write `Forwarded`.
    #[serde(deserialize_with = "text::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The number of threads that answer requests; 0 means one per core.
    pub workers: usize,
    /// The most connections held open at once. The next ones wait until one closes.
    pub max_connections: usize,
    /// The most connections held open at once by one address; of IPv6, by one /64. The next one is answered 503.
    /// Trusted proxies are not counted: they speak for everybody.
    pub max_connections_per_address: usize,
    /// How long a client may take to send the head of its request, the first on a connection or any later one.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    /// How long a client may take to send the body of its request; once half of this is over, only if it has sent
    /// 500 bytes a second from there on.
    #[serde(with = "duration")]
    pub body_timeout: Duration,
    /// How long an idle connection is kept for its next request.
    #[serde(with = "duration")]
    pub keep_alive: Duration,
    /// How long requests under way may take to finish when we are told to stop.
    #[serde(with = "duration")]
    pub shutdown_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            name: "Vestibule".to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            data_dir: PathBuf::from("data"),
            secret: None,
            trusted_proxies: Vec::new(),
            workers: 0,
            max_connections: 10_000,
            max_connections_per_address: 2_000,
            request_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

impl ServerConfig {
    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let second = Duration::from_secs(1);
        let mins = Duration::from_mins;
        [
            not_blank("server.name", Some(&self.name)),
            self.public_url.as_deref().and_then(check_public_url),
            self.secret.as_ref().and_then(check_secret),
            self.data_dir.as_os_str().is_empty().then(|| {
                Rule::new("server.data_dir", "is empty", "Name a directory, or leave it out for `data`.")
            }),
            within("server.workers", self.workers, 0..=1024, default.workers),
            within("server.max_connections", self.max_connections, 1..=1_000_000, default.max_connections),
            within(
                "server.max_connections_per_address",
                self.max_connections_per_address,
                1..=1_000_000,
                default.max_connections_per_address,
            ),
            lasts("server.request_timeout", self.request_timeout, second..=mins(5), default.request_timeout),
            lasts("server.body_timeout", self.body_timeout, second..=mins(5), default.body_timeout),
            lasts("server.keep_alive", self.keep_alive, second..=mins(60), default.keep_alive),
            lasts(
                "server.shutdown_timeout",
                self.shutdown_timeout,
                second..=mins(5),
                default.shutdown_timeout,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn check_public_url(url: &str) -> Option<Rule> {
    let error = origin::parse(url).err()?;
    let wrong = match error {
        origin::OriginError::UserInfo => error.to_string(),
        _ => format!("is \"{url}\", but {error}"),
    };
    Some(Rule::new("server.public_url", wrong, error.remedy()))
}

fn check_secret(secret: &SecretKey) -> Option<Rule> {
    placeholder::is_pattern(secret.expose())
        .then(|| Rule::new("server.secret", "is a pattern, but must be random", SecretKey::REMEDY))
}
