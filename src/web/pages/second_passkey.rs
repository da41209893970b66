//! `/account/passkeys/second/declined`: one passkey is enough, for now.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;

use crate::flows::decline_second_passkey;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields};
use crate::web::page::see_other;

/// A button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

impl Fields for Press {
    const PAGE: &'static str = "/dashboard";
    // It changes what we suggest, and nothing else.
    const NEEDS_PROOF: bool = false;
}

/// `POST /account/passkeys/second/declined`: the suggestion is not made again.
pub(in crate::web) async fn decline(
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    decline_second_passkey::decline(&vestibule, &form.current.user.id, context.now).await?;
    Ok(see_other("/dashboard").finish())
}
