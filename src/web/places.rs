//! How many connections one address may hold, so that nobody takes them all.
//!
//! The total, `server.max_connections`, is kept by Actix: beyond it nothing is accepted, and the next ones wait in the
//! kernel's queue. One address alone could hold that many for as long as it is polite; here it meets its own limit.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv6Addr, Shutdown};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::rt::net::TcpStream;

use crate::clock::Stopwatch;
use crate::config::ServerConfig;

/// Who is at the limit may be there for days; the log is told so once in this time.
const BETWEEN_WARNINGS: Duration = Duration::from_mins(1);

/// The places at the door, those of all workers together. Clones are one.
#[derive(Clone)]
pub(super) struct Places(Arc<Shared>);

struct Shared {
    config: ServerConfig,
    taken: Mutex<Taken>,
}

/// No larger than the number of connections: what nobody holds is not in it.
#[derive(Default)]
struct Taken {
    by_network: HashMap<IpAddr, usize>,
    warned: Option<Stopwatch>,
}

/// A place at the door; given back when it is dropped.
pub(super) struct Place {
    places: Places,
    network: IpAddr,
}

/// All places of this address are taken.
#[derive(Debug)]
pub(super) struct Full;

impl Places {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self(Arc::new(Shared { config: config.clone(), taken: Mutex::default() }))
    }

    /// A place for a connection from `address`; none is needed by a trusted proxy, which speaks for everybody.
    pub(super) fn take(&self, address: IpAddr) -> Result<Option<Place>, Full> {
        let (config, address) = (&self.0.config, address.to_canonical());
        if config.trusted_proxies.iter().any(|network| network.contains(&address)) {
            return Ok(None);
        }
        let (network, most) = (network(address), config.max_connections_per_address);
        let mut taken = self.taken();
        let count = taken.by_network.entry(network).or_default();
        if *count < most {
            *count += 1;
            return Ok(Some(Place { places: self.clone(), network }));
        }
        let is_told = taken.warned.is_some_and(|since| since.elapsed() < BETWEEN_WARNINGS);
        if !is_told {
            taken.warned = Some(Stopwatch::start());
            drop(taken);
            let remedy = if is_like_a_proxy(address) {
                " If that is your proxy, name it in server.trusted_proxies."
            } else {
                ""
            };
            log::warn!("{address} holds {most} connections: further ones are refused.{remedy}");
        }
        Err(Full)
    }

    /// A panic elsewhere leaves a count that is still right: nothing in here stops half way.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.by_network.remove(&self.network);
            }
        }
    }
}

/// What counts as one address: of IPv6 the /64, of which a single home has 2^64 (D15).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// Whether it is an address of our own house, from which a proxy would come.
fn is_like_a_proxy(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// Tells whoever is one too many, and hangs up: without waiting, for that would be a connection again.
pub(super) fn refuse(stream: TcpStream) {
    let words =
        "Your network holds too many connections. Close some of them, or try again in a few seconds.\n";
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nCache-Control: no-store\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{words}",
        words.len()
    );
    // It stays without blocking. Should something go wrong, the other side is gone already.
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write(answer.as_bytes());
        // What is never read would make the kernel reset the connection, and take the answer with it.
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(most: usize) -> Places {
        Places::new(&ServerConfig { max_connections_per_address: most, ..ServerConfig::default() })
    }

    #[test]
    fn of_ipv6_a_home_is_one_address_and_a_mapped_ipv4_address_is_itself() {
        let places = places(1);
        let is_free = |address: &str| places.take(address.parse().unwrap()).is_ok();
        let _held = [
            places.take("2001:db8:1:2::3".parse().unwrap()).unwrap(),
            places.take("192.0.2.1".parse().unwrap()).unwrap(),
        ];

        assert!(!is_free("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert!(is_free("2001:db8:1:3::3"));
        assert!(!is_free("::ffff:192.0.2.1"));
        assert!(is_free("192.0.2.2"));
    }

    #[test]
    fn nothing_is_kept_of_who_has_left() {
        let places = places(2);
        let held: Vec<_> = (0..2).map(|_| places.take("192.0.2.1".parse().unwrap()).unwrap()).collect();
        let _ = places.take("192.0.2.1".parse().unwrap());

        drop(held);

        assert!(places.taken().by_network.is_empty());
    }
}
