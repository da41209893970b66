//! `/reauth`: is it still you?

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::{NextQuery, signed_in};
use crate::flows::reauthenticate::{self, ReauthenticateError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, with_retry_after};

#[derive(Template)]
#[template(path = "reauth.html")]
struct ReauthPage {
    shell: Shell,
    username: String,
    purpose: String,
    error: Option<String>,
}

/// What the form sends. The name is there for the password manager; who it is, the session says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ReauthForm {
    #[serde(default, rename = "username")]
    _username: String,
    password: SecretString,
}

/// `GET /reauth`: the form.
pub(in crate::web) async fn show(
    request: HttpRequest,
    query: Query<NextQuery>,
    current: CurrentUser,
) -> Result<HttpResponse, Error> {
    if let Some(next) = &query.next {
        FlowState::of(&request).set_return_to(next);
    }
    page(&request, StatusCode::OK, &current, None)
}

/// `POST /reauth`: takes the password as a fresh proof and goes on to where the person was going.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
    Form(form): Form<ReauthForm>,
) -> Result<HttpResponse, Error> {
    let caller = context.caller();
    let (user, session) = (&current.user, &current.session);
    let done =
        reauthenticate::with_password(&vestibule, user, session, form.password, &caller, context.now).await;
    match done {
        Ok(done) => {
            let next = FlowState::of(&request).take_return_to();
            signed_in(&vestibule, &done, next.as_deref().unwrap_or("/dashboard"))
        }
        Err(error @ ReauthenticateError::WrongPassword) => {
            page(&request, StatusCode::UNPROCESSABLE_ENTITY, &current, Some(error.to_string()))
        }
        Err(ReauthenticateError::Throttled { retry_after }) => {
            let words = Error::TooManyRequests { retry_after }.to_string();
            let response = page(&request, StatusCode::TOO_MANY_REQUESTS, &current, Some(words))?;
            Ok(with_retry_after(response, retry_after))
        }
        Err(error) => Err(error.into()),
    }
}

/// The pages that ask who one is, and what people want there.
const PURPOSES: [(&str, &str); 5] = [
    ("/account/email", "change your e-mail address"),
    ("/account/password", "change your password"),
    ("/account/settings", "change your settings"),
    ("/account/export", "export your data"),
    ("/account/close", "close your account"),
];

/// Why we ask, in words.
fn purpose(next: Option<&str>) -> String {
    let Some(path) = next.and_then(|next| next.split(['?', '#']).next()) else {
        return "Type your password once more to go on.".to_owned();
    };
    match PURPOSES.iter().find(|(page, _)| *page == path) {
        Some((_, purpose)) => format!("Type your password once more to {purpose}."),
        None => format!("Type your password once more to go on to {path}."),
    }
}

fn page(
    request: &HttpRequest,
    status: StatusCode,
    current: &CurrentUser,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let purpose = purpose(FlowState::of(request).return_to().as_deref());
    let (shell, username) = (Shell::signed_in(request, current), current.user.username.clone());
    answer(status, &ReauthPage { shell, username, purpose, error })
}
