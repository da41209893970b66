//! How long somebody means to stay signed in (D3).

use std::time::Duration;

use crate::config::SessionsConfig;

/// How long somebody means to stay signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// While they are active, for `sessions.absolute_lifetime` at most: there is no refresh token.
    WhileActive,
    /// For `sessions.absolute_lifetime`, active or not: a program, which knows by itself when to ask for a new token.
    Renewable,
    /// For `sessions.remembered_lifetime`, active or not: "Stay signed in".
    Remembered,
}

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
