//! Take all second factors of somebody away: an operator's help for who has lost them all.

use crate::clock::Timestamp;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::{change_factors, end_session, factors, queue_mail};
use crate::mail::factor_messages::{self, FactorsReset};
use crate::mail::messages;
use crate::models::{EventKind, Passkey, RevokedBecause, TotpFactor, User};
use crate::vestibule::Vestibule;

/// The longest reason, in characters.
pub const MOST_REASON_CHARS: usize = 200;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reset {
    /// Whether an authenticator app was taken away.
    pub app: bool,
    /// How many passkeys were.
    pub passkeys: usize,
    /// How many recovery codes were void that would have worked.
    pub recovery_codes: usize,
    /// How many sessions ended.
    pub sessions: usize,
}

impl Reset {
    /// Whether there was a factor.
    pub fn any(&self) -> bool {
        self.app || self.passkeys > 0
    }
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ResetFactorsError {
    /// Whoever looks into it later wants to know.
    #[error(
        "Say why, in one line of 1 to {MOST_REASON_CHARS} characters: it stands in the trail, and its owner reads it."
    )]
    Reason,
    /// There is no password that would let them in afterwards.
    #[error(
        "This account has no password: its passkeys are the only way in. First give its owner a link to choose a password."
    )]
    OnlyWayIn,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Takes the app, the passkeys and the recovery codes of `user` away, ends every session and sign-in that waits, and tells
/// the person. From then on their password alone signs them in. Where there is no factor, nothing happens.
///
/// # Errors
///
/// [`ResetFactorsError`].
pub async fn by_operator(
    vestibule: &Vestibule,
    user: &User,
    reason: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Reset, ResetFactorsError> {
    let reason = reason.trim().to_owned();
    let length = reason.chars().count();
    if length == 0 || length > MOST_REASON_CHARS || reason.chars().any(char::is_control) {
        return Err(ResetFactorsError::Reason);
    }
    let event = caller.event(EventKind::FactorsReset, Some(&user.id), now).saying(reason.clone());
    let (here, user) = (vestibule.clone(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            let Some(user) = User::find_locked(conn, &user.id).map_err(db::Error::from)? else {
                return Ok(Reset::default());
            };
            let had = factors::within(conn, &user.id)?;
            if !had.any() {
                return Ok(Reset::default());
            }
            if user.password_hash.is_none() && !had.passkeys.is_empty() {
                return Err(ResetFactorsError::OnlyWayIn);
            }
            let reset = Reset {
                app: TotpFactor::delete(conn, &user.id).map_err(db::Error::from)?,
                passkeys: Passkey::delete_of(conn, &user.id).map_err(db::Error::from)?,
                recovery_codes: had.recovery.map_or(0, |set| set.left),
                sessions: end_session::revoke_all_but(
                    &here,
                    conn,
                    &user.id,
                    None,
                    RevokedBecause::Operator,
                    now,
                )?,
            };
            change_factors::settle(&here, conn, &user, now)?;
            let message = FactorsReset {
                username: messages::inert(&user.username),
                reset_at: now.in_words(),
                reason: factor_messages::inert_line(&reason),
            };
            queue_mail::notify(&here, conn, &user, &message, now)?;
            event.insert(conn).map_err(db::Error::from)?;
            Ok(reset)
        })
        .await
}
