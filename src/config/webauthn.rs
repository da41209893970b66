//! `[webauthn]`: the host that passkeys are for.

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::rule::Rule;

/// The host that passkeys are for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct WebauthnConfig {
    /// The host that passkeys are made for and work at: that of `server.public_url`, or a domain above it, if they
    /// are to work at its other hosts too. Passkeys made for one host work at no other: whoever changes this has
    /// everybody add theirs anew. Unset: the host of `server.public_url`.
    pub rp_id: Option<String>,
}

impl WebauthnConfig {
    /// The rules that this section breaks, where browsers reach us at `host`.
    pub(super) fn check(&self, host: Option<String>) -> Option<Rule> {
        let rp_id = self.rp_id.as_deref()?;
        let Some(host) = host else {
            let wrong = format!("is \"{rp_id}\", but `server.public_url` names an address, not a host");
            return Some(rule(wrong, "Leave it out: there are no passkeys for an address."));
        };
        // A domain of one label is a whole country's or everybody's; browsers refuse it, as they do `co.uk`.
        let is_above = rp_id.contains('.') && host.ends_with(&format!(".{rp_id}"));
        (rp_id != host && !is_above).then(|| {
            let wrong = format!("is \"{rp_id}\", but must be \"{host}\" or a domain above it");
            rule(wrong, "Leave it out, or write the domain that all your hosts share, such as `example.org`.")
        })
    }
}

fn rule(wrong: String, remedy: &str) -> Rule {
    Rule::new("webauthn.rp_id", wrong, remedy).because_of("server.public_url")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_our_host_or_a_domain_above_it() {
        let check = |rp_id: &str, host: Option<&str>| {
            WebauthnConfig { rp_id: Some(rp_id.to_owned()) }.check(host.map(str::to_owned)).is_none()
        };
        for (rp_id, host, is_fine) in [
            ("login.example.org", Some("login.example.org"), true),
            ("example.org", Some("login.example.org"), true),
            ("localhost", Some("localhost"), true),
            ("org", Some("login.example.org"), false),
            ("ample.org", Some("login.example.org"), false),
            ("example.com", Some("login.example.org"), false),
            ("other.example.org", Some("login.example.org"), false),
            ("a.login.example.org", Some("login.example.org"), false),
            ("Example.org", Some("login.example.org"), false),
            (".org", Some("login.example.org"), false),
            ("", Some("login.example.org"), false),
            ("127.0.0.1", None, false),
        ] {
            assert_eq!(check(rp_id, host), is_fine, "{rp_id} at {host:?}");
        }
        assert!(WebauthnConfig::default().check(None).is_none());
    }
}
