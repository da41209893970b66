//! `/register`: a new account.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::signed_in;
use crate::config::{EmailField, RegistrationMode};
use crate::flows::change_email;
use crate::flows::register::{self, NewAccount, RegisterError};
use crate::models::Role;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, EarlierSessions, Form, Visitor};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Shell, answer};

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    shell: Shell,
    username: String,
    email: String,
    email_field: &'static str,
    min_length: usize,
    errors: Vec<FieldError>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RegisterForm {
    pub(super) username: String,
    #[serde(default)]
    pub(super) email: String,
    pub(super) password: SecretString,
}

impl RegisterForm {
    pub(super) fn account(&self, role: Role) -> NewAccount {
        let (username, email) = (self.username.clone(), self.email.clone());
        NewAccount { username, email, password: self.password.clone(), role }
    }
}

/// `GET /register`: the form.
pub(in crate::web) async fn show(
    request: HttpRequest,
    _visitor: Visitor,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    if vestibule.config.registration.mode == RegistrationMode::Closed {
        return Err(RegisterError::Closed.into());
    }
    page(&request, &vestibule, StatusCode::OK, None, Vec::new())
}

/// `POST /register`: makes the account and signs its owner in.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
    Form(form): Form<RegisterForm>,
) -> Result<HttpResponse, Error> {
    let replaces = earlier.of_browser();
    let account = form.account(Role::User);
    let done = register::and_sign_in(&vestibule, account, replaces, &context.caller(), context.now).await;
    match done {
        Ok(done) => {
            let flow = FlowState::of(&request);
            // For every address the same: whether it is somebody's, the mail tells whoever reads it.
            match change_email::find_pending(&vestibule, &done.user.id).await? {
                None => flow.say("Welcome. Your account is ready."),
                Some(proof) => flow.say(&format!(
                    "Welcome. Your account is ready. We sent a message to {}: confirm your address with it.",
                    proof.email
                )),
            }
            let next = flow.take_return_to();
            signed_in(&vestibule, &done, next.as_deref().unwrap_or("/dashboard"))
        }
        Err(error) => {
            let errors = field_errors(error)?;
            page(&request, &vestibule, StatusCode::UNPROCESSABLE_ENTITY, Some(form), errors)
        }
    }
}

/// What the person can mend on the form, field by field; anything else is an error of its own.
pub(super) fn field_errors(error: RegisterError) -> Result<Vec<FieldError>, Error> {
    match error {
        RegisterError::Invalid(faults) => Ok(faults.into_iter().map(FieldError::from).collect()),
        RegisterError::UsernameTaken => {
            Ok(vec![FieldError { field: "username", message: error.to_string() }])
        }
        other => Err(other.into()),
    }
}

fn page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    typed: Option<RegisterForm>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let config = &vestibule.config;
    let (username, email) = typed.map(|form| (form.username, form.email)).unwrap_or_default();
    let page = RegisterPage {
        shell: Shell::of(request).saying(FlowState::of(request).take_flash()),
        username,
        email,
        email_field: match config.registration.email {
            EmailField::Optional => "optional",
            EmailField::Required => "required",
            EmailField::Hidden => "hidden",
        },
        min_length: config.passwords.min_length,
        errors,
    };
    answer(status, &page)
}
