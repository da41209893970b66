//! `/dashboard`: who am I, where am I signed in, when does this end, what happened lately, what could be safer?

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::clock::Timestamp;
use crate::flows::overview::{self, Overview};
use crate::id::SessionId;
use crate::models::{Event, EventKind, Role, Session};
use crate::vestibule::Vestibule;
use crate::web::device;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::{Moment, Moments, Shell, answer};

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    shell: Shell,
    username: String,
    email: Option<EmailLine>,
    role: Option<&'static str>,
    ends: Moment,
    ends_latest: Moment,
    /// Whether the session renews itself until then: nothing is to be warned of.
    stays: bool,
    how: String,
    before: Option<Before>,
    checks: Vec<Check>,
    sessions: Vec<SessionRow>,
    others: usize,
    events: Vec<EventRow>,
}

struct EmailLine {
    address: String,
    verified: bool,
}

/// The sign-in before this one.
struct Before {
    at: Moment,
    device: String,
}

/// A line of the security check.
struct Check {
    done: bool,
    text: String,
    hint: Option<String>,
    link: Option<(String, String)>,
}

struct SessionRow {
    id: SessionId,
    device: String,
    user_agent: String,
    current: bool,
    last_seen: Moment,
    signed_in: Moment,
    address: String,
}

struct EventRow {
    text: String,
    badge: Option<&'static str>,
    at: Moment,
    device: String,
    address: String,
    times: u32,
    hint: Option<String>,
}

/// More are on no dashboard; the rest is for a page of its own.
const MOST_EVENTS: usize = 6;

/// `GET /dashboard`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (now, user) = (context.now, &current.user);
    let moments = Moments::of(user, now);
    let seen = overview::of(&vestibule, user, &current.session, now).await?;
    let mut shell = Shell::signed_in(&request, &current).saying(FlowState::of(&request).take_flash());
    shell.section = "overview";
    let ends = token_end(&vestibule, &current, now);
    let page = DashboardPage {
        shell,
        username: user.username.clone(),
        email: user.email.clone().map(|address| {
            let verified = user.email_verified_at.is_some();
            EmailLine { address, verified }
        }),
        role: (user.role == Role::Admin).then_some("Administrator"),
        ends: moments.show(ends),
        ends_latest: moments.show(current.session.expires_at),
        stays: current.session.renewable_since.is_some() && ends < current.session.expires_at,
        how: "You signed in with your password.".to_owned(),
        before: seen.previous.as_ref().map(|session| Before {
            at: moments.show(session.created_at),
            device: device::name(&session.user_agent),
        }),
        checks: checks(&vestibule, &current, &seen),
        others: seen.sessions.iter().filter(|session| session.id != current.session.id).count(),
        sessions: session_rows(&seen.sessions, &current.session.id, &moments),
        events: event_rows(&seen.events, &moments),
    };
    answer(StatusCode::OK, &page)
}

/// When the browser's token ends: the one that this very answer brings, if it brings one.
fn token_end(vestibule: &Vestibule, current: &CurrentUser, now: Timestamp) -> Timestamp {
    let lifetime = vestibule.config.tokens.lifetime;
    let renewed = now.since(current.claims.iat) >= lifetime / 2;
    let end = if renewed { now + lifetime } else { current.claims.exp };
    end.min(current.session.expires_at)
}

fn checks(vestibule: &Vestibule, current: &CurrentUser, seen: &Overview) -> Vec<Check> {
    let others = seen.sessions.len().saturating_sub(1);
    let failed = seen.events.iter().filter(|event| event.kind == EventKind::LoginFailed).count();
    let hint = |text: &str| Some(text.to_owned());
    let connection = match vestibule.config.is_https() {
        true => Check { done: true, text: "This connection is encrypted".into(), hint: None, link: None },
        false => Check {
            done: false,
            text: "This connection is not encrypted".into(),
            hint: hint("That is fine on your own machine only."),
            link: None,
        },
    };
    let sessions = match others {
        0 => Check { done: true, text: "You are signed in nowhere else".into(), hint: None, link: None },
        1 => Check {
            done: false,
            text: "You are signed in at one other place".into(),
            hint: hint("End it if you do not use it any more."),
            link: Some(("#sessions".into(), "See where".into())),
        },
        many => Check {
            done: false,
            text: format!("You are signed in at {many} other places"),
            hint: hint("End those that you do not use any more."),
            link: Some(("#sessions".into(), "See where".into())),
        },
    };
    let failures = match failed {
        0 => Check { done: true, text: "No wrong passwords lately".into(), hint: None, link: None },
        _ => Check {
            done: false,
            text: "Somebody gave a wrong password lately".into(),
            hint: hint("If that was not you, your password kept them out. Use it nowhere else."),
            link: Some(("#activity".into(), "See when".into())),
        },
    };
    let email = match &current.user.email {
        Some(_) => None,
        None => Some(Check {
            done: false,
            text: "No e-mail address".into(),
            hint: hint("If you forget your password, only your administrator can help you back in."),
            link: None,
        }),
    };
    [Some(connection), Some(sessions), Some(failures), email].into_iter().flatten().collect()
}

