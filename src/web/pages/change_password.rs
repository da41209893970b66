//! `/account/password`: another password, for whoever knows the one they have.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::{set_password, signed_in};
use crate::flows::change_password::{self, Change, ChangePasswordError};
use crate::flows::factors;
use crate::flows::last_way_in::{self, Kept, Loss};
use crate::flows::reauthenticate::ReauthenticateError;
use crate::models::User;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, CurrentUser, Fields, ProvenTwice};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Shell, answer, see_other, with_retry_after};

const PAGE: &str = "/account/password";

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePasswordPage {
    shell: Shell,
    username: String,
    min_length: usize,
    end_others: bool,
    /// Why the password has to stay, if so.
    kept: Option<Kept>,
    errors: Vec<FieldError>,
}

/// What the form sends. The name is there for the password manager; who it is, the session says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ChangePasswordForm {
    #[serde(default, rename = "username")]
    _username: String,
    current_password: SecretString,
    password: SecretString,
    /// A box that is not ticked is not sent.
    #[serde(default)]
    end_others: String,
}

impl Fields for ChangePasswordForm {
    const PAGE: &'static str = PAGE;
    // The form asks for the password itself.
    const NEEDS_PROOF: bool = false;

    // A password alone is half of their proof: without the other half it changes nothing.
    fn needs_proof(user: &User) -> bool {
        user.second_factor_since.is_some()
    }

    fn kept(&self) -> Vec<(&'static str, &str)> {
        vec![("end_others", &self.end_others)]
    }
}

/// `GET /.well-known/change-password`: where password managers send people (W3C).
pub(in crate::web) async fn well_known() -> HttpResponse {
    see_other(PAGE).finish()
}

/// `GET /account/password`: the form; for whoever has no password, the one to set it.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: ProvenTwice,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    if current.user.password_hash.is_none() {
        return set_password::page(&request, &vestibule, StatusCode::OK, &current, Vec::new());
    }
    let kept = FlowState::of(&request).take_kept(PAGE, &current.user.id, context.now);
    let end_others = kept.get("end_others").is_none_or(|value| !value.is_empty());
    page(&request, &vestibule, StatusCode::OK, &current, end_others, Vec::new()).await
}

/// `POST /account/password`: sets the new password. The session goes on under a new id, and the others end.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields: form }: AccountForm<ChangePasswordForm>,
) -> Result<HttpResponse, Error> {
    let end_others = !form.end_others.is_empty();
    let change = Change { current: form.current_password, new: form.password, end_others };
    let (user, session, caller) = (&current.user, &current.session, context.caller());
    let changing = change_password::with_password(&vestibule, user, session, change, &caller, context.now);
    let again = |status, field, message| {
        let errors = vec![FieldError { field, message }];
        page(&request, &vestibule, status, &current, end_others, errors)
    };
    match changing.await {
        Ok(done) => {
            FlowState::of(&request).say(match end_others {
                true => "Your new password is saved. You are signed out everywhere else.",
                false => "Your new password is saved. Your other sessions stay signed in.",
            });
            signed_in(&vestibule, &done, "/dashboard")
        }
        Err(ChangePasswordError::Proof(error @ ReauthenticateError::WrongPassword)) => {
            again(StatusCode::UNPROCESSABLE_ENTITY, "current_password", error.to_string()).await
        }
        Err(error @ (ChangePasswordError::Same | ChangePasswordError::New(_))) => {
            again(StatusCode::UNPROCESSABLE_ENTITY, "password", error.to_string()).await
        }
        Err(error @ ChangePasswordError::Meanwhile) => {
            again(StatusCode::CONFLICT, "", error.to_string()).await
        }
        Err(ChangePasswordError::Proof(ReauthenticateError::Throttled { retry_after })) => {
            let words = Error::TooManyRequests { retry_after }.to_string();
            let response = again(StatusCode::TOO_MANY_REQUESTS, "", words).await?;
            Ok(with_retry_after(response, retry_after))
        }
        Err(ChangePasswordError::Proof(error)) => Err(error.into()),
    }
}

async fn page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    current: &CurrentUser,
    end_others: bool,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let mut shell = Shell::signed_in(request, current).saying(FlowState::of(request).take_flash());
    shell.section = "settings";
    let (username, min_length) = (current.user.username.clone(), vestibule.config.passwords.min_length);
    let factors = factors::of(vestibule, &current.user.id).await?;
    let kept = last_way_in::may_lose_factor(vestibule, &current.user, &factors, Loss::Password).err();
    answer(status, &ChangePasswordPage { shell, username, min_length, end_others, kept, errors })
}
