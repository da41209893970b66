//! Close one's account, and come back.
//!
//! ```text
//! open ──close──> closed ──the grace is over──> deleted (see `delete_account`)
//!   ▲                └── its owner signs in ──┐
//!   └─────────────────────────────────────────┘
//! ```
//!
//! Nothing tells a stranger that an account is closed: it still has its name, and a wrong password is as wrong as ever.

use crate::clock::Timestamp;
use crate::credentials::username;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::{end_session, queue_mail};
use crate::id::MailId;
use crate::mail::messages::{self, AccountClosed, AccountReopened};
use crate::models::{EmailProof, EventKind, OneTimeToken, Purpose, RevokedBecause, Role, Session, User};
use crate::vestibule::Vestibule;

/// Why the account stays open.
#[derive(Debug, thiserror::Error)]
pub enum CloseAccountError {
    /// The name that was typed to confirm it.
    #[error("That is not your username. Type it as it stands above.")]
    WrongName,
    /// Nobody else administers this instance.
    #[error("You are the last administrator. Make somebody else an administrator first.")]
    LastAdmin,
    /// The session ended while they typed: whoever ended it may have had a reason.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Until when an account that was closed at `closed_at` can be opened again.
pub fn deadline(vestibule: &Vestibule, closed_at: Timestamp) -> Timestamp {
    closed_at + vestibule.config.account.grace
}

/// Whether the time to come back is over: then the account is as good as deleted, if housekeeping is late.
pub(super) fn is_gone(vestibule: &Vestibule, user: &User, now: Timestamp) -> bool {
    user.closed_at.is_some_and(|at| now >= deadline(vestibule, at))
}

/// Closes the account of the owner of `session`, who typed their username to confirm it: every session ends and links
/// are void. Until when they can come back, is answered.
///
/// # Errors
///
/// [`CloseAccountError`].
pub async fn by_owner(
    vestibule: &Vestibule,
    session: &Session,
    typed: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Timestamp, CloseAccountError> {
    let (here, id, typed) = (vestibule.clone(), session.user_id.clone(), username::fold(typed));
    let (caller, from) = (caller.known_as(&id), session.id.clone());
    let event = caller.event(EventKind::AccountClosed, Some(&id), now).in_session(&session.id);
    let closed = vestibule.db.write(move |conn| -> Result<_, db::Error> {
        // Before their own row: of the last two administrators who leave at once, one sees that the other has.
        let admins = User::list_admins_locked(conn)?;
        let Some(user) = User::find_locked(conn, &id)? else {
            return Ok(Err(CloseAccountError::SessionEnded));
        };
        if user.username_folded != typed {
            return Ok(Err(CloseAccountError::WrongName));
        }
        if let Some(at) = user.closed_at {
            return Ok(Ok(deadline(&here, at)));
        }
        if Session::find_live(conn, &from, now)?.is_none() {
            return Ok(Err(CloseAccountError::SessionEnded));
        }
        if user.role == Role::Admin && admins.iter().all(|admin| *admin == user.id) {
            return Ok(Err(CloseAccountError::LastAdmin));
        }
        User::update_closed_at(conn, &id, Some(now))?;
        end_session::revoke_all_but(&here, conn, &id, None, RevokedBecause::AccountClosed, now)?;
        // Stay: the right of a former address, and the link that says "this was not me". A thief must not be able to close
        // them away.
        OneTimeToken::delete_of(conn, &id, Purpose::ResetPassword)?;
        EmailProof::delete_of(conn, &id)?;
        event.insert(conn)?;
        write_to_all(&here, conn, &user, &caller, now)?;
        Ok(Ok(deadline(&here, now)))
    });
    closed.await?
}

/// Tells the owner, and whoever had the address before and may put it back.
fn write_to_all(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let message = |is_former| AccountClosed {
        is_former,
        username: messages::inert(&user.username),
        closed_at: now.in_words(),
        closed_from: caller.address(),
        until: deadline(here, now).in_words(),
    };
    queue_mail::notify(here, conn, user, &message(false), now)?;
    let links = OneTimeToken::list(conn, &user.id)?.into_iter();
    for link in links.filter(|link| link.is_live_for(Purpose::RestoreEmail, now)) {
        if let Some(former) = link.email.filter(|_| link.email_folded != user.email_folded) {
            queue_mail::insert(here, conn, MailId::new(), &former, &message(true), now)?;
        }
    }
    Ok(())
}

/// Opens the account again for `user`, who signs in this moment and whose row is locked, if they had closed it.
pub(super) fn reopen(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    if user.closed_at.is_none() {
        return Ok(());
    }
    User::update_closed_at(conn, &user.id, None)?;
    end_session::ask_anew(here, conn, &user.id)?;
    caller.event(EventKind::AccountReopened, Some(&user.id), now).insert(conn)?;
    let message = AccountReopened {
        username: messages::inert(&user.username),
        opened_at: now.in_words(),
        opened_from: caller.address(),
    };
    queue_mail::notify(here, conn, user, &message, now)
}
