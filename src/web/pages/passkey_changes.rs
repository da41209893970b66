//! The buttons of `/account/passkeys`: add, rename, remove.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::passkeys::{PAGE, Refused, page};
use super::signed_in;
use crate::flows::add_passkey::{self, AddPasskeyError};
use crate::flows::check_passkey::Brought;
use crate::flows::remove_passkey::{self, RemovePasskeyError};
use crate::flows::rename_passkey::{self, RenamePasskeyError};
use crate::id::PasskeyId;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields, Json, Reauthenticated};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, see_other};

/// Nothing: whoever asks is known already.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Nothing {}

/// A new passkey, as the page's script brings it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct AddForm {
    ceremony: String,
    credential: String,
}

impl Fields for AddForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;
}

/// Another name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RenameForm {
    name: String,
}

impl Fields for RenameForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = false;
}

/// A button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RemoveForm {}

impl Fields for RemoveForm {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;
}

/// `POST /account/passkeys/options`: what to ask of the device. Nothing is written.
pub(in crate::web) async fn options(
    context: Context,
    current: Reauthenticated,
    vestibule: Data<Vestibule>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<HttpResponse, Error> {
    let asked = add_passkey::begin(&vestibule, &current.user, &current.session, context.now).await?;
    Ok(HttpResponse::Ok().json(asked))
}

/// `POST /account/passkeys`: adds what the device made.
pub(in crate::web) async fn add(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields }: AccountForm<AddForm>,
) -> Result<HttpResponse, Error> {
    let brought = Brought { ceremony: fields.ceremony, credential: fields.credential };
    let caller = context.caller();
    match add_passkey::finish(&vestibule, &current.session, &brought, &caller, context.now).await {
        Ok(done) => {
            let flow = FlowState::of(&request);
            flow.say(match done.count {
                1 => "Your passkey is added. You can sign in with it from now on. Add a second one in case you lose this device.",
                _ => "Your passkey is added. You can sign in with it from now on.",
            });
            if done.codes.is_empty() {
                return signed_in(&vestibule, &done.signed_in, PAGE);
            }
            let user = &current.user.id;
            flow.set_codes(user, done.codes.iter().map(|code| code.expose()).collect());
            signed_in(&vestibule, &done.signed_in, "/account/recovery-codes")
        }
        Err(AddPasskeyError::Database(error)) => Err(error.into()),
        Err(AddPasskeyError::SessionEnded) => Err(Error::TokenRefused),
        Err(error) => {
            let status = match error {
                AddPasskeyError::TooMany | AddPasskeyError::Known => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let errors = vec![FieldError { field: "", message: error.to_string() }];
            page(&request, &context, &current, &vestibule, (status, errors), None).await
        }
    }
}

/// `POST /account/passkeys/{id}/rename`. Somebody else's is not there (404), like one that never was.
pub(in crate::web) async fn rename(
    request: HttpRequest,
    id: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, fields }: AccountForm<RenameForm>,
) -> Result<HttpResponse, Error> {
    let passkey = PasskeyId::from(id.as_str());
    match rename_passkey::rename(&vestibule, &current.user.id, passkey, &fields.name).await {
        Ok(()) => {
            FlowState::of(&request).say("Your passkey has its new name.");
            Ok(see_other(PAGE).finish())
        }
        Err(RenamePasskeyError::NotFound) => Err(Error::NotFound),
        Err(RenamePasskeyError::Database(error)) => Err(error.into()),
        Err(error @ (RenamePasskeyError::NoName | RenamePasskeyError::Name(_))) => {
            let errors = vec![FieldError { field: "name", message: error.to_string() }];
            let refused = Refused { id: id.into_inner(), typed: fields.name };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&request, &context, &current, &vestibule, (status, errors), Some(refused)).await
        }
    }
}

/// `POST /account/passkeys/{id}/remove`. The last way in stays, and the page says why.
pub(in crate::web) async fn remove(
    request: HttpRequest,
    id: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
    AccountForm { current, .. }: AccountForm<RemoveForm>,
) -> Result<HttpResponse, Error> {
    let (id, caller) = (PasskeyId::from(id.as_str()), context.caller());
    match remove_passkey::remove(&vestibule, &current.session, id, &caller, context.now).await {
        Ok(done) => {
            let flow = FlowState::of(&request);
            flow.forget_codes();
            flow.say("That passkey is removed. You are signed out everywhere else.");
            signed_in(&vestibule, &done, PAGE)
        }
        Err(RemovePasskeyError::NotFound) => Err(Error::NotFound),
        Err(RemovePasskeyError::SessionEnded) => Err(Error::TokenRefused),
        Err(RemovePasskeyError::Database(error)) => Err(error.into()),
        Err(error @ RemovePasskeyError::Kept(_)) => {
            let errors = vec![FieldError { field: "", message: error.to_string() }];
            page(&request, &context, &current, &vestibule, (StatusCode::CONFLICT, errors), None).await
        }
    }
}
