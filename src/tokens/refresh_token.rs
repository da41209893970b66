//! A refresh token: opaque, 256 bits, the secret by which a session goes on when its access token has expired.
//!
//! ```text
//! first: random ──next──> second ──next──> third …        next: HMAC-SHA256 under a key of ours
//! ```
//! Each is used once, for the one after it. That one need not be kept to be given again to who asks twice: it can be
//! made anew by whoever has our key and the token before it, and by nobody else.

use secrecy::{ExposeSecret as _, SecretString};

use crate::secret::{self, Authenticator};

/// The secret itself. `Debug` does not show it.
#[derive(Clone)]
pub struct RefreshToken(SecretString);

impl RefreshToken {
    /// Characters of 256 bits in base64url.
    const LENGTH: usize = 43;

    /// The first one of a session.
    pub fn generate() -> Self {
        Self(secret::to_base64url(&secret::random::<32>()).into())
    }

    /// What somebody presents, if it looks like one of ours: what does not is not looked up anywhere.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text.len() == Self::LENGTH && secret::from_base64url(text).is_some();
        is_ours.then(|| Self(text.into()))
    }

    /// The one after it.
    #[must_use]
    pub fn next(&self, key: &Authenticator) -> Self {
        Self(secret::to_base64url(&key.tag(&[self.expose()])).into())
    }

    /// What the database keeps.
    pub fn digest(&self) -> String {
        secret::digest_of_token(self.expose())
    }

    /// The text, for whoever may have it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterSecret;

    fn key(byte: u8) -> Authenticator {
        MasterSecret::from_bytes([byte; 32]).authenticator("refresh token")
    }

    #[test]
    fn the_next_one_is_the_same_each_time_and_by_no_other_key() {
        let first = RefreshToken::generate();

        let (next, again, elsewhere) = (first.next(&key(1)), first.next(&key(1)), first.next(&key(2)));

        assert_eq!(next.expose(), again.expose());
        assert!(next.expose() != elsewhere.expose() && next.expose() != first.expose());
        assert!(next.expose() != next.next(&key(1)).expose());
        assert!(RefreshToken::parse(next.expose()).is_some());
        assert_eq!(format!("{next:?}"), "RefreshToken(…)");
    }
}
