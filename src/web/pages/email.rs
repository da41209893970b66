//! `/account/email`: the address of one's account, whether it is proven, and another one instead.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::{mailbox, signed_in};
use crate::flows::change_email::{self, ChangeEmailError};
use crate::flows::verify_email::{self, Verified, VerifyEmailError};
use crate::models::EmailProof;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, CurrentUser, Fields};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer, see_other};

/// Where the page is.
const PAGE: &str = "/account/email";

#[derive(Template)]
#[template(path = "email.html")]
struct EmailPage {
    shell: Shell,
    present: Option<Present>,
    pending: Option<Pending>,
    email: String,
    minutes: u64,
    has_mailbox: bool,
    errors: Vec<FieldError>,
}

/// The address that the account has.
struct Present {
    address: String,
    verified: bool,
}

/// The one that waits to be proven.
struct Pending {
    address: String,
    asked: Moment,
    is_change: bool,
    is_spent: bool,
}

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

/// The code from the mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CodeForm {
    code: String,
}

impl Fields for CodeForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// A button alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ButtonForm {}

impl Fields for ButtonForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// `GET /account/email`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let mut kept = FlowState::of(&request).take_kept(PAGE, &current.user.id, context.now);
    let typed = kept.remove("email").unwrap_or_default();
    page(&request, &context, &vestibule, &current, StatusCode::OK, typed, Vec::new()).await
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
            flow.say("Your e-mail address is changed. You are signed out everywhere else.");
            signed_in(vestibule, &done, PAGE)
        }
    }
}

/// Where no mail arrives, there is no such page.
pub(super) fn check_open(vestibule: &Vestibule) -> Result<(), Error> {
    if vestibule.can_reset_by_mail() { Ok(()) } else { Err(Error::NotFound) }
}

async fn page(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
    current: &CurrentUser,
    status: StatusCode,
    email: String,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let user = &current.user;
    let moments = Moments::of(user, context.now);
    let verified = user.email_verified_at.is_some();
    let pending = change_email::find_pending(vestibule, &user.id).await?;
    // It may have been proven in another way meanwhile: by a link for a new password.
    let is_open = |proof: &EmailProof| !(verified && user.email_folded.as_ref() == Some(&proof.email_folded));
    let page = EmailPage {
        shell: Shell::signed_in(request, current).saying(FlowState::of(request).take_flash()),
        present: user.email.clone().map(|address| Present { address, verified }),
        pending: pending.filter(is_open).map(|proof| Pending {
            asked: moments.show(proof.created_at),
            is_change: user.email_folded.as_ref() != Some(&proof.email_folded),
            is_spent: verify_email::is_spent(&proof),
            address: proof.email,
        }),
        email,
        minutes: verify_email::LIFETIME.as_secs() / 60,
        has_mailbox: mailbox::is_open(request, context, vestibule),
        errors,
    };
    answer(status, &page)
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
