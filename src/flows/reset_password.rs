//! Reset a forgotten password, through a link that an operator hands over.

use std::time::Duration;

use secrecy::SecretString;

use crate::clock::Timestamp;
use crate::credentials::password::HashError;
use crate::credentials::policy::PasswordError;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::{end_session, register, throttle};
use crate::models::{self, EventKind, Purpose, RevokedBecause, User};
use crate::secret::{self, OneTimeToken};
use crate::vestibule::Vestibule;

/// How long a link works.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// Why the password is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// Expired, used or never ours.
    #[error("This link has been used or has expired. Ask for a new one.")]
    InvalidLink,
    /// The new password. The link goes on working.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Too many people at once.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// A link's token for `user`; an earlier one is void.
///
/// # Errors
///
/// The database's.
pub async fn issue_link(
    vestibule: &Vestibule,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<OneTimeToken, db::Error> {
    let token = OneTimeToken::generate();
    let row = models::OneTimeToken {
        digest: token.digest(),
        purpose: Purpose::ResetPassword,
        user_id: Some(user.id.clone()),
        created_at: now,
        expires_at: now + LIFETIME,
        used_at: None,
    };
    let event = caller.event(EventKind::ResetLinkIssued, Some(&user.id), now);
    vestibule
        .db
        .write(move |conn| {
            row.insert(conn)?;
            event.insert(conn)?;
            Ok(token)
        })
        .await
}

/// Whose password `token` would reset, if it works.
///
/// # Errors
///
/// The database's.
pub async fn find_user(
    vestibule: &Vestibule,
    token: &str,
    now: Timestamp,
) -> Result<Option<User>, db::Error> {
    let digest = secret::digest_of_token(token);
    vestibule
        .db
        .read(move |conn| {
            let found = models::OneTimeToken::find_live(conn, &digest, Purpose::ResetPassword, now)?;
            match found.and_then(|token| token.user_id) {
                Some(id) => Ok(User::find(conn, &id)?.filter(|user| user.disabled_at.is_none())),
                None => Ok(None),
            }
        })
        .await
}

/// Sets the new password, ends every session of its owner and forgets what strangers got wrong before. Nobody is
/// signed in by it.
///
/// # Errors
///
/// [`ResetPasswordError`]; of many who use one link at once, one succeeds.
pub async fn with_token(
    vestibule: &Vestibule,
    token: &str,
    password: SecretString,
    caller: &Caller,
    now: Timestamp,
) -> Result<User, ResetPasswordError> {
    let user = find_user(vestibule, token, now).await?.ok_or(ResetPasswordError::InvalidLink)?;
    let email = user.email.clone().unwrap_or_default();
    register::check_password(vestibule, &password, &user.username, &email)?;
    let salt = register::email_salt(vestibule, user.email_folded.as_deref());
    let hash = vestibule.passwords.hash(password, salt).await?;
    let digest = secret::digest_of_token(token);
    let event = caller.event(EventKind::PasswordReset, Some(&user.id), now);
    let here = vestibule.clone();
    vestibule
        .db
        .write(move |conn| {
            if !models::OneTimeToken::spend(conn, &digest, now).map_err(db::Error::from)? {
                return Err(ResetPasswordError::InvalidLink);
            }
            User::update_password_hash(conn, &user.id, &hash, Some(now)).map_err(db::Error::from)?;
            end_session::revoke_all_but(&here, conn, &user.id, None, RevokedBecause::PasswordReset, now)?;
            let logins = [Some(user.username.as_str()), user.email.as_deref()];
            throttle::clear_account(&here, conn, &logins.into_iter().flatten().collect::<Vec<_>>())?;
            event.insert(conn).map_err(db::Error::from)?;
            Ok(user)
        })
        .await
}
