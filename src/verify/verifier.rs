//! The verifier.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::board::Want;
use super::claims::StatusReference;
use super::follow::Shared;
use super::keys::PublicKey;
use super::memory::Standing;
use super::{Builder, Claims, StartError, VerifyError, moment, signed};

/// Checks the access tokens of one issuer for one service. Clones share what they know; when the last is dropped, its
/// threads end.
#[derive(Clone)]
pub struct Verifier {
    handle: Arc<Handle>,
}

/// The last one out stops the threads, which have the rest in their hands, too.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.board.stop();
    }
}

/// No token of an issuer of ours comes near it.
const MOST_TOKEN: usize = 8 * 1024;
const ACCESS_TOKEN: &str = "at+jwt";

impl Verifier {
    /// A verifier of the tokens that `issuer` issues for `audience`, with the settings that are right for most. It
    /// begins to fetch in the background and does not wait: a service may start before its issuer does.
    ///
    /// # Errors
    ///
    /// [`StartError`], when the issuer is no origin that can be trusted to answer, or there is no thread to be had.
    pub fn start(issuer: &str, audience: &str) -> Result<Self, StartError> {
        Self::builder(issuer, audience).start()
    }

    /// The same, with settings of your own.
    pub fn builder(issuer: &str, audience: &str) -> Builder {
        Builder::new(issuer, audience)
    }

    pub(super) fn of(shared: Arc<Shared>) -> Self {
        Self { handle: Arc::new(Handle(shared)) }
    }

    /// Reads the claims out of `token`, having checked them as RFC 7519 §7.2 and RFC 8725 §3 ask: an access token of
    /// our issuer for our audience, signed with a key that it publishes, begun, not ended, and not revoked.
    ///
    /// Everything comes from memory. Only what could not be known yet is waited for, two seconds at most each: the very
    /// first documents, a key that is named for the first time (asked for at most once a minute), and a list that is
    /// older than the token. On an async runtime that is short of threads, call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// The first [`VerifyError`] met: whenever in doubt, the token is refused.
    pub fn verify(&self, token: &str) -> Result<Claims, VerifyError> {
        let Shared { settings, .. } = &*self.handle.0;
        let kid = signed::read_kid(token, ACCESS_TOKEN, MOST_TOKEN)?;
        let claims: Claims = signed::open(token, &self.key(&kid)?)?;
        claims.check(&settings.issuer, &settings.audience, settings.leeway, moment::unix())?;
        match &claims.status {
            Some(status) => self.check_status(&status.status_list)?,
            None if settings.accepts_without_status => {}
            None => return Err(VerifyError::NoStatus),
        }
        Ok(claims)
    }

    /// Waits until the first keys and the first list are there, for `most` at longest; whether they are.
    #[must_use]
    pub fn wait_until_ready(&self, most: Duration) -> bool {
        let Shared { memory, board, .. } = &*self.handle.0;
        let until = moment::now() + most;
        while !memory.is_ready() && moment::now() < until {
            board.sleep(Duration::from_millis(20));
        }
        memory.is_ready()
    }

    fn key(&self, kid: &str) -> Result<PublicKey, VerifyError> {
        let Shared { memory, board, .. } = &*self.handle.0;
        let known = || memory.key(kid);
        known()
            .or_else(|| board.ask(Want::Keys, moment::now()).then(known).flatten())
            .ok_or(VerifyError::UnknownKey)
    }

    fn check_status(&self, reference: &StatusReference) -> Result<(), VerifyError> {
        let Shared { settings, memory, board, .. } = &*self.handle.0;
        let look = || memory.standing(reference, settings.fresh_for, (moment::now(), moment::unix()));
        let standing = match look() {
            // The list may be older than the token.
            Standing::Beyond if board.ask(Want::List, moment::now()) => look(),
            // The very first list may be on its way.
            Standing::Unknown if board.wait(Want::List) => look(),
            known => known,
        };
        match standing {
            Standing::Valid => Ok(()),
            Standing::Revoked => Err(VerifyError::Revoked),
            Standing::Beyond | Standing::Unknown => Err(VerifyError::StatusUnknown),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.handle.0.settings.issuer)
    }
}
