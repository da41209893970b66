//! `/dashboard`: who am I, where am I signed in, when does this end, what happened lately, what could be safer?

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::clock::Timestamp;
use crate::device;
use crate::flows::{decline_second_passkey, overview};
use crate::models::Role;
use crate::vestibule::Vestibule;
use crate::web::activity::{self, EventRow};
use crate::web::checklist::{self, Check};
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
    has_password: bool,
    ends: Moment,
    ends_latest: Moment,
    /// Whether the session renews itself until then: nothing is to be warned of.
    stays: bool,
    /// How they proved who they are.
    how: &'static str,
    before: Option<Before>,
    /// What keeps the account safe, or would.
    checks: Vec<Check>,
    done: usize,
    /// Whether a second passkey is suggested.
    second_passkey: bool,
    present: Vec<Check>,
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
    let flow = FlowState::of(&request);
    let mut shell = Shell::signed_in(&request, &current).saying(flow.take_flash());
    shell.section = "overview";
    let has_unsaved = !flow.codes(&user.id).is_empty();
    let checks = checklist::standing(&vestibule, user, &seen.factors, has_unsaved);
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
        has_password: user.password_hash.is_some(),
        ends: moments.show(ends),
        ends_latest: moments.show(current.session.expires_at),
        stays: current.session.renewable_since.is_some() && ends < current.session.expires_at,
        how: session_rows::how(&current.session.amr),
        before: seen.previous.as_ref().map(|session| Before {
            at: moments.show(session.created_at),
            device: device::name(&session.user_agent),
        }),
        done: checks.iter().filter(|check| check.done).count(),
        checks,
        second_passkey: decline_second_passkey::is_suggested(user, &seen.factors),
        present: checklist::present(&vestibule, &current, &seen),
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
