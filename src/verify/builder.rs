//! The settings of a verifier.

use std::sync::Arc;
use std::time::Duration;

use super::board::Board;
use super::fetch::Fetcher;
use super::follow::{self, Settings, Shared};
use super::memory::Memory;
use super::origin::Origin;
use super::{StartError, Verifier};

/// The settings of a [`Verifier`] to come.
#[derive(Clone, Debug)]
#[must_use = "nothing is verified before `start`"]
pub struct Builder {
    issuer: String,
    audience: String,
    at: Option<String>,
    leeway: Duration,
    fresh_for: Duration,
    accepts_without_status: bool,
}

impl Builder {
    pub(super) fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            at: None,
            leeway: Duration::from_secs(30),
            fresh_for: Duration::from_secs(10),
            accepts_without_status: false,
        }
    }

    /// The origin of the issuer, where its tokens name it by anything else than its public URL (`tokens.issuer`).
    pub fn at(mut self, origin: &str) -> Self {
        self.at = Some(origin.to_owned());
        self
    }

    /// How far the issuer's clock and ours may be apart; 30 seconds, unless set, and five minutes at most.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(Duration::from_mins(5));
        self
    }

    /// How long tokens are still accepted when the issuer is not heard of; 10 seconds, unless set, and three at least.
    /// The longer, the more a revocation is late that the issuer could not tell us of.
    pub fn fresh_for(mut self, time: Duration) -> Self {
        self.fresh_for = time.max(Duration::from_secs(3));
        self
    }

    /// Accepts tokens that say nothing of their status, too: they count until they expire, whatever becomes of the
    /// session. Sessions from before the issuer had a list have none for as long as they last. Refused, unless set.
    pub fn accept_without_status(mut self) -> Self {
        self.accepts_without_status = true;
        self
    }

    /// Begins.
    ///
    /// # Errors
    ///
    /// As [`Verifier::start`].
    pub fn start(self) -> Result<Verifier, StartError> {
        let origin = Origin::parse(self.at.as_deref().unwrap_or(&self.issuer))?;
        let settings = Settings {
            issuer: self.issuer,
            audience: self.audience,
            origin,
            leeway: i64::try_from(self.leeway.as_secs()).unwrap_or(i64::MAX),
            fresh_for: self.fresh_for,
            accepts_without_status: self.accepts_without_status,
        };
        let fetcher = Fetcher::new(Shared::patience(self.fresh_for));
        let shared = Arc::new(Shared { settings, memory: Memory::default(), board: Board::new(), fetcher });
        follow::start(Arc::clone(&shared))?;
        Ok(Verifier::of(shared))
    }
}
