//! `/account/close`: the way out, with a way back for a while.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::logout;
use crate::flows::authenticate::Authenticated;
use crate::flows::close_account::{self, CloseAccountError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields, Reauthenticated};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer, see_other};

const PAGE: &str = "/account/close";

#[derive(Template)]
#[template(path = "close.html")]
struct ClosePage {
    shell: Shell,
    username: String,
    typed: String,
    until: Moment,
    events_days: u64,
    errors: Vec<FieldError>,
}

/// What the form sends: the username, typed to show that it is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CloseForm {
    confirmation: String,
}

impl Fields for CloseForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        vec![("confirmation", &self.confirmation)]
    }
}

/// `GET /account/close`: what goes and when, and the form.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: Reauthenticated,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let typed = FlowState::of(&request).take_kept(PAGE, &current.user.id, context.now).remove("confirmation");
    page(&request, &context, &vestibule, &current, typed.unwrap_or_default(), None)
}

/// `POST /account/close`: closes the account and signs out everywhere.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<CloseForm>,
) -> Result<HttpResponse, Error> {
    let AccountForm { current, fields: CloseForm { confirmation } } = form;
    let (caller, now) = (context.caller(), context.now);
    let until = match close_account::by_owner(&vestibule, &current.session, &confirmation, &caller, now).await
    {
        Ok(until) => until,
        Err(CloseAccountError::Database(error)) => return Err(error.into()),
        Err(CloseAccountError::SessionEnded) => return Err(Error::TokenRefused),
        Err(error) => return page(&request, &context, &vestibule, &current, confirmation, Some(error)),
    };
    let until = Moments::of(&current.user, now).show(until);
    let flow = FlowState::of(&request);
    flow.clear();
    flow.say(&format!("Your account is closed. Sign in before {} if you want to keep it.", until.exact));
    let mut head = see_other("/login");
    logout::take_away(&mut head, &vestibule);
    Ok(head.finish())
}

fn page(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
    current: &Authenticated,
    typed: String,
    error: Option<CloseAccountError>,
) -> Result<HttpResponse, Error> {
    let (user, mut shell) = (&current.user, Shell::signed_in(request, current));
    shell.section = "settings";
    let status = if error.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let errors = error.into_iter().map(|error| {
        let field = if matches!(error, CloseAccountError::WrongName) { "confirmation" } else { "" };
        FieldError { field, message: error.to_string() }
    });
    let page = ClosePage {
        shell,
        username: user.username.clone(),
        typed,
        until: Moments::of(user, context.now).show(close_account::deadline(vestibule, context.now)),
        events_days: vestibule.config.account.events_retention.as_secs() / 86_400,
        errors: errors.collect(),
    };
    answer(status, &page)
}
