//! How long somebody means to stay signed in (D3), in lifetimes.

use std::time::Duration;

use crate::config::SessionsConfig;
pub use crate::models::Stay;

impl Stay {
    /// The absolute limit of the session.
    pub(super) fn lifetime(self, limits: &SessionsConfig) -> Duration {
        match self {
            Self::WhileActive | Self::Renewable => limits.absolute_lifetime,
            Self::Remembered => limits.remembered_lifetime,
        }
    }

    /// Whether a refresh token carries it beyond its access token.
    pub(super) fn is_renewable(self) -> bool {
        self != Self::WhileActive
    }
}
