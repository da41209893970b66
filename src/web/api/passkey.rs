//! `POST /api/login/passkey`: sign in with a passkey, for programs that can ask a device for one.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::ToSchema;

use super::token::TokenResponse;
use crate::flows::check_passkey::Brought;
use crate::flows::issue_token;
use crate::flows::login_with_passkey;
use crate::flows::stay::Stay;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, Json};

/// The answer to what `POST /login/passkey/options` asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct PasskeyRequest {
    /// As `POST /login/passkey/options` gave it.
    ceremony: String,
    /// The credential as JSON, in a string: what `JSON.stringify(credential)` gives.
    credential: String,
    /// Ask for a session that lasts for weeks rather than hours.
    #[serde(default)]
    stay_signed_in: bool,
}

/// Signs in; 200 with a `token` and a `refresh_token`, or 401 with an `error`.
pub(in crate::web) async fn submit(
    context: Context,
    vestibule: Data<Vestibule>,
    Json(body): Json<PasskeyRequest>,
) -> Result<HttpResponse, Error> {
    let brought = Brought { ceremony: body.ceremony, credential: body.credential };
    let stay = if body.stay_signed_in { Stay::Remembered } else { Stay::Renewable };
    let (caller, now) = (context.caller(), context.now);
    let done = login_with_passkey::finish(&vestibule, &brought, (None, stay), &caller, now).await?;
    let token = issue_token::for_session(&vestibule, &done.user, &done.session, now)?;
    Ok(HttpResponse::Ok().json(TokenResponse::of(token, done.refresh.as_ref(), now)))
}
