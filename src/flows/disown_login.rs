//! Disown a sign-in: "this was not me", said through the link in the mail about it.
//!
//! Whoever signed in knows the password, and may have signed in again since, with a device that passes for known by now.
//! So every session ends, not that one alone, and the password opens nothing any more. The person who says so has proven
//! by the link that they read the mail at the account's address, and chooses a new password at once.
//!
//! Nor does anything that was added since to sign in with: it may be the stranger's. What was there before stays.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection, Transaction};
use crate::flows::caller::Caller;
use crate::flows::drop_factors::{self, Dropped};
use crate::flows::revoke_api_key::{self, Because};
use crate::flows::{end_session, queue_mail, reset_password};
use crate::id::{MailId, SessionId};
use crate::mail::factor_messages::FactorsChanged;
use crate::mail::messages;
use crate::models::{self, EventKind, Purpose, RevokedBecause, Session, User};
use crate::secret::{self, OneTimeToken};
use crate::vestibule::Vestibule;

/// How long a link works, from when its mail leaves.
pub const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum DisownLoginError {
    /// Expired, used or never ours.
    #[error(
        "This link has been used or has expired. If somebody else may know your password, choose a new one."
    )]
    InvalidLink,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// The sign-in that a link is about.
#[derive(Clone, Debug)]
pub struct Login {
    /// To whose account.
    pub user: User,
    /// Its session, unless that was forgotten since.
    pub session: Option<Session>,
}

/// What is done now.
#[derive(Debug)]
pub struct Disowned {
    /// Good for a new password; none if the address that the link was mailed to is not the account's any more. Then
    /// the account is shut, and whoever reads the mails at its present address gets no easier way in than before.
    pub reset: Option<OneTimeToken>,
    /// What was added since that sign-in, and is taken away.
    pub dropped: Dropped,
}

/// The row of the link in `mail` about `session`.
pub(super) fn row(
    token: &OneTimeToken,
    user: &User,
    session: &Session,
    mail: &MailId,
    now: Timestamp,
) -> models::OneTimeToken {
    models::OneTimeToken {
        email_folded: user.email_folded.clone(),
        mail_id: Some(mail.clone()),
        session_id: Some(session.id.clone()),
        ..models::OneTimeToken::new(token.digest(), Purpose::DisownLogin, Some(&user.id), now, LIFETIME)
    }
}

/// The address that a link leads to.
pub(super) fn url(vestibule: &Vestibule, token: &OneTimeToken) -> String {
    format!("{}/not-me/{}", vestibule.config.public_url(), token.expose())
}

/// The sign-in that `token` is about, if it works.
///
/// # Errors
///
/// The database's.
pub async fn find_login(
    vestibule: &Vestibule,
    token: &str,
    now: Timestamp,
) -> Result<Option<Login>, db::Error> {
    let digest = secret::digest_of_token(token);
    let found = vestibule.db.read(move |conn| {
        let Some((token, user)) = find(conn, &digest, now)? else { return Ok::<_, db::Error>(None) };
        let session = token.session_id.map(|id: SessionId| Session::find(conn, &id)).transpose()?.flatten();
        Ok(Some(Login { user, session }))
    });
    found.await
}

/// The link that works, and whose it is. It outlives a change of the address and of the password: both may have been the
/// first things that somebody else did.
fn find(
    conn: &mut AnyConnection,
    digest: &str,
    now: Timestamp,
) -> Result<Option<(models::OneTimeToken, User)>, db::Error> {
    let found = models::OneTimeToken::find_live(conn, digest, Purpose::DisownLogin, now)?;
    let Some((token, id)) = found.and_then(|token| token.user_id.clone().map(|id| (token, id))) else {
        return Ok(None);
    };
    let user = User::find(conn, &id)?.filter(|user| user.disabled_at.is_none());
    Ok(user.map(|user| (token, user)))
}

/// Ends every session, voids the password and gives the right to choose another.
///
/// # Errors
///
/// [`DisownLoginError`]; of many who use one link at once, one succeeds.
pub async fn with_token(
    vestibule: &Vestibule,
    token: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Disowned, DisownLoginError> {
    let (digest, here, caller) = (secret::digest_of_token(token), vestibule.clone(), caller.clone());
    let done = vestibule.db.write(move |conn| {
        let (link, user) = find(conn, &digest, now)?.ok_or(DisownLoginError::InvalidLink)?;
        // From here on it stays as it is: whose address it is decides who may choose the new password.
        let user = User::find_locked(conn, &user.id).map_err(db::Error::from)?;
        let user = user.filter(|user| user.disabled_at.is_none()).ok_or(DisownLoginError::InvalidLink)?;
        if !models::OneTimeToken::spend(conn, &digest, now).map_err(db::Error::from)? {
            return Err(DisownLoginError::InvalidLink);
        }
        end_session::revoke_all_but(&here, conn, &user.id, None, RevokedBecause::Disowned, now)?;
        revoke_api_key::all_of(&here, conn, &user, Because::Disowned, &caller, now)?;
        User::void_password(conn, &user.id).map_err(db::Error::from)?;
        let event = caller.event(EventKind::LoginDisowned, Some(&user.id), now);
        let event = link.session_id.iter().fold(event, |event, session| event.in_session(session));
        event.insert(conn).map_err(db::Error::from)?;
        // A session goes on under a new id now and then, and keeps its beginning; the link is as old as its first.
        let session = link.session_id.as_ref().map(|id| Session::find(conn, id)).transpose();
        let session = session.map_err(db::Error::from)?.flatten();
        let since = session.map_or(link.created_at, |session| session.created_at.min(link.created_at));
        let dropped = drop_factors::added_since(&here, conn, &user, since, &caller, now)?;
        tell(&here, conn, &user, &dropped, &caller, now)?;
        let is_theirs = user.email_verified_at.is_some() && user.email_folded == link.email_folded;
        if !is_theirs {
            return Ok(Disowned { reset: None, dropped });
        }
        let token = OneTimeToken::generate();
        let row = models::OneTimeToken {
            email_folded: user.email_folded.clone(),
            ..reset_password::row(&here, &token, &user, now)
        };
        row.insert(conn).map_err(db::Error::from)?;
        Ok(Disowned { reset: Some(token), dropped })
    });
    done.await
}

/// The owner is told what is gone (ASVS 6.3.7): it may have been theirs after all.
fn tell(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    dropped: &Dropped,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let Some(what) = dropped.in_words() else { return Ok(()) };
    let left = User::find(conn, &user.id)?;
    let message = FactorsChanged {
        username: messages::inert(&user.username),
        what: format!("{what}, added since the sign-in that was reported as not yours"),
        is_added: false,
        others_are_out: true,
        is_two_step: left.is_some_and(|user| user.second_factor_since.is_some()),
        changed_at: now.in_words(),
        changed_from: caller.address(),
        reset_url: format!("{}/forgot", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)
}
