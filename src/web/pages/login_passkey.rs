//! `/login/passkey`: signing in with a passkey, from the button of `/login` or as the second step.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::{login, signed_in};
use crate::flows::check_passkey::{Brought, CheckPasskeyError};
use crate::flows::factors::Offer;
use crate::flows::login_with_passkey;
use crate::flows::second_factor::{self, Waiting};
use crate::flows::stay::Stay;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, EarlierSessions, Form, Json};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, see_other, with_retry_after};

/// The name of the waiting sign-in's token in the flow state.
const CHALLENGE: &str = "challenge";

#[derive(Template)]
#[template(path = "login_passkey.html")]
struct SecondStepPage {
    shell: Shell,
    username: String,
    offer: Offer,
    error: Option<String>,
}

/// What the script asks for.
#[derive(Debug, Deserialize)]
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
    match waiting(&request, &context, &vestibule).await? {
        Some((_, waiting)) => second_step(&request, StatusCode::OK, waiting, None),
        None => Ok(start_over(&request)),
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
    let (done, waiting) = match form.second_step {
        None => {
            let session = (earlier.of_browser(), stay);
            (login_with_passkey::finish(&vestibule, &brought, session, &caller, now).await, None)
        }
        Some(_) => {
            let Some((token, waiting)) = waiting(&request, &context, &vestibule).await? else {
                return Ok(start_over(&request));
            };
            let done = login_with_passkey::finish_second_step(&vestibule, &token, &brought, &caller, now);
            (done.await, Some(waiting))
        }
    };
    let error = match done {
        Ok(done) => {
            let flow = FlowState::of(&request);
            flow.forget_link_token(CHALLENGE);
            if done.user.closed_at.is_some() {
                flow.say("Welcome back. Your account is open again.");
            }
            let next = flow.take_return_to();
            return signed_in(&vestibule, &done, next.as_deref().unwrap_or("/dashboard"));
        }
        Err(CheckPasskeyError::Database(error)) => return Err(error.into()),
        Err(CheckPasskeyError::Gone) => return Ok(start_over(&request)),
        Err(error) => error,
    };
    let (status, wait) = match &error {
        CheckPasskeyError::Throttled { retry_after } => (StatusCode::TOO_MANY_REQUESTS, Some(*retry_after)),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    let words =
        wait.map_or(error.to_string(), |retry_after| Error::TooManyRequests { retry_after }.to_string());
    let unknown = brought.unknown(&error);
    let page = match waiting {
        Some(waiting) => second_step(&request, status, waiting, Some(words))?,
        None => login::after_passkey(&request, &vestibule, status, is_remembered, (words, unknown))?,
    };
    Ok(match wait {
        Some(wait) => with_retry_after(page, wait),
        None => page,
    })
}

async fn waiting(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
) -> Result<Option<(String, Waiting)>, Error> {
    let Some(token) = FlowState::of(request).link_token(CHALLENGE) else { return Ok(None) };
    let found = second_factor::find(vestibule, &token, context.now).await?;
    Ok(found.map(|waiting| (token, waiting)))
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
    waiting: Waiting,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let shell = Shell::of(request).saying(FlowState::of(request).take_flash());
    let Waiting { user, offer, .. } = waiting;
    answer(status, &SecondStepPage { shell, username: user.username, offer, error })
}
