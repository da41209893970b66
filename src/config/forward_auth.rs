//! `[forward_auth]`: the hosts whose reverse proxy asks us who may come in.

use std::net::Ipv4Addr;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::Config;
use super::guarded_host::GuardedHost;
use super::origin;
use super::rule::Rule;

/// The hosts whose reverse proxy asks us who may come in (forward-auth), for applications that know nothing of signing in.
/// Off, as long as no host is named.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct ForwardAuthConfig {
    /// The domain that our own host shares with these, such as `example.org`. Each of its hosts is sent a cookie that is
    /// good for passing their doors and for nothing else.
    pub cookie_domain: Option<String>,
    /// The hosts, each a table `[[forward_auth.hosts]]` in the configuration file: its `host` (`wiki.example.org`, with a
    /// port if it is not 443), whom to `allow` (`signed-in` if it says nothing), and `rules` for some of its paths, each
    /// with a `path` and an `allow` of its own; the first one that the path lies under counts. To allow is `public`,
    /// `signed-in`, `group:NAME` or `second-factor`, or a list of these of which all must hold. A path that applications
    /// read in more than one way (`/a/../b`, `/%61`, `//`, `;`) is let in where every rule of its host does so.
    pub hosts: Vec<GuardedHost>,
}

impl ForwardAuthConfig {
    /// Whether any host is guarded.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// The host of this name and port, as a browser or a proxy writes it, upper or lower case.
    #[must_use]
    pub fn find(&self, authority: &str) -> Option<&GuardedHost> {
        let authority = authority.strip_suffix(":443").unwrap_or(authority);
        self.hosts.iter().find(|host| host.host.eq_ignore_ascii_case(authority))
    }

    /// The rules that this section breaks, in `config`.
    pub(super) fn check(&self, config: &Config) -> Vec<Rule> {
        if !self.is_on() {
            return Vec::new();
        }
        let domain = match self.check_domain(config) {
            Ok(domain) => domain,
            Err(rule) => return vec![rule],
        };
        let own = config.host().unwrap_or_default();
        let mut rules: Vec<_> = self.hosts.iter().filter_map(|host| host.check(domain, &own)).collect();
        for (at, host) in self.hosts.iter().enumerate() {
            if self.hosts.iter().take(at).any(|other| other.host == host.host) {
                rules.push(rule(format!("names \"{}\" twice", host.host), "Write its rules in one table."));
            }
        }
        if config.server.trusted_proxies.is_empty() {
            let wrong = "is empty, but only a proxy that we trust may ask for `forward_auth.hosts`";
            let remedy = "Name the address that your proxy comes from, such as `[\"127.0.0.1\"]`.";
            let rule = Rule::new("server.trusted_proxies", wrong, remedy);
            rules.push(rule.because_of("forward_auth.hosts"));
        }
        rules
    }

    /// The domain, if it may have cookies and our own host lies in it.
    fn check_domain(&self, config: &Config) -> Result<&str, Rule> {
        let wrong = |wrong: String, remedy: &str| Err(Rule::new("forward_auth.cookie_domain", wrong, remedy));
        let Some(domain) = self.cookie_domain.as_deref() else {
            let remedy = "Write the domain that our host and theirs share, such as `example.org`.";
            return wrong("is not set, but `forward_auth.hosts` needs it".to_owned(), remedy)
                .map_err(|rule: Rule| rule.because_of("forward_auth.hosts"));
        };
        // A domain of one label is a whole country's or everybody's. Browsers know those of two, too, and take no
        // cookie for `co.uk`.
        let is_name = origin::is_host_name(domain) && domain.parse::<Ipv4Addr>().is_err();
        if !is_name || !domain.contains('.') || domain.to_ascii_lowercase() != domain {
            let remedy = "Write a domain of your own in lower case, such as `example.org`.";
            return wrong(format!("is \"{domain}\", for which no browser takes a cookie"), remedy);
        }
        let because = |rule: Rule| rule.because_of("server.public_url");
        if !config.is_https() {
            let remedy = "Set `server.public_url` to `https://` and a host in that domain.";
            return wrong("needs an address of ours that begins with `https://`".to_owned(), remedy)
                .map_err(because);
        }
        match config.host().filter(|host| is_within(host, domain)) {
            Some(_) => Ok(domain),
            None => {
                let remedy = "Write the domain that our host and theirs share, such as `example.org`.";
                wrong(format!("is \"{domain}\", but our own host is not in it"), remedy).map_err(because)
            }
        }
    }
}

/// Whether a host is `domain` itself or lies below it.
pub(super) fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

pub(super) fn rule(wrong: String, remedy: &str) -> Rule {
    Rule::new("forward_auth.hosts", wrong, remedy)
}
