//! `POST /api/login/second-factor`: the second step of a sign-in with JSON.

use actix_web::HttpResponse;
use actix_web::web::Data;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use super::token::TokenResponse;
use crate::flows::check_code::Code;
use crate::flows::issue_token;
use crate::flows::second_factor;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, Json};

/// What a program sends: the challenge that `POST /login` answered with, and one code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct SecondFactorRequest {
    /// As `POST /login` gave it.
    #[schema(value_type = String)]
    challenge: SecretString,
    /// The six digits that an authenticator app shows.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    code: Option<SecretString>,
    /// One of the codes on paper, instead of `code`.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    recovery_code: Option<SecretString>,
}

/// Signs in; 200 with what a sign-in of one step answers, or 401: with another code if `error` is `invalid_code`, from
/// the start if it is `invalid_challenge`.
pub(in crate::web) async fn submit(
    context: Context,
    vestibule: Data<Vestibule>,
    Json(body): Json<SecondFactorRequest>,
) -> Result<HttpResponse, Error> {
    let code = match (body.code, body.recovery_code) {
        (Some(code), None) => Code::Totp(code),
        (None, Some(code)) => Code::Recovery(code),
        _ => return Err(Error::BadRequest("Send either a `code` or a `recovery_code`.".into())),
    };
    let (token, caller, now) = (body.challenge.expose_secret(), context.caller(), context.now);
    let done = second_factor::with_code(&vestibule, token, code, None, &caller, now).await?;
    let token = issue_token::for_session(&vestibule, &done.user, &done.session, now)?;
    Ok(HttpResponse::Ok().json(TokenResponse::of(token, done.refresh.as_ref(), now)))
}
