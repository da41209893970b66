//! `/account/password/remove`: do without a password.

use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;

use super::signed_in;
use crate::flows::remove_password::{self, RemovePasswordError};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields, WayBack};
use crate::web::flow_state::FlowState;
use crate::web::page::see_other;

const PAGE: &str = "/account/password";

/// A button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

impl Fields for Press {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;
}

/// `POST /account/password/remove`: takes it away. Whoever has shown one factor only is asked for more.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let (user, session, caller) = (&form.current.user, &form.current.session, context.caller());
    match remove_password::remove(&vestibule, user, session, &caller, context.now).await {
        Ok(Some(done)) => {
            FlowState::of(&request).say("Your password is gone. From now on you sign in with a passkey.");
            signed_in(&vestibule, &done, PAGE)
        }
        Ok(None) => Ok(see_other(PAGE).finish()),
        Err(RemovePasswordError::Kept(kept)) => Err(kept.into()),
        Err(RemovePasswordError::OneFactorOnly) => {
            request.extensions_mut().insert(WayBack(PAGE));
            Err(Error::Reauthenticate)
        }
        Err(RemovePasswordError::SessionEnded) => Err(Error::TokenRefused),
        Err(RemovePasswordError::Database(error)) => Err(error.into()),
    }
}
