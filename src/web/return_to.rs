//! Where somebody was going when we asked who they are (return-to), and nowhere else.

use actix_web::http::Uri;

use crate::config::{Allow, ForwardAuthConfig};

/// Longer ones are dropped.
const MOST_BYTES: usize = 1024;

/// `next`, if it is a path of ours, or an address at one of the hosts whose doors we keep.
pub(super) fn accept<'a>(next: &'a str, doors: &ForwardAuthConfig) -> Option<&'a str> {
    accept_path(next).or_else(|| accept_guarded(next, doors))
}

/// `next`, if it is an address of a host that is guarded: that very host and port, to the letter, by TLS.
///
/// What may follow it is left to that host. Browsers read a backslash as a slash, and drop tabs and ends of lines.
pub(super) fn accept_guarded<'a>(next: &'a str, doors: &ForwardAuthConfig) -> Option<&'a str> {
    let is_plain = next.len() <= MOST_BYTES
        && next.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"'));
    let (host, _) = split(next)?;
    let is_guarded = doors.hosts.iter().any(|door| door.host == host);
    (is_plain && is_guarded && next.parse::<Uri>().is_ok()).then_some(next)
}

/// The same, if a second factor is asked for there.
pub(super) fn accept_guarded_twice<'a>(next: &'a str, doors: &ForwardAuthConfig) -> Option<&'a str> {
    let (authority, rest) = split(accept_guarded(next, doors)?)?;
    let path = rest.split(['?', '#']).next()?;
    doors.find(authority)?.asks_of(path).any(Allow::second_factor).then_some(next)
}

/// The host with its port, and the rest from its first slash on.
fn split(next: &str) -> Option<(&str, &str)> {
    let rest = next.strip_prefix("https://")?;
    rest.find('/').and_then(|at| rest.split_at_checked(at))
}

/// Where it leads, in the words of a page: the path of ours, or the host.
pub(super) fn destination(next: &str) -> &str {
    match split(next) {
        Some((host, _)) => host,
        None => next.split(['?', '#']).next().unwrap_or_default(),
    }
}

/// `next`, if it is a path of ours: one slash and then no second, no backslash, no quotation mark, no control character,
/// no scheme.
///
/// Browsers read `//evil`, `/\evil` and `/<tab>/evil` as other hosts: whatever is not plain is refused, so that our
/// sign-in page cannot be used to send people elsewhere (open redirect, ASVS 1.2.2).
fn accept_path(next: &str) -> Option<&str> {
    let is_plain = next.len() <= MOST_BYTES
        && next.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"'));
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let uri: Uri = next.parse().ok()?;
    let is_local = uri.scheme().is_none() && uri.authority().is_none();
    // An encoded slash or backslash after the first may be decoded by whatever stands in front of us.
    let second = next.get(1..4).unwrap_or_default().to_ascii_lowercase();
    let is_disguised = ["%2f", "%5c", "%09", "%0a", "%0d"].contains(&second.as_str());
    // Going there would ask the same question again.
    let is_circle = ["/login", "/logout", "/reauth"].contains(&uri.path());
    (is_plain && is_path && is_local && !is_disguised && !is_circle).then_some(next)
}

/// The address of `way` that leads back to `uri` afterwards.
pub(super) fn with_next(way: &str, uri: &Uri) -> String {
    let here = uri.path_and_query().map_or("/", |path| path.as_str());
    match accept_path(here).filter(|here| *here != "/") {
        None => way.to_owned(),
        Some(here) => and_back(way, here),
    }
}

/// The address of `way` that leads to `next` afterwards.
pub(super) fn and_back(way: &str, next: &str) -> String {
    let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
    format!("{way}?{query}")
}

#[cfg(test)]
mod tests {
    use super::{accept as accept_with, destination};
    use crate::config::{ForwardAuthConfig, GuardedHost};

    /// Two doors, one of them at a port of its own.
    fn accept(next: &str) -> Option<&str> {
        let door = |host: &str| GuardedHost { host: host.to_owned(), ..GuardedHost::default() };
        let hosts = vec![door("wiki.example.org"), door("ci.example.org:8443")];
        accept_with(next, &ForwardAuthConfig { cookie_domain: Some("example.org".to_owned()), hosts })
    }

