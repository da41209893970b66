//! Turn two-step sign-in off again.

use crate::clock::Timestamp;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::change_factors::{self, Change};
use crate::flows::factors;
use crate::flows::last_way_in::{self, Kept, Loss};
use crate::flows::start_session::SignedIn;
use crate::models::{EventKind, Session, TotpFactor, User};
use crate::vestibule::Vestibule;

/// Why the app is still there.
#[derive(Debug, thiserror::Error)]
pub enum RemoveTotpError {
    /// It has to stay.
    #[error(transparent)]
    Kept(#[from] Kept),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Takes the app of `user` away. The session goes on under a new id; nothing, if it has ended meanwhile or there was no app.
///
/// # Errors
///
/// [`RemoveTotpError`].
pub async fn remove(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<SignedIn>, RemoveTotpError> {
    let caller = caller.known_as(&user.id);
    let event = caller.event(EventKind::FactorRemoved, Some(&user.id), now).saying("totp");
    let (here, user, session) = (vestibule.clone(), user.clone(), session.clone());
    vestibule
        .db
        .write(move |conn| {
            let Some(user) = User::find_locked(conn, &user.id).map_err(db::Error::from)? else {
                return Ok(None);
            };
            last_way_in::may_lose_factor(&here, &user, &factors::within(conn, &user.id)?, Loss::Totp)?;
            if !TotpFactor::delete(conn, &user.id).map_err(db::Error::from)? {
                return Ok(None);
            }
            let what = "your authenticator app".to_owned();
            let change = Change { user, session: &session, shown: None, event, what };
            Ok(change_factors::note(&here, conn, change, &caller, now)?.signed_in)
        })
        .await
}
