//! What every change of factors has in common: browsers that were trusted are trusted no more, sign-ins that wait are void,
//! the first factor brings recovery codes and the last takes them away, and the person is told (ASVS 6.3.7, 7.4.3).

use crate::clock::Timestamp;
use crate::credentials::amr::{self, Method};
use crate::credentials::recovery_code::RecoveryCode;
use crate::credentials::totp::TotpSecret;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::start_session::{self, LastProof, SignedIn};
use crate::flows::tell_of_factors::{self, News};
use crate::flows::{end_session, factors, recovery_codes};
use crate::id::UserId;
use crate::models::{self, Event, EventKind, LoginChallenge, RevokedBecause, Session, TotpFactor, User};
use crate::vestibule::Vestibule;

/// A change that was just made, within its deed.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Whose factors, as their row was before; it is locked.
    pub(super) user: User,
    /// The session that it was made from.
    pub(super) session: &'a Session,
    /// What was shown by it, beside what the session says.
    pub(super) shown: Option<Method>,
    /// The line for the trail.
    pub(super) event: Event,
    /// What it is about, for the mail: "your authenticator app".
    pub(super) what: String,
}

/// What comes of it.
#[derive(Debug)]
pub(super) struct Changed {
    /// The session under its new id; nothing, if it has ended meanwhile.
    pub(super) signed_in: Option<SignedIn>,
    /// The recovery codes to be shown once, if it was the first factor.
    pub(super) codes: Vec<RecoveryCode>,
}

/// Notes `change`, and goes on with its session under a new id.
///
/// The first factor and the loss of any end all other sessions: from before there was one, or from what was lost.
pub(super) fn note(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    change: Change<'_>,
    caller: &Caller,
    now: Timestamp,
) -> Result<Changed, db::Error> {
    let Change { user, session, shown, event, what } = change;
    let is_added = event.kind == EventKind::FactorAdded;
    let ends_others = !is_added || user.second_factor_since.is_none();
    if ends_others {
        let because = RevokedBecause::FactorsChanged;
        end_session::revoke_all_but(here, conn, &user.id, Some(&session.id), because, now)?;
    }
    let Settled { codes, is_two_step } = settle(here, conn, &user, now)?;
    let news = News { what, is_added, others_are_out: ends_others, is_two_step };
    tell_of_factors::tell(here, conn, &user, news, caller, now)?;
    event.insert(conn)?;
    let amr = shown.map_or_else(|| session.amr.clone(), |method| amr::with(&session.amr, method));
    let proof = LastProof { at: session.authenticated_at, amr: &amr };
    let signed_in = start_session::go_on(here, conn, user, session, proof, now)?;
    Ok(Changed { signed_in, codes })
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
