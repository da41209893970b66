//! `/reauth/passkey`: is it still you? Shown by a passkey.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{reauth, signed_in};
use crate::flows::check_passkey::{Brought, CheckPasskeyError};
use crate::flows::reauthenticate_with_passkey;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser, Form, Json};
use crate::web::flow_state::FlowState;
use crate::web::page::with_retry_after;

/// Nothing: the session says who asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Nothing {}

/// What the page's script brings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ProofForm {
    ceremony: String,
    credential: String,
}

/// `POST /reauth/passkey/options`: what to ask of the device. Nothing is written.
pub(in crate::web) async fn options(
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<HttpResponse, Error> {
    match reauthenticate_with_passkey::begin(&vestibule, &current.session, context.now).await {
        Ok(asked) => Ok(HttpResponse::Ok().json(asked)),
        Err(CheckPasskeyError::Unknown { .. }) => {
            Err(Error::Conflict("You have no passkey that works here.".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /reauth/passkey`: takes the passkey as a fresh proof and goes on to where the person was going.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
    Form(form): Form<ProofForm>,
) -> Result<HttpResponse, Error> {
    let brought = Brought { ceremony: form.ceremony, credential: form.credential };
    let (session, caller) = (&current.session, context.caller());
    let done = reauthenticate_with_passkey::finish(&vestibule, session, &brought, &caller, context.now).await;
    match done {
        Ok(done) => {
            let next = FlowState::of(&request).take_return_to();
            signed_in(&vestibule, &done, next.as_deref().unwrap_or("/dashboard"))
        }
        Err(CheckPasskeyError::Throttled { retry_after }) => {
            let words = Error::TooManyRequests { retry_after }.to_string();
            let status = StatusCode::TOO_MANY_REQUESTS;
            let response = reauth::after_passkey(&request, &vestibule, status, &current, words).await?;
            Ok(with_retry_after(response, retry_after))
        }
        Err(error @ (CheckPasskeyError::Gone | CheckPasskeyError::Database(_))) => Err(error.into()),
        Err(error) => {
            let (status, words) = (StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
            reauth::after_passkey(&request, &vestibule, status, &current, words).await
        }
    }
}
