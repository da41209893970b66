//! Sessions as people see them: the rows of the overview and of `/account/sessions`.

use std::time::Duration;

use super::page::{Moment, Moments};
use crate::clock::Timestamp;
use crate::device;
use crate::id::SessionId;
use crate::models::{RevokedBecause, Session};

/// A live session.
pub(super) struct SessionRow {
    pub(super) id: SessionId,
    pub(super) device: String,
    pub(super) user_agent: String,
    pub(super) address: String,
    /// Whether it is the one that asks.
    pub(super) current: bool,
    pub(super) how: &'static str,
    pub(super) signed_in: Moment,
    pub(super) last_seen: Moment,
    pub(super) ends_latest: Moment,
    /// Whether it outlives its browser.
    pub(super) stays: bool,
}

/// One that has ended.
pub(super) struct EndedRow {
    pub(super) device: String,
    pub(super) user_agent: String,
    pub(super) address: String,
    pub(super) how: &'static str,
    pub(super) signed_in: Moment,
    pub(super) ended: Moment,
    pub(super) why: &'static str,
}

/// This session first, then the others, the newest first.
pub(super) fn live(sessions: &[Session], current: &SessionId, moments: &Moments) -> Vec<SessionRow> {
    let mut rows: Vec<SessionRow> = sessions
        .iter()
        .map(|session| SessionRow {
            id: session.id.clone(),
            device: device::name(&session.user_agent),
            user_agent: session.user_agent.clone(),
            address: session.address.clone(),
            current: session.id == *current,
            how: how(&session.amr),
            signed_in: moments.show(session.created_at),
            last_seen: moments.show(session.last_seen_at),
            ends_latest: moments.show(session.expires_at),
            stays: session.renewable_since.is_some(),
        })
        .collect();
    rows.sort_by_key(|row| !row.current);
    rows
}

/// Ended ones, in their order. A token lives for `token_lifetime`: so long after its last use a session ends by itself.
pub(super) fn ended(
    sessions: &[Session],
    token_lifetime: Duration,
    moments: &Moments,
    now: Timestamp,
) -> Vec<EndedRow> {
    sessions
        .iter()
        .map(|session| {
            let (ended, why) = match (session.revoked_at, session.revoked_because) {
                (Some(at), because) => (at, because.map_or("It was ended", why)),
                (None, _) if session.expires_at <= now => (session.expires_at, "Its time was up"),
                (None, _) => {
                    let end = session.last_seen_at + token_lifetime;
                    (end.min(session.expires_at).min(now), "It was not used any more")
                }
            };
            EndedRow {
                device: device::name(&session.user_agent),
                user_agent: session.user_agent.clone(),
                address: session.address.clone(),
                how: how(&session.amr),
                signed_in: moments.show(session.created_at),
                ended: moments.show(ended),
                why,
            }
        })
        .collect()
}

/// How somebody proved who they are, by the `amr` claim.
pub(super) fn how(amr: &str) -> &'static str {
    let has = |word: &str| amr.split(' ').any(|known| known == word);
    match (has("pwd"), has("user"), has("recovery_code"), has("otp")) {
        (false, true, ..) => "with a passkey",
        (_, true, ..) => "with the password and a passkey",
        (_, _, true, _) => "with the password and a recovery code",
        (_, _, _, true) => "with the password and a code",
        (true, ..) => "with the password",
        _ => "in another way",
    }
}

/// Why it ended, for whose it was.
fn why(because: RevokedBecause) -> &'static str {
    match because {
        RevokedBecause::LoggedOut => "You signed out",
        RevokedBecause::Replaced => "A newer session of the same browser took its place",
        RevokedBecause::EndedElsewhere => "You ended it from another session",
        RevokedBecause::TooMany => "You were signed in at too many places",
        RevokedBecause::PasswordReset => "A new password was set",
        RevokedBecause::PasswordChanged => "The password was changed",
        RevokedBecause::FactorsChanged => "How you sign in was changed",
        RevokedBecause::EmailChanged => "The e-mail address was changed",
        RevokedBecause::EmailRestored => "The former e-mail address was put back",
        RevokedBecause::Disowned => "You said that a sign-in was not you",
        RevokedBecause::RefreshReused => "Somebody used a copy of it",
        RevokedBecause::AccountClosed => "The account was closed",
        RevokedBecause::UserDisabled => "The account was disabled",
        RevokedBecause::KeyWithdrawn => "The key that signed it was given up",
        RevokedBecause::Operator => "Your administrator ended it",
    }
}
