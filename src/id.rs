//! Ids: opaque text, one type a table, made here and never by the database.
//!
//! An id is a UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, so that new rows lie next to each other in their
//! index, then 74 random bits. Ids are public; nothing is proven by knowing one.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

use crate::{clock, secret};

fn fresh() -> String {
    let millis = u64::try_from(clock::unix_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &secret::random()).into_uuid().to_string()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, DieselNewType, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// An id that nobody has had.
            #[expect(clippy::new_without_default, reason = "two of them differ: no default")]
            pub fn new() -> Self {
                Self(fresh())
            }

            /// The id as it stands in the database and in tokens.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                // PostgreSQL has no text with a NUL in it; like this, it names nothing there too.
                Self(text.replace('\0', "\u{fffd}"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

/// Where the ids of requests come from. A request is named whether or not anybody asks, so its name costs no randomness
/// of its own: it is a UUIDv7 whose random part is this process's, counted on (RFC 9562 §6.2, method 2).
#[derive(Debug)]
pub struct RequestIds(AtomicU64);

impl RequestIds {
    /// Ids that begin anywhere.
    #[expect(clippy::new_without_default, reason = "two of them differ: no default")]
    pub fn new() -> Self {
        Self(AtomicU64::new(u64::from_le_bytes(secret::random())))
    }

    /// The next one.
    pub fn next(&self) -> RequestId {
        let millis = u64::try_from(clock::unix_millis()).unwrap_or(0);
        let count = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut random = [0; 10];
        random.iter_mut().skip(2).zip(count).for_each(|(byte, part)| *byte = part);
        RequestId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string())
    }
}

ids! {
    /// Somebody with an account: the `sub` claim, never used again for another.
    UserId
    /// One signed-in browser or program: the `sid` claim.
    SessionId
    /// A key that signs tokens: the `kid` of their header. Its text is a digest, not a UUID.
    KeyId
    /// A line of the audit trail.
    EventId
    /// One revocation, as other processes read it.
    RevocationId
    /// One access token: its `jti` claim.
    TokenId
    /// One mail: in the outbox and in its `Message-ID`.
    MailId
    /// Somebody's question for a new password.
    ResetRequestId
    /// A passkey, as its owner's pages name it.
    PasskeyId
    /// An API key, as its owner's pages, operators and the audit trail name it.
    ApiKeyId
    /// An address that somebody has yet to prove.
    EmailProofId
    /// One HTTP request, in the answer, in the log and on error pages.
    RequestId
}
