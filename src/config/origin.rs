//! The origin of a public URL: scheme, host and port as browsers write them (RFC 6454 §6).

use std::net::{Ipv4Addr, Ipv6Addr};

/// What is wrong with a public URL, to be read after "is …, but".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OriginError {
    #[error("must begin with `https://`")]
    Scheme,
    #[error("must not hold a user name or a password")]
    UserInfo,
    #[error("must end after the host and the port")]
    Path,
    #[error("has no host that browsers would accept")]
    Host,
    #[error("has a port that is none")]
    Port,
    #[error("plain `http` is for loopback only: on the way, anybody could read passwords")]
    PlainHttp,
}

impl OriginError {
    /// What to do about it.
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::Scheme | Self::UserInfo => "Write it as `https://login.example.org`.",
            Self::Path => "Leave out path, query and fragment; we live at the root of a host of our own.",
            Self::Host => {
                "Write a name such as `login.example.org` (other scripts as `xn--…`) or an address."
            }
            Self::Port => "Write a number from 1 to 65535 after the colon, or leave both out.",
            Self::PlainHttp => "Use `https://` and put a proxy that speaks TLS in front.",
        }
    }
}

/// The origin of `url` in the form that browsers send: lower case, without the scheme's own port.
///
/// # Errors
///
/// Whatever else than an origin `url` holds, and `http` for a host that is not loopback.
pub(super) fn parse(url: &str) -> Result<String, OriginError> {
    let url = url.to_ascii_lowercase();
    let (scheme, rest) = url.split_once("://").ok_or(OriginError::Scheme)?;
    let own_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(OriginError::Scheme),
    };
    if rest.contains('@') {
        return Err(OriginError::UserInfo);
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#', '\\']) {
        return Err(OriginError::Path);
    }
    let (host, port) = split_port(authority)?;
    let (host, is_loopback) = check_host(host).ok_or(OriginError::Host)?;
    if scheme == "http" && !is_loopback {
        return Err(OriginError::PlainHttp);
    }
    Ok(match port.filter(|port| *port != own_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

/// The host of an origin, if it is a name and not an address.
pub(super) fn host_name(origin: &str) -> Option<String> {
    let (host, _) = split_port(origin.split_once("://")?.1).ok()?;
    let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
    (!is_address).then(|| host.to_owned())
}

/// Whether `host` is a name as browsers write it, or an address.
pub(super) fn is_host_name(host: &str) -> bool {
    check_host(host).is_some()
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), OriginError> {
    let Some((host, port)) = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) else {
        return Ok((authority, None));
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| is_number && *port != 0).ok_or(OriginError::Port)?;
    Ok((host, Some(port)))
}

/// The host as browsers write it, and whether it is this very machine.
fn check_host(host: &str) -> Option<(String, bool)> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some((format!("[{address}]"), address.is_loopback()));
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Some((host.to_owned(), address.is_loopback()));
    }
    let last = host.rsplit('.').next()?;
    // Browsers read a last label that is a number as an IPv4 address: 127.1 is 127.0.0.1.
    let looks_like_address = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = host.len() <= 253 && host.split('.').all(is_label);
    (is_name && !looks_like_address).then(|| (host.to_owned(), last == "localhost"))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (url, origin) in [
            ("https://Login.Example.org/", "https://login.example.org"),
            ("https://example.org:443", "https://example.org"),
            ("https://example.org:8443", "https://example.org:8443"),
            ("HTTP://localhost:80", "http://localhost"),
            ("http://app.localhost:3000", "http://app.localhost:3000"),
            ("http://127.9.9.9:8080", "http://127.9.9.9:8080"),
            ("http://[0:0::1]:8080", "http://[::1]:8080"),
            ("https://192.0.2.1", "https://192.0.2.1"),
        ] {
            assert_eq!(parse(url).as_deref(), Ok(origin), "{url}");
        }
    }

    #[test]
    fn whatever_is_more_or_less_than_an_origin_is_refused() {
        for (url, error) in [
            ("example.org", OriginError::Scheme),
            ("ftp://example.org", OriginError::Scheme),
            ("https://ada:pw@example.org", OriginError::UserInfo),
            ("https://example.org/login", OriginError::Path),
            ("https://example.org//", OriginError::Path),
            ("https://example.org?x", OriginError::Path),
            ("https://example.org#x", OriginError::Path),
            ("https://", OriginError::Host),
            ("https://exa mple.org", OriginError::Host),
            ("https://bücher.example", OriginError::Host),
            ("https://example..org", OriginError::Host),
            ("https://-a.org", OriginError::Host),
            ("http://127.1", OriginError::Host),
            ("http://[::1", OriginError::Host),
            ("https://example.org:", OriginError::Port),
            ("https://example.org:0", OriginError::Port),
            ("https://example.org:+80", OriginError::Port),
            ("https://example.org:65536", OriginError::Port),
        ] {
            assert_eq!(parse(url), Err(error), "{url}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for url in [
            "http://example.org",
            "http://192.168.1.2",
            "http://localhost.example.org",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            assert_eq!(parse(url), Err(OriginError::PlainHttp), "{url}");
        }
    }
}
