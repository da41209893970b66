//! What every way in has in common: the session's row, and room for it.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::stay::Stay;
use crate::flows::{end_session, status_index};
use crate::id::SessionId;
use crate::models::{self, RevokedBecause, Session, User};
use crate::tokens::RefreshToken;
use crate::vestibule::Vestibule;

/// A user and the session they have just been given.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who, as their row was: with `closed_at`, if this has opened the account again.
    pub user: User,
    /// Their new session.
    pub session: Session,
    /// What carries it beyond its access token, if something does.
    pub refresh: Option<RefreshToken>,
}

/// A session that is to begin.
#[derive(Debug)]
pub(super) struct Start {
    /// Whose.
    pub(super) user: User,
    /// How they proved it.
    pub(super) amr: String,
    /// The session that the same browser had until now, whosever it was.
    pub(super) replaces: Option<SessionId>,
    /// How long they mean to stay.
    pub(super) stay: Stay,
}

/// When somebody last proved who they are, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastProof<'a> {
    pub(super) at: Timestamp,
    pub(super) amr: &'a str,
}

impl<'a> LastProof<'a> {
    /// What `session` says of it.
    pub(super) fn of(session: &'a Session) -> Self {
        Self { at: session.authenticated_at, amr: &session.amr }
    }
}

/// Writes a new session with a new id, always: an id from before signing in is worth nothing after it (session
/// fixation). The session that the same browser had until now ends, whosever it was; and the oldest one, if the user
/// has too many.
pub(super) fn insert(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    start: Start,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, db::Error> {
    let Start { user, amr, replaces, stay } = start;
    let limits = &here.config.sessions;
    if let Some(earlier) = replaces.as_ref().map(|id| Session::find(conn, id)).transpose()?.flatten() {
        end_session::revoke(here, conn, &earlier.user_id, &earlier.id, RevokedBecause::Replaced, now)?;
    }
    let mut live = Session::list_live(conn, &user.id, now, Timestamp::from_seconds(0))?;
    // What begins in the future is from before the clock was set back: it must not push out what begins now.
    live.sort_by_key(|session| session.created_at > now);
    for old in live.iter().skip((limits.max_per_user as usize).saturating_sub(1)) {
        end_session::revoke(here, conn, &user.id, &old.id, RevokedBecause::TooMany, now)?;
    }
    let session = Session {
        id: SessionId::new(),
        user_id: user.id.clone(),
        created_at: now,
        authenticated_at: now,
        last_seen_at: now,
        expires_at: now + stay.lifetime(limits),
        amr,
        address: caller.address(),
        network: caller.network(),
        user_agent: caller.user_agent.clone(),
        revoked_at: None,
        revoked_because: None,
        renewable_since: stay.is_renewable().then_some(now),
        status_index: None,
    };
    begin(here, conn, user, session)
}

/// The session goes on under a new id, now that its user has proved themselves anew: a token that was stolen before is
/// worth nothing after (ASVS 7.2.4), and neither is a refresh token. Nothing, if it has ended meanwhile.
pub(super) fn go_on(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: User,
    old: &Session,
    proof: LastProof<'_>,
    now: Timestamp,
) -> Result<Option<SignedIn>, db::Error> {
    if !end_session::revoke(here, conn, &user.id, &old.id, RevokedBecause::Replaced, now)? {
        return Ok(None);
    }
    let session = Session {
        id: SessionId::new(),
        authenticated_at: proof.at,
        last_seen_at: now,
        amr: proof.amr.to_owned(),
        ..old.clone()
    };
    begin(here, conn, user, session).map(Some)
}

/// Writes the session, with a place in the status list that is its own, and its first refresh token if it is to have
/// one.
fn begin(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: User,
    session: Session,
) -> Result<SignedIn, db::Error> {
    let index = status_index::next(here, conn, session.expires_at, session.last_seen_at)?;
    let session = Session { status_index: Some(index), ..session };
    session.insert(conn)?;
    let refresh = session.renewable_since.map(|_| RefreshToken::generate());
    if let Some(token) = &refresh {
        models::RefreshToken::new(token, &session, session.last_seen_at).insert(conn)?;
    }
    Ok(SignedIn { user, session, refresh })
}
