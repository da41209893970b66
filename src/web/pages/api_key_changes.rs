//! The buttons of `/account/api-keys`: make one, revoke one.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::api_keys::{PAGE, Typed, page, page_with};
use crate::credentials::scope::Scope;
use crate::flows::create_api_key::{self, CreateApiKeyError, NewKey};
use crate::flows::revoke_api_key;
use crate::id::ApiKeyId;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, see_other};

/// A key that somebody wants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CreateForm {
    name: String,
    #[serde(default)]
    read_account: String,
    #[serde(default)]
    apps: String,
    days: String,
}

impl Fields for CreateForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("name", &self.name),
            ("read_account", &self.read_account),
            ("apps", &self.apps),
            ("days", &self.days),
        ]
    }
}

/// A button. It needs no fresh proof: whoever is in a hurry to revoke a key has a reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RevokeForm {}

impl Fields for RevokeForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;
}

/// `POST /account/api-keys`: makes a key, and shows it on this answer alone. Whoever sends the form again is told that
/// there is one of that name.
pub(in crate::web) async fn create(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields }: AccountForm<CreateForm>,
) -> Result<HttpResponse, Error> {
    let (read_account, apps) = (!fields.read_account.is_empty(), !fields.apps.is_empty());
    let chosen = [(Scope::ReadAccount, read_account), (Scope::Apps, apps)];
    let new = NewKey {
        name: fields.name.clone(),
        scopes: chosen.into_iter().filter_map(|(scope, is_chosen)| is_chosen.then_some(scope)).collect(),
        days: fields.days.parse().unwrap_or(0),
    };
    let caller = context.caller();
    match create_api_key::by_owner(&vestibule, &current.session, new, &caller, context.now).await {
        Ok(made) => page_with(&request, &context, &current, &vestibule, made).await,
        Err(CreateApiKeyError::Database(error)) => Err(error.into()),
        Err(CreateApiKeyError::SessionEnded) => Err(Error::TokenRefused),
        Err(error) => {
            let (status, field) = match &error {
                CreateApiKeyError::TooMany => (StatusCode::CONFLICT, ""),
                CreateApiKeyError::NoScope => (StatusCode::UNPROCESSABLE_ENTITY, "read_account"),
                CreateApiKeyError::Days => (StatusCode::UNPROCESSABLE_ENTITY, "days"),
                _ => (StatusCode::UNPROCESSABLE_ENTITY, "name"),
            };
            let errors = vec![FieldError { field, message: error.to_string() }];
            let typed = Typed { name: fields.name, read_account, apps, days: fields.days };
            page(&request, &context, &current, &vestibule, (status, errors), typed).await
        }
    }
}

/// `POST /account/api-keys/{id}/revoke`. Somebody else's is not there (404), like one that never was.
pub(in crate::web) async fn revoke(
    request: HttpRequest,
    id: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, .. }: AccountForm<RevokeForm>,
) -> Result<HttpResponse, Error> {
    let (id, caller) = (ApiKeyId::from(id.as_str()), context.caller());
    match revoke_api_key::by_owner(&vestibule, &current.user.id, &id, &caller, context.now).await? {
        true => {
            FlowState::of(&request).say("That key is revoked. It opens nothing any more.");
            Ok(see_other(PAGE).finish())
        }
        false => Err(Error::NotFound),
    }
}
