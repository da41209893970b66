//! `POST /login` with JSON.

use actix_web::HttpResponse;
use actix_web::web::Data;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge;
use super::token::TokenResponse;
use crate::flows::issue_token;
use crate::flows::login::{self, Attempt, Outcome, Stay};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, Json};

/// What a program sends: a username or an e-mail address under either name, and whether it means to stay for long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct LoginRequest {
    /// A username or an e-mail address. `email` and `login` are other names for this member.
    #[serde(alias = "email", alias = "login")]
    username: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Ask for a session that lasts for weeks rather than hours.
    #[serde(default)]
    stay_signed_in: bool,
}

/// Signs in; 200 with a `token` and a `refresh_token`, or 401 with an `error`: `mfa_required`, with a challenge, where a
/// second step is needed first.
pub(in crate::web) async fn submit(
    context: Context,
    vestibule: Data<Vestibule>,
    Json(body): Json<LoginRequest>,
) -> Result<HttpResponse, Error> {
    let stay = if body.stay_signed_in { Stay::Remembered } else { Stay::Renewable };
    let attempt =
        Attempt { login: body.username, password: body.password, replaces: None, stay, trust: None };
    let done = match login::with_password(&vestibule, attempt, &context.caller(), context.now).await? {
        Outcome::SignedIn(done) => done,
        Outcome::SecondFactor(asked) => return Ok(challenge::ask(&asked, &context)),
    };
    let token = issue_token::for_session(&vestibule, &done.user, &done.session, context.now)?;
    Ok(HttpResponse::Ok().json(TokenResponse::of(token, done.refresh.as_ref(), context.now)))
}
