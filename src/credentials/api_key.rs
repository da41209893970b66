//! API keys: what somebody's programs show in their place.
//!
//! ```text
//! vst_ base64url( 32 random bytes ‖ the first 4 bytes of their SHA-256 )        52 characters in all
//! ```
//! The beginning says to whoever finds one what it is, and the four bytes at the end that it is one: scanners of source
//! code need ask nobody (`vst_[A-Za-z0-9_-]{48}`). What was mistyped or made up is refused without a look at the table.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::secret;

/// How every key begins.
pub const PREFIX: &str = "vst_";

const RANDOM_BYTES: usize = 32;
const CHECK_BYTES: usize = 4;

/// A key, as its owner has it.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// A new one, of 256 random bits.
    pub fn generate() -> Self {
        let random = secret::random::<RANDOM_BYTES>();
        let bytes = [random.as_slice(), &check(&random)].concat();
        Self(format!("{PREFIX}{}", secret::to_base64url(&bytes)).into())
    }

    /// What somebody shows, if that can be a key.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = secret::from_base64url(text.strip_prefix(PREFIX)?)?;
        let (random, end) = bytes.split_at_checked(RANDOM_BYTES)?;
        (end == check(random)).then(|| Self(text.into()))
    }

    /// What the database keeps. A fast hash will do: nobody can try 2^256 keys.
    pub fn digest(&self) -> [u8; 32] {
        secret::sha256(self.0.expose_secret().as_bytes())
    }

    /// The key, to be shown once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn check(random: &[u8]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, ..] = secret::sha256(random);
    [a, b, c, d]
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_form_and_nothing_else_is_one() {
        let key = ApiKey::generate();
        let text = key.expose().to_owned();
        assert_eq!(text.len(), 52);
        assert!(
            text.strip_prefix("vst_")
                .unwrap()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        assert_eq!(ApiKey::parse(&text).unwrap().digest(), key.digest());
        assert_ne!(ApiKey::generate().digest(), key.digest());
        assert!(!format!("{key:?}").contains(&text[4..]));

        let swapped = |at: usize, by: char| {
            let mut letters: Vec<char> = text.chars().collect();
            letters[at] = if letters[at] == by { 'B' } else { by };
            letters.into_iter().collect::<String>()
        };
        let cut = &text[..51];
        for wrong in
            ["", "vst_", cut, &format!("{text}A"), &format!("{text}="), &text[4..], &text.to_uppercase()]
        {
            assert!(ApiKey::parse(wrong).is_none(), "{wrong}");
        }
        for at in [0, 4, 30, 46, 51] {
            assert!(ApiKey::parse(&swapped(at, 'A')).is_none(), "{at}");
        }
    }
}
