//! Put the former e-mail address back: the undo for takeovers.
//!
//! After a change of address, whoever reads the mail at the former one may undo it for a week. Somebody has had the
//! account who should not: so all sessions end, the password opens nothing any more, and the next step is to choose
//! another. Until then nobody can change anything.
//!
//! A thief may change the address twice. Each former address holds a right of its own then; using one voids those
//! that were given later, never one that was given before.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection, Transaction};
use crate::flows::caller::Caller;
use crate::flows::drop_factors::{self, Dropped};
use crate::flows::revoke_api_key::{self, Because};
use crate::flows::{close_account, end_session, queue_mail, reset_password};
use crate::id::{MailId, SessionId, UserId};
use crate::mail::messages::{self, EmailReplaced, EmailRestored};
use crate::models::{self, EmailProof, EventKind, Purpose, RevokedBecause, Session, User};
use crate::secret::{self, OneTimeToken};
use crate::vestibule::Vestibule;

/// How long the right lasts, from when its mail leaves.
pub const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Why the address is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreEmailError {
    /// Expired, used or never ours; or the address is somebody else's by now.
    #[error("This link has been used or has expired, or it does not apply any more.")]
    InvalidLink,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Whose address a link puts back, and which one.
#[derive(Clone, Debug)]
pub struct Right {
    token: models::OneTimeToken,
    /// Whose.
    pub user: User,
    /// The address, as its owner spelt it.
    pub email: String,
    email_folded: String,
}

/// What is done now.
#[derive(Debug)]
pub struct Restored {
    /// Good for a new password.
    pub reset: OneTimeToken,
    /// What was added since the address was changed away, and is taken away.
    pub dropped: Dropped,
}

/// Tells the address that `user` has had until now, if it was proven, and gives it the right to undo what was done in
/// `session`.
pub(super) fn give_right(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    session: &SessionId,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let (Some(email), Some(_)) = (&user.email, user.email_verified_at) else { return Ok(()) };
    let (token, mail) = (OneTimeToken::generate(), MailId::new());
    // Later than any that there is, whatever the clocks of two nodes say: whoever uses a right voids the later ones.
    let links = models::OneTimeToken::list(conn, &user.id)?.into_iter();
    let rights = links.filter(|link| link.purpose == Purpose::RestoreEmail);
    let newest = rights.map(|right| right.created_at + Duration::from_secs(1)).max();
    let row = models::OneTimeToken {
        created_at: newest.map_or(now, |newest| newest.max(now)),
        email: Some(email.clone()),
        email_folded: user.email_folded.clone(),
        mail_id: Some(mail.clone()),
        session_id: Some(session.clone()),
        ..models::OneTimeToken::new(token.digest(), Purpose::RestoreEmail, Some(&user.id), now, LIFETIME)
    };
    row.insert_beside(conn)?;
    let message = EmailReplaced {
        username: messages::inert(&user.username),
        changed_at: now.in_words(),
        changed_from: caller.address(),
        url: format!("{}/restore-email/{}", here.config.public_url(), token.expose()),
        days: LIFETIME.as_secs() / (24 * 60 * 60),
    };
    queue_mail::insert(here, conn, mail, email, &message, now)
}

/// Voids the rights that came after the one to put this (folded) address back, if there is a live one; whether there is.
pub(super) fn take_back_since(
    conn: &mut AnyConnection,
    user: &UserId,
    email_folded: &str,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let links = models::OneTimeToken::list(conn, user)?.into_iter();
    let mut rights = links.filter(|link| link.is_live_for(Purpose::RestoreEmail, now));
    let Some(first) = rights.find(|link| link.email_folded.as_deref() == Some(email_folded)) else {
        return Ok(false);
    };
    models::OneTimeToken::delete_later(conn, user, Purpose::RestoreEmail, first.created_at)?;
    Ok(true)
}

/// What `token` would put back, if it works.
///
/// # Errors
///
/// The database's.
pub async fn find(vestibule: &Vestibule, token: &str, now: Timestamp) -> Result<Option<Right>, db::Error> {
    let digest = secret::digest_of_token(token);
    vestibule.db.read(move |conn| find_live(conn, &digest, now)).await
}

fn find_live(conn: &mut AnyConnection, digest: &str, now: Timestamp) -> Result<Option<Right>, db::Error> {
    let Some(token) = models::OneTimeToken::find_live(conn, digest, Purpose::RestoreEmail, now)? else {
        return Ok(None);
    };
    let (Some(id), Some(email), Some(email_folded)) =
        (token.user_id.clone(), token.email.clone(), token.email_folded.clone())
    else {
        return Ok(None);
    };
    let Some(user) = User::find(conn, &id)?.filter(|user| user.disabled_at.is_none()) else {
        return Ok(None);
    };
    let first = User::list_by_email(conn, &email_folded)?.into_iter().next();
    let is_anothers = first.is_some_and(|first| first.email_verified_at.is_some() && first.id != id);
    Ok((!is_anothers).then_some(Right { token, user, email, email_folded }))
}

/// Puts the address back, ends every session, and voids the password; with the token of the link to choose a new one. What was
/// added to sign in with is taken away, back to when the session began that changed the address.
///
/// # Errors
///
/// [`RestoreEmailError`]; of many who use one link at once, one succeeds.
pub async fn with_token(
    vestibule: &Vestibule,
    token: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Restored, RestoreEmailError> {
    let digest = secret::digest_of_token(token);
    let (here, caller) = (vestibule.clone(), caller.clone());
    let done = vestibule.db.write(move |conn| put_back(&here, conn, &digest, &caller, now));
    match done.await {
        Ok(restored) => restored.ok_or(RestoreEmailError::InvalidLink),
        // Somebody else has proven the address at this very moment: nothing was done.
        Err(error) if error.is_unique_violation() => Err(RestoreEmailError::InvalidLink),
        Err(error) => Err(error.into()),
    }
}

fn put_back(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    digest: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<Restored>, db::Error> {
    let Some(Right { token, email, email_folded, user }) = find_live(conn, digest, now)? else {
        return Ok(None);
    };
    let until_now = User::find_locked(conn, &user.id)?.filter(|user| user.disabled_at.is_none());
    let Some(until_now) = until_now else { return Ok(None) };
    if !models::OneTimeToken::spend(conn, digest, now)? {
        return Ok(None);
    }
    User::update_email(conn, &user.id, (&email, &email_folded), now)?;
    let restored = User {
        email: Some(email.clone()),
        email_folded: Some(email_folded.clone()),
        email_verified_at: Some(now),
        ..until_now.clone()
    };
    // A thief may have closed it, too.
    close_account::reopen(here, conn, &restored, caller, now)?;
    models::OneTimeToken::delete_later(conn, &user.id, Purpose::RestoreEmail, token.created_at)?;
    EmailProof::delete_of(conn, &user.id)?;
    User::void_password(conn, &user.id)?;
    end_session::revoke_all_but(here, conn, &user.id, None, RevokedBecause::EmailRestored, now)?;
    revoke_api_key::all_of(here, conn, &restored, Because::EmailRestored, caller, now)?;
    caller.event(EventKind::EmailRestored, Some(&user.id), now).insert(conn)?;
    // Whoever changed the address may have added a way in before: in the same session, if not since.
    let session = token.session_id.as_ref().map(|id| Session::find(conn, id)).transpose()?.flatten();
    // But the session may be a month old, and its owner's own: a factor that was there for as long as a right lasts, and
    // whose owner was told of it at the former address, is not what this undoes. Else whoever has an old mailbox by now
    // comes in without any.
    let begun = session.map_or(token.created_at, |session| session.created_at.min(token.created_at));
    let since = begun.max(token.created_at - LIFETIME);
    let dropped = drop_factors::added_since(here, conn, &until_now, since, caller, now)?;
    tell_both(here, conn, &until_now, &email, &dropped, caller, now)?;
    let reset = OneTimeToken::generate();
    let row = models::OneTimeToken {
        email_folded: Some(email_folded),
        ..reset_password::row(here, &reset, &user, now)
    };
    row.insert(conn)?;
    Ok(Some(Restored { reset, dropped }))
}

/// The address that is back, and the one that it replaces, if that was proven. That one gets no right to undo it again.
fn tell_both(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    until_now: &User,
    email: &str,
    dropped: &Dropped,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let message = |is_back| EmailRestored {
        username: messages::inert(&until_now.username),
        restored_at: now.in_words(),
        restored_from: caller.address(),
        is_back,
        dropped: dropped.in_words(),
    };
    if until_now.email.as_deref() != Some(email) {
        queue_mail::notify(here, conn, until_now, &message(false), now)?;
    }
    queue_mail::insert(here, conn, MailId::new(), email, &message(true), now)
}
