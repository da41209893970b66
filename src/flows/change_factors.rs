//! What every change of factors has in common: browsers that were trusted are trusted no more, sign-ins that wait are void,
//! the first factor brings recovery codes and the last takes them away, and the person is told (ASVS 6.3.7, 7.4.3).

use crate::clock::Timestamp;
use crate::credentials::recovery_code::RecoveryCode;
use crate::credentials::totp::TotpSecret;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::{end_session, factors, queue_mail, recovery_codes};
use crate::id::{SessionId, UserId};
use crate::mail::factor_messages::FactorsChanged;
use crate::mail::messages;
use crate::models::{self, Event, EventKind, LoginChallenge, RevokedBecause, TotpFactor, User};
use crate::vestibule::Vestibule;

/// A change that was just made, within its deed.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Whose factors, as their row was before; it is locked.
    pub(super) user: &'a User,
    /// The session that it was made from, which goes on.
    pub(super) keep: Option<&'a SessionId>,
    /// The line for the trail.
    pub(super) event: Event,
    /// What it is about, for the mail: "your authenticator app".
    pub(super) what: String,
}

/// Notes `change`; the recovery codes to be shown once, if it was the first factor.
///
/// The first factor and the loss of any end all other sessions: from before there was one, or from what was lost.
pub(super) fn note(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    change: Change<'_>,
    caller: &Caller,
    now: Timestamp,
) -> Result<Vec<RecoveryCode>, db::Error> {
    let Change { user, keep, event, what } = change;
    let has_any = factors::within(conn, &user.id)?.any();
    let since = has_any.then(|| user.second_factor_since.unwrap_or(now));
    User::update_factors(conn, &user.id, since, now)?;
    LoginChallenge::delete_of(conn, &user.id)?;
    let is_added = event.kind == EventKind::FactorAdded;
    let ends_others = !is_added || user.second_factor_since.is_none();
    if ends_others {
        end_session::revoke_all_but(here, conn, &user.id, keep, RevokedBecause::FactorsChanged, now)?;
    }
    end_session::ask_anew(here, conn, &user.id)?;
    let codes = match since {
        Some(_) => recovery_codes::make_first(here, conn, &user.id, now)?,
        None => {
            models::RecoveryCode::delete_of(conn, &user.id)?;
            Vec::new()
        }
    };
    let message = FactorsChanged {
        username: messages::inert(&user.username),
        what,
        is_added,
        others_are_out: ends_others,
        is_two_step: has_any,
        changed_at: now.in_words(),
        changed_from: caller.address(),
        reset_url: format!("{}/forgot", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)?;
    event.insert(conn)?;
    Ok(codes)
}

/// What the app of `factor` knows; nothing, if the row was altered or is another's.
pub(super) fn open(vestibule: &Vestibule, factor: &TotpFactor) -> Option<TotpSecret> {
    let plain = vestibule.totp_secrets.open(&factor.sealed_secret, &place(&factor.user_id))?;
    TotpSecret::from_bytes(&plain)
}

/// The place that a secret is sealed for.
pub(super) fn place(user: &UserId) -> String {
    format!("totp_factors.sealed_secret {user}")
}
