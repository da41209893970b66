//! What handlers ask for: guards are types, and so are bodies. A handler's signature is its policy.
//!
//! | type | lets in |
//! |---|---|
//! | [`CurrentUser`] | whoever is signed in, by cookie or by Bearer token |
//! | [`BearerUser`] | whoever is signed in, by Bearer token only: the JSON API |
//! | [`Program`] | the same, or an API key that may do this |
//! | [`Reauthenticated`] | whoever proved themselves lately |
//! | [`Admin`] | whoever administers this instance |
//! | [`InGroup`] | whoever is in a group |
//! | [`Visitor`] | whoever is not signed in |

mod account_form;
#[cfg(test)]
mod account_form_tests;
mod body;
mod context;
mod current_user;
mod earlier_sessions;
mod enrolment;
mod form;
mod guards;
mod in_group;
mod json;
mod program;
mod renewal;

pub(super) use account_form::{AccountForm, Fields, WayBack};
pub use context::Context;
pub(super) use context::is_from_trusted_proxy;
pub(super) use current_user::bearer_token;
pub use current_user::{BearerUser, CurrentUser};
pub use earlier_sessions::EarlierSessions;
pub use form::Form;
pub(super) use guards::ProvenTwice;
pub use guards::{Admin, Reauthenticated, Visitor};
pub use in_group::{GroupName, InGroup};
pub use json::Json;
pub use program::{Apps, KeyScope, Program, ReadAccount, Who};

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::error::Error;
use crate::vestibule::Vestibule;

/// The instance that answers this request.
pub(super) fn instance(request: &HttpRequest) -> Result<Data<Vestibule>, Error> {
    request.app_data::<Data<Vestibule>>().cloned().ok_or_else(|| Error::Internal {
        cause: "this app lacks `.app_data(Data::new(vestibule.clone()))`".to_owned(),
    })
}
