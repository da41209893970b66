//! `/reset`: a new password, for whoever has a link.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use crate::flows::reset_password::{self, ResetPasswordError};
use crate::models::User;
use crate::vestibule::Vestibule;
use crate::web::cookies;
use crate::web::error::Error;
use crate::web::extract::{Context, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Shell, answer, see_other};

/// The name of the link's token in the flow state.
pub(super) const LINK: &str = "reset";

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    shell: Shell,
    username: String,
    min_length: usize,
    errors: Vec<FieldError>,
}

/// What the form sends. The name is there for the password manager; whose password it is, the link says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ResetForm {
    #[serde(default)]
    username: String,
    password: SecretString,
}

/// `GET /reset/{token}`: takes the token out of the address at once. Opening the link changes nothing.
pub(in crate::web) async fn open(
    request: HttpRequest,
    token: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    reset_password::find_user(&vestibule, &token, context.now).await?.ok_or_else(|| gone(&vestibule))?;
    FlowState::of(&request).set_link_token(LINK, &token);
    Ok(see_other("/reset").finish())
}

/// `GET /reset`: the form.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (_, user) = link(&request, &context, &vestibule).await?;
    page(&request, &vestibule, StatusCode::OK, user, Vec::new())
}

/// `POST /reset`: sets the password and ends every session. Nobody is signed in by it.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    Form(form): Form<ResetForm>,
) -> Result<HttpResponse, Error> {
    let (token, user) = link(&request, &context, &vestibule).await?;
    // A browser has one link at a time. Whoever opened another one meanwhile, in another tab or led there by somebody
    // else's page, must not set the password of the wrong account.
    if !form.username.is_empty() && form.username != user.username {
        let words =
            "Another link was opened in this browser since. Nothing was changed: open yours once more.";
        return Err(Error::Gone { words: words.to_owned(), way_on: ("/reset", "To the other link") });
    }
    let caller = context.caller();
    match reset_password::with_token(&vestibule, &token, form.password, &caller, context.now).await {
        Ok(user) => {
            let flow = FlowState::of(&request);
            flow.set_login(&user.username);
            flow.forget_link_token(LINK);
            flow.forget_address();
            flow.say("Your new password is saved. You are signed out everywhere; sign in with it now.");
            let mut head = see_other("/login");
            cookies::take_away(&mut head, &vestibule.config);
            Ok(head.finish())
        }
        Err(ResetPasswordError::Password(error)) => {
            let errors = vec![FieldError { field: "password", message: error.to_string() }];
            page(&request, &vestibule, StatusCode::UNPROCESSABLE_ENTITY, user, errors)
        }
        Err(ResetPasswordError::InvalidLink) => Err(gone(&vestibule)),
        Err(ResetPasswordError::Hashing(error)) => Err(error.into()),
        Err(ResetPasswordError::Database(error)) => Err(error.into()),
    }
}

async fn link(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
) -> Result<(String, User), Error> {
    let token = FlowState::of(request).link_token(LINK).ok_or_else(|| gone(vestibule))?;
    let user = reset_password::find_user(vestibule, &token, context.now).await?;
    Ok((token, user.ok_or_else(|| gone(vestibule))?))
}

fn gone(vestibule: &Vestibule) -> Error {
    let way_on = match vestibule.can_reset_by_mail() {
        true => ("/forgot", "Send a new link"),
        false => ("/", "To the first page"),
    };
    Error::Gone { words: ResetPasswordError::InvalidLink.to_string(), way_on }
}

fn page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    status: StatusCode,
    user: User,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let min_length = vestibule.config.passwords.min_length;
    let shell = Shell::of(request).saying(FlowState::of(request).take_flash());
    answer(status, &ResetPage { shell, username: user.username, min_length, errors })
}
