//! `/login/totp` and `/login/recovery-code`: the second step of signing in, by a code of the authenticator app or by one
//! from paper. One page, which asks for either.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::SecretString;

use super::login_waiting::{CodeForm, Step, StepView, Tried, best, try_code, waiting};
use crate::flows::check_code::Code;
use crate::flows::factors::Offer;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, EarlierSessions, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, see_other};

/// A kind of code, as its page asks for it.
struct Kind {
    path: &'static str,
    /// What the links to the other ways go by.
    name: &'static str,
    heading: &'static str,
    /// To be read after "Your password is right. Now".
    wanted: &'static str,
    label: &'static str,
    hint: &'static str,
    is_numeric: bool,
    /// How many characters there is room for, with blanks between.
    room: usize,
    /// For whoever has typed a wrong one.
    advice: &'static str,
    code: fn(SecretString) -> Code,
    is_offered: fn(Offer) -> bool,
}

const TOTP: Kind = Kind {
    path: "/login/totp",
    name: "totp",
    heading: "Code from your authenticator app",
    wanted: "the code that your app shows",
    label: "Six-digit code",
    hint: "It changes every 30 seconds, and each works once.",
    is_numeric: true,
    room: 8,
    advice: "Each works once: wait for the next one. If that is wrong too, check the clock of your phone.",
    code: Code::Totp,
    is_offered: |offer| offer.totp,
};

const RECOVERY_CODE: Kind = Kind {
    path: "/login/recovery-code",
    name: "recovery_code",
    heading: "One of your recovery codes",
    wanted: "one of the codes that you saved",
    label: "Recovery code",
    hint: "Sixteen letters and digits, like abcd-efgh-jkmn-pqrs. Each works once: cross it out.",
    is_numeric: false,
    room: 40,
    advice: "Each works once: try another one.",
    code: Code::Recovery,
    is_offered: |offer| offer.recovery_code,
};

#[derive(Template)]
#[template(path = "login_code.html")]
struct LoginCodePage {
    shell: Shell,
    kind: &'static Kind,
    step: StepView,
    error: Option<String>,
}

/// `GET /login/totp`: the form, for whoever has typed their password; others begin there.
pub(in crate::web) async fn show_totp(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    show(&TOTP, &request, &context, &vestibule).await
}

/// `POST /login/totp`: in, and on to where the person was going.
pub(in crate::web) async fn submit_totp(
    request: HttpRequest,
    context: Context,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
    Form(form): Form<CodeForm>,
) -> Result<HttpResponse, Error> {
    submit(&TOTP, &request, &context, earlier, &vestibule, form).await
}

/// `GET /login/recovery-code`: the same for paper, and for whoever has nothing else that works here.
pub(in crate::web) async fn show_recovery_code(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    show(&RECOVERY_CODE, &request, &context, &vestibule).await
}

/// `POST /login/recovery-code`.
pub(in crate::web) async fn submit_recovery_code(
    request: HttpRequest,
    context: Context,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
    Form(form): Form<CodeForm>,
) -> Result<HttpResponse, Error> {
    submit(&RECOVERY_CODE, &request, &context, earlier, &vestibule, form).await
}

async fn show(
    kind: &'static Kind,
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
) -> Result<HttpResponse, Error> {
    match Step::find(request, context, vestibule).await? {
        Ok(step) if (kind.is_offered)(step.waiting.offer) || best(step.waiting.offer) == kind.path => {
            page(kind, request, &step, false, StatusCode::OK, None)
        }
        Ok(step) => Ok(see_other(best(step.waiting.offer)).finish()),
        Err(way) => Ok(way),
    }
}

async fn submit(
    kind: &'static Kind,
    request: &HttpRequest,
    context: &Context,
    earlier: EarlierSessions,
    vestibule: &Vestibule,
    form: CodeForm,
) -> Result<HttpResponse, Error> {
    let trust = form.trust_browser.is_some();
    match try_code(request, context, earlier, vestibule, form, (kind.code, kind.advice)).await? {
        Tried::On(way) => Ok(way),
        Tried::Again { step, status, error, wait } => {
            Ok(waiting(page(kind, request, &step, trust, status, Some(error))?, wait))
        }
    }
}

fn page(
    kind: &'static Kind,
    request: &HttpRequest,
    step: &Step,
    trust: bool,
    status: StatusCode,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let shell = Shell::of(request).saying(FlowState::of(request).take_flash());
    answer(status, &LoginCodePage { shell, kind, step: StepView::of(step, trust), error })
}
