//! `/verify-email`: the link that proves an address. It works in the account that asked for it, by a button.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::email::check_open;
use super::email_code::done;
use crate::flows::verify_email::{self, VerifyEmailError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, see_other};

/// The name of the link's token in the flow state.
const LINK: &str = "verify-email";

#[derive(Template)]
#[template(path = "verify_email.html")]
struct VerifyEmailPage {
    shell: Shell,
    address: String,
    username: String,
    is_change: bool,
}

#[derive(Template)]
#[template(path = "verify_email_sign_in.html")]
struct SignInPage {
    shell: Shell,
}

/// `GET /verify-email/{token}`: takes the token out of the address at once. Opening the link changes nothing.
pub(in crate::web) async fn open(
    request: HttpRequest,
    token: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    verify_email::find(&vestibule, &token, context.now).await?.ok_or(VerifyEmailError::InvalidLink)?;
    FlowState::of(&request).set_link_token(LINK, &token);
    Ok(see_other("/verify-email").finish())
}

/// `GET /verify-email`: the button, or the way to sign in first. Nobody else is told whose address it is.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    current: Result<CurrentUser, Error>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let token = FlowState::of(&request).link_token(LINK).unwrap_or_default();
    let proof = verify_email::find(&vestibule, &token, context.now).await?;
    let proof = proof.ok_or(VerifyEmailError::InvalidLink)?;
    let current = match current {
        Ok(current) => current,
        Err(Error::Unauthenticated | Error::TokenRefused) => {
            return answer(StatusCode::OK, &SignInPage { shell: Shell::of(&request) });
        }
        Err(error) => return Err(error),
    };
    if proof.user_id != current.user.id {
        return Err(VerifyEmailError::AnotherAccount.into());
    }
    let page = VerifyEmailPage {
        shell: Shell::signed_in(&request, &current),
        username: current.user.username.clone(),
        is_change: current.user.email_folded.as_ref() != Some(&proof.email_folded),
        address: proof.email,
    };
    answer(StatusCode::OK, &page)
}

/// `POST /verify-email`: proves the address.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    current: CurrentUser,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let flow = FlowState::of(&request);
    let token = flow.link_token(LINK).unwrap_or_default();
    let (who, caller) = ((&current.user, &current.session), context.caller());
    let verified = verify_email::by_link(&vestibule, who, &token, &caller, context.now).await?;
    flow.forget_link_token(LINK);
    done(&request, &vestibule, verified)
}
