//! Reads values that are text in the file but more than text to us, and says in our words what they must be.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};

/// An address with a port.
pub(super) fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let wrong =
        || D::Error::custom("must be an address and a port, such as `127.0.0.1:8080` or `[::1]:8080`");
    String::deserialize(deserializer).map_err(|_| wrong())?.parse().map_err(|_| wrong())
}

/// The same, where there may be none.
pub(super) fn optional_socket_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    socket_address(deserializer).map(Some)
}

/// A list of networks; an address alone is the network of that one host.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let wrong = |what: &dyn Display| {
        D::Error::custom(format_args!("must be a list of networks such as `10.0.0.0/8` or `::1`{what}"))
    };
    let texts = Vec::<String>::deserialize(deserializer).map_err(|_| wrong(&""))?;
    texts
        .iter()
        .map(|text| network(text).ok_or_else(|| wrong(&format_args!(", and `{text}` is none"))))
        .collect()
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
