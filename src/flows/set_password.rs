//! Set a password, for whoever signs in by passkeys alone.

use secrecy::SecretString;

use crate::clock::Timestamp;
use crate::credentials::password::HashError;
use crate::credentials::policy::PasswordError;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::change_factors::{self, Change};
use crate::flows::new_password;
use crate::flows::start_session::SignedIn;
use crate::models::{EventKind, Session, User};
use crate::vestibule::Vestibule;

/// Why there is no new password.
#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// There is one, which has to be known to be changed.
    #[error("You have a password already. To choose another one, type it first.")]
    There,
    /// The new one.
    #[error(transparent)]
    New(#[from] PasswordError),
    /// The session ended meanwhile.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// Too many people at once.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Gives `user` a password beside their passkeys. The session goes on under a new id, and the person is told.
///
/// # Errors
///
/// [`SetPasswordError`]; of many at once, one succeeds.
pub async fn set(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    password: SecretString,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, SetPasswordError> {
    vestibule.passwords.check_room()?;
    if user.password_hash.is_some() {
        return Err(SetPasswordError::There);
    }
    new_password::check(vestibule, &password, &user.username, user.email.as_deref().unwrap_or_default())?;
    let hash = new_password::hash(vestibule, password, user.email_folded.as_deref()).await?;
    let caller = caller.known_as(&user.id);
    let event = caller.event(EventKind::FactorAdded, Some(&user.id), now).saying("password");
    let (here, user, session) = (vestibule.clone(), user.clone(), session.clone());
    vestibule
        .db
        .write(move |conn| {
            let user = User::find_locked(conn, &user.id)
                .map_err(db::Error::from)?
                .ok_or(SetPasswordError::SessionEnded)?;
            if user.password_hash.is_some() {
                return Err(SetPasswordError::There);
            }
            User::update_password_hash(conn, &user.id, &hash, Some(now)).map_err(db::Error::from)?;
            let what = "a password".to_owned();
            let change = Change { user, session: &session, shown: None, event, what };
            let done = change_factors::note(&here, conn, change, &caller, now)?.signed_in;
            done.ok_or(SetPasswordError::SessionEnded)
        })
        .await
}
