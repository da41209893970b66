//! One host of `[forward_auth]`, and whom it lets in where.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::allow::Allow;
use super::forward_auth::{is_within, rule};
use super::origin;
use super::rule::Rule;

/// `[[forward_auth.hosts]]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "tables `[[forward_auth.hosts]]` in the configuration file")]
pub struct GuardedHost {
    /// Its name, in lower case, with its port if that is not 443.
    pub host: String,
    /// Whom it lets in where no rule says otherwise.
    #[serde(default)]
    pub allow: Allow,
    /// Whom it lets in below some paths. The first one counts that a path lies under.
    #[serde(default)]
    pub rules: Vec<PathRule>,
}

/// Whom a host lets in below a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `{ path = \"/public\", allow = \"public\" }`")]
pub struct PathRule {
    /// The beginning of the paths that it is about, by whole segments: `/admin` is about `/admin` and `/admin/users`, not
    /// about `/administrator`.
    pub path: String,
    /// Whom it lets in there.
    pub allow: Allow,
}

impl GuardedHost {
    /// What it asks of whoever wants to see `path`; all of it has to hold. That is one rule, or each one that it has for a
    /// path of which nobody can say what the application behind makes of it.
    pub fn asks_of<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Allow> + Clone {
        let (one, all) = match self.find(path) {
            Some(allow) => (Some(allow), [].iter()),
            None => (Some(&self.allow), self.rules.iter()),
        };
        one.into_iter().chain(all.map(|rule| &rule.allow))
    }

    /// Whether everybody may see `path`.
    pub fn is_public(&self, path: &str) -> bool {
        self.asks_of(path).all(Allow::is_public)
    }

    /// The one rule for `path`, if that is as plain as our rules are.
    fn find(&self, path: &str) -> Option<&Allow> {
        if is_ambiguous(path) {
            return None;
        }
        match self.rules.iter().find(|rule| is_under(path, &rule.path)) {
            // Some applications make no difference between upper and lower case.
            Some(rule) => path.starts_with(rule.path.trim_end_matches('/')).then_some(&rule.allow),
            None => Some(&self.allow),
        }
    }

    /// The rule that this host breaks, under `domain` and beside our `own` host.
    pub(super) fn check(&self, domain: &str, own: &str) -> Option<Rule> {
        let host = &self.host;
        let origin = format!("https://{host}");
        let name = origin::host_name(&origin).filter(|_| origin::parse(&origin).as_ref() == Ok(&origin));
        let Some(name) = name else {
            let wrong = format!("names \"{host}\", which is no host as browsers write it");
            return Some(rule(wrong, "Write a name in lower case, such as `wiki.example.org`."));
        };
        if !is_within(&name, domain) {
            let wrong =
                format!("names \"{host}\", which is not in `forward_auth.cookie_domain` \"{domain}\"");
            return Some(rule(wrong, "Guard only hosts of that domain: no other is sent its cookie."));
        }
        if name == own {
            let wrong = format!("names \"{host}\", where we live ourselves");
            return Some(rule(wrong, "Give the application a host of its own."));
        }
        self.rules.iter().enumerate().find_map(|(at, PathRule { path, .. })| {
            if !path.starts_with('/') || is_ambiguous(path) || path.contains(['?', '#', '%', ' ', '*']) {
                let wrong = format!("has a rule for \"{path}\" at \"{host}\", which is no plain path");
                return Some(rule(
                    wrong,
                    "Write a path alone, such as `/admin`: it is about all that lies below, too.",
                ));
            }
            let hides = |earlier: &&PathRule| is_under(path, &earlier.path);
            let earlier = self.rules.iter().take(at).find(hides)?;
            let wrong = format!(
                "has a rule for \"{path}\" at \"{host}\" that never counts, behind the one for \"{}\"",
                earlier.path
            );
            Some(rule(wrong, "Write it before that one."))
        })
    }
}

/// Whether `path` is `prefix` or lies below it, upper or lower case.
fn is_under(path: &str, prefix: &str) -> bool {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    let Some((start, rest)) = path.as_bytes().split_at_checked(prefix.len()) else { return false };
    start.eq_ignore_ascii_case(prefix.as_bytes()) && rest.first().is_none_or(|byte| *byte == b'/')
}

