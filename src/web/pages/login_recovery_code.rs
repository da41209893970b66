//! `/login/recovery-code`: the second step of signing in, by a code from paper.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::login_waiting::{CodeForm, Step, StepView, Tried, best, try_code, waiting};
use crate::flows::check_code::Code;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, EarlierSessions, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, see_other};

const PAGE: &str = "/login/recovery-code";

/// For whoever has typed a wrong one.
const ADVICE: &str = "Each works once: try another one.";

#[derive(Template)]
#[template(path = "login_recovery_code.html")]
struct LoginRecoveryCodePage {
    shell: Shell,
    step: StepView,
    error: Option<String>,
}

/// `GET /login/recovery-code`: the form, for whoever has typed their password; others begin there.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    match Step::find(&request, &context, &vestibule).await? {
        Ok(step) if step.waiting.offer.recovery_code || best(step.waiting.offer) == PAGE => {
            page(&request, &step, false, StatusCode::OK, None)
        }
        Ok(step) => Ok(see_other(best(step.waiting.offer)).finish()),
        Err(way) => Ok(way),
    }
}

/// `POST /login/recovery-code`: in, and on to where the person was going.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
    Form(form): Form<CodeForm>,
) -> Result<HttpResponse, Error> {
    let trust = form.trust_browser.is_some();
    match try_code(&request, &context, earlier, &vestibule, form, (Code::Recovery, ADVICE)).await? {
        Tried::On(way) => Ok(way),
        Tried::Again { step, status, error, wait } => {
            Ok(waiting(page(&request, &step, trust, status, Some(error))?, wait))
        }
    }
}

fn page(
    request: &HttpRequest,
    step: &Step,
    trust: bool,
    status: StatusCode,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let shell = Shell::of(request).saying(FlowState::of(request).take_flash());
    answer(status, &LoginRecoveryCodePage { shell, step: StepView::of(step, trust), error })
}
