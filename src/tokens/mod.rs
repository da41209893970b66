//! Access tokens, given and checked (RFC 9068, EdDSA by default), and the refresh tokens behind them. Pure: no database, no HTTP, no clock.
//!
//! ```text
//! issue:  claims ──> KeyRing::sign ──> header.payload.signature
//! check:  size, shape, header ──> key and algorithm ──> signature ──> claims        (SECURITY 2.1, in this order)
//! ```
//! Whether the session behind a good token still lives is not asked here but in `flows::authenticate`.

mod claims;
mod door_token;
mod forgeries;
mod key;
mod key_ring;
mod refresh_token;
mod shape;
mod status_list;

pub use claims::{AccessClaims, Audience, Profile};
pub use door_token::DoorToken;
pub use forgeries::Forgeries;
pub use key::{GeneratedKey, Key};
pub use key_ring::{KeyRing, RingKey};
pub use refresh_token::RefreshToken;
pub use status_list::{EncodedStatusList, Status, StatusList, StatusListClaims, StatusReference};

/// Why a token is refused. Callers are told none of it: a forger learns nothing from our answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not the form that our tokens have; no cryptography was spent on it.
    #[error("The token is malformed.")]
    Malformed,
    /// No key of ours signed it.
    #[error("The token was not signed by us.")]
    Forged,
    /// Signed by us, but for another audience, by another issuer, or not yet.
    #[error("The token is not meant for this service.")]
    Claims,
    /// Signed by us, and its time is over.
    #[error("The token has expired.")]
    Expired,
}
