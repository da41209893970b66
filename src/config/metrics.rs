//! `[metrics]`: figures for whoever watches over the server.

use std::net::SocketAddr;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::secret::{Secret, SecretKey};
use super::{placeholder, text};

/// Figures for whoever watches over the server, as Prometheus reads them: `/metrics`, at a port of its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    /// The address and port where `/metrics` is, such as `127.0.0.1:9464`. Unset: nowhere. Any other address than this
    /// machine's own needs a `token`.
    #[serde(deserialize_with = "text::optional_socket_address")]
    pub listen: Option<SocketAddr>,
    /// What whoever asks has to show, as `Authorization: Bearer`. Unset: nothing.
    pub token: Option<Secret>,
}

impl MetricsConfig {
    /// The fewest bytes of [`Self::token`].
    pub const TOKEN_LENGTH: usize = 32;

    /// The rules that this section breaks.
    pub(super) fn check(&self, server: SocketAddr) -> Vec<Rule> {
        let is_taken = self.listen.filter(|address| *address == server && address.port() != 0);
        let taken = is_taken.map(|address| {
            let wrong = format!("is {address}, where the server itself listens");
            Rule::new("metrics.listen", wrong, "Choose a port of its own, such as 9464.")
                .because_of("server.listen")
        });
        [taken, self.check_listen(), self.check_token()].into_iter().flatten().collect()
    }

    /// How many sign in, and how often they fail, is nobody's business in the network.
    fn check_listen(&self) -> Option<Rule> {
        let open = self
            .listen
            .filter(|address| !address.ip().to_canonical().is_loopback() && self.token.is_none())?;
        let remedy = "Set `metrics.token` (make one with `openssl rand -hex 32`), or listen on 127.0.0.1.";
        Some(Rule::new(
            "metrics.listen",
            format!("is {open}, but others reach that, and no token guards it"),
            remedy,
        ))
    }

    fn check_token(&self) -> Option<Rule> {
        let token = self.token.as_ref().map(Secret::expose)?;
        let wrong = if placeholder::is_placeholder(token) {
            "is a placeholder that everybody knows, but must be random".to_owned()
        } else if token.len() < Self::TOKEN_LENGTH {
            format!("is {} bytes, but must be at least {}", token.len(), Self::TOKEN_LENGTH)
        } else if placeholder::is_pattern(token.as_bytes()) {
            "is a pattern, but must be random".to_owned()
        } else if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            "has spaces or letters that no header can bear".to_owned()
        } else {
            return None;
        };
        Some(Rule::new("metrics.token", wrong, SecretKey::REMEDY))
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::Folder;

    const TOKEN: &str = "8f4e2a9c1b7d3f6085e2c4a917bd3f60a1c5e79d2b48f013";

    fn problems(listen: &str, token: Option<&str>) -> Vec<String> {
        let mut variables = vec![("VESTIBULE_METRICS__LISTEN", listen)];
        variables.extend(token.map(|token| ("VESTIBULE_METRICS__TOKEN", token)));
        let told = Folder::new().load(&variables).err();
        told.map(|problems| problems.to_string().lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    #[test]
    fn what_others_reach_needs_a_token() {
        for open in ["0.0.0.0:9464", "[::]:9464", "192.0.2.1:9464"] {
            let told = problems(open, None);
            assert_eq!(
                told,
                [format!(
                    "VESTIBULE_METRICS__LISTEN: `metrics.listen` is {open}, but others reach that, and no token \
                     guards it. Set `metrics.token` (make one with `openssl rand -hex 32`), or listen on 127.0.0.1."
                )]
            );
            assert_eq!(problems(open, Some(TOKEN)), [""; 0]);
        }
        for own in ["127.0.0.1:9464", "[::1]:9464"] {
            assert_eq!(problems(own, None), [""; 0]);
        }
    }

    #[test]
    fn a_token_that_can_be_guessed_or_cannot_be_sent_is_refused() {
        let spaced = format!("{TOKEN} {TOKEN}");
        for (token, words) in [
            ("changeme-changeme-changeme-changeme", "is a placeholder"),
            ("BNuRhmrMvBx5aTrb", "is 16 bytes, but must be at least 32"),
            ("00000000000000000000000000000000", "is a pattern"),
            (spaced.as_str(), "has spaces or letters that no header can bear"),
        ] {
            let told = problems("127.0.0.1:9464", Some(token));

            assert!(told.len() == 1 && told[0].contains(words) && !told[0].contains(token), "{told:?}");
        }
    }

    #[test]
    fn an_address_needs_a_port() {
        assert!(problems("127.0.0.1", None)[0].contains("metrics.listen"));
    }
}
