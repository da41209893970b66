//! What is asked for on `/account/email`: another address, another code, or nothing after all.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::email::{PAGE, check_open, page};
use crate::flows::change_email::{self, ChangeEmailError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, see_other};

/// Another address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct EmailForm {
    email: String,
}

impl Fields for EmailForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        vec![("email", &self.email)]
    }
}

/// A button alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ButtonForm {}

impl Fields for ButtonForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;
}

/// `POST /account/email`: asks for another address.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields }: AccountForm<EmailForm>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let email = fields.email.trim();
    match change_email::ask(&vestibule, &current.user, email, &context.caller(), context.now).await {
        Ok(()) => {
            FlowState::of(&request)
                .say(&format!("We sent a message to {email}. Type the code that is in it."));
            Ok(see_other(PAGE).finish())
        }
        Err(error @ (ChangeEmailError::Email(_) | ChangeEmailError::AlreadyTheirs)) => {
            let errors = vec![FieldError { field: "email", message: error.to_string() }];
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&request, &context, &vestibule, &current, status, fields.email, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/email/resend`: sends another code.
pub(in crate::web) async fn resend(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, .. }: AccountForm<ButtonForm>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    match change_email::ask_again(&vestibule, &current.user, &context.caller(), context.now).await {
        Ok(()) => {
            FlowState::of(&request).say("We sent a new code. Those before it do not work any more.");
            Ok(see_other(PAGE).finish())
        }
        Err(error @ (ChangeEmailError::AlreadyTheirs | ChangeEmailError::NothingToProve)) => {
            let errors = vec![FieldError { field: "", message: error.to_string() }];
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&request, &context, &vestibule, &current, status, String::new(), errors).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/email/cancel`: the address stays as it is.
pub(in crate::web) async fn cancel(
    request: HttpRequest,
    vestibule: Data<Vestibule>,
    AccountForm { current, .. }: AccountForm<ButtonForm>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    change_email::cancel(&vestibule, &current.user.id).await?;
    FlowState::of(&request).say("Cancelled. Code and link do not work any more.");
    Ok(see_other(PAGE).finish())
}

impl From<ChangeEmailError> for Error {
    fn from(error: ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            ChangeEmailError::SessionEnded => Self::TokenRefused,
            ChangeEmailError::Database(error) => error.into(),
            other => Self::BadRequest(other.to_string().into()),
        }
    }
}
