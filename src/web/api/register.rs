//! `POST /register` with JSON.

use actix_web::HttpResponse;
use actix_web::web::Data;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flows::register::{self, NewAccount};
use crate::id::UserId;
use crate::models::Role;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, Json};

/// What a program sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RegisterRequest {
    /// 3 to 32 letters, digits, `-`, `_` and `.`; nobody else's, and none that looks like it.
    username: String,
    /// To be proven by a mail. Whether one is needed, this instance decides.
    email: Option<String>,
    /// Long enough, and not on the list of common ones.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// The new account.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct RegisterResponse {
    message: &'static str,
    /// The `sub` of its tokens.
    #[schema(value_type = String)]
    id: UserId,
    username: String,
}

/// Makes an account; 200 with a `message`. Nobody is signed in by it.
pub(in crate::web) async fn submit(
    context: Context,
    vestibule: Data<Vestibule>,
    Json(body): Json<RegisterRequest>,
) -> Result<HttpResponse, Error> {
    let RegisterRequest { username, email, password } = body;
    let email = email.unwrap_or_default();
    let account = NewAccount { username, email, password, role: Role::User };
    let caller = context.caller();
    let user = register::with_password(&vestibule, account, &caller, context.now).await?;
    let message = "User registered successfully";
    Ok(HttpResponse::Ok().json(RegisterResponse { message, id: user.id, username: user.username }))
}
