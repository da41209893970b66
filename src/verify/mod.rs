//! Checking our tokens in another process: by our published keys, and by the list of those that were ended early.
//!
//! A service that depends on this crate with `default-features = false, features = ["verify"]` gets this module alone:
//! no server, no database, no async runtime.

mod fetch;
mod origin;

/// Why a verifier does not even begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Where it should fetch from is no origin, or one that anybody on the way could answer for.
    #[error("{0:?} is no origin such as `https://login.example.org` (plain `http` is for loopback only)")]
    Origin(String),
}
