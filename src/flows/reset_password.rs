//! Reset a forgotten password, through a link that came by mail or from an operator.

use secrecy::SecretString;

use crate::clock::Timestamp;
use crate::credentials::password::HashError;
use crate::credentials::policy::PasswordError;
use crate::db::{self, AnyConnection};
use crate::flows::caller::Caller;
use crate::flows::revoke_api_key::{self, Because};
use crate::flows::{end_session, new_password, queue_mail, throttle};
use crate::mail::messages::{self, PasswordChanged, SignedOut};
use crate::models::{self, EmailProof, EventKind, Purpose, RevokedBecause, User};
use crate::secret::{self, OneTimeToken};
use crate::vestibule::Vestibule;

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
    let row = row(vestibule, &token, user, now);
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

/// The row of a link for `user`, which no mail carries.
pub(super) fn row(
    here: &Vestibule,
    token: &OneTimeToken,
    user: &User,
    now: Timestamp,
) -> models::OneTimeToken {
    let lifetime = here.config.mail.link_lifetime;
    models::OneTimeToken::new(token.digest(), Purpose::ResetPassword, Some(&user.id), now, lifetime)
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
    vestibule.db.read(move |conn| Ok(find(conn, &digest, now)?.map(|(_, user)| user))).await
}

/// The address that a link leads to.
pub fn url(vestibule: &Vestibule, token: &OneTimeToken) -> String {
    format!("{}/reset/{}", vestibule.config.public_url(), token.expose())
}

/// The link that works, and whose it is. One that was mailed does not outlive the address it was mailed to, nor
/// another account's proof that the address is theirs.
fn find(
    conn: &mut AnyConnection,
    digest: &str,
    now: Timestamp,
) -> Result<Option<(models::OneTimeToken, User)>, db::Error> {
    let found = models::OneTimeToken::find_live(conn, digest, Purpose::ResetPassword, now)?;
    let Some((token, id)) = found.and_then(|token| token.user_id.clone().map(|id| (token, id))) else {
        return Ok(None);
    };
    let Some(user) = User::find(conn, &id)?.filter(|user| user.disabled_at.is_none()) else {
        return Ok(None);
    };
    let is_theirs = match &token.email_folded {
        None => true,
        Some(mailed_to) if user.email_folded.as_ref() != Some(mailed_to) => false,
        Some(mailed_to) => user.email_verified_at.is_some() || !User::has_owner(conn, mailed_to)?,
    };
    Ok(is_theirs.then_some((token, user)))
}

/// Sets the new password, ends every session of its owner and forgets what strangers got wrong before. A mailed link
/// proves its address, too. Nobody is signed in by it.
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
    new_password::check(vestibule, &password, &user.username, &email)?;
    let hash = new_password::hash(vestibule, password, user.email_folded.as_deref()).await?;
    let digest = secret::digest_of_token(token);
    let event = caller.event(EventKind::PasswordReset, Some(&user.id), now);
    let (here, caller) = (vestibule.clone(), caller.clone());
    let done = vestibule.db.write(move |conn| {
        // The row of the user before that of the link, as every deed has it: two that take them in turn would wait for
        // each other for ever.
        User::find_locked(conn, &user.id).map_err(db::Error::from)?;
        // Found again: the address may have changed while we hashed, and of many who try at once, one succeeds.
        let found = find(conn, &digest, now)?;
        let (token, mut user) = found.ok_or(ResetPasswordError::InvalidLink)?;
        if !models::OneTimeToken::spend(conn, &digest, now).map_err(db::Error::from)? {
            return Err(ResetPasswordError::InvalidLink);
        }
        if token.email_folded.is_some() && user.email_verified_at.is_none() {
            prove_address(conn, &user, now)?;
            user.email_verified_at = Some(now);
        }
        User::update_password_hash(conn, &user.id, &hash, Some(now)).map_err(db::Error::from)?;
        // Nor does another address that somebody asked for before take effect after (pre-hijacking).
        EmailProof::delete_of(conn, &user.id).map_err(db::Error::from)?;
        end_session::revoke_all_but(&here, conn, &user.id, None, RevokedBecause::PasswordReset, now)?;
        revoke_api_key::all_of(&here, conn, &user, Because::PasswordReset, &caller, now)?;
        let logins = [Some(user.username.as_str()), user.email.as_deref()];
        throttle::clear_account(&here, conn, &logins.into_iter().flatten().collect::<Vec<_>>())?;
        let message = PasswordChanged {
            username: messages::inert(&user.username),
            changed_at: now.in_words(),
            changed_from: caller.address(),
            signed_out: SignedOut::Everywhere,
        };
        queue_mail::notify(&here, conn, &user, &message, now)?;
        event.insert(conn).map_err(db::Error::from)?;
        Ok(user)
    });
    done.await
}

/// Whoever reads the mails at an address has proven that it is theirs. Somebody else may have at this very moment.
fn prove_address(conn: &mut AnyConnection, user: &User, now: Timestamp) -> Result<(), ResetPasswordError> {
    match User::update_email_verified_at(conn, &user.id, now).map_err(db::Error::from) {
        Err(error) if error.is_unique_violation() => Err(ResetPasswordError::InvalidLink),
        done => Ok(done?),
    }
}
