//! Look at a code that somebody typed, and use it up: of many who come with the same one at once, one is told that it is
//! right, and nobody later.

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Timestamp;
use crate::credentials::amr::Method;
use crate::credentials::recovery_code::RecoveryCode;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::{change_factors, factors, queue_mail};
use crate::mail::factor_messages::RecoveryCodeUsed;
use crate::mail::messages;
use crate::models::{self, EventKind, TotpFactor, User};
use crate::vestibule::Vestibule;

/// So few recovery codes left that it is time for new ones.
pub const FEW_CODES: usize = 2;

/// What somebody typed.
#[derive(Clone, Debug)]
pub enum Code {
    /// Of their authenticator app.
    Totp(SecretString),
    /// From paper.
    Recovery(SecretString),
}

impl Code {
    /// What was typed into a box that takes either: six digits are no recovery code, and none is six digits.
    pub fn of_either_kind(typed: SecretString) -> Self {
        match RecoveryCode::parse(typed.expose_secret()) {
            Some(_) => Self::Recovery(typed),
            None => Self::Totp(typed),
        }
    }
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
            tell(here, conn, user, caller, now)?;
            Ok(Some(Method::RecoveryCode))
        }
    }
}

/// Whoever has their codes on paper hears of each that is used, and how many are left.
fn tell(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let left = factors::within(conn, &user.id)?.recovery.map_or(0, |set| set.left);
    let message = RecoveryCodeUsed {
        username: messages::inert(&user.username),
        left,
        is_low: left <= FEW_CODES,
        used_at: now.in_words(),
        used_from: caller.address(),
        codes_url: format!("{}/account/recovery-codes", here.config.public_url()),
        reset_url: format!("{}/forgot", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)
}
