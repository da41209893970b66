//! Take a passkey away.

use crate::clock::Timestamp;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::change_factors::{self, Change};
use crate::flows::factors;
use crate::flows::last_way_in::{self, Kept, Loss};
use crate::flows::start_session::SignedIn;
use crate::id::PasskeyId;
use crate::mail::messages;
use crate::models::{EventKind, Passkey, Session, User};
use crate::vestibule::Vestibule;

/// Why it is still there.
#[derive(Debug, thiserror::Error)]
pub enum RemovePasskeyError {
    /// They have no such passkey.
    #[error("There is no such passkey.")]
    NotFound,
    /// They would not get in again, or have to have it.
    #[error(transparent)]
    Kept(#[from] Kept),
    /// The session ended meanwhile.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Takes the passkey `id` away from whoever has `session`, which goes on under a new id; all others end.
///
/// # Errors
///
/// [`RemovePasskeyError`].
pub async fn remove(
    vestibule: &Vestibule,
    session: &Session,
    id: PasskeyId,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, RemovePasskeyError> {
    let caller = caller.known_as(&session.user_id);
    let (here, session) = (vestibule.clone(), session.clone());
    let done = vestibule.db.write(move |conn| {
        let user = User::find_locked(conn, &session.user_id).map_err(db::Error::from)?;
        let user = user.ok_or(RemovePasskeyError::SessionEnded)?;
        let factors = factors::within(conn, &user.id)?;
        let passkey =
            factors.passkeys.iter().find(|passkey| passkey.id == id).ok_or(RemovePasskeyError::NotFound)?;
        last_way_in::may_lose_factor(&here, &user, &factors, Loss::Passkey(id.clone()))?;
        Passkey::delete(conn, &user.id, &id).map_err(db::Error::from)?;
        let event = caller.event(EventKind::FactorRemoved, Some(&user.id), now).saying("passkey");
        let what = format!("the passkey “{}”", messages::inert(&passkey.name));
        let change = Change { user, session: &session, shown: None, event, what };
        let done = change_factors::note(&here, conn, change, &caller, now)?.signed_in;
        done.ok_or(RemovePasskeyError::SessionEnded)
    });
    done.await
}
