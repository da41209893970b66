//! Turn on two-step sign-in: an authenticator app.
//!
//! ```text
//! begin ──> a secret, shown, that counts for nothing ──> confirm, by a code of it ──> counts
//!                                                            └── the first factor brings recovery codes
//! ```

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::amr::Method;
use crate::credentials::recovery_code::RecoveryCode;
use crate::credentials::totp::TotpSecret;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::change_factors::{self, Change, Changed};
use crate::flows::start_session::SignedIn;
use crate::flows::throttle::{self, ThrottleError};
use crate::id::UserId;
use crate::models::{EventKind, Session, TotpFactor, User};
use crate::vestibule::Vestibule;

/// How long a secret that was shown may be confirmed; later there is a new one.
const PENDING: Duration = Duration::from_mins(30);

/// Why two-step sign-in is not on, or not by this.
#[derive(Debug, thiserror::Error)]
pub enum EnrolTotpError {
    /// There is an app already.
    #[error("Two-step sign-in is on already. To use another app, turn it off first.")]
    AlreadyOn,
    /// Nothing was shown that could be confirmed.
    #[error("This took too long. Start again with a new key.")]
    NotBegun,
    /// Not a code of the secret that was shown.
    #[error("That code is not right. Codes change every 30 seconds; check the clock of your phone.")]
    WrongCode,
    /// The session ended while they typed.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// Too many codes.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next one is looked at.
        retry_after: Duration,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThrottleError> for EnrolTotpError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// Makes a secret for `user` to be shown; one that waits to be confirmed stays as it is.
///
/// # Errors
///
/// [`EnrolTotpError::AlreadyOn`], or the database's.
pub async fn begin(vestibule: &Vestibule, user: &UserId, now: Timestamp) -> Result<(), EnrolTotpError> {
    let (here, user) = (vestibule.clone(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            User::find_locked(conn, &user).map_err(db::Error::from)?;
            match TotpFactor::find(conn, &user).map_err(db::Error::from)? {
                Some(factor) if factor.confirmed_at.is_some() => Err(EnrolTotpError::AlreadyOn),
                Some(factor) if is_pending(&factor, now) => Ok(()),
                _ => insert(&here, conn, &user, now),
            }
        })
        .await
}

/// Forgets the secret that waits for `user` to confirm it, if one does.
///
/// # Errors
///
/// The database's.
pub async fn cancel(vestibule: &Vestibule, user: &UserId) -> Result<(), db::Error> {
    let id = user.clone();
    vestibule.db.write(move |conn| Ok(TotpFactor::delete_pending(conn, &id)?)).await
}

/// The secret that waits for `user` to confirm it, if one does.
///
/// # Errors
///
/// The database's.
pub async fn pending(
    vestibule: &Vestibule,
    user: &UserId,
    now: Timestamp,
) -> Result<Option<TotpSecret>, db::Error> {
    let found = find(vestibule, user).await?.filter(|factor| is_pending(factor, now));
    Ok(found.and_then(|factor| change_factors::open(vestibule, &factor)))
}

async fn find(vestibule: &Vestibule, user: &UserId) -> Result<Option<TotpFactor>, db::Error> {
    let id = user.clone();
    vestibule.db.read(move |conn| Ok(TotpFactor::find(conn, &id)?)).await
}

/// What changed when two-step sign-in came on.
#[derive(Debug)]
pub struct Enrolled {
    /// The session goes on under a new id.
    pub signed_in: SignedIn,
    /// The codes to be shown once; none, if there were some already.
    pub codes: Vec<RecoveryCode>,
}

/// Turns two-step sign-in on, by a code of the secret that was shown. Every other session ends, and the person is told.
///
/// # Errors
///
/// [`EnrolTotpError`].
pub async fn confirm(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    code: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Enrolled, EnrolTotpError> {
    let found = find(vestibule, &user.id).await?.ok_or(EnrolTotpError::NotBegun)?;
    if found.confirmed_at.is_some() {
        return Err(EnrolTotpError::AlreadyOn);
    }
    let secret = Some(&found).filter(|factor| is_pending(factor, now));
    let secret = secret.and_then(|factor| change_factors::open(vestibule, factor));
    let secret = secret.ok_or(EnrolTotpError::NotBegun)?;
    let ticket = throttle::pay_for_code(vestibule, user, caller, now).await?;
    let step = secret.check(code, now, None).ok_or(EnrolTotpError::WrongCode)?;
    let (here, user, session, caller) =
        (vestibule.clone(), user.clone(), session.clone(), caller.known_as(&user.id));
    let done = vestibule.db.write(move |conn| {
        let read = |error| EnrolTotpError::from(db::Error::from(error));
        let user = User::find_locked(conn, &user.id).map_err(read)?.ok_or(EnrolTotpError::SessionEnded)?;
        let factor = TotpFactor::find(conn, &user.id).map_err(read)?.ok_or(EnrolTotpError::NotBegun)?;
        // The secret that the code was of, and no other that was begun meanwhile.
        let is_same = change_factors::open(&here, &factor).is_some_and(|now| now.expose() == secret.expose());
        if !is_same || !factor.confirm(conn, step, now).map_err(read)? {
            return Err(EnrolTotpError::NotBegun);
        }
        let event = caller.event(EventKind::FactorAdded, Some(&user.id), now).saying("totp");
        let what = "an authenticator app".to_owned();
        let change = Change { user, session: &session, shown: Some(Method::Totp), event, what };
        let Changed { signed_in, codes } = change_factors::note(&here, conn, change, &caller, now)?;
        ticket.reward(conn, now)?;
        Ok(Enrolled { signed_in: signed_in.ok_or(EnrolTotpError::SessionEnded)?, codes })
    });
    done.await
}

fn is_pending(factor: &TotpFactor, now: Timestamp) -> bool {
    factor.confirmed_at.is_none() && now <= factor.created_at + PENDING
}

fn insert(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &UserId,
    now: Timestamp,
) -> Result<(), EnrolTotpError> {
    let secret = TotpSecret::generate();
    let sealed = here.totp_secrets.seal(secret.expose(), &change_factors::place(user));
    let factor = TotpFactor {
        user_id: user.clone(),
        // Sealing fails for no secret of ours.
        sealed_secret: sealed.unwrap_or_default(),
        created_at: now,
        confirmed_at: None,
        last_step: None,
    };
    Ok(factor.insert(conn).map_err(db::Error::from)?)
}
