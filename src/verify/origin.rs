//! Whom documents are fetched from: one origin, by TLS unless it is this very machine.

use std::net::IpAddr;

use ureq::http::Uri;

use super::StartError;

/// Scheme, host and port of an issuer, as a prefix of its URLs: `https://login.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin(String);

impl Origin {
    /// The origin that `url` is, and nothing behind it but perhaps a slash.
    pub(super) fn parse(url: &str) -> Result<Self, StartError> {
        let refused = || StartError::Origin(url.to_owned());
        let trimmed = url.strip_suffix('/').unwrap_or(url);
        let uri: Uri = trimmed.parse().map_err(|_| refused())?;
        let (scheme, host) = (uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default());
        let is_origin =
            trimmed.eq_ignore_ascii_case(&format!("{scheme}://{}", uri.authority().ok_or_else(refused)?));
        let may_be_read = scheme == "https" || (scheme == "http" && is_loopback(host));
        match is_origin && !host.is_empty() && !trimmed.contains('@') && may_be_read {
            true => Ok(Self(trimmed.to_ascii_lowercase())),
            false => Err(refused()),
        }
    }

    /// The address of `path` at this origin.
    pub(super) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether `url` is an address at this origin: a document must not send us to somebody else's.
    pub(super) fn has(&self, url: &str) -> bool {
        let is_plain = |rest: &str| rest.starts_with('/') && rest.bytes().all(|byte| byte.is_ascii_graphic());
        url.strip_prefix(&self.0).is_some_and(is_plain) && url.parse::<Uri>().is_ok()
    }
}

/// Names and addresses that never leave the machine (RFC 6761 §6.3).
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_by_tls_or_from_this_machine() {
        for url in [
            "https://login.example.org",
            "https://login.example.org:8443/",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "http://[::1]:80",
        ] {
            assert!(Origin::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://login.example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "https://ada@login.example.org",
            "https://login.example.org/path",
            "https://login.example.org?x",
            "https://login.example.org/#x",
            "https://login.example.org//",
            "ftp://localhost",
            "login.example.org",
            "https://",
            "",
        ] {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn only_addresses_of_the_same_origin_are_followed() {
        let origin = Origin::parse("https://Login.example.org/").unwrap();

        assert!(origin.has("https://login.example.org/.well-known/jwks.json"));
        for url in [
            "https://login.example.org",
            "https://login.example.org.evil.example/jwks",
            "https://login.example.org:8443/jwks",
            "https://login.example.org@evil.example/jwks",
            "http://login.example.org/jwks",
            "https://evil.example/jwks",
            "https://login.example.org/a b",
            "/jwks",
        ] {
            assert!(!origin.has(url), "{url}");
        }
    }
}
