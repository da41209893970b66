//! The edge to browsers and programs: HTTP in, one deed, HTTP out.
//!
//! ```text
//! observe ─> headers ─> render ─> flow cookie ─> same_origin ─> routes ─> pages | api
//! id, log    CSP, …     errors    (encrypted)    forgery        who may
//! ```
//! A handler reads, calls one deed of [`flows`](crate::flows) and answers; what it asks of its caller stands in its
//! signature, as a guard of [`extract`].

mod api;
mod assets;
mod cookies;
mod device;
mod error;
pub mod extract;
mod flow_state;
mod headers;
mod health;
mod observe;
mod page;
mod pages;
mod render;
mod return_to;
mod routes;
mod same_origin;
mod server;

pub use error::Error;
pub use routes::{Entry, entries};
pub use server::{doorway, serve, service};
