//! `/dashboard`: who am I, where am I signed in, when does this end, what happened lately, what could be safer?

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::clock::Timestamp;
use crate::device;
use crate::flows::overview::{self, Overview};
use crate::models::{EventKind, Role};
use crate::vestibule::Vestibule;
use crate::web::activity::{self, EventRow};
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::{Moment, Moments, Shell, answer};
use crate::web::session_rows::{self, SessionRow};

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    shell: Shell,
    /// What they are called.
    name: String,
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
        name: user.called().to_owned(),
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
        sessions: session_rows::live(&seen.sessions, &current.session.id, &moments),
        events: activity::rows(&seen.events, &moments).into_iter().take(MOST_EVENTS).collect(),
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
            link: Some(("/account/sessions".into(), "See where".into())),
        },
        many => Check {
            done: false,
            text: format!("You are signed in at {many} other places"),
            hint: hint("End those that you do not use any more."),
            link: Some(("/account/sessions".into(), "See where".into())),
        },
    };
    let failures = match failed {
        0 => Check { done: true, text: "No wrong passwords lately".into(), hint: None, link: None },
        _ => Check {
            done: false,
            text: "Somebody gave a wrong password lately".into(),
            hint: hint("If that was not you, your password kept them out. Use it nowhere else."),
            link: Some(("/account/activity?kind=failures".into(), "See when".into())),
        },
    };
    let email = match &current.user.email {
        Some(_) if !vestibule.can_reset_by_mail() => None,
        Some(_) if current.user.email_verified_at.is_some() => Some(Check {
            done: true,
            text: "E-mail address confirmed".into(),
            hint: None,
            link: Some(("/account/email".into(), "Change it".into())),
        }),
        Some(_) => Some(Check {
            done: false,
            text: "Your e-mail address is not confirmed".into(),
            hint: hint("Once it is, nobody else can say that it is theirs."),
            link: Some(("/account/email".into(), "Confirm your address".into())),
        }),
        None => Some(Check {
            done: false,
            text: "No e-mail address".into(),
            hint: hint("If you forget your password, only your administrator can help you back in."),
            link: vestibule.can_reset_by_mail().then(|| ("/account/email".into(), "Add one".into())),
        }),
    };
    [Some(connection), Some(sessions), Some(failures), email].into_iter().flatten().collect()
}
