//! The token status list, for whoever checks our tokens by themselves.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::error::Error;
use super::extract::Context;
use super::well_known::{self, Document};
use crate::flows::token_status::{self, TTL, TokenStatusError};
use crate::vestibule::Vestibule;

/// `GET /.well-known/token-status`: the signed list.
pub(super) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let list = token_status::list(&vestibule, context.now).await?;
    let document = Document {
        kind: "application/statuslist+jwt",
        text: list.text.clone().into(),
        tag: list.tag.clone(),
        kept_for: TTL,
    };
    Ok(well_known::answer(&request, document))
}

impl From<TokenStatusError> for Error {
    fn from(error: TokenStatusError) -> Self {
        match error {
            TokenStatusError::Unknown => Self::Unavailable { cause: error.to_string() },
            TokenStatusError::Broken(_) => Self::Internal { cause: error.to_string() },
        }
    }
}
