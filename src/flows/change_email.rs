//! Ask for an e-mail address: to prove the one that an account was made with, or to have another.
//!
//! ```text
//! ask ──> a row, for every address alike ──> the answer             (the page: as fast and as long for all)
//!                    └──> mail_code ──> code and link ──> verify_email
//!                                └──> or, if the address is somebody else's: "you have an account already"
//! ```
//!
//! Nothing changes by asking. A new question takes the place of the one before; the address that the account has until
//! then, if it is proven, is told.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::email::{Email, EmailError};
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::throttle::ThrottleError;
use crate::flows::{mail_budget, queue_mail};
use crate::id::{EmailProofId, UserId};
use crate::mail::messages::{self, EmailChangeAsked};
use crate::models::{EmailProof, EventKind, User};
use crate::vestibule::Vestibule;

/// How long to wait for a mail before asking for another to the same address.
pub const RESEND_PAUSE: Duration = Duration::from_mins(1);

/// Why the question was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// That is no address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// They have it, and have proven it.
    #[error("That is your address already.")]
    AlreadyTheirs,
    /// There is no address to write to.
    #[error("There is no address to confirm. Give one first.")]
    NothingToProve,
    /// The session ended meanwhile.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// Too many mails.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next one is sent.
        retry_after: Duration,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThrottleError> for ChangeEmailError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// What `user` has yet to prove, if anything.
///
/// # Errors
///
/// The database's.
pub async fn find_pending(vestibule: &Vestibule, user: &UserId) -> Result<Option<EmailProof>, db::Error> {
    let user = user.clone();
    vestibule.db.read(move |conn| Ok(EmailProof::find_of(conn, &user)?)).await
}

/// Takes down that `user` wants to have `email`.
///
/// # Errors
///
/// [`ChangeEmailError`]; none of them depends on whether somebody else has the address.
pub async fn ask(
    vestibule: &Vestibule,
    user: &User,
    email: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), ChangeEmailError> {
    let email = Email::parse(email)?;
    let (here, id, caller) = (vestibule.clone(), user.id.clone(), caller.known_as(&user.id));
    vestibule
        .db
        .write(move |conn| {
            let user = find_user(conn, &id)?;
            take_down(&here, conn, &user, &email, &caller, now)
        })
        .await
}

/// Has another code sent to the address that waits to be proven: the one asked for last, else the one that `user` has.
///
/// # Errors
///
/// [`ChangeEmailError`].
pub async fn ask_again(
    vestibule: &Vestibule,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), ChangeEmailError> {
    let (here, id, caller) = (vestibule.clone(), user.id.clone(), caller.known_as(&user.id));
    vestibule
        .db
        .write(move |conn| {
            let user = find_user(conn, &id)?;
            let pending = EmailProof::find_of(conn, &user.id).map_err(db::Error::from)?;
            let claimed = user.email.clone().filter(|_| user.email_verified_at.is_none());
            let email =
                pending.map(|proof| proof.email).or(claimed).ok_or(ChangeEmailError::NothingToProve)?;
            take_down(&here, conn, &user, &Email::parse(&email)?, &caller, now)
        })
        .await
}

/// Takes the question of `user` back.
///
/// # Errors
///
/// The database's.
pub async fn cancel(vestibule: &Vestibule, user: &UserId) -> Result<(), db::Error> {
    let user = user.clone();
    vestibule.db.write(move |conn| Ok(EmailProof::delete_of(conn, &user).map(drop)?)).await
}

/// The question about the address of a new account, within a larger deed. Beyond the budget of a network there is none:
/// that is no reason to refuse the account.
pub(super) fn ask_at_registration(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let email = user.email.as_deref().filter(|_| here.can_reset_by_mail()).map(Email::parse);
    let Some(Ok(email)) = email else { return Ok(()) };
    match mail_budget::pay_as_user(here, conn, &user.id, &caller.network(), now) {
        Ok(()) => insert(here, conn, user, &email, now),
        Err(ThrottleError::Throttled { .. }) => Ok(()),
        Err(ThrottleError::Database(error)) => Err(error),
    }
}

fn find_user(conn: &mut Transaction<'_>, id: &UserId) -> Result<User, ChangeEmailError> {
    let user = User::find_locked(conn, id).map_err(db::Error::from)?;
    user.filter(|user| user.disabled_at.is_none()).ok_or(ChangeEmailError::SessionEnded)
}

fn take_down(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    email: &Email,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), ChangeEmailError> {
    let folded = email.folded();
    let is_change = user.email_folded.as_ref() != Some(&folded);
    if !is_change && user.email_verified_at.is_some() {
        return Err(ChangeEmailError::AlreadyTheirs);
    }
    let pending = EmailProof::find_of(conn, &user.id).map_err(db::Error::from)?;
    let is_asked_again = pending.as_ref().is_some_and(|proof| proof.email_folded == folded);
    if let Some(proof) = pending.filter(|proof| is_asked_again && now < proof.created_at + RESEND_PAUSE) {
        return Err(ChangeEmailError::Throttled {
            retry_after: (proof.created_at + RESEND_PAUSE).since(now),
        });
    }
    mail_budget::pay_as_user(here, conn, &user.id, &caller.network(), now)?;
    insert(here, conn, user, email, now)?;
    if is_change && !is_asked_again {
        let event = caller.event(EventKind::EmailChangeAsked, Some(&user.id), now);
        event.insert(conn).map_err(db::Error::from)?;
        let message = EmailChangeAsked {
            username: messages::inert(&user.username),
            asked_at: now.in_words(),
            asked_from: caller.address(),
        };
        queue_mail::notify(here, conn, user, &message, now)?;
    }
    Ok(())
}

fn insert(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    email: &Email,
    now: Timestamp,
) -> Result<(), db::Error> {
    let proof = EmailProof {
        id: EmailProofId::new(),
        user_id: user.id.clone(),
        email: email.as_str().to_owned(),
        email_folded: email.folded(),
        replaces: user.email_folded.clone(),
        code_digest: None,
        link_digest: None,
        mail_id: None,
        tries: 0,
        created_at: now,
        expires_at: now + here.config.mail.link_lifetime,
    };
    proof.insert(conn)?;
    queue_mail::wake(here, conn);
    Ok(())
}
