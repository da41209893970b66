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
    let is_added = event.kind == EventKind::FactorAdded;
    let ends_others = !is_added || user.second_factor_since.is_none();
    if ends_others {
        end_session::revoke_all_but(here, conn, &user.id, keep, RevokedBecause::FactorsChanged, now)?;
    }
    let Settled { codes, is_two_step } = settle(here, conn, user, now)?;
    let message = FactorsChanged {
        username: messages::inert(&user.username),
        what,
        is_added,
        others_are_out: ends_others,
        is_two_step,
        changed_at: now.in_words(),
        changed_from: caller.address(),
        reset_url: format!("{}/forgot", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)?;
    event.insert(conn)?;
    Ok(codes)
}

/// How it stands after a change.
#[derive(Debug)]
pub(super) struct Settled {
    /// To be shown once, if it was the first factor.
    pub(super) codes: Vec<RecoveryCode>,
    /// Whether a factor is left.
    pub(super) is_two_step: bool,
}

/// Whatever follows from the factors that `user`, as their row was before, has now: for deeds that end sessions and tell
/// the person by themselves.
pub(super) fn settle(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    now: Timestamp,
) -> Result<Settled, db::Error> {
    let is_two_step = factors::within(conn, &user.id)?.any();
    let since = is_two_step.then(|| user.second_factor_since.unwrap_or(now));
    User::update_factors(conn, &user.id, since, now)?;
    LoginChallenge::delete_of(conn, &user.id)?;
    end_session::ask_anew(here, conn, &user.id)?;
    let codes = match is_two_step {
        true => recovery_codes::make_first(here, conn, &user.id, now)?,
        false => {
            models::RecoveryCode::delete_of(conn, &user.id)?;
            Vec::new()
        }
    };
    Ok(Settled { codes, is_two_step })
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