/// This session first, then the others, the newest first.
fn session_rows(sessions: &[Session], current: &SessionId, moments: &Moments) -> Vec<SessionRow> {
    let mut rows: Vec<SessionRow> = sessions
        .iter()
        .map(|session| SessionRow {
            id: session.id.clone(),
            device: device::name(&session.user_agent),
            user_agent: session.user_agent.clone(),
            current: session.id == *current,
            last_seen: moments.show(session.last_seen_at),
            signed_in: moments.show(session.created_at),
            address: session.address.clone(),
        })
        .collect();
    rows.sort_by_key(|row| !row.current);
    rows
}

/// The latest events; what happened several times in a row from one place is one line.
fn event_rows(events: &[Event], moments: &Moments) -> Vec<EventRow> {
    let alike = |one: &&Event, other: &&Event| {
        (one.kind, &one.address, &one.user_agent) == (other.kind, &other.address, &other.user_agent)
    };
    let events: Vec<&Event> = events.iter().collect();
    let folded = events.chunk_by(|one, other| alike(one, other)).take(MOST_EVENTS);
    folded
        .filter_map(|group| group.first().map(|event| (event, group.len())))
        .map(|(event, times)| {
            let (text, is_failure) = words(event);
            let (device, address) = match event.address.is_empty() {
                true => ("By the operator".to_owned(), "command line".to_owned()),
                false => (device::name(&event.user_agent), event.address.clone()),
            };
            EventRow {
                text: text.to_owned(),
                badge: is_failure.then_some("Failed"),
                at: moments.show(event.at),
                device,
                address,
                times: u32::try_from(times).unwrap_or(u32::MAX),
                hint: is_failure.then(|| "If this was not you, your password kept them out.".to_owned()),
            }
        })
        .collect()
}

/// What happened, for the person it happened to, and whether it is a failure.
fn words(event: &Event) -> (&'static str, bool) {
    match event.kind {
        EventKind::Registered => ("Account created", false),
        EventKind::LoggedIn => ("Signed in with your password", false),
        EventKind::LoginFailed => ("Wrong password at sign-in", true),
        EventKind::LoggedOut => ("Signed out", false),
        EventKind::Reauthenticated => ("Confirmed with your password", false),
        EventKind::ReauthenticationFailed => ("Wrong password at a confirmation", true),
        EventKind::SessionRevoked => ("A session was ended", false),
        EventKind::SessionsRevoked => ("Other sessions were ended", false),
        EventKind::ResetLinkIssued => ("A link for a new password was made", false),
        EventKind::PasswordReset => ("A new password was set", false),
        EventKind::PasswordChanged => ("Password changed", false),
        EventKind::EmailChangeAsked => ("Another e-mail address was asked for", false),
        EventKind::EmailVerified => ("E-mail address verified", false),
        EventKind::EmailChanged => ("E-mail address changed", false),
        EventKind::EmailRestored => ("Former e-mail address put back", false),
        EventKind::NewDevice => ("Signed in on a new device", false),
        EventKind::LoginDisowned => ("A sign-in was reported as not yours", false),
        EventKind::RefreshReused => ("A copied session was used, and ended", true),
        EventKind::SettingsChanged => ("Settings changed", false),
        EventKind::DataExported => ("Your data was exported", false),
        EventKind::AccountClosed => ("Account closed", false),
        EventKind::AccountReopened => ("Account opened again", false),
        EventKind::AccountDeleted => ("Account deleted", false),
        EventKind::UserDisabled => ("Account disabled", false),
        EventKind::UserEnabled => ("Account enabled", false),
        EventKind::RoleChanged => ("Role changed", false),
    }
}
