//! What happened, in words for the person it happened to: the rows of the overview and of `/account/activity`.

use std::borrow::Cow;

use serde::Deserialize;

use super::page::{Moment, Moments};
use crate::device;
use crate::id::SessionId;
use crate::models::{Event, EventKind};

/// A line: one event, or several alike in a row.
pub(super) struct EventRow {
    pub(super) text: Cow<'static, str>,
    pub(super) is_failure: bool,
    /// Whether it was a sign-in with a device that was new then.
    pub(super) is_new_device: bool,
    pub(super) at: Moment,
    pub(super) device: String,
    pub(super) user_agent: String,
    pub(super) address: String,
    pub(super) times: usize,
    pub(super) hint: Option<&'static str>,
}

/// What people look for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Filter {
    #[default]
    All,
    SignIns,
    Failures,
    Changes,
}

impl Filter {
    /// Each with what it is called.
    pub(super) const ALL: [(Self, &str); 4] = [
        (Self::All, "Everything"),
        (Self::SignIns, "Sign-ins and sign-outs"),
        (Self::Failures, "Failures"),
        (Self::Changes, "Changes of the account"),
    ];

    /// As it stands in an address.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::SignIns => "sign-ins",
            Self::Failures => "failures",
            Self::Changes => "changes",
        }
    }

    /// What it shows.
    pub(super) fn kinds(self) -> Vec<EventKind> {
        EventKind::ALL.iter().copied().filter(|kind| self == Self::All || self == group(*kind)).collect()
    }
}

/// The latest first; what happened several times in a row from one place is one line. That a device was new is a word at
/// its sign-in, where that is here, too.
pub(super) fn rows(events: &[Event], moments: &Moments) -> Vec<EventRow> {
    let sessions = |kind: EventKind| -> Vec<&SessionId> {
        events
            .iter()
            .filter(|event| event.kind == kind)
            .filter_map(|event| event.session_id.as_ref())
            .collect()
    };
    let (signed_in, on_new_device) = (sessions(EventKind::LoggedIn), sessions(EventKind::NewDevice));
    let is_in =
        |list: &[&SessionId], event: &Event| event.session_id.as_ref().is_some_and(|id| list.contains(&id));
    let is_new_device = |event: &Event| event.kind == EventKind::LoggedIn && is_in(&on_new_device, event);
    let is_told = |event: &&Event| event.kind != EventKind::NewDevice || !is_in(&signed_in, event);
    let alike = |one: &&Event, other: &&Event| {
        let key = |event: &Event| (event.kind, words(event), is_new_device(event));
        (key(one), &one.address, &one.user_agent) == (key(other), &other.address, &other.user_agent)
    };
    let told: Vec<&Event> = events.iter().filter(is_told).collect();
    told.chunk_by(alike)
        .filter_map(|group| group.first().map(|event| (event, group.len())))
        .map(|(event, times)| {
            let (device, address) = place(event);
            EventRow {
                text: words(event),
                is_failure: is_failure(event.kind),
                is_new_device: is_new_device(event),
                at: moments.show(event.at),
                device,
                user_agent: event.user_agent.clone(),
                address,
                times,
                hint: hint(event),
            }
        })
        .collect()
}

/// With what and from where.
pub(super) fn place(event: &Event) -> (String, String) {
    match event.address.is_empty() {
        true => ("By the operator".to_owned(), "command line".to_owned()),
        false => (device::name(&event.user_agent), event.address.clone()),
    }
}

/// Whether somebody tried what they may not.
pub(super) fn is_failure(kind: EventKind) -> bool {
    group(kind) == Filter::Failures
}

fn hint(event: &Event) -> Option<&'static str> {
    match event.kind {
        EventKind::LoginFailed if event.detail.is_none() => Some("Your password kept them out."),
        EventKind::ReauthenticationFailed => {
            Some("Whoever this was sat at a browser that you are signed in with.")
        }
        EventKind::SecondFactorFailed => {
            Some("Whoever this was knew your password. If it was not you, choose another one.")
        }
        EventKind::RefreshReused => Some("Somebody may have had a copy of it."),
        _ => None,
    }
}

