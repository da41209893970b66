//! `/account/email/code`: the code from the mail proves the address.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::email::{PAGE, check_open, page};
use super::signed_in;
use crate::flows::verify_email::{self, Verified, VerifyEmailError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, see_other};

/// The code from the mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CodeForm {
    code: String,
}

impl Fields for CodeForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;
}

/// `POST /account/email/code`: proves the address by the code.
pub(in crate::web) async fn confirm(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields }: AccountForm<CodeForm>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let (who, caller) = ((&current.user, &current.session), context.caller());
    match verify_email::by_code(&vestibule, who, &fields.code, &caller, context.now).await {
        Ok(verified) => done(&request, &vestibule, verified),
        Err(error @ (VerifyEmailError::WrongCode | VerifyEmailError::Void | VerifyEmailError::Taken)) => {
            let field = if matches!(error, VerifyEmailError::WrongCode) { "code" } else { "" };
            let errors = vec![FieldError { field, message: error.to_string() }];
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&request, &context, &vestibule, &current, status, String::new(), errors).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Back on the page, with a good word, and a new session if it has one.
pub(super) fn done(
    request: &HttpRequest,
    vestibule: &Vestibule,
    verified: Verified,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(request);
    match verified {
        Verified::Kept => {
            flow.say("Your e-mail address is confirmed.");
            Ok(see_other(PAGE).finish())
        }
        Verified::Changed(done) => {
            flow.say("This is your e-mail address now. You are signed out everywhere else.");
            signed_in(vestibule, &done, PAGE)
        }
    }
}

impl From<VerifyEmailError> for Error {
    fn from(error: VerifyEmailError) -> Self {
        let way_on = match error {
            VerifyEmailError::SessionEnded => return Self::TokenRefused,
            VerifyEmailError::Database(error) => return error.into(),
            VerifyEmailError::AnotherAccount => ("/logout", "Sign out"),
            _ => ("/account/email", "To your address"),
        };
        Self::Gone { words: error.to_string(), way_on }
    }
}
