//! Do without a password: for whoever has a passkey. What nobody knows, nobody can guess, steal or tell.

use crate::clock::Timestamp;
use crate::credentials::amr;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::change_factors::{self, Change};
use crate::flows::factors;
use crate::flows::last_way_in::{self, Kept, Loss};
use crate::flows::start_session::SignedIn;
use crate::models::{EventKind, Session, User};
use crate::vestibule::Vestibule;

/// Why the password is still there.
#[derive(Debug, thiserror::Error)]
pub enum RemovePasswordError {
    /// It has to stay.
    #[error(transparent)]
    Kept(#[from] Kept),
    /// Whoever knows the password alone must not lock its owner out of it.
    #[error("Please confirm that it is you with a passkey, or in two steps.")]
    OneFactorOnly,
    /// The session ended meanwhile.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Takes the password of `user` away, and every link to choose another; other sessions end, and the person is told. The
/// session goes on under a new id. Nothing happens where there is none.
///
/// # Errors
///
/// [`RemovePasswordError`].
pub async fn remove(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<SignedIn>, RemovePasswordError> {
    let caller = caller.known_as(&user.id);
    let event = caller.event(EventKind::FactorRemoved, Some(&user.id), now).saying("password");
    let (here, user, session) = (vestibule.clone(), user.clone(), session.clone());
    vestibule
        .db
        .write(move |conn| {
            let user = User::find_locked(conn, &user.id)
                .map_err(db::Error::from)?
                .ok_or(RemovePasswordError::SessionEnded)?;
            if user.password_hash.is_none() {
                return Ok(None);
            }
            // Looked at with the row locked: of two who take the last two ways in away at once, one is refused.
            let factors = factors::within(conn, &user.id)?;
            last_way_in::may_lose_factor(&here, &user, &factors, Loss::Password)?;
            if !amr::is_multi_factor(&session.amr) {
                return Err(RemovePasswordError::OneFactorOnly);
            }
            User::void_password(conn, &user.id).map_err(db::Error::from)?;
            let what = "your password".to_owned();
            let change = Change { user, session: &session, shown: None, event, what };
            let done = change_factors::note(&here, conn, change, &caller, now)?.signed_in;
            done.map(Some).ok_or(RemovePasswordError::SessionEnded)
        })
        .await
}
