//! Who is this, at the door of another host? The guard's question of [`authenticate`], by the token
//! that is for doors alone; remembered and forgotten with all others, so that it ends with its session in the same moment.
//!
//! Such a token lasts as long as a session does at most, and like the session's own it ends without a use: after
//! `tokens.lifetime`, wherever the session was used last. It renews nothing, itself included. Another comes from our own
//! host, which knows the browser by cookies that no other host is sent.

use std::net::IpAddr;
use std::sync::Arc;

use super::authenticate::{self, AuthenticateError, Authenticated, LAST_SEEN_STEP};
use super::issue_token;
use crate::clock::Timestamp;
use crate::id::TokenId;
use crate::models::Session;
use crate::secret;
use crate::tokens::{Audience, DoorToken, TokenError};
use crate::verified_tokens::Digest;
use crate::vestibule::Vestibule;

/// The audience of what is remembered of such a token: no access token has it.
const AUDIENCE: &str = "forward-auth";

/// A token for the doors, good from `now` on as long as `session` is.
pub fn token_for(vestibule: &Vestibule, session: &Session, now: Timestamp) -> String {
    let (user, id) = (session.user_id.clone(), session.id.clone());
    DoorToken { user, session: id, issued_at: now }.seal(&vestibule.door_tags)
}

/// The user behind `token`, from memory alone; nobody, if it is not remembered or may have ended.
pub fn remembered(vestibule: &Vestibule, token: &str, now: Timestamp) -> Option<Arc<Authenticated>> {
    let verified = vestibule.verified.find(&name_of(token))?;
    let who = verified.who();
    if now >= who.claims.exp || is_idle(vestibule, verified.noted_at().max(who.claims.iat), now) {
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
    if let Some(who) = remembered(vestibule, token, now) {
        return Ok(who);
    }
    let opened =
        authenticate::count_forged(vestibule, DoorToken::open(token, &vestibule.door_tags), address)?;
    let (watched, session, user) =
        authenticate::find_live(vestibule, &opened.user, &opened.session, now).await?;
    let mut claims = issue_token::claims(vestibule, &user, &session, TokenId::new(), opened.issued_at);
    claims.aud = Audience::One(AUDIENCE.to_owned());
    claims.exp = (opened.issued_at + vestibule.config.sessions.absolute_lifetime).min(session.expires_at);
    // A use that another process has yet to write down is newer than the row; a token from this moment is, too.
    let used_at = session.last_seen_at.max(opened.issued_at);
    if now >= claims.exp || is_idle(vestibule, used_at, now) {
        return Err(TokenError::Expired.into());
    }
    authenticate::note_use(vestibule, &session, now);
    let who = Arc::new(Authenticated { user, session, claims });
    vestibule.verified.remember(name_of(token), watched, Arc::clone(&who));
    Ok(who)
}

/// What it is remembered by: its digest with every bit turned. By its digest, the memory of access tokens would find it.
fn name_of(token: &str) -> Digest {
    secret::sha256(token.as_bytes()).map(|byte| !byte)
}

/// Whether the last use lies back too far; uses are noted to the minute.
fn is_idle(vestibule: &Vestibule, used_at: Timestamp, now: Timestamp) -> bool {
    now.since(used_at) > vestibule.config.tokens.lifetime + LAST_SEEN_STEP
}
