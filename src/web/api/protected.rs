//! `GET /protected`: the smallest thing that a token opens.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::UserId;
use crate::web::error::Error;
use crate::web::extract::{Program, ReadAccount};

/// Whose token it is.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ProtectedResponse<'a> {
    message: &'static str,
    /// Their id: the `sub` of the token.
    #[schema(value_type = String)]
    user: &'a UserId,
    username: &'a str,
}

/// 200 with a good token or API key, 401 without any, 403 with a bad, expired or revoked one: what clients of such APIs expect.
pub(in crate::web) async fn show(caller: Result<Program<ReadAccount>, Error>) -> Result<HttpResponse, Error> {
    let caller = caller.map_err(|error| match error {
        Error::TokenRefused => Error::Forbidden("This token is invalid, has expired or was revoked.".into()),
        other => other,
    })?;
    Ok(HttpResponse::Ok().json(ProtectedResponse {
        message: "Access granted",
        user: &caller.user().id,
        username: &caller.user().username,
    }))
}
