//! The security check of the overview: what keeps an account safe, and what is to be done about the rest.

use super::extract::CurrentUser;
use crate::credentials::recovery_code::CODES;
use crate::flows::check_code::FEW_CODES;
use crate::flows::factors::{Factors, RecoverySet};
use crate::flows::overview::Overview;
use crate::models::{Event, EventKind, User};
use crate::vestibule::Vestibule;

/// A line.
pub(super) struct Check {
    pub(super) done: bool,
    pub(super) text: String,
    pub(super) hint: Option<&'static str>,
    /// Where to see to it.
    pub(super) link: Option<(&'static str, &'static str)>,
}

impl Check {
    fn done(text: impl Into<String>) -> Self {
        Self { done: true, text: text.into(), hint: None, link: None }
    }

    fn open(text: impl Into<String>, hint: &'static str) -> Self {
        Self { done: false, hint: Some(hint), ..Self::done(text) }
    }

    fn at(self, href: &'static str, words: &'static str) -> Self {
        Self { link: Some((href, words)), ..self }
    }
}

/// What keeps the account of `user` safe, one way or another.
///
/// `has_unsaved`: whether their recovery codes wait in this browser to be saved.
pub(super) fn standing(
    vestibule: &Vestibule,
    user: &User,
    factors: &Factors,
    has_unsaved: bool,
) -> Vec<Check> {
    let two_step = match (user.second_factor_since, &user.password_hash) {
        (None, _) => {
            Check::open("Two-step sign-in is off", "With it, a stolen password alone opens nothing.")
                .at("/account/totp", "Turn it on")
        }
        (Some(_), Some(_)) => {
            let words = if factors.totp_since.is_some() { "Your app" } else { "Add an authenticator app" };
            Check::done("Two-step sign-in is on").at("/account/totp", words)
        }
        (Some(_), None) => Check::done("You sign in with a passkey alone: two steps in one"),
    };
    let passkeys = match factors.passkeys.len() {
        0 => Check::open(
            "No passkey yet",
            "It signs you in with your fingerprint, face or PIN; no code to type.",
        )
        .at("/account/passkeys", "Add a passkey"),
        1 => Check::done("You have a passkey").at("/account/passkeys", "Your passkeys"),
        many => Check::done(format!("You have {many} passkeys")).at("/account/passkeys", "Your passkeys"),
    };
    [email(vestibule, user), Some(two_step), Some(codes(factors, has_unsaved)), Some(passkeys)]
        .into_iter()
        .flatten()
        .collect()
}

fn codes(factors: &Factors, has_unsaved: bool) -> Check {
    match factors.recovery {
        Some(_) if has_unsaved => Check::open(
            "Your recovery codes are not saved yet",
            "They are shown until you say that they are.",
        )
        .at("/account/recovery-codes", "Show them"),
        None => Check::open("No recovery codes", "You get ten of them with your first passkey or app."),
        Some(RecoverySet { left: 0, .. }) => {
            Check::open("No recovery codes are left", "Without your app or passkey, nothing lets you in.")
                .at("/account/recovery-codes", "Make new ones")
        }
        Some(RecoverySet { left, .. }) if left <= FEW_CODES => Check::open(
            format!("Only {left} of {CODES} recovery codes left"),
            "Make new ones before you need the last.",
        )
        .at("/account/recovery-codes", "Make new ones"),
        Some(RecoverySet { left, .. }) => Check::done(format!("{left} of {CODES} recovery codes left"))
            .at("/account/recovery-codes", "Recovery codes"),
    }
}

fn email(vestibule: &Vestibule, user: &User) -> Option<Check> {
    const PAGE: &str = "/account/email";
    match &user.email {
        Some(_) if !vestibule.can_reset_by_mail() => None,
        Some(_) if user.email_verified_at.is_some() => {
            Some(Check::done("E-mail address confirmed").at(PAGE, "Change it"))
        }
        Some(_) => Some(
            Check::open(
                "Your e-mail address is not confirmed",
                "Once it is, nobody else can say that it is theirs.",
            )
            .at(PAGE, "Confirm your address"),
        ),
        None => {
            let hint = "If you forget your password, only your administrator can help you back in.";
            let check = Check::open("No e-mail address", hint);
            Some(if vestibule.can_reset_by_mail() { check.at(PAGE, "Add one") } else { check })
        }
    }
}

/// What is going on at this moment.
pub(super) fn present(vestibule: &Vestibule, current: &CurrentUser, seen: &Overview) -> Vec<Check> {
    let connection = match vestibule.config.is_https() {
        true => Check::done("This connection is encrypted"),
        false => Check::open("This connection is not encrypted", "That is fine on your own machine only."),
    };
    let others = seen.sessions.iter().filter(|session| session.id != current.session.id).count();
    let sessions = match others {
        0 => Check::done("You are signed in nowhere else"),
        1 => Check::open("You are signed in at one other place", "End it if you do not use it any more.")
            .at("/account/sessions", "See where"),
        many => Check::open(
            format!("You are signed in at {many} other places"),
            "End those that you do not use any more.",
        )
        .at("/account/sessions", "See where"),
    };
    let knew_password = |event: &Event| event.kind == EventKind::SecondFactorFailed;
    // A passkey that was refused was no guess at a password.
    let guessed = |event: &Event| event.kind == EventKind::LoginFailed && event.detail.is_none();
    let failures = match (seen.events.iter().any(knew_password), seen.events.iter().any(guessed)) {
        (false, false) => Check::done("No wrong passwords lately"),
        (true, _) => Check::open(
            "Somebody gave your password and a wrong code lately",
            "If that was not you, they know your password: choose another one.",
        )
        .at("/account/activity?kind=failures", "See when"),
        (false, true) => Check::open(
            "Somebody gave a wrong password lately",
            "If that was not you, your password kept them out. Use it nowhere else.",
        )
        .at("/account/activity?kind=failures", "See when"),
    };
    vec![connection, sessions, failures]
}
