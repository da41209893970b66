//! What goes wrong.

/// Why a verifier does not even begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Where it should fetch from is no origin, or one that anybody on the way could answer for.
    #[error("{0:?} is no origin such as `https://login.example.org` (plain `http` is for loopback only)")]
    Origin(String),
    /// The system gives no thread.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Why a token is refused. Log it, and tell whoever sent the token nothing but 401: a forger learns from each word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// No token of this kind; no cryptography was spent on it.
    #[error("The token is malformed.")]
    Malformed,
    /// It names a key that the issuer does not publish, or no key could be fetched yet.
    #[error("The token names a key that is not known.")]
    UnknownKey,
    /// The key that it names did not sign it.
    #[error("The token was not signed by its issuer.")]
    Forged,
    /// Signed well, by another issuer or for another audience.
    #[error("The token is not meant for this service.")]
    NotForUs,
    /// Its time has not come.
    #[error("The token is not valid yet.")]
    NotYet,
    /// Its time is over.
    #[error("The token has expired.")]
    Expired,
    /// The session behind it was ended.
    #[error("The token was revoked.")]
    Revoked,
    /// It says nothing of where its status stands: see
    /// [`accept_without_status`](super::Builder::accept_without_status).
    #[error("The token has no status.")]
    NoStatus,
    /// Nobody knows whether it was revoked: the issuer has not been heard of for too long.
    #[error("The status of the token is not known.")]
    StatusUnknown,
}
