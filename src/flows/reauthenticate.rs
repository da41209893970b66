//! Reauthenticate: somebody who is signed in proves anew who they are, before something that matters.
//!
//! The proof gives the session a new id and ends the old one, so that a token stolen before is worth nothing after
//! (ASVS 7.2.4). A page asks for a proof of the last ten minutes, the action behind it accepts twenty: nobody who
//! reads before they press is asked twice.
//!
//! Whoever has a second factor shows both anew. What is wrong they are not told, and every try pays for both: whoever sits
//! at an open browser and guesses at one learns nothing of it from the other.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Timestamp;
use crate::config::SessionsConfig;
use crate::credentials::amr::{self, Method};
use crate::credentials::password::HashError;
use crate::db::{self, AnyConnection, Transaction};
use crate::flows::caller::Caller;
use crate::flows::check_code::{self, Code};
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
    /// Not their password, or no code of theirs, or one that was used; which of them, nobody is told.
    #[error(
        "The password or the code is not right, or the code was used before: please try again with the next one."
    )]
    WrongProof,
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

/// Whether the last proof of `user` in `session` is fresh enough at `now`. Whoever has a second factor must have shown two:
/// a browser that was trusted with the second one, or one from before there was any, proves nothing that matters.
pub fn is_fresh(
    user: &User,
    session: &Session,
    limits: &SessionsConfig,
    freshness: Freshness,
    now: Timestamp,
) -> bool {
    let most = match freshness {
        Freshness::Page => limits.reauthenticate_page,
        Freshness::Action => limits.reauthenticate_action,
    };
    let is_enough = user.second_factor_since.is_none() || amr::is_multi_factor(&session.amr);
    is_enough && now <= session.authenticated_at + most
}

/// What somebody typed to prove themselves.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Their password.
    pub password: SecretString,
    /// A code of theirs, if they have a second factor.
    pub code: Option<Code>,
}

/// Takes what `user` has shown as a fresh proof; their session goes on under a new id.
///
/// # Errors
///
/// [`ReauthenticateError`]; no code is used up by it.
pub async fn with_password(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    shown: Shown,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, ReauthenticateError> {
    let Shown { password, code } = shown;
    let paid = match &code {
        Some(_) => throttle::pay_for_code(vestibule, user, caller, now).await?,
        None => Ticket::default(),
    };
    let proof = match prove(vestibule, user, session, password, caller, now).await {
        Ok(proof) => proof,
        Err(ReauthenticateError::WrongPassword) if user.second_factor_since.is_some() => {
            return Err(ReauthenticateError::WrongProof);
        }
        Err(wrong @ ReauthenticateError::WrongPassword) => return Err(wrong),
        Err(unseen) => {
            vestibule.db.write(move |conn| paid.give_back(conn, now)).await?;
            return Err(unseen);
        }
    };
    let (here, old, caller) = (vestibule.clone(), session.clone(), caller.known_as(&user.id));
    let done = vestibule.db.write(move |conn| {
        let user = proof.find_locked(conn)?.ok_or(ReauthenticateError::WrongPassword)?;
        let Some(methods) = methods(&here, conn, &user, code.as_ref(), &caller, now)? else {
            failed(conn, &user, &old, &caller, now)?;
            return Ok::<_, ReauthenticateError>(None);
        };
        let amr = amr::of(&methods);
        let done = start_session::go_on(&here, conn, user, &old, LastProof { at: now, amr: &amr }, now)?;
        let done = done.ok_or(ReauthenticateError::SessionEnded)?;
        let event = caller.event(EventKind::Reauthenticated, Some(&done.user.id), now);
        event.in_session(&done.session.id).insert(conn).map_err(db::Error::from)?;
        proof.ticket.reward(conn, now)?;
        paid.reward(conn, now)?;
        Ok(Some(done))
    });
    done.await?.ok_or(ReauthenticateError::WrongProof)
}

/// What `user` has shown, whose password was right; nothing, if that is not enough.
fn methods(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    code: Option<&Code>,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<Vec<Method>>, db::Error> {
    match (user.second_factor_since, code) {
        (None, _) => Ok(Some(vec![Method::Password])),
        (Some(_), None) => Ok(None),
        (Some(_), Some(code)) => {
            let method = check_code::spend(here, conn, user, code, caller, now)?;
            Ok(method.map(|method| vec![Method::Password, method]))
        }
    }
}

fn failed(
    conn: &mut AnyConnection,
    user: &User,
    session: &Session,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let event = caller.event(EventKind::ReauthenticationFailed, Some(&user.id), now);
    Ok(event.in_session(&session.id).insert(conn)?)
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
            let session = session.clone();
            vestibule.db.write(move |conn| failed(conn, &user, &session, &caller, now)).await?;
            Err(ReauthenticateError::WrongPassword)
        }
        Err(busy) => {
            vestibule.db.write(move |conn| ticket.give_back(conn, now)).await?;
            Err(busy.into())
        }
    }
}
