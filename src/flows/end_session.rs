//! End sessions from outside them: one, all others, everywhere.
//!
//! "Ended" is a row that says so, in the transaction of the deed that ended it. What this process remembers of the user
//! is forgotten as soon as that is committed and before anybody is answered; the notice in `revocations` tells other
//! processes to forget it, too (D4).
//!
//! With them goes the key of an authenticator app that waits to be confirmed: whoever is put out may have read it, and its
//! owner would make it count.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::token_status;
use crate::id::{SessionId, UserId};
use crate::models::{EventKind, Revocation, RevokedBecause, Session, TotpFactor, User};
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
    let (here, user, id) = (vestibule.clone(), user.clone(), id.clone());
    vestibule
        .db
        .write(move |conn| {
            User::find_locked(conn, &user)?;
            let ended = revoke(&here, conn, &user, &id, because, now)?;
            if ended {
                TotpFactor::delete_pending(conn, &user)?;
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
    let (here, user, keep) = (vestibule.clone(), user.clone(), keep.cloned());
    vestibule
        .db
        .write(move |conn| {
            let ended = revoke_all_but(&here, conn, &user, keep.as_ref(), because, now)?;
            if ended > 0 {
                event.saying(format!("{} ({ended})", because.as_str())).insert(conn)?;
            }
            Ok(ended)
        })
        .await
}

/// Ends one session within a larger deed.
pub(super) fn revoke(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &UserId,
    id: &SessionId,
    because: RevokedBecause,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let ended = Session::revoke(conn, user, id, because, now)?;
    if ended {
        let status = Session::find_status(conn, id, now)?;
        token_status::invalidate(here, conn, status)?;
        notify(here, conn, user, Some(id))?;
    }
    Ok(ended)
}

/// Ends all sessions but one within a larger deed.
pub(super) fn revoke_all_but(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &UserId,
    keep: Option<&SessionId>,
    because: RevokedBecause,
    now: Timestamp,
) -> Result<usize, db::Error> {
    // A sign-in that goes on at this moment is waited for: else its session would outlive what ends here.
    User::find_locked(conn, user)?;
    let statuses = Session::list_statuses(conn, user, keep, now)?;
    let ended = Session::revoke_all(conn, user, keep, because, now)?;
    token_status::invalidate(here, conn, statuses)?;
    TotpFactor::delete_pending(conn, user)?;
    // The session that stays is asked for anew, too: that does no harm.
    ask_anew(here, conn, user)?;
    Ok(ended)
}

/// Sees to it that everybody asks anew for whatever they remember of `user`, within a deed that changed their row.
pub(super) fn ask_anew(here: &Vestibule, conn: &mut Transaction<'_>, user: &UserId) -> Result<(), db::Error> {
    notify(here, conn, user, None)
}

/// Tells other processes, and this one once it is committed. The notice has the time of its writing, not that of the
/// request, which may have taken its time: readers look back no further than half a minute.
fn notify(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &UserId,
    session: Option<&SessionId>,
) -> Result<(), db::Error> {
    Revocation::insert(conn, user, session, here.clock.now())?;
    let (here, user) = (here.clone(), user.clone());
    conn.once_committed(move || here.verified.forget(&user));
    Ok(())
}
