//! `/account/password/set`: a password, for whoever has none.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::signed_in;
use crate::flows::set_password::{self, SetPasswordError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, CurrentUser, Fields};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Shell, answer, see_other};

const PAGE: &str = "/account/password";

#[derive(Template)]
#[template(path = "set_password.html")]
struct SetPasswordPage {
    shell: Shell,
    username: String,
    min_length: usize,
    errors: Vec<FieldError>,
}

/// What the form sends. The name is there for the password manager; who it is, the session says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct SetPasswordForm {
    #[serde(default, rename = "username")]
    _username: String,
    password: SecretString,
}

impl Fields for SetPasswordForm {
    const PAGE: &'static str = PAGE;
    // There is no password to be asked for in the form.
    const NEEDS_PROOF: bool = true;
}

/// `POST /account/password/set`: sets it.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields: form }: AccountForm<SetPasswordForm>,
) -> Result<HttpResponse, Error> {
    let (user, session, caller) = (&current.user, &current.session, context.caller());
    match set_password::set(&vestibule, user, session, form.password, &caller, context.now).await {
        Ok(done) => {
            FlowState::of(&request)
                .say("You have a password now. It alone signs nobody in: that takes two steps.");
            signed_in(&vestibule, &done, PAGE)
        }
        Err(SetPasswordError::New(error)) => {
            let errors = vec![FieldError { field: "password", message: error.to_string() }];
            page(&request, &vestibule, StatusCode::UNPROCESSABLE_ENTITY, &current, errors)
        }
        Err(error @ SetPasswordError::There) => {
            FlowState::of(&request).warn(&error.to_string());
            Ok(see_other(PAGE).finish())
        }
        Err(SetPasswordError::SessionEnded) => Err(Error::TokenRefused),
        Err(SetPasswordError::Hashing(error)) => Err(error.into()),
        Err(SetPasswordError::Database(error)) => Err(error.into()),
    }
}

/// The form.
pub(super) fn page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    current: &CurrentUser,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let mut shell = Shell::signed_in(request, current).saying(FlowState::of(request).take_flash());
    shell.section = "settings";
    let (username, min_length) = (current.user.username.clone(), vestibule.config.passwords.min_length);
    answer(status, &SetPasswordPage { shell, username, min_length, errors })
}
