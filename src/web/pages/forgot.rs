//! `/forgot`: a link to a new password, by mail. Every address gets the same answer.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::mailbox;
use crate::flows::forgot_password::{self, ForgotPasswordError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Shell, answer, see_other};

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage {
    shell: Shell,
    email: String,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "forgot_sent.html")]
struct SentPage {
    shell: Shell,
    email: String,
    minutes: u64,
    has_mailbox: bool,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ForgotForm {
    email: String,
}

/// `GET /forgot`: the form.
pub(in crate::web) async fn show(
    request: HttpRequest,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let email = FlowState::of(&request).address().unwrap_or_default();
    page(&request, StatusCode::OK, email, Vec::new())
}

/// `POST /forgot`: takes the question down.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    Form(form): Form<ForgotForm>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let email = form.email.trim();
    match forgot_password::ask(&vestibule, email, &context.caller(), context.now).await {
        Ok(()) => {
            FlowState::of(&request).set_address(email);
            Ok(see_other("/forgot/sent").finish())
        }
        Err(ForgotPasswordError::Email(error)) => {
            let errors = vec![FieldError { field: "email", message: error.to_string() }];
            page(&request, StatusCode::UNPROCESSABLE_ENTITY, form.email, errors)
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /forgot/sent`: what happens now.
pub(in crate::web) async fn sent(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let Some(email) = FlowState::of(&request).address() else {
        return Ok(see_other("/forgot").finish());
    };
    let minutes = vestibule.config.mail.link_lifetime.as_secs() / 60;
    let has_mailbox = mailbox::is_open(&request, &context, &vestibule);
    answer(StatusCode::OK, &SentPage { shell: Shell::of(&request), email, minutes, has_mailbox })
}

/// Where no mail arrives, there is no such page.
fn check_open(vestibule: &Vestibule) -> Result<(), Error> {
    if vestibule.can_reset_by_mail() { Ok(()) } else { Err(Error::NotFound) }
}

fn page(
    request: &HttpRequest,
    status: StatusCode,
    email: String,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    answer(status, &ForgotPage { shell: Shell::of(request), email, errors })
}
