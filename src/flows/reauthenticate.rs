//! Reauthenticate: somebody who is signed in proves anew who they are, before something that matters.
//!
//! The proof gives the session a new id and ends the old one, so that a token stolen before is worth nothing after
//! (ASVS 7.2.4). A page asks for a proof of the last ten minutes, the action behind it accepts twenty: nobody who
//! reads before they press is asked twice.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Timestamp;
use crate::config::SessionsConfig;
use crate::credentials::password::HashError;
use crate::db::{self, AnyConnection};
use crate::flows::caller::Caller;
use crate::flows::start_session::{self, LastProof, SignedIn};
use crate::flows::throttle::{self, ThrottleError, Ticket, Try};
use crate::models::{EventKind, Session, User};
use crate::vestibule::Vestibule;

/// Why the proof does not count.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// Not their password.
    #[error("That is not your password. Please try again.")]
    WrongPassword,
    /// The session ended while they typed.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// Too many tries.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next one is looked at.
        retry_after: Duration,
    },
    /// Too many people at once.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThrottleError> for ReauthenticateError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// How fresh a proof has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// To be shown the page of a sensitive deed.
    Page,
    /// To do it.
    Action,
}

/// Whether the session's last proof is fresh enough at `now`.
pub fn is_fresh(session: &Session, limits: &SessionsConfig, freshness: Freshness, now: Timestamp) -> bool {
    let most = match freshness {
        Freshness::Page => limits.reauthenticate_page,
        Freshness::Action => limits.reauthenticate_action,
    };
    now <= session.authenticated_at + most
}

/// Takes the password of `user` as a fresh proof; their session goes on under a new id.
///
/// # Errors
///
/// [`ReauthenticateError`].
pub async fn with_password(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    password: SecretString,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, ReauthenticateError> {
    let proof = prove(vestibule, user, session, password, caller, now).await?;
    let (here, old, caller) = (vestibule.clone(), session.clone(), caller.known_as(&user.id));
    vestibule
        .db
        .write(move |conn| {
            let user = proof.find_locked(conn)?.ok_or(ReauthenticateError::WrongPassword)?;
            let done =
                start_session::go_on(&here, conn, user, &old, LastProof { at: now, amr: &old.amr }, now)?;
            let done = done.ok_or(ReauthenticateError::SessionEnded)?;
            let event = caller.event(EventKind::Reauthenticated, Some(&done.user.id), now);
            event.in_session(&done.session.id).insert(conn).map_err(db::Error::from)?;
            proof.ticket.reward(conn, now)?;
            Ok(done)
        })
        .await
}

/// A password that was right when it was looked at.
#[derive(Debug)]
pub(super) struct Proof {
    user: User,
    /// What it cost; to be rewarded in the deed's transaction.
    pub(super) ticket: Ticket,
}

impl Proof {
    /// Whoever proved themselves, within the deed; nobody, if the password is not theirs any more: while we hashed, they
    /// may have changed it elsewhere.
    pub(super) fn find_locked(&self, conn: &mut AnyConnection) -> Result<Option<User>, db::Error> {
        let user = User::find_locked(conn, &self.user.id)?;
        Ok(user.filter(|now| now.password_hash == self.user.password_hash))
    }
}

/// Looks at the password of `user`. A wrong one is a failure like one at sign-in, and stands in the trail.
///
/// # Errors
///
/// [`ReauthenticateError`].
pub(super) async fn prove(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    password: SecretString,
    caller: &Caller,
    now: Timestamp,
) -> Result<Proof, ReauthenticateError> {
    vestibule.passwords.check_room()?;
    let (users, caller) = ([user.id.clone()], caller.known_as(&user.id));
    let paid =
        Try { login: &user.username, password: password.expose_secret(), users: &users, is_unproven: false };
    let ticket = throttle::pay_for_login(vestibule, paid, &caller, now).await?;
    // What a guard remembers of them may be a second old, and their password with it.
    let id = user.id.clone();
    let found = vestibule.db.read(move |conn| Ok::<_, db::Error>(User::find(conn, &id)?)).await?;
    let user = found.ok_or(ReauthenticateError::SessionEnded)?;
    let hashes = user.password_hash.clone().into_iter().collect();
    match vestibule.passwords.verify(password, hashes).await {
        Ok(Some(_)) => Ok(Proof { user, ticket }),
        Ok(None) => {
            let event = caller.event(EventKind::ReauthenticationFailed, Some(&user.id), now);
            let event = event.in_session(&session.id);
            vestibule.db.write(move |conn| Ok::<_, db::Error>(event.insert(conn)?)).await?;
            Err(ReauthenticateError::WrongPassword)
        }
        Err(busy) => {
            vestibule.db.write(move |conn| ticket.give_back(conn, now)).await?;
            Err(busy.into())
        }
    }
}
