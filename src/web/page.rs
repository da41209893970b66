//! What every page has in common, and the structs behind the templates that several pages use.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::assets;
use super::error::Error;
use super::extract::{self, Context};
use super::flow_state::Flash;
use super::theme::Theme;
use crate::clock::{Timestamp, Zone};
use crate::flows::authenticate::Authenticated;
use crate::flows::last_way_in;
use crate::models::{Role, User};

/// The frame around a page's own words.
#[derive(Clone, Debug, Default)]
pub(super) struct Shell {
    /// The name of this instance.
    pub(super) brand: String,
    /// What the page's scripts bear, so that no other may run.
    pub(super) nonce: String,
    /// Who is signed in, if the page knows.
    pub(super) user: Option<ShellUser>,
    /// Light or dark, if the browser is not to follow its system.
    pub(super) theme: Option<Theme>,
    /// What has just happened.
    pub(super) flash: Option<Flash>,
    /// Ours, for administrators: nobody else need know what to attack.
    pub(super) version: Option<&'static str>,
    /// The entry of the navigation that is open.
    pub(super) section: &'static str,
    /// Whether they have to add a factor before anything else.
    pub(super) must_enrol: bool,
}

/// Who is signed in, as far as the frame shows it.
#[derive(Clone, Debug)]
pub(super) struct ShellUser {
    /// What they are called.
    pub(super) name: String,
}

impl Shell {
    /// The frame for nobody in particular.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let brand = extract::instance(request).map(|vestibule| vestibule.config.server.name.clone());
        let nonce = Context::of(request).map(|context| context.nonce().to_owned());
        let theme = Theme::of(request);
        Self { brand: brand.unwrap_or_default(), nonce: nonce.unwrap_or_default(), theme, ..Self::default() }
    }

    /// The frame for somebody signed in.
    pub(super) fn signed_in(request: &HttpRequest, current: &Authenticated) -> Self {
        let user = ShellUser { name: current.user.called().to_owned() };
        let is_admin = current.user.role == Role::Admin;
        let version = is_admin.then_some(env!("CARGO_PKG_VERSION"));
        let must_enrol = extract::instance(request)
            .is_ok_and(|vestibule| last_way_in::must_enrol(&vestibule, &current.user));
        Self { user: Some(user), version, must_enrol, ..Self::of(request) }
    }

    /// The frame, with what has just happened.
    pub(super) fn saying(self, flash: Option<Flash>) -> Self {
        Self { flash, ..self }
    }

    /// The theme, as stylesheets call it; empty, if the system is to say.
    pub(super) fn theme(&self) -> &'static str {
        self.theme.map(Theme::name).unwrap_or_default()
    }

    /// The address of a file in `static/`.
    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}

/// A moment in all the forms that pages show it in.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) iso: String,
    pub(super) exact: String,
    pub(super) relative: String,
    pub(super) clock: String,
    pub(super) unix: i64,
}

/// How a page shows moments: as seen from now, on the clocks of whoever reads it.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    now: Timestamp,
    zone: Zone,
}

impl Moments {
    /// For nobody in particular: on the clocks of UTC.
    pub(super) fn at(now: Timestamp) -> Self {
        Self { now, zone: Zone::default() }
    }

    /// For `user`.
    pub(super) fn of(user: &User, now: Timestamp) -> Self {
        let zone = user.time_zone.as_deref().and_then(Zone::named).unwrap_or_default();
        Self { now, zone }
    }

    pub(super) fn show(&self, at: Timestamp) -> Moment {
        Moment {
            iso: at.to_string(),
            exact: at.strftime("%-d %b %Y, %H:%M %Z", &self.zone),
            relative: relative(at, self.now),
            clock: at.strftime("%H:%M %Z", &self.zone),
            unix: at.seconds(),
        }
    }
}

fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.seconds().abs_diff(now.seconds());
    let (count, unit) = match seconds {
        0..=44 => return if at > now { "in a moment".to_owned() } else { "just now".to_owned() },
        45..=5399 => (seconds.div_ceil(60).max(1), "minute"),
        5400..=129_599 => ((seconds + 1800) / 3600, "hour"),
        _ => ((seconds + 43_200) / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if at > now { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

/// A length of time that an operator set, exactly: `30 days`, `12 hours`, `90 minutes`.
pub(super) fn words_for(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let whole = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "second"));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// What is wrong with one field of a form; with no field, of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    pub(super) field: &'static str,
    pub(super) message: String,
}

impl From<crate::flows::register::Fault> for FieldError {
    fn from(fault: crate::flows::register::Fault) -> Self {
        Self { field: fault.field, message: fault.message }
    }
}

/// An error, as a page.
#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    pub(super) shell: Shell,
    pub(super) status: u16,
    pub(super) title: String,
    pub(super) message: String,
    pub(super) what_to_do: String,
    pub(super) way_back: Option<(String, String)>,
    pub(super) request_id: String,
}

/// A page as an answer.
pub(super) fn answer(status: StatusCode, page: &impl Template) -> Result<HttpResponse, Error> {
    let html = page.render().map_err(|error| Error::Internal { cause: error.to_string() })?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}

/// The answer to whoever has to wait, with when to come back (RFC 9110 §10.2.3).
pub(super) fn with_retry_after(mut answer: HttpResponse, wait: Duration) -> HttpResponse {
    answer.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
    answer
}

/// After a deed: on to another page (303, so that reloading it does nothing twice).
pub(super) fn see_other(location: &str) -> actix_web::HttpResponseBuilder {
    let mut head = HttpResponse::SeeOther();
    head.insert_header((header::LOCATION, location));
    head
}
