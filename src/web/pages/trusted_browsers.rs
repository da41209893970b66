//! `/account/trusted-browsers/forget`: ask for a second step in every browser again.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::flows::trusted_browser;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields};
use crate::web::flow_state::FlowState;
use crate::web::page::see_other;

const PAGE: &str = "/account/totp";

/// A button. It takes a right away from browsers and gives none: being signed in will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

impl Fields for Press {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;
}

/// `POST /account/trusted-browsers/forget`.
pub(in crate::web) async fn forget(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let caller = context.caller();
    trusted_browser::forget_all(&vestibule, &form.current.user.id, &caller, context.now).await?;
    FlowState::of(&request).say("No browser is trusted any more: each asks for the second step.");
    Ok(see_other(PAGE).finish())
}
