//! `/restore-email`: the former address back, for whoever reads its mail. Needs no account to be signed in: somebody else
//! may have it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::reset;
use crate::flows::restore_email::{self, RestoreEmailError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::Context;
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, see_other};

/// The name of the link's token in the flow state.
const LINK: &str = "restore-email";

#[derive(Template)]
#[template(path = "restore_email.html")]
struct RestoreEmailPage {
    shell: Shell,
    username: String,
    address: String,
}

/// `GET /restore-email/{token}`: takes the token out of the address at once. Opening the link changes nothing.
pub(in crate::web) async fn open(
    request: HttpRequest,
    token: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    restore_email::find(&vestibule, &token, context.now).await?.ok_or(RestoreEmailError::InvalidLink)?;
    FlowState::of(&request).set_link_token(LINK, &token);
    Ok(see_other("/restore-email").finish())
}

/// `GET /restore-email`: what will happen, and the button.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let token = FlowState::of(&request).link_token(LINK).unwrap_or_default();
    let right = restore_email::find(&vestibule, &token, context.now).await?;
    let right = right.ok_or(RestoreEmailError::InvalidLink)?;
    let (shell, username) = (Shell::of(&request), right.user.username);
    answer(StatusCode::OK, &RestoreEmailPage { shell, username, address: right.email })
}

/// `POST /restore-email`: puts the address back, and goes on to a new password.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(&request);
    let token = flow.link_token(LINK).unwrap_or_default();
    let done = restore_email::with_token(&vestibule, &token, &context.caller(), context.now).await?;
    flow.forget_link_token(LINK);
    flow.set_link_token(reset::LINK, done.reset.expose());
    flow.say(&match done.dropped.in_words() {
        None => "Your address is back, and everybody is signed out. Now choose a new password.".to_owned(),
        Some(what) => format!(
            "Your address is back, and everybody is signed out. Taken away, because added meanwhile: {what}. Now \
             choose a new password."
        ),
    });
    // Whoever is signed in here may be somebody else: their cookies stay.
    Ok(see_other("/reset").finish())
}

impl From<RestoreEmailError> for Error {
    fn from(error: RestoreEmailError) -> Self {
        match error {
            RestoreEmailError::InvalidLink => {
                Self::Gone { words: error.to_string(), way_on: ("/login", "To sign-in") }
            }
            RestoreEmailError::Database(error) => error.into(),
        }
    }
}
