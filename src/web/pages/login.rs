//! `/login`: who are you?

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::NextQuery;
use super::login_waiting::{self, CHALLENGE, arrive, until};
use crate::config::RegistrationMode;
use crate::flows::login::{self, Attempt, LoginError, Outcome, Stay};
use crate::vestibule::Vestibule;
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser, EarlierSessions, Form};
use crate::web::flow_state::FlowState;
use crate::web::forward_auth;
use crate::web::page::{Shell, answer, see_other, with_retry_after, words_for};
use crate::web::return_to;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    shell: Shell,
    login: String,
    stay: bool,
    stay_for: String,
    error: Option<String>,
    purpose: Option<String>,
    registration_open: bool,
    can_reset: bool,
    /// Whether there are passkeys here.
    passkeys: bool,
    /// What came of one, if that is what went wrong.
    passkey: Option<PasskeyFailure>,
}

/// A passkey did not sign anybody in.
struct PasskeyFailure {
    /// One that its device may forget, and the host that it is for.
    unknown: Option<(String, String)>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct LoginForm {
    login: String,
    password: SecretString,
    /// There if the box is ticked, whatever it says.
    stay_signed_in: Option<String>,
}

/// What was typed, as far as it is given back.
#[derive(Default)]
struct Typed {
    login: String,
    stay: bool,
    passkey: Option<PasskeyFailure>,
}

/// `GET /login`: the form; for whoever is signed in, the way on.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    query: Query<NextQuery>,
    current: Option<CurrentUser>,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(&request);
    let doors = &vestibule.config.forward_auth;
    let next = query.next.as_deref().and_then(|next| return_to::accept(next, doors));
    if let Some(current) = current {
        let mut head = see_other(next.unwrap_or("/dashboard"));
        // Whoever was sent here from a door knocks there again with this, and is not sent here once more.
        if let Some(door) = forward_auth::cookie_for(&vestibule, &current.session, context.now) {
            head.cookie(door);
        }
        return Ok(head.finish());
    }
    if let Some(next) = next {
        flow.set_return_to(next);
    }
    let typed = Typed { login: flow.take_login().unwrap_or_default(), ..Typed::default() };
    page(&request, &vestibule, StatusCode::OK, typed, None)
}

/// `POST /login`: signs in and goes on to where the person was going.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
    Form(form): Form<LoginForm>,
) -> Result<HttpResponse, Error> {
    let typed = Typed { login: form.login.clone(), stay: form.stay_signed_in.is_some(), passkey: None };
    let stay = if typed.stay { Stay::Remembered } else { Stay::WhileActive };
    let attempt = Attempt {
        login: form.login,
        password: form.password,
        replaces: earlier.of_browser(),
        stay,
        trust: cookies::read(request.headers(), Purpose::Trust, &vestibule.config).map(str::to_owned),
    };
    match login::with_password(&vestibule, attempt, &context.caller(), context.now).await {
        Ok(Outcome::SecondFactor(challenge)) => {
            FlowState::of(&request).set_link_token(CHALLENGE, challenge.token.expose());
            Ok(see_other(login_waiting::best(challenge.offer)).finish())
        }
        Ok(Outcome::SignedIn(done)) => arrive(&request, &vestibule, &done),
        Err(error @ LoginError::InvalidCredentials) => {
            page(&request, &vestibule, StatusCode::UNPROCESSABLE_ENTITY, typed, Some(error.to_string()))
        }
        // The form again, with what was typed: whoever has to wait need not start over.
        Err(LoginError::Throttled { retry_after }) => {
            let error = Error::TooManyRequests { retry_after };
            let words = format!("{error} {}", until(&context, retry_after));
            let response = page(&request, &vestibule, StatusCode::TOO_MANY_REQUESTS, typed, Some(words))?;
            Ok(with_retry_after(response, retry_after))
        }
        Err(error) => Err(error.into()),
    }
}

/// The form again, after a passkey that did not do: with words, and with one that its device may forget.
pub(super) fn after_passkey(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    stay: bool,
    (words, unknown): (String, Option<String>),
) -> Result<HttpResponse, Error> {
    let party = vestibule.passkeys.as_ref();
    let unknown = party.zip(unknown).map(|(party, id)| (party.id().to_owned(), id));
    let typed = Typed { stay, passkey: Some(PasskeyFailure { unknown }), ..Typed::default() };
    page(request, vestibule, status, typed, Some(words))
}

fn page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    typed: Typed,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(request);
    let purpose =
        flow.return_to().map(|next| format!("Sign in to go on to {}.", return_to::destination(&next)));
    let page = LoginPage {
        shell: Shell::of(request).saying(flow.take_flash()),
        login: typed.login,
        stay: typed.stay,
        stay_for: words_for(vestibule.config.sessions.remembered_lifetime),
        error,
        purpose,
        registration_open: vestibule.config.registration.mode == RegistrationMode::Open,
        can_reset: vestibule.can_reset_by_mail(),
        passkeys: vestibule.passkeys.is_some(),
        passkey: typed.passkey,
    };
    answer(status, &page)
}
