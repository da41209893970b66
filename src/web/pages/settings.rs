//! `/account/settings`: what one may choose for oneself, and the ways to all else about one's account.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::clock::Zone;
use crate::flows::change_settings::{self, ChangeSettingsError};
use crate::vestibule::Vestibule;
use crate::web::cookies;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, CurrentUser, Fields, instance};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer, see_other};
use crate::web::theme::Theme;

const PAGE: &str = "/account/settings";

/// The parts of the world, as IANA has them; a name in none of them is an old one or that of no place.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    username: String,
    display_name: String,
    zone: String,
    zones: Vec<Area>,
    now: Moment,
    /// Whether an address can be proven here.
    can_mail: bool,
    /// Whether there are recovery codes.
    has_second_factor: bool,
    errors: Vec<FieldError>,
}

/// The zones of one part of the world.
struct Area {
    name: &'static str,
    zones: Vec<String>,
}

/// What the form of the name sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NameForm {
    display_name: String,
}

/// What the form of the time zone sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct TimeZoneForm {
    time_zone: String,
}

/// What the form of the theme sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ThemeForm {
    theme: String,
}

impl Fields for NameForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        vec![("display_name", &self.display_name)]
    }
}

impl Fields for TimeZoneForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        vec![("time_zone", &self.time_zone)]
    }
}

impl Fields for ThemeForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;
}

/// `GET /account`: the settings are its first page.
pub(in crate::web) async fn home(_: CurrentUser) -> HttpResponse {
    see_other(PAGE).finish()
}

/// `GET /account/settings`: the forms, with what somebody typed before they had to sign in again.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
) -> Result<HttpResponse, Error> {
    let mut typed = FlowState::of(&request).take_kept(PAGE, &current.user.id, context.now);
    let (name, zone) = (typed.remove("display_name"), typed.remove("time_zone"));
    page(&request, &context, &current, Typed { name, zone, errors: Vec::new() })
}

/// `POST /account/settings/name`: what to be called.
pub(in crate::web) async fn name(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<NameForm>,
) -> Result<HttpResponse, Error> {
    let AccountForm { current, fields: NameForm { display_name } } = form;
    let (caller, now) = (context.caller(), context.now);
    let done = change_settings::display_name(&vestibule, &current.session, &display_name, &caller, now).await;
    match refused("display_name", done)? {
        None => saved(&request, "Your name is saved."),
        Some(errors) => {
            page(&request, &context, &current, Typed { name: Some(display_name), zone: None, errors })
        }
    }
}

/// `POST /account/settings/time-zone`: whose clocks pages go by.
pub(in crate::web) async fn time_zone(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<TimeZoneForm>,
) -> Result<HttpResponse, Error> {
    let AccountForm { current, fields: TimeZoneForm { time_zone } } = form;
    let (caller, now) = (context.caller(), context.now);
    let done = change_settings::time_zone(&vestibule, &current.session, &time_zone, &caller, now).await;
    match refused("time_zone", done)? {
        None => saved(&request, "Your time zone is saved."),
        Some(errors) => page(&request, &context, &current, Typed { name: None, zone: None, errors }),
    }
}

/// `POST /account/settings/theme`: light, dark, or as the system has it; in this browser.
pub(in crate::web) async fn theme(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<ThemeForm>,
) -> Result<HttpResponse, Error> {
    let chosen = form.fields.theme;
    let theme = Theme::named(&chosen);
    if theme.is_none() && chosen != "system" {
        let message = "Choose one of the three.".to_owned();
        let errors = vec![FieldError { field: "theme", message }];
        return page(&request, &context, &form.current, Typed { errors, ..Typed::default() });
    }
    let mut response = saved(&request, "Your theme is saved in this browser.")?;
    response
        .add_cookie(&cookies::theme(&vestibule.config, theme.map(Theme::name)))
        .map_err(|error| Error::Internal { cause: error.to_string() })?;
    Ok(response)
}

fn saved(request: &HttpRequest, words: &str) -> Result<HttpResponse, Error> {
    FlowState::of(request).say(words);
    Ok(see_other(PAGE).finish())
}

/// What is wrong with a field, if anything is.
fn refused(
    field: &'static str,
    done: Result<(), ChangeSettingsError>,
) -> Result<Option<Vec<FieldError>>, Error> {
    match done {
        Ok(()) => Ok(None),
        Err(ChangeSettingsError::Database(error)) => Err(error.into()),
        Err(error) => Ok(Some(vec![FieldError { field, message: error.to_string() }])),
    }
}

/// What somebody typed and is shown again, and what is wrong with it.
#[derive(Default)]
struct Typed {
    name: Option<String>,
    zone: Option<String>,
    errors: Vec<FieldError>,
}

fn page(
    request: &HttpRequest,
    context: &Context,
    current: &CurrentUser,
    typed: Typed,
) -> Result<HttpResponse, Error> {
    let (user, mut shell) = (&current.user, Shell::signed_in(request, current));
    shell.section = "settings";
    let status = if typed.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let flash = if typed.errors.is_empty() { FlowState::of(request).take_flash() } else { None };
    let zone = typed.zone.or_else(|| user.time_zone.clone()).unwrap_or_default();
    let page = SettingsPage {
        shell: shell.saying(flash),
        username: user.username.clone(),
        display_name: typed.name.or_else(|| user.display_name.clone()).unwrap_or_default(),
        zones: areas(&zone),
        zone,
        now: Moments::of(user, context.now).show(context.now),
        can_mail: instance(request)?.can_reset_by_mail(),
        has_second_factor: user.second_factor_since.is_some(),
        errors: typed.errors,
    };
    answer(status, &page)
}

/// The zones of every part of the world; `chosen` among them, wherever it is from.
fn areas(chosen: &str) -> Vec<Area> {
    let names = Zone::names();
    let within = |area: &'static str| Area {
        name: area,
        zones: names.iter().filter(|name| name.split('/').next() == Some(area)).cloned().collect(),
    };
    let mut areas: Vec<Area> = AREAS.into_iter().map(within).collect();
    let is_elsewhere =
        !chosen.is_empty() && !areas.iter().any(|area| area.zones.iter().any(|zone| zone == chosen));
    if is_elsewhere && names.iter().any(|name| name == chosen) {
        areas.push(Area { name: "Elsewhere", zones: vec![chosen.to_owned()] });
    }
    areas
}
