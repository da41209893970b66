//! `[tokens]`: what access tokens say and how they are signed.

use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::rule::{Rule, lasts, not_blank, within};
use super::secret::{Secret, SecretKey};
use super::{duration, placeholder};

/// What access tokens say and how they are signed.
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// `EdDSA`: signed with a key that rotates, and that other services check with the public keys we
    /// publish. `HS256`: signed with a shared secret, for a single node that checks its own tokens.
    pub algorithm: Algorithm,
    /// The shared secret of `HS256`, taken as it is: at least 32 random bytes.
    pub hs256_secret: Option<Secret>,
    /// The `iss` claim. Unset: the public URL.
    pub issuer: Option<String>,
    /// The `aud` claim. Unset: the issuer.
    pub audience: Option<String>,
    /// A key signs this long, from 2d to 365d; the next one is published a day before it begins.
    #[serde(with = "duration")]
    pub rotation: Duration,
    /// An access token is valid this long, from 1m to 1h.
    #[serde(with = "duration")]
    pub lifetime: Duration,
    /// The clocks of other machines may differ from ours by this much, at most 5m.
    #[serde(with = "duration")]
    pub leeway: Duration,
    /// The most tokens remembered as good, so that their next request asks no database; about 2 KiB each.
    pub cache_size: usize,
}

/// How access tokens are signed; named as in RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519: we sign, anybody can check.
    #[default]
    EdDSA,
    /// HMAC with SHA-256: whoever can check can also sign.
    HS256,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            hs256_secret: None,
            issuer: None,
            audience: None,
            rotation: Duration::from_hours(30 * 24),
            lifetime: Duration::from_hours(1),
            leeway: Duration::from_secs(30),
            cache_size: 10_000,
        }
    }
}

impl TokensConfig {
    /// The fewest bytes of [`Self::hs256_secret`]: as many as the hash gives (RFC 7518 §3.2).
    pub const HS256_SECRET_LENGTH: usize = 32;

    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let mins = Duration::from_mins;
        let days = |days: u64| Duration::from_hours(days * 24);
        [
            self.check_secret(),
            not_blank("tokens.issuer", self.issuer.as_deref()),
            not_blank("tokens.audience", self.audience.as_deref()),
            lasts("tokens.rotation", self.rotation, days(2)..=days(365), default.rotation),
            lasts("tokens.lifetime", self.lifetime, mins(1)..=mins(60), default.lifetime),
            lasts("tokens.leeway", self.leeway, mins(0)..=mins(5), default.leeway),
            within("tokens.cache_size", self.cache_size, 100..=10_000_000, default.cache_size),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn check_secret(&self) -> Option<Rule> {
        let wrong = match self.hs256_secret.as_ref().map(Secret::expose) {
            None if self.algorithm == Algorithm::HS256 => {
                return Some(
                    Rule::new("tokens.hs256_secret", "is not set, but `HS256` needs it", SecretKey::REMEDY)
                        .because_of("tokens.algorithm"),
                );
            }
            None => return None,
            Some(secret) if placeholder::is_placeholder(secret) => {
                "is a placeholder that everybody knows, but must be random".to_owned()
            }
            Some(secret) if secret.len() < Self::HS256_SECRET_LENGTH => {
                format!("is {} bytes, but must be at least {}", secret.len(), Self::HS256_SECRET_LENGTH)
            }
            Some(secret) if placeholder::is_pattern(secret.as_bytes()) => {
                "is a pattern, but must be random".to_owned()
            }
            Some(_) => return None,
        };
        Some(Rule::new("tokens.hs256_secret", wrong, SecretKey::REMEDY))
    }
}
