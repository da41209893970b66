//! `/setup`: the first administrator, for whoever has the link that the server printed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::register::{RegisterForm, field_errors};
use super::signed_in;
use crate::flows::last_way_in;
use crate::flows::set_up::{self, SetUpError};
use crate::models::Role;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, EarlierSessions, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Shell, answer, see_other};

/// The name of the link's token in the flow state.
const LINK: &str = "setup";

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    shell: Shell,
    username: String,
    email: String,
    min_length: usize,
    errors: Vec<FieldError>,
}

/// `GET /setup/{token}`: takes the token out of the address at once. Opening the link changes nothing.
pub(in crate::web) async fn open(
    request: HttpRequest,
    token: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    if !set_up::is_live(&vestibule, &token, context.now).await? {
        return Err(gone());
    }
    FlowState::of(&request).set_link_token(LINK, &token);
    Ok(see_other("/setup").finish())
}

/// `GET /setup`: the form.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let token = FlowState::of(&request).link_token(LINK).ok_or_else(gone)?;
    if !set_up::is_live(&vestibule, &token, context.now).await? {
        return Err(gone());
    }
    page(&request, &vestibule, StatusCode::OK, None, Vec::new())
}

/// `POST /setup`: makes the administrator and signs them in.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
    Form(form): Form<RegisterForm>,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(&request);
    let token = flow.link_token(LINK).ok_or_else(gone)?;
    let replaces = earlier.of_browser();
    let caller = context.caller();
    let account = form.account(Role::Admin);
    match set_up::first_admin(&vestibule, &token, account, replaces, &caller, context.now).await {
        Ok(done) => {
            flow.forget_link_token(LINK);
            flow.say(match last_way_in::must_enrol(&vestibule, &done.user) {
                true => {
                    "Welcome. You are the administrator of this instance. One step is left: to protect it."
                }
                false => "Welcome. You are the administrator of this instance.",
            });
            signed_in(&vestibule, &done, "/dashboard")
        }
        Err(SetUpError::InvalidLink) => Err(gone()),
        Err(SetUpError::Register(error)) => {
            let errors = field_errors(error)?;
            page(&request, &vestibule, StatusCode::UNPROCESSABLE_ENTITY, Some(form), errors)
        }
    }
}

fn gone() -> Error {
    Error::Gone { words: SetUpError::InvalidLink.to_string(), way_on: ("/", "To the first page") }
}

fn page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    typed: Option<RegisterForm>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let (username, email) = typed.map(|form| (form.username, form.email)).unwrap_or_default();
    let min_length = vestibule.config.passwords.min_length;
    answer(status, &SetupPage { shell: Shell::of(request), username, email, min_length, errors })
}
