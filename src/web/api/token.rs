//! `POST /api/token`: a fresh pair for a refresh token.

use actix_web::HttpResponse;
use actix_web::web::Data;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::flows::issue_token::AccessToken;
use crate::flows::refresh::{self, RefreshError};
use crate::tokens::RefreshToken;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, Json};

/// What a program sends. A cookie is no substitute: what a browser sends by itself renews nothing here.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct TokenRequest {
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

/// A pair of tokens, in RFC 6749's words (§5.1) beside the `token` that simple clients look for.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct TokenResponse {
    /// The access token, a JWT: send it as `Authorization: Bearer`.
    token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
    /// Good once, for the next pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl TokenResponse {
    pub(super) fn of(token: AccessToken, refresh: Option<&RefreshToken>, now: Timestamp) -> Self {
        Self {
            expires_in: token.claims.exp.since(now).as_secs(),
            token: token.text,
            token_type: "Bearer",
            refresh_token: refresh.map(|token| token.expose().to_owned()),
        }
    }
}

/// 200 with the next pair; within ten seconds of the first answer, the very same again. Else 401, which tells nobody
/// why: where RFC 6749 §5.2 has 400, everything under `/api/` that asks to sign in again says so by one status, and the
/// challenge and the problem's type have that section's word, `invalid_grant`.
pub(in crate::web) async fn submit(
    context: Context,
    vestibule: Data<Vestibule>,
    Json(body): Json<TokenRequest>,
) -> Result<HttpResponse, Error> {
    let (token, now) = (body.refresh_token.expose_secret(), context.now);
    let renewed = refresh::exchange(&vestibule, token, &context.caller(), now).await?;
    Ok(HttpResponse::Ok().json(TokenResponse::of(renewed.token, Some(&renewed.refresh), now)))
}

impl From<RefreshError> for Error {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused => Self::RefreshRefused,
            RefreshError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            RefreshError::Signing(error) => error.into(),
            RefreshError::Database(error) => error.into(),
        }
    }
}