fn group(kind: EventKind) -> Filter {
    match kind {
        EventKind::LoginFailed
        | EventKind::ReauthenticationFailed
        | EventKind::RefreshReused
        | EventKind::SecondFactorFailed
        | EventKind::PasskeyCloned => Filter::Failures,
        EventKind::LoggedIn
        | EventKind::LoggedOut
        | EventKind::Reauthenticated
        | EventKind::SessionRevoked
        | EventKind::SessionsRevoked
        | EventKind::NewDevice
        | EventKind::SecondFactorAsked
        | EventKind::RecoveryCodeUsed
        | EventKind::LoginDisowned => Filter::SignIns,
        EventKind::Registered
        | EventKind::ResetLinkIssued
        | EventKind::PasswordReset
        | EventKind::PasswordChanged
        | EventKind::EmailChangeAsked
        | EventKind::EmailVerified
        | EventKind::EmailChanged
        | EventKind::EmailRestored
        | EventKind::FactorAdded
        | EventKind::FactorRemoved
        | EventKind::FactorsReset
        | EventKind::RecoveryCodesMade
        | EventKind::SettingsChanged
        | EventKind::DataExported
        | EventKind::AccountClosed
        | EventKind::AccountReopened
        | EventKind::AccountDeleted
        | EventKind::UserDisabled
        | EventKind::UserEnabled
        | EventKind::KeysRotated
        | EventKind::RoleChanged
        | EventKind::ApiKeyCreated
        | EventKind::ApiKeyRevoked
        | EventKind::GroupCreated
        | EventKind::GroupDeleted
        | EventKind::GroupJoined
        | EventKind::GroupLeft => Filter::Changes,
    }
}

/// What happened.
pub(super) fn words(event: &Event) -> Cow<'static, str> {
    let detail = event.detail.as_deref().unwrap_or_default();
    match event.kind {
        EventKind::GroupJoined => format!("Added to the group {detail}").into(),
        EventKind::GroupLeft => format!("Taken out of the group {detail}").into(),
        _ => plain_words(event).into(),
    }
}

fn plain_words(event: &Event) -> &'static str {
    match event.kind {
        EventKind::Registered => "Account created",
        EventKind::LoggedIn => signed_in(event.detail.as_deref().unwrap_or_default()),
        EventKind::LoginFailed => match event.detail.as_deref() {
            Some("passkey") => "A passkey was refused at sign-in",
            _ => "Wrong password at sign-in",
        },
        EventKind::LoggedOut => "Signed out",
        EventKind::Reauthenticated => "Confirmed that it was you",
        EventKind::ReauthenticationFailed => "Wrong proof at a confirmation",
        EventKind::SessionRevoked => "A session was ended",
        EventKind::SessionsRevoked => "Sessions were ended",
        EventKind::ResetLinkIssued => "A link for a new password was made",
        EventKind::PasswordReset => "A new password was set",
        EventKind::PasswordChanged => "Password changed",
        EventKind::EmailChangeAsked => "Another e-mail address was asked for",
        EventKind::EmailVerified => "E-mail address confirmed",
        EventKind::EmailChanged => "E-mail address changed",
        EventKind::EmailRestored => "Former e-mail address put back",
        EventKind::NewDevice => "Signed in on a new device",
        EventKind::LoginDisowned => "A sign-in was reported as not yours",
        EventKind::RefreshReused => "A copied session was used, and ended",
        EventKind::SecondFactorAsked => "Right password; the second step was asked for",
        EventKind::SecondFactorFailed => match event.detail.as_deref() {
            Some("passkey") => "A passkey was refused at the second step",
            _ => "Wrong code at the second step",
        },
        EventKind::FactorAdded => match event.detail.as_deref() {
            Some("passkey") => "Passkey added",
            Some("password") => "Password added",
            _ => "Authenticator app added",
        },
        EventKind::FactorRemoved => match event.detail.as_deref() {
            Some("passkey") => "Passkey removed",
            Some("password") => "Password removed",
            Some("recovery_codes") => "Recovery codes made void",
            _ => "Authenticator app removed",
        },
        EventKind::RecoveryCodesMade => "New recovery codes made",
        EventKind::RecoveryCodeUsed => "Recovery code used",
        EventKind::PasskeyCloned => "A copy of a passkey was refused",
        EventKind::FactorsReset => "Second factors taken away",
        EventKind::SettingsChanged => "Settings changed",
        EventKind::DataExported => "Your data was exported",
        EventKind::AccountClosed => "Account closed",
        EventKind::AccountReopened => "Account opened again",
        EventKind::AccountDeleted => "Account deleted",
        EventKind::UserDisabled => "Account disabled",
        EventKind::UserEnabled => "Account enabled",
        EventKind::KeysRotated => "Signing key changed",
        EventKind::RoleChanged => "Role changed",
        EventKind::ApiKeyCreated => "API key made",
        EventKind::ApiKeyRevoked => "API key revoked",
        EventKind::GroupCreated => "Group made",
        EventKind::GroupDeleted => "Group deleted",
        EventKind::GroupJoined => "Added to a group",
        EventKind::GroupLeft => "Taken out of a group",
    }
}

/// How somebody signed in, by the `amr` of their session.
fn signed_in(amr: &str) -> &'static str {
    let has = |word: &str| amr.split(' ').any(|known| known == word);
    match (has("pwd"), has("user"), has("recovery_code"), has("otp")) {
        (false, true, ..) => "Signed in with a passkey",
        (_, true, ..) => "Signed in with your password and a passkey",
        (_, _, true, _) => "Signed in with your password and a recovery code",
        (_, _, _, true) => "Signed in with your password and a code",
        _ => "Signed in with your password",
    }
}
