//! `/account/totp`, the code: whoever types one has the key in their app, and two-step sign-in is on.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::signed_in;
use super::totp::{PAGE, page};
use crate::flows::enrol_totp::{self, EnrolTotpError, Enrolled};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, see_other, with_retry_after};

/// The code that proves that the app has the key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CodeForm {
    code: String,
}

impl Fields for CodeForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;
}

/// `POST /account/totp`: turns it on.
pub(in crate::web) async fn confirm(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields }: AccountForm<CodeForm>,
) -> Result<HttpResponse, Error> {
    let (user, session, caller) = (&current.user, &current.session, context.caller());
    let again = |status, message: String| {
        let errors = vec![FieldError { field: "code", message }];
        page(&request, &context, &current, &vestibule, status, errors)
    };
    match enrol_totp::confirm(&vestibule, user, session, &fields.code, &caller, context.now).await {
        Ok(done) => is_on(&request, &vestibule, done),
        Err(error @ EnrolTotpError::WrongCode) => {
            again(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).await
        }
        Err(EnrolTotpError::Throttled { retry_after }) => {
            let words = Error::TooManyRequests { retry_after }.to_string();
            let answer = again(StatusCode::TOO_MANY_REQUESTS, words).await?;
            Ok(with_retry_after(answer, retry_after))
        }
        Err(error @ (EnrolTotpError::NotBegun | EnrolTotpError::AlreadyOn)) => {
            FlowState::of(&request).warn(&error.to_string());
            Ok(see_other(PAGE).finish())
        }
        Err(error) => Err(error.into()),
    }
}

/// On to the codes for the day without a phone, if they are new.
fn is_on(request: &HttpRequest, vestibule: &Vestibule, done: Enrolled) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(request);
    if done.codes.is_empty() {
        flow.say("Two-step sign-in with your app is on. Your recovery codes are those that you have.");
        return signed_in(vestibule, &done.signed_in, PAGE);
    }
    flow.say("Two-step sign-in is on. Keep these codes: each lets you in once without your phone.");
    flow.set_codes(&done.signed_in.user.id, done.codes.iter().map(|code| code.expose()).collect());
    signed_in(vestibule, &done.signed_in, "/account/recovery-codes")
}