    #[test]
    fn addresses_of_hosts_whose_doors_we_keep_are_accepted() {
        for (address, host) in [
            ("https://wiki.example.org/", "wiki.example.org"),
            ("https://wiki.example.org/a%20b?c=d&e=https://x//y", "wiki.example.org"),
            ("https://wiki.example.org//evil.test/@evil.test", "wiki.example.org"),
            ("https://ci.example.org:8443/build/1", "ci.example.org:8443"),
        ] {
            assert_eq!((accept(address), destination(address)), (Some(address), host));
        }
        assert_eq!(destination("/account/totp?a=b"), "/account/totp");
        assert_eq!(accept_with("https://wiki.example.org/", &ForwardAuthConfig::default()), None, "off");
    }

    #[test]
    fn addresses_that_only_look_like_theirs_are_refused() {
        for evil in [
            "http://wiki.example.org/",
            "HTTPS://wiki.example.org/",
            "https:/wiki.example.org/",
            "https:wiki.example.org/",
            "https:///wiki.example.org/",
            "https:\\\\wiki.example.org/",
            "wiki.example.org/",
            "//wiki.example.org/",
            "javascript://wiki.example.org/%0aalert(1)",
            "https://wiki.example.org",
            "https://wiki.example.org.evil.test/",
            "https://wiki.example.org@evil.test/",
            "https://wiki.example.org:x@evil.test/",
            "https://user@wiki.example.org/",
            "https://user:secret@wiki.example.org/",
            "https://evil.test/wiki.example.org/",
            "https://evil.test?https://wiki.example.org/",
            "https://evil.test#https://wiki.example.org/",
            "https://evil.test\\.wiki.example.org/",
            "https://evil.test\\@wiki.example.org/",
            "https://wiki.example.org\\@evil.test/",
            "https://wiki.example.org\\.evil.test/",
            "https://wiki.example.org\t.evil.test/",
            "https://wiki.example.org\n.evil.test/",
            "https://wiki.example.org%2eevil.test/",
            "https://wiki.example.org%40evil.test/",
            "https://wiki.example.org?@evil.test/",
            "https://wiki.example.org#@evil.test/",
            "https://wiki.example.org:443/",
            "https://wiki.example.org:8443/",
            "https://wiki.example.org:/",
            "https://ci.example.org/",
            "https://ci.example.org:84430/",
            "https://WIKI.example.org/",
            "https://wiki.example.org./",
            "https://wikiXexample.org/",
            "https://other.example.org/",
            "https://example.org/",
            "https://xwiki.example.org/",
            "https://x.wiki.example.org/",
            "https://wiki\u{3002}example.org/",
            " https://wiki.example.org/",
            "https://wiki.example.org/\\evil.test",
            "https://wiki.example.org/\r\nSet-Cookie: a=b",
            "https://wiki.example.org/\"",
            "https://wiki.example.org/\u{e9}",
        ] {
            assert_eq!(accept(evil), None, "{evil:?}");
        }
        let long = format!("https://wiki.example.org/{}", "a".repeat(2000));
        assert_eq!(accept(&long), None);
    }

    #[test]
    fn paths_of_ours_are_accepted() {
        for path in
            ["/", "/dashboard", "/account/sessions?page=2", "/a//b", "/x@y", "/a:b", "/q?u=https://evil.test"]
        {
            assert_eq!(accept(path), Some(path));
        }
    }

    #[test]
    fn everything_that_could_lead_elsewhere_is_refused() {
        let evil = [
            "",
            "dashboard",
            "//evil.test",
            "///evil.test",
            "////evil.test",
            "/\\evil.test",
            "\\/evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "/\r/evil.test",
            "\t//evil.test",
            " //evil.test",
            "/ /evil.test",
            "https://evil.test",
            "http://evil.test",
            "https:evil.test",
            "https:/evil.test",
            "HTTPS://evil.test",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "/%2fevil.test",
            "/%2Fevil.test",
            "/%5cevil.test",
            "/%5Cevil.test",
            "/%09/evil.test",
            "/%0a/evil.test",
            "/%0d%0aLocation:x",
            "@evil.test",
            "evil.test",
            ".evil.test",
            "?next=//evil.test",
            "#//evil.test",
            "/dash\u{0}board",
            "/dash\r\nSet-Cookie: a=b",
            "/\u{a0}/evil",
            "/ünïcode",
            "/\"quoted\"",
            "\u{2215}evil.test",
            "/\u{2028}/evil",
            "//",
            "/\\",
            "/login",
            "/login?next=/login",
            "/logout",
            "/reauth",
        ];
        for next in evil {
            assert_eq!(accept(next), None, "{next:?}");
        }
        assert_eq!(accept(&format!("/{}", "a".repeat(2000))), None);
    }
}
