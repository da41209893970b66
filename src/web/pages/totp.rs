//! `/account/totp`: two-step sign-in with an authenticator app, on and off.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::signed_in;
use crate::flows::enrol_totp::{self, EnrolTotpError};
use crate::flows::factors::{self, RecoverySet};
use crate::flows::{overview, remove_totp};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, CurrentUser, Fields, Reauthenticated};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer, see_other};
use crate::web::qr::{self, Qr};

const PAGE: &str = "/account/totp";

#[derive(Template)]
#[template(path = "totp.html")]
struct TotpPage {
    shell: Shell,
    username: String,
    state: State,
    errors: Vec<FieldError>,
}

/// How far somebody is.
enum State {
    Off,
    Pending { key: String, url: String, qr: Option<Qr> },
    On { since: Moment, codes: Option<RecoverySet> },
}

/// The code that proves that the app has the key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CodeForm {
    code: String,
}

impl Fields for CodeForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// A button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

impl Fields for Press {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// `GET /account/totp`: where somebody is with it.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: Reauthenticated,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    page(&request, &context, current.user(), &vestibule, StatusCode::OK, Vec::new()).await
}

/// `POST /account/totp/begin`: makes a key to be scanned.
pub(in crate::web) async fn begin(
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    match enrol_totp::begin(&vestibule, &form.current.user.id, context.now).await {
        // Whoever pressed twice sees how it stands.
        Ok(()) | Err(EnrolTotpError::AlreadyOn) => Ok(see_other(PAGE).finish()),
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/totp`: turns it on.
pub(in crate::web) async fn confirm(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields }: AccountForm<CodeForm>,
) -> Result<HttpResponse, Error> {
    let (user, session, caller) = (&current.user, &current.session, context.caller());
    let done = enrol_totp::confirm(&vestibule, user, session, &fields.code, &caller, context.now).await;
    let wrong = |error: &EnrolTotpError| vec![FieldError { field: "code", message: error.to_string() }];
    match done {
        Ok(done) => {
            let flow = FlowState::of(&request);
            flow.say("Two-step sign-in is on. Keep these codes: each lets you in once without your phone.");
            flow.set_codes(&user.id, done.codes.iter().map(|code| code.expose()).collect());
            signed_in(&vestibule, &done.signed_in, "/account/recovery-codes")
        }
        Err(error @ EnrolTotpError::WrongCode) => {
            page(&request, &context, &current, &vestibule, StatusCode::UNPROCESSABLE_ENTITY, wrong(&error))
                .await
        }
        Err(error @ EnrolTotpError::Throttled { retry_after }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut answer = page(&request, &context, &current, &vestibule, status, wrong(&error)).await?;
            answer.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
            Ok(answer)
        }
        Err(error @ (EnrolTotpError::NotBegun | EnrolTotpError::AlreadyOn)) => {
            FlowState::of(&request).warn(&error.to_string());
            Ok(see_other(PAGE).finish())
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/totp/remove`: turns it off.
pub(in crate::web) async fn remove(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let (user, session, caller) = (&form.current.user, &form.current.session, context.caller());
    let flow = FlowState::of(&request);
    match remove_totp::remove(&vestibule, user, session, &caller, context.now).await? {
        Some(done) => {
            flow.forget_codes();
            flow.say("Two-step sign-in is off, and your recovery codes are void.");
            signed_in(&vestibule, &done, PAGE)
        }
        None => Ok(see_other(PAGE).finish()),
    }
}

async fn page(
    request: &HttpRequest,
    context: &Context,
    current: &CurrentUser,
    vestibule: &Vestibule,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let (user, now) = (&current.user, context.now);
    let state = match overview::totp_since(vestibule, &user.id).await? {
        Some(since) => State::On {
            since: Moments::of(user, now).show(since),
            codes: factors::of(vestibule, &user.id).await?.recovery,
        },
        None => match enrol_totp::pending(vestibule, &user.id, now).await? {
            None => State::Off,
            Some(secret) => {
                let url = secret.url(&vestibule.config.server.name, &user.username).unwrap_or_default();
                State::Pending { key: secret.in_groups(), qr: qr::encode(&url), url }
            }
        },
    };
    let shell = Shell::signed_in(request, current).saying(FlowState::of(request).take_flash());
    answer(status, &TotpPage { shell, username: user.username.clone(), state, errors })
}
