//! End sessions from outside them: one, all others, everywhere.
//!
//! "Ended" is a row that says so, in the transaction of the deed that ended it; the guard reads it with the very next
//! request, and the notice in `revocations` tells other processes what to forget (D4).

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection};
use crate::flows::caller::Caller;
use crate::id::{SessionId, UserId};
use crate::models::{EventKind, Revocation, RevokedBecause, Session};
use crate::vestibule::Vestibule;

/// Ends one live session of `user`. Whether there was one: somebody else's, an ended one and none at all look alike.
///
/// # Errors
///
/// The database's.
pub async fn one(
    vestibule: &Vestibule,
    user: &UserId,
    id: &SessionId,
    because: RevokedBecause,
    caller: &Caller,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let event =
        caller.event(EventKind::SessionRevoked, Some(user), now).in_session(id).saying(because.as_str());
    let (user, id) = (user.clone(), id.clone());
    vestibule
        .db
        .write(move |conn| {
            let ended = revoke(conn, &user, &id, because, now)?;
            if ended {
                event.insert(conn)?;
            }
            Ok(ended)
        })
        .await
}

/// Ends every live session of `user` but `keep`; how many that were.
///
/// # Errors
///
/// The database's.
pub async fn all_but(
    vestibule: &Vestibule,
    user: &UserId,
    keep: Option<&SessionId>,
    because: RevokedBecause,
    caller: &Caller,
    now: Timestamp,
) -> Result<usize, db::Error> {
    let event = caller.event(EventKind::SessionsRevoked, Some(user), now);
    let (user, keep) = (user.clone(), keep.cloned());
    vestibule
        .db
        .write(move |conn| {
            let ended = revoke_all_but(conn, &user, keep.as_ref(), because, now)?;
            if ended > 0 {
                event.saying(format!("{} ({ended})", because.as_str())).insert(conn)?;
            }
            Ok(ended)
        })
        .await
}

/// Ends one session within a larger deed.
pub(super) fn revoke(
    conn: &mut AnyConnection,
    user: &UserId,
    id: &SessionId,
    because: RevokedBecause,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let ended = Session::revoke(conn, user, id, because, now)?;
    if ended {
        Revocation::insert(conn, user, Some(id), now)?;
    }
    Ok(ended)
}

/// Ends all sessions but one within a larger deed.
pub(super) fn revoke_all_but(
    conn: &mut AnyConnection,
    user: &UserId,
    keep: Option<&SessionId>,
    because: RevokedBecause,
    now: Timestamp,
) -> Result<usize, db::Error> {
    let ended = Session::revoke_all(conn, user, keep, because, now)?;
    // Everything remembered of this user is asked for anew, the session that stays included: that does no harm.
    Revocation::insert(conn, user, None, now)?;
    Ok(ended)
}
