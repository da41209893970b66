//! Refresh: a session goes on when its access token has expired (D3).
//!
//! ```text
//! a token ──> known? ──> one transaction: session live? ──┬─ unspent: spent, and a pair for it
//!                └── Refused              └── Refused     ├─ spent a moment ago: the very same pair
//!                                                         └─ spent earlier: somebody has a copy; the session ends
//! ```
//! Six tabs that wake up together send one token six times, and so does a program whose connection broke: they all get
//! one pair. Nothing of it is kept for that: the refresh token is made of the one before it, and the access token of
//! what the row says, for a signature is the same each time.
//!
//! When they signed in last, and how, stays as it is: whoever holds a refresh token has proven nothing anew.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::authenticate::{self, Authenticated};
use crate::flows::caller::Caller;
use crate::flows::issue_token::{self, AccessToken};
use crate::flows::{end_session, queue_mail};
use crate::id::{SessionId, UserId};
use crate::mail::messages::{self, RefreshReused};
use crate::models::{self, EventKind, RevokedBecause, Session, User};
use crate::tokens::{RefreshToken, TokenError};
use crate::vestibule::Vestibule;

/// A token that was spent is good for the same pair this much longer.
const RETRY: Duration = Duration::from_secs(10);

/// Somebody whose session goes on, and what they go on with.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// Who.
    pub who: Authenticated,
    /// What proves their session from now on.
    pub token: AccessToken,
    /// What carries it beyond that.
    pub refresh: RefreshToken,
}

/// Why there is no new pair.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Never ours, expired, used long ago, or its session has ended, or its user may not be here; which of them, nobody
    /// is told.
    #[error("This refresh token is invalid, has expired or was revoked. Please sign in again.")]
    Refused,
    /// Too many forged tokens from one network.
    #[error("Too many forged tokens. Please wait a little.")]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The access token could not be signed.
    #[error(transparent)]
    Signing(#[from] TokenError),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Exchanges a refresh token for the next one and an access token.
///
/// # Errors
///
/// [`RefreshError`].
pub async fn exchange(
    vestibule: &Vestibule,
    token: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Renewed, RefreshError> {
    let token = RefreshToken::parse(token).ok_or(RefreshError::Refused)?;
    let digest = token.digest();
    // A stranger's guesses cost a question, and never a turn of the one who writes.
    let found = vestibule.db.read(move |conn| Ok::<_, db::Error>(models::RefreshToken::find(conn, &digest)?));
    let Some((row, user)) = found.await? else {
        let counted = vestibule.forgeries.count(&caller.network());
        counted.map_err(|retry_after| RefreshError::Throttled { retry_after })?;
        return Err(RefreshError::Refused);
    };
    let (next, id) = (token.next(&vestibule.refresh_tags), row.token_id.clone());
    let (here, caller, successor) = (vestibule.clone(), caller.clone(), next.clone());
    let spent = vestibule.db.write(move |conn| spend(&here, conn, &row, &user, &successor, &caller, now));
    let (user, session, at) = spent.await?.ok_or(RefreshError::Refused)?;
    authenticate::note_use(vestibule, &session, now);
    let token = issue_token::again(vestibule, &user, &session, id, at)?;
    let who = Authenticated { user, session, claims: token.claims.clone() };
    Ok(Renewed { who, token, refresh: next })
}

/// Whose session a refresh token carries, or once carried: to find the session to end, never to let anybody in.
///
/// # Errors
///
/// The database's.
pub async fn session_of(
    vestibule: &Vestibule,
    token: &str,
) -> Result<Option<(UserId, SessionId)>, db::Error> {
    let Some(token) = RefreshToken::parse(token) else { return Ok(None) };
    let digest = token.digest();
    let found = vestibule.db.read(move |conn| Ok::<_, db::Error>(models::RefreshToken::find(conn, &digest)?));
    Ok(found.await?.map(|(row, user)| (user, row.session_id)))
}

/// Spends the token, or finds out that it was: who goes on in which session, and since when. Nobody, if they may not.
fn spend(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    row: &models::RefreshToken,
    user: &UserId,
    next: &RefreshToken,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<(User, Session, Timestamp)>, db::Error> {
    // Whoever ends this session at this moment, or renews its id, is waited for.
    User::find_locked(conn, user)?;
    let live = Session::find_live(conn, &row.session_id, now)?;
    let Some((session, user)) = live.filter(|_| now < row.expires_at) else { return Ok(None) };
    if models::RefreshToken::spend(conn, &row.digest, now)? {
        models::RefreshToken::new(next, &session, now).insert(conn)?;
        return Ok(Some((user, session, now)));
    }
    let spent = models::RefreshToken::find(conn, &row.digest)?;
    let Some(at) = spent.and_then(|(row, _)| row.spent_at) else { return Ok(None) };
    // To either side: a request may have begun before the one that came first, and a clock that is set back must not
    // open what was spent.
    if at.since(now).max(now.since(at)) <= RETRY {
        return Ok(Some((user, session, at)));
    }
    end_copied(here, conn, &user, &session, caller, now)?;
    Ok(None)
}

/// Two hold one session, and nobody knows which of them is its owner: neither may go on.
fn end_copied(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    session: &Session,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    end_session::revoke(here, conn, &user.id, &session.id, RevokedBecause::RefreshReused, now)?;
    models::RefreshToken::delete_of(conn, &session.id)?;
    caller.event(EventKind::RefreshReused, Some(&user.id), now).in_session(&session.id).insert(conn)?;
    let message = RefreshReused {
        username: messages::inert(&user.username),
        used_at: now.in_words(),
        used_from: caller.address(),
    };
    queue_mail::notify(here, conn, user, &message, now)
}
