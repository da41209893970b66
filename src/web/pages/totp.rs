//! `/account/totp`: two-step sign-in with an authenticator app, on and off.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::{NextQuery, signed_in};
use crate::credentials::recovery_code::CODES;
use crate::flows::check_code::FEW_CODES;
use crate::flows::enrol_totp::{self, EnrolTotpError};
use crate::flows::factors::{self, RecoverySet};
use crate::flows::last_way_in::{self, Kept, Loss};
use crate::flows::remove_totp;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, CurrentUser, Fields, Reauthenticated};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer, see_other};
use crate::web::qr::{self, Qr};
use crate::web::return_to;

/// Where the page is.
pub(super) const PAGE: &str = "/account/totp";

#[derive(Template)]
#[template(path = "totp.html")]
struct TotpPage {
    shell: Shell,
    username: String,
    state: State,
    has_passkeys: bool,
    /// Whether the codes that were just made still wait to be saved.
    has_unsaved: bool,
    /// Who asked for it, if it was not they themselves.
    door: Option<Door>,
    errors: Vec<FieldError>,
}

/// An application behind a proxy that takes a second factor.
struct Door {
    host: String,
    url: String,
    /// Whether there is one now.
    is_open: bool,
}

/// How far somebody is.
enum State {
    Off,
    Pending { key: String, url: String, qr: Option<Qr> },
    On { since: Moment, codes: Option<RecoverySet>, stays: Option<Kept> },
}

/// A button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

impl Fields for Press {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;
}

/// `GET /account/totp`: where somebody is with it; `next` is the door that asks for it.
pub(in crate::web) async fn show(
    request: HttpRequest,
    query: Query<NextQuery>,
    context: Context,
    current: Reauthenticated,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    // Anybody can write such a link: what the page says of an application has to be so.
    let doors = &vestibule.config.forward_auth;
    let is_so = |next: &&str| {
        return_to::accept_guarded_twice(next, doors).is_some()
            || last_way_in::must_enrol(&vestibule, &current.user)
    };
    if let Some(door) = query.next.as_deref().filter(is_so) {
        FlowState::of(&request).set_door(door);
    }
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

/// `POST /account/totp/cancel`: forgets that key.
pub(in crate::web) async fn cancel(
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    enrol_totp::cancel(&vestibule, &form.current.user.id).await?;
    Ok(see_other(PAGE).finish())
}

/// `POST /account/totp/remove`: turns it off.
pub(in crate::web) async fn remove(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let (user, session, caller) = (&form.current.user, &form.current.session, context.caller());
    let Some(done) = remove_totp::remove(&vestibule, user, session, &caller, context.now).await? else {
        return Ok(see_other(PAGE).finish());
    };
    let flow = FlowState::of(&request);
    if factors::of(&vestibule, &user.id).await?.any() {
        flow.say("Your authenticator app is not asked for any more. Your passkeys and recovery codes stay.");
    } else {
        flow.forget_codes();
        flow.say("Two-step sign-in is off, and your recovery codes are void. You can set it up with another phone now.");
    }
    signed_in(&vestibule, &done, PAGE)
}

/// The page as it stands, and what is wrong with a code.
pub(super) async fn page(
    request: &HttpRequest,
    context: &Context,
    current: &CurrentUser,
    vestibule: &Vestibule,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let (user, now, flow) = (&current.user, context.now, FlowState::of(request));
    let factors = factors::of(vestibule, &user.id).await?;
    let state = match factors.totp_since {
        Some(since) => State::On {
            since: Moments::of(user, now).show(since),
            codes: factors.recovery,
            stays: last_way_in::may_lose_factor(vestibule, user, &factors, Loss::Totp).err(),
        },
        None => match enrol_totp::pending(vestibule, &user.id, now).await? {
            None => State::Off,
            Some(secret) => {
                let url = secret.url(&vestibule.config.server.name, &user.username).unwrap_or_default();
                State::Pending { key: secret.in_groups(), qr: qr::encode(&url), url }
            }
        },
    };
    let is_open = factors.any();
    let door = if is_open { flow.take_door() } else { flow.door() };
    let mut shell = Shell::signed_in(request, current).saying(flow.take_flash());
    shell.section = "settings";
    let page = TotpPage {
        shell,
        username: user.username.clone(),
        state,
        has_passkeys: !factors.passkeys.is_empty(),
        door: door.map(|url| Door { host: return_to::destination(&url).to_owned(), url, is_open }),
        has_unsaved: !flow.codes(&user.id).is_empty(),
        errors,
    };
    answer(status, &page)
}
