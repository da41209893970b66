//! Who is this? The guard's question (D4): is the token good, **and** the session live, **and** the user enabled.
//!
//! Asked once of the signature and of the database, then remembered: most requests are answered from memory alone.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::db;
use crate::flows::caller;
use crate::id::{SessionId, UserId};
use crate::models::{Session, User};
use crate::secret;
use crate::tokens::TokenError;
pub use crate::verified_tokens::Authenticated;
use crate::verified_tokens::{Digest, Watched};
use crate::vestibule::Vestibule;

/// Why nobody is let in. Callers tell strangers none of it.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token itself.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token is good; the session has ended, or the user is disabled.
    #[error("The session has ended.")]
    Revoked,
    /// Too many forged tokens from one network.
    #[error("Too many forged tokens. Please wait a little.")]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// We could not find out, so the answer is no (fails closed).
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// How much later than the last note a request has to be before it is noted again.
pub(super) const LAST_SEEN_STEP: Duration = Duration::from_mins(1);

/// The user behind `token`, from memory alone: no database, no signature, nothing to wait for. Nobody, if the token is
/// not remembered or may have ended; then [`by_token`] knows.
pub fn remembered(vestibule: &Vestibule, token: &str, now: Timestamp) -> Option<Arc<Authenticated>> {
    recall(vestibule, &secret::sha256(token.as_bytes()), now)
}

fn recall(vestibule: &Vestibule, token: &Digest, now: Timestamp) -> Option<Arc<Authenticated>> {
    let verified = vestibule.verified.find(token)?;
    let who = verified.who();
    vestibule.tokens.check(&who.claims, now).ok()?;
    if now >= who.session.expires_at {
        return None;
    }
    if verified.is_to_be_noted(now, LAST_SEEN_STEP) {
        vestibule.seen.note(&who.session.id, now);
    }
    vestibule.measures.recalled_tokens.add();
    Some(Arc::clone(who))
}

/// The user behind `token`, which came from `address`, at the moment `now`. At most one database round trip.
///
/// # Errors
///
/// [`AuthenticateError`].
pub async fn by_token(
    vestibule: &Vestibule,
    token: &str,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Arc<Authenticated>, AuthenticateError> {
    let digest = secret::sha256(token.as_bytes());
    if let Some(who) = recall(vestibule, &digest, now) {
        return Ok(who);
    }
    let claims = count_forged(vestibule, vestibule.tokens.verify(token, now), address)?;
    let (watched, session, user) = find_live(vestibule, &claims.sub, &claims.sid, now).await?;
    note_use(vestibule, &session, now);
    let who = Arc::new(Authenticated { user, session, claims });
    vestibule.verified.remember(digest, watched, Arc::clone(&who));
    Ok(who)
}

/// What was `opened` of a token. A forged one counts against the network that it came from.
pub(super) fn count_forged<T>(
    vestibule: &Vestibule,
    opened: Result<T, TokenError>,
    address: Option<IpAddr>,
) -> Result<T, AuthenticateError> {
    if matches!(opened, Err(TokenError::Forged)) {
        let counted = vestibule.forgeries.count(&caller::network(address));
        counted.map_err(|retry_after| AuthenticateError::Throttled { retry_after })?;
    }
    Ok(opened?)
}

/// The live session `id` of `user`, both as the database has them; and since before it was asked they are watched, so that
/// what is remembered of the answer is void if something changed meanwhile.
pub(super) async fn find_live(
    vestibule: &Vestibule,
    user: &UserId,
    id: &SessionId,
    now: Timestamp,
) -> Result<(Watched, Session, User), AuthenticateError> {
    vestibule.measures.asked_tokens.add();
    let (watched, id) = (vestibule.verified.watch(user), id.clone());
    let found =
        vestibule.db.read(move |conn| Ok::<_, db::Error>(Session::find_live(conn, &id, now)?)).await?;
    let (session, owner) = found.ok_or(AuthenticateError::Revoked)?;
    match session.user_id == *user {
        true => Ok((watched, session, owner)),
        false => Err(AuthenticateError::Revoked),
    }
}

/// Notes that `session` is used, unless its row says so already, to the minute.
pub(super) fn note_use(vestibule: &Vestibule, session: &Session, now: Timestamp) {
    if now.since(session.last_seen_at) >= LAST_SEEN_STEP {
        vestibule.seen.note(&session.id, now);
    }
}
