//! Secrets of the operator: read once, never printed.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::placeholder;

/// What is printed in place of a secret.
pub const MASK: &str = "…(hidden)";

/// A secret that is text. Its `Debug` and its serialized form are [`MASK`].
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself; for its one use, never for a log line or an answer.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)
            .map(Self::from)
            .map_err(|_| D::Error::custom("must be text in quotes"))
    }
}

/// A secret of exactly 32 bytes. Its `Debug` and its serialized form are [`MASK`].
#[derive(Clone)]
pub struct SecretKey(SecretSlice<u8>);

impl SecretKey {
    pub(super) const REMEDY: &str = "Make one with `openssl rand -hex 32`.";

    /// The number of bytes.
    pub const LENGTH: usize = 32;

    /// Reads 64 hexadecimal digits, or base64url (43 characters, padding allowed).
    ///
    /// `None` if `text` is neither, or not of 32 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes =
            from_hex(text).or_else(|| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())?;
        (bytes.len() == Self::LENGTH).then(|| Self(bytes.into()))
    }

    /// The 32 bytes themselves; for deriving keys from, never for anything printed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl From<[u8; SecretKey::LENGTH]> for SecretKey {
    fn from(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes.to_vec().into())
    }
}

impl<'de> Deserialize<'de> for SecretKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || {
            D::Error::custom(
                "must be 32 bytes as 64 hexadecimal digits or base64url: make one with `openssl rand -hex 32`",
            )
        };
        let text = String::deserialize(deserializer).map_err(|_| wrong())?;
        if placeholder::is_placeholder(&text) {
            return Err(D::Error::custom(
                "must be random, but is a placeholder that everybody knows: make one with `openssl rand -hex 32`",
            ));
        }
        Self::parse(&text).ok_or_else(wrong)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({MASK})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(MASK)
            }
        }
    )*};
}

hidden!(Secret, SecretKey);
