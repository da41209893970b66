//! What handlers ask for: guards are types, and so are bodies. A handler's signature is its policy.
//!
//! | type | lets in |
//! |---|---|
//! | [`CurrentUser`] | whoever is signed in, by cookie or by Bearer token |
//! | [`BearerUser`] | whoever is signed in, by Bearer token only: the JSON API |
//! | [`Reauthenticated`] | whoever proved themselves lately |
//! | [`Admin`] | whoever administers this instance |
//! | [`Visitor`] | whoever is not signed in |

mod body;
mod context;
mod current_user;
mod form;
mod guards;
mod json;

pub(super) use body::MOST_BYTES;
pub use context::Context;
pub(super) use current_user::{BadTokens, bearer_token};
pub use current_user::{BearerUser, CurrentUser};
pub use form::Form;
pub use guards::{Admin, Reauthenticated, Visitor};
pub use json::Json;
