//! Ids: opaque text, one type a table, made here and never by the database.
//!
//! An id is a UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds and 12 of what is left of the time (§6.2, method 3), so that
//! new rows lie next to each other in their index, and two lines of one deed in the order in which they were written; then
//! 62 random bits. Ids are public; nothing is proven by knowing one.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

use crate::{clock, secret};

fn fresh() -> String {
    let since = clock::since_1970();
    let mut rest = secret::random();
    let [high, low, ..]: &mut [u8; 10] = &mut rest;
    // Of 4096 parts of a millisecond, so many: less than a quarter of a microsecond each.
    [*high, *low] = ((since.subsec_nanos() % 1_000_000) * 512 / 125_000)
        .to_be_bytes()
        .last_chunk()
        .copied()
        .unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid().to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_in_which_they_were_made_and_no_two_are_one() {
        let ids: Vec<_> = (0..1000)
            .map(|_| (EventId::new(), std::thread::sleep(std::time::Duration::from_micros(1))).0)
            .collect();
        assert!(ids.is_sorted(), "{ids:?}");
        let all: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(all.len(), ids.len());
    }
}
