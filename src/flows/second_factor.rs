//! The second step of signing in: the password was right, and now something that only its owner has.
//!
//! ```text
//! login ──> ask: a row that waits, and a token for whoever waits ──> with_code ──┬── admitted
//!                                                                                ├── wrong: a try less, of five
//!                                                                                └── gone: late, used, void
//! ```
//!
//! Until then there is no session and no token that any route would take. A row is void with another password, when the
//! factors change, and after five tries; beside that all tries at one account share a budget, whatever is tried.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::amr::Method;
use crate::db::{self, AnyConnection, Transaction};
use crate::flows::admit::{self, Proven};
use crate::flows::caller::Caller;
use crate::flows::check_code::{self, Code};
use crate::flows::start_session::SignedIn;
use crate::flows::stay::Stay;
use crate::flows::throttle::{self, ThrottleError};
use crate::flows::{close_account, count_logins, factors};
use crate::id::SessionId;
use crate::models::{EventKind, LoginChallenge, User};
use crate::secret::{self, OneTimeToken};
use crate::vestibule::Vestibule;

/// How long a sign-in waits for its second step.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// A sign-in that waits.
#[derive(Debug)]
pub struct Challenge {
    /// What whoever waits has to come back with.
    pub token: OneTimeToken,
    /// Whose password it was.
    pub user: User,
    /// What they can go on with.
    pub offer: factors::Offer,
}

/// The sign-in behind a token, for its pages.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Whose it is.
    pub user: User,
    /// What they can go on with.
    pub offer: factors::Offer,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// Not their code, or one that was used.
    #[error("That code is not right.")]
    WrongCode,
    /// The sign-in does not wait any more.
    #[error("This sign-in took too long, or had too many wrong codes. Please sign in again.")]
    Gone,
    /// Too many wrong codes at this account.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next one is looked at.
        retry_after: Duration,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThrottleError> for SecondFactorError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// Has the sign-in of `user` wait, within it: whose password was right, and who is nobody yet.
pub(super) fn ask(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: User,
    replaces: Option<SessionId>,
    stay: Stay,
    caller: &Caller,
    now: Timestamp,
) -> Result<Challenge, db::Error> {
    let token = OneTimeToken::generate();
    let row = LoginChallenge {
        digest: token.digest(),
        user_id: user.id.clone(),
        password_digest: password_digest(&user),
        stay,
        replaces,
        address: caller.address(),
        user_agent: caller.user_agent.clone(),
        tries: 0,
        created_at: now,
        expires_at: now + LIFETIME,
        used_at: None,
        told_at: None,
    };
    row.insert(conn)?;
    caller.event(EventKind::SecondFactorAsked, Some(&user.id), now).insert(conn)?;
    let offer = factors::offer(here, conn, &user.id)?;
    Ok(Challenge { token, user, offer })
}

/// The sign-in that waits behind `token`, if it still does.
///
/// # Errors
///
/// The database's.
pub async fn find(vestibule: &Vestibule, token: &str, now: Timestamp) -> Result<Option<Waiting>, db::Error> {
    let (here, digest) = (vestibule.clone(), secret::digest_of_token(token));
    let found = vestibule.db.read(move |conn| {
        let Some(row) = LoginChallenge::find_waiting(conn, &digest, now)? else { return Ok(None) };
        let user = User::find(conn, &row.user_id)?.filter(|user| is_open(&here, &row, user, now));
        let Some(user) = user else { return Ok(None) };
        let offer = factors::offer(&here, conn, &user.id)?;
        Ok::<_, db::Error>(Some(Waiting { user, offer, expires_at: row.expires_at }))
    });
    found.await
}

/// Whether somebody came on behind `token` already: whoever pressed twice did nothing wrong.
///
/// # Errors
///
/// The database's.
pub async fn is_done(vestibule: &Vestibule, token: &str) -> Result<bool, db::Error> {
    let digest = secret::digest_of_token(token);
    vestibule.db.read(move |conn| Ok(LoginChallenge::is_spent(conn, &digest)?)).await
}

/// Signs in whoever waits behind `token`, by a code of theirs. `earlier` is the session that their browser has by now, if
/// it has begun one while this waited.
///
/// # Errors
///
/// [`SecondFactorError`]; a wrong code is counted, and stands in the trail.
pub async fn with_code(
    vestibule: &Vestibule,
    token: &str,
    code: Code,
    earlier: Option<SessionId>,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, SecondFactorError> {
    let done = check(vestibule, token, code, earlier, caller, now).await;
    count_logins::by_code(vestibule, &done);
    done
}

async fn check(
    vestibule: &Vestibule,
    token: &str,
    code: Code,
    earlier: Option<SessionId>,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, SecondFactorError> {
    let waiting = find(vestibule, token, now).await?.ok_or(SecondFactorError::Gone)?;
    let ticket = throttle::pay_for_code(vestibule, &waiting.user, caller, now).await?;
    let (here, digest, caller) =
        (vestibule.clone(), secret::digest_of_token(token), caller.known_as(&waiting.user.id));
    let done = vestibule.db.write(move |conn| {
        let (row, user) = take(&here, conn, &digest, now)?;
        let row = LoginChallenge { replaces: earlier.or(row.replaces), ..row };
        let Some(method) = check_code::spend(&here, conn, &user, &code, &caller, now)? else {
            let event = caller.event(EventKind::SecondFactorFailed, Some(&user.id), now);
            event.insert(conn).map_err(db::Error::from)?;
            return Ok(None);
        };
        ticket.reward(conn, now)?;
        finish(&here, conn, row, user, method, &caller, now).map(Some)
    });
    done.await?.ok_or(SecondFactorError::WrongCode)
}

/// Takes one of the tries of the sign-in behind `digest`, within a deed: its row, and its user, locked.
pub(super) fn take(
    here: &Vestibule,
    conn: &mut AnyConnection,
    digest: &str,
    now: Timestamp,
) -> Result<(LoginChallenge, User), SecondFactorError> {
    let gone = SecondFactorError::Gone;
    let row = LoginChallenge::find_waiting(conn, digest, now).map_err(db::Error::from)?;
    let Some(row) = row else { return Err(gone) };
    // The user before the row, as in every deed that voids what waits: no two wait for each other.
    let user = User::find_locked(conn, &row.user_id).map_err(db::Error::from)?;
    let Some(user) = user.filter(|user| is_open(here, &row, user, now)) else { return Err(gone) };
    match LoginChallenge::count_try(conn, digest).map_err(db::Error::from)? {
        true => Ok((row, user)),
        false => Err(gone),
    }
}

/// Lets in whoever waited, now that they have shown `method` beside their password. Of many who come with one token at
/// once, one is let in.
pub(super) fn finish(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    row: LoginChallenge,
    user: User,
    method: Method,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, SecondFactorError> {
    if !LoginChallenge::spend(conn, &row.digest, now).map_err(db::Error::from)? {
        return Err(SecondFactorError::Gone);
    }
    let methods = [Method::Password, method];
    let who = Proven { user, methods: &methods, replaces: row.replaces, stay: row.stay };
    Ok(admit::admit(here, conn, who, caller, now)?)
}

pub(super) fn is_open(here: &Vestibule, row: &LoginChallenge, user: &User, now: Timestamp) -> bool {
    user.disabled_at.is_none()
        && row.password_digest == password_digest(user)
        && !close_account::is_gone(here, user, now)
}

fn password_digest(user: &User) -> String {
    secret::digest_of_token(user.password_hash.as_deref().unwrap_or_default())
}
