//! Where somebody was going when we asked who they are (return-to), and nowhere else.

use actix_web::http::Uri;

/// Longer ones are dropped.
const MOST_BYTES: usize = 1024;

/// `next`, if it is a path of ours: one slash and then no second, no backslash, no quotation mark, no control character,
/// no scheme.
///
/// Browsers read `//evil`, `/\evil` and `/<tab>/evil` as other hosts: whatever is not plain is refused, so that our
/// sign-in page cannot be used to send people elsewhere (open redirect, ASVS 1.2.2).
pub(super) fn accept(next: &str) -> Option<&str> {
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
    match accept(here).filter(|here| *here != "/") {
        None => way.to_owned(),
        Some(here) => {
            let query = serde_urlencoded::to_string([("next", here)]).unwrap_or_default();
            format!("{way}?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::accept;

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
