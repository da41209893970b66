//! `/login/passkey`: signing in with a passkey, from the button of `/login` or as the second step.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use super::login;
use super::login_waiting::{self, CHALLENGE, Step, StepView, waiting};
use crate::flows::check_passkey::{Brought, CheckPasskeyError};
use crate::flows::login_with_passkey;
use crate::flows::stay::Stay;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, EarlierSessions, Form, Json};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, see_other};

#[derive(Template)]
#[template(path = "login_passkey.html")]
struct SecondStepPage {
    shell: Shell,
    step: StepView,
    error: Option<String>,
}

/// What the script asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PasskeyQuestion)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Asked {
    /// For the second step, and not to sign in by a passkey alone.
    #[serde(default)]
    second_step: bool,
}

/// What the script brings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct PasskeyForm {
    ceremony: String,
    credential: String,
    /// There if the box is ticked, whatever it says.
    stay_signed_in: Option<String>,
    /// There on the page of the second step.
    second_step: Option<String>,
}

/// `POST /login/passkey/options`: what to ask of the device. Nothing is written.
pub(in crate::web) async fn options(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    Json(asked): Json<Asked>,
) -> Result<HttpResponse, Error> {
    let asked = match asked.second_step {
        false => login_with_passkey::begin(&vestibule, context.now)?,
        true => {
            let token = FlowState::of(&request).link_token(CHALLENGE).unwrap_or_default();
            login_with_passkey::begin_second_step(&vestibule, &token, context.now).await?
        }
    };
    Ok(HttpResponse::Ok().json(asked))
}

/// `GET /login/passkey`: the second step, for whoever waits for it.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    match Step::find(&request, &context, &vestibule).await? {
        Ok(step) => second_step(&request, StatusCode::OK, &step, None),
        Err(way) => Ok(way),
    }
}

/// `POST /login/passkey`: signs in and goes on to where the person was going.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
    Form(form): Form<PasskeyForm>,
) -> Result<HttpResponse, Error> {
    let brought = Brought { ceremony: form.ceremony, credential: form.credential };
    let (caller, now) = (context.caller(), context.now);
    let is_remembered = form.stay_signed_in.is_some();
    let stay = if is_remembered { Stay::Remembered } else { Stay::WhileActive };
    let earlier = earlier.of_browser();
    let (done, step) = match form.second_step {
        None => {
            let session = (earlier, stay);
            (login_with_passkey::finish(&vestibule, &brought, session, &caller, now).await, None)
        }
        Some(_) => {
            let step = match Step::find(&request, &context, &vestibule).await? {
                Ok(step) => step,
                Err(way) => return Ok(way),
            };
            let token = &step.token;
            let done =
                login_with_passkey::finish_second_step(&vestibule, token, &brought, earlier, &caller, now);
            (done.await, Some(step))
        }
    };
    let error = match done {
        Ok(done) => return login_waiting::arrive(&request, &vestibule, &done),
        Err(CheckPasskeyError::Database(error)) => return Err(error.into()),
        Err(CheckPasskeyError::Gone) => return Ok(start_over(&request)),
        Err(error) => error,
    };
    let (status, words, wait) = match error {
        CheckPasskeyError::Throttled { retry_after } => {
            let words = Error::TooManyRequests { retry_after }.to_string();
            (StatusCode::TOO_MANY_REQUESTS, words, Some(retry_after))
        }
        _ => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string(), None),
    };
    let unknown = brought.unknown(&error);
    let page = match step {
        Some(step) => second_step(&request, status, &step, Some(words))?,
        None => login::after_passkey(&request, &vestibule, status, is_remembered, (words, unknown))?,
    };
    Ok(waiting(page, wait))
}

fn start_over(request: &HttpRequest) -> HttpResponse {
    let flow = FlowState::of(request);
    flow.forget_link_token(CHALLENGE);
    flow.warn(&CheckPasskeyError::Gone.to_string());
    see_other("/login").finish()
}

fn second_step(
    request: &HttpRequest,
    status: StatusCode,
    step: &Step,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let shell = Shell::of(request).saying(FlowState::of(request).take_flash());
    answer(status, &SecondStepPage { shell, step: StepView::of(step, false), error })
}
