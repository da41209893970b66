//! `POST /login` with JSON.

use actix_web::HttpResponse;
use actix_web::web::Data;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::flows::issue_token;
use crate::flows::login::{self, Attempt};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, Json};

/// What a program sends: a username or an e-mail address under either name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct LoginRequest {
    #[serde(alias = "email", alias = "login")]
    username: String,
    password: SecretString,
}

/// The token, in RFC 6749's words beside the one that simple clients look for.
#[derive(Serialize)]
struct LoginResponse {
    token: String,
    token_type: &'static str,
    expires_in: u64,
}

/// Signs in; 200 with a `token`, or 401 with an `error`.
pub(in crate::web) async fn submit(
    context: Context,
    vestibule: Data<Vestibule>,
    Json(body): Json<LoginRequest>,
) -> Result<HttpResponse, Error> {
    let attempt = Attempt { login: body.username, password: body.password, replaces: None };
    let done = login::with_password(&vestibule, attempt, &context.caller(), context.now).await?;
    let token = issue_token::for_session(&vestibule, &done.user, &done.session, context.now)?;
    Ok(HttpResponse::Ok().json(LoginResponse {
        expires_in: token.expires_at.since(context.now).as_secs(),
        token: token.text,
        token_type: "Bearer",
    }))
}
