//! Look at a code that somebody typed, and use it up: of many who come with the same one at once, one is told that it is
//! right, and nobody later.

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Timestamp;
use crate::credentials::amr::Method;
use crate::credentials::recovery_code::RecoveryCode;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::change_factors;
use crate::models::{self, EventKind, TotpFactor, User};
use crate::vestibule::Vestibule;

/// What somebody typed.
#[derive(Clone, Debug)]
pub enum Code {
    /// Of their authenticator app.
    Totp(SecretString),
    /// From paper.
    Recovery(SecretString),
}

/// What the code proves, if it is one of `user` and was not used before; within a deed.
pub(super) fn spend(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    code: &Code,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<Method>, db::Error> {
    match code {
        Code::Totp(code) => {
            let Some(factor) =
                TotpFactor::find(conn, &user.id)?.filter(|factor| factor.confirmed_at.is_some())
            else {
                return Ok(None);
            };
            let secret = change_factors::open(here, &factor);
            let step = secret.and_then(|secret| secret.check(code.expose_secret(), now, factor.last_step));
            let Some(step) = step else { return Ok(None) };
            Ok(TotpFactor::take_step(conn, &user.id, step)?.then_some(Method::Totp))
        }
        Code::Recovery(code) => {
            let Some(code) = RecoveryCode::parse(code.expose_secret()) else { return Ok(None) };
            let digest = code.digest(&here.recovery_tags, &user.id);
            if !models::RecoveryCode::spend(conn, &user.id, &digest, now)? {
                return Ok(None);
            }
            caller.event(EventKind::RecoveryCodeUsed, Some(&user.id), now).insert(conn)?;
            Ok(Some(Method::RecoveryCode))
        }
    }
}
