//! Sign in by a passkey: alone, or as the second step after the password.
//!
//! A passkey whose device has looked at its user is two factors in one (ASVS 6.5.7). It is never throttled away: whoever
//! is shut out by somebody's guesses at their password signs in by it (SECURITY 2.8).

use crate::clock::Timestamp;
use crate::db;
use crate::flows::admit::{self, Proven};
use crate::flows::caller::Caller;
use crate::flows::check_passkey::{self, Brought, CheckPasskeyError};
use crate::flows::passkey_ceremony::{self, Ceremony, Purpose};
use crate::flows::second_factor::{self, SecondFactorError};
use crate::flows::start_session::SignedIn;
use crate::flows::stay::Stay;
use crate::flows::{close_account, count_logins};
use crate::id::SessionId;
use crate::measures::LoginOutcome;
use crate::models::{EventKind, LoginChallenge, User};
use crate::secret;
use crate::vestibule::Vestibule;

/// Asks for any passkey that there is for us. Nothing is written, and nobody is told whose there are.
///
/// # Errors
///
/// [`CheckPasskeyError::Unavailable`].
pub fn begin(vestibule: &Vestibule, now: Timestamp) -> Result<Ceremony, CheckPasskeyError> {
    let question = check_passkey::relying_party(vestibule)?.ask(&[]);
    question
        .and_then(|question| passkey_ceremony::seal(vestibule, Purpose::SignIn, question, now))
        .ok_or(CheckPasskeyError::Unavailable)
}

/// Signs in whoever the passkey says it is.
///
/// # Errors
///
/// [`CheckPasskeyError`].
pub async fn finish(
    vestibule: &Vestibule,
    brought: &Brought,
    (replaces, stay): (Option<SessionId>, Stay),
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, CheckPasskeyError> {
    let done = let_in(vestibule, brought, (replaces, stay), caller, now).await;
    count_logins::by_passkey(vestibule, &done, LoginOutcome::Wrong);
    done
}

async fn let_in(
    vestibule: &Vestibule,
    brought: &Brought,
    (replaces, stay): (Option<SessionId>, Stay),
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, CheckPasskeyError> {
    let whose = (None, EventKind::LoginFailed);
    let proof = check_passkey::prove(vestibule, brought, &Purpose::SignIn, whose, caller, now).await?;
    let (here, caller) = (vestibule.clone(), caller.known_as(&proof.passkey.user_id));
    let done = vestibule.db.write(move |conn| {
        let user = User::find_locked(conn, &proof.passkey.user_id).map_err(db::Error::from)?;
        let is_open = |user: &User| user.disabled_at.is_none() && !close_account::is_gone(&here, user, now);
        let user = user.filter(is_open).ok_or(CheckPasskeyError::Unknown { is_nobodys: false })?;
        let Some(method) = proof.take(&here, conn, &user, &caller, now)? else {
            return Ok::<_, CheckPasskeyError>(None);
        };
        let who = Proven { user, methods: &[method], replaces, stay };
        Ok(Some(admit::admit(&here, conn, who, &caller, now)?))
    });
    done.await?.ok_or(CheckPasskeyError::Cloned)
}

/// Asks for a passkey of whoever waits behind `token` for the second step.
///
/// # Errors
///
/// [`CheckPasskeyError::Gone`], if nobody does.
pub async fn begin_second_step(
    vestibule: &Vestibule,
    token: &str,
    now: Timestamp,
) -> Result<Ceremony, CheckPasskeyError> {
    let party = check_passkey::relying_party(vestibule)?;
    let waiting = second_factor::find(vestibule, token, now).await?.ok_or(CheckPasskeyError::Gone)?;
    let purpose = Purpose::SecondStep { challenge: secret::digest_of_token(token) };
    let ids = check_passkey::ids_of(vestibule, &waiting.user.id).await?;
    let question = party.ask(&ids).filter(|_| !ids.is_empty());
    question
        .and_then(|question| passkey_ceremony::seal(vestibule, purpose, question, now))
        .ok_or(CheckPasskeyError::Unknown { is_nobodys: false })
}

/// Signs in whoever waits behind `token`, by a passkey of theirs. `earlier` is the session that their browser has by now,
/// if it has begun one while this waited.
///
/// # Errors
///
/// [`CheckPasskeyError`].
pub async fn finish_second_step(
    vestibule: &Vestibule,
    token: &str,
    brought: &Brought,
    earlier: Option<SessionId>,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, CheckPasskeyError> {
    let done = let_in_second_step(vestibule, token, brought, earlier, caller, now).await;
    count_logins::by_passkey(vestibule, &done, LoginOutcome::SecondFactorWrong);
    done
}

async fn let_in_second_step(
    vestibule: &Vestibule,
    token: &str,
    brought: &Brought,
    earlier: Option<SessionId>,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, CheckPasskeyError> {
    let waiting = second_factor::find(vestibule, token, now).await?.ok_or(CheckPasskeyError::Gone)?;
    let digest = secret::digest_of_token(token);
    let purpose = Purpose::SecondStep { challenge: digest.clone() };
    let whose = (Some(&waiting.user.id), EventKind::SecondFactorFailed);
    let proof = check_passkey::prove(vestibule, brought, &purpose, whose, caller, now).await?;
    let (here, caller) = (vestibule.clone(), caller.known_as(&waiting.user.id));
    let done = vestibule.db.write(move |conn| {
        let (row, user) = second_factor::take(&here, conn, &digest, now)?;
        let row = LoginChallenge { replaces: earlier.or(row.replaces), ..row };
        let Some(method) = proof.take(&here, conn, &user, &caller, now)? else {
            return Ok::<_, CheckPasskeyError>(None);
        };
        Ok(Some(second_factor::finish(&here, conn, row, user, method, &caller, now)?))
    });
    done.await?.ok_or(CheckPasskeyError::Cloned)
}

impl From<SecondFactorError> for CheckPasskeyError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::WrongCode => Self::Refused,
            SecondFactorError::Gone => Self::Gone,
            SecondFactorError::Throttled { retry_after } => Self::Throttled { retry_after },
            SecondFactorError::Database(error) => Self::Database(error),
        }
    }
}