/// Whether applications differ about what `path` means: `/public/../admin`, `/public/%2e%2e/admin`, `//admin`,
/// `/%61dmin`, `/admin;x`, `/public\..\admin`, `/%c0%aeadmin`, `/admin.`. Encoded blanks and letters beyond ASCII mean the same to everybody.
fn is_ambiguous(path: &str) -> bool {
    let is_odd = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'\\' | b';' | b'#');
    let has_dots = || path.split('/').any(|segment| matches!(segment, "." | ".."));
    let has_code = || path.split('%').skip(1).any(|rest| !is_plain_code(rest));
    // Some systems drop a dot or a blank at the end of a name.
    let has_end = || path.split('/').any(|segment| segment.ends_with('.') || segment.ends_with("%20"));
    // Old decoders read `%c0%ae` as a dot.
    let is_no_text = || percent_decode_str(path).decode_utf8().is_err();
    path.bytes().any(is_odd) || path.contains("//") || has_dots() || has_code() || has_end() || is_no_text()
}

/// Whether what follows a percent sign can only be written so.
fn is_plain_code(rest: &str) -> bool {
    let byte = rest.get(..2).filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let byte = byte.and_then(|code| u8::from_str_radix(code, 16).ok());
    byte.is_some_and(|byte| byte == b' ' || !byte.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> GuardedHost {
        toml::from_str(
            r#"host = "wiki.example.org"
               allow = "group:staff"
               rules = [{ path = "/public", allow = "public" }, { path = "/admin/", allow = "second-factor" }]"#,
        )
        .unwrap()
    }

    fn asked(path: &str) -> Vec<String> {
        host().asks_of(path).map(|allow| serde_json::to_string(allow).unwrap()).collect()
    }

    #[test]
    fn a_path_is_under_a_rule_by_whole_segments() {
        for (path, allow) in [
            ("/", "\"group:staff\""),
            ("/public", "\"public\""),
            ("/public/", "\"public\""),
            ("/public/a/b.css", "\"public\""),
            ("/public/caf%C3%A9/a%20b", "\"public\""),
            ("/publican", "\"group:staff\""),
            ("/public.html", "\"group:staff\""),
            ("/a/public", "\"group:staff\""),
            ("/admin/x", "\"second-factor\""),
        ] {
            assert_eq!(asked(path), [allow], "{path}");
        }
    }

    #[test]
    fn a_path_that_may_mean_another_has_to_pass_every_rule() {
        for path in [
            "/public/../admin",
            "/public/..",
            "/public/./x",
            "/public/%2e%2e/admin",
            "/public/%2E./admin",
            "/public%2f..%2fadmin",
            "/public/..%2fadmin",
            "/public/%5c..%5cadmin",
            "/public\\..\\admin",
            "//public",
            "/public//x",
            "/public;x",
            "/public/..;/admin",
            "/public/%3b",
            "/%61dmin",
            "/admi%6e",
            "/public/%252e%252e/admin",
            "/public/%00",
            "/public/%0a",
            "/public/%",
            "/public/%zz",
            "/public/%+1",
            "/public/#/x",
            "/PUBLIC",
            "/Admin/x",
            "/ADMIN",
            "/public/\u{e9}",
            "/public/\u{7f}",
        ] {
            assert_eq!(asked(path).len(), 3, "{path}");
        }
    }

    #[test]
    fn what_no_browser_can_reach_and_what_never_counts_is_refused() {
        let check = |change: &dyn Fn(&mut GuardedHost)| {
            let mut host = host();
            change(&mut host);
            host.check("example.org", "login.example.org").map(|rule| rule.wrong)
        };
        assert_eq!(check(&|_| ()), None);
        assert_eq!(check(&|host| host.host = "wiki.example.org:8443".to_owned()), None);
        for name in [
            "",
            "Wiki.example.org",
            "wiki.example.org:443",
            "wiki.example.org.",
            "wiki.example.org/x",
            "https://wiki.example.org",
            "*.example.org",
            "wiki.example.org.evil.test",
            "evilexample.org",
            "login.example.org",
            "login.example.org:8443",
            "127.0.0.1",
        ] {
            assert!(check(&|host| host.host = name.to_owned()).is_some(), "{name}");
        }
        for path in ["", "admin", "/a/../b", "//", "/a;b", "/a%20b", "/a?b", "/public/below", "/PUBLIC"] {
            let rule = PathRule { path: path.to_owned(), allow: Allow::default() };
            assert!(check(&|host| host.rules.push(rule.clone())).is_some(), "{path}");
        }
    }
}
