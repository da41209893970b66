//! `/reauth`: is it still you?

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{NextQuery, signed_in};
use crate::flows::check_code::Code;
use crate::flows::factors::{self, Offer};
use crate::flows::reauthenticate::{self, ReauthenticateError, Shown};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, with_retry_after};
use crate::web::return_to;

#[derive(Template)]
#[template(path = "reauth.html")]
struct ReauthPage {
    shell: Shell,
    username: String,
    purpose: String,
    ways: Ways,
    error: Option<String>,
}

/// What somebody can show.
#[derive(Clone, Copy)]
struct Ways {
    /// Their password, and a code if they have a second factor.
    password: bool,
    /// What there is beside it; nothing, if the password is all they have.
    offer: Option<Offer>,
}

impl Ways {
    async fn of(vestibule: &Vestibule, current: &CurrentUser) -> Result<Self, Error> {
        let user = &current.user;
        let offer = match user.second_factor_since {
            None => None,
            Some(_) => Some(factors::of(vestibule, &user.id).await?.offer(vestibule)),
        };
        let has_second = offer.is_none_or(|offer| offer.totp || offer.recovery_code);
        Ok(Self { password: user.password_hash.is_some() && has_second, offer })
    }

    fn code(self) -> bool {
        self.password && self.offer.is_some()
    }

    fn totp(self) -> bool {
        self.offer.is_some_and(|offer| offer.totp)
    }

    fn recovery_code(self) -> bool {
        self.offer.is_some_and(|offer| offer.recovery_code)
    }

    fn passkey(self) -> bool {
        self.offer.is_some_and(|offer| offer.passkey)
    }

    fn words(self) -> &'static str {
        match (self.password, self.code(), self.passkey()) {
            (false, ..) => "Use your passkey once more",
            (true, false, _) => "Type your password once more",
            (true, true, false) => "Type your password and a code once more",
            (true, true, true) => "Type your password and a code once more, or use a passkey,",
        }
    }
}

/// What the form sends. The name is there for the password manager; who it is, the session says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ReauthForm {
    #[serde(default, rename = "username")]
    _username: String,
    password: SecretString,
    #[serde(default)]
    code: SecretString,
}

/// `GET /reauth`: the form.
pub(in crate::web) async fn show(
    request: HttpRequest,
    query: Query<NextQuery>,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    if let Some(next) = &query.next {
        FlowState::of(&request).set_return_to(next);
    }
    page(&request, &vestibule, StatusCode::OK, &current, None).await
}

/// `POST /reauth`: takes the password, and a code beside it, as a fresh proof and goes on to where the person was going.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
    Form(form): Form<ReauthForm>,
) -> Result<HttpResponse, Error> {
    let caller = context.caller();
    let (user, session) = (&current.user, &current.session);
    let code = Some(form.code).filter(|code| !code.expose_secret().trim().is_empty());
    let shown = Shown { password: form.password, code: code.map(Code::of_either_kind) };
    match reauthenticate::with_password(&vestibule, user, session, shown, &caller, context.now).await {
        Ok(done) => {
            let next = FlowState::of(&request).take_return_to();
            signed_in(&vestibule, &done, next.as_deref().unwrap_or("/dashboard"))
        }
        Err(error @ (ReauthenticateError::WrongPassword | ReauthenticateError::WrongProof)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&request, &vestibule, status, &current, Some(error.to_string())).await
        }
        Err(ReauthenticateError::Throttled { retry_after }) => {
            let (status, words) = (StatusCode::TOO_MANY_REQUESTS, Error::TooManyRequests { retry_after });
            let response = page(&request, &vestibule, status, &current, Some(words.to_string())).await?;
            Ok(with_retry_after(response, retry_after))
        }
        Err(error) => Err(error.into()),
    }
}

/// The pages that ask who one is, and what people want there.
const PURPOSES: [(&str, &str); 8] = [
    ("/account/email", "change your e-mail address"),
    ("/account/password", "change your password"),
    ("/account/totp", "change two-step sign-in"),
    ("/account/recovery-codes", "see to your recovery codes"),
    ("/account/passkeys", "change your passkeys"),
    ("/account/settings", "change your settings"),
    ("/account/export", "export your data"),
    ("/account/close", "close your account"),
];

/// Why we ask, in words.
fn purpose(ways: Ways, next: Option<&str>) -> String {
    let words = ways.words();
    let Some(path) = next.map(return_to::destination) else {
        return format!("{words} to go on.");
    };
    match PURPOSES.iter().find(|(page, _)| *page == path) {
        Some((_, purpose)) => format!("{words} to {purpose}."),
        None => format!("{words} to go on to {path}."),
    }
}

/// The form again, after a passkey that did not do.
pub(super) async fn after_passkey(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    current: &CurrentUser,
    words: String,
) -> Result<HttpResponse, Error> {
    page(request, vestibule, status, current, Some(words)).await
}

async fn page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    current: &CurrentUser,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let ways = Ways::of(vestibule, current).await?;
    let purpose = purpose(ways, FlowState::of(request).return_to().as_deref());
    let (shell, username) = (Shell::signed_in(request, current), current.user.username.clone());
    answer(status, &ReauthPage { shell, username, purpose, ways, error })
}
