//! The edge to browsers and programs: HTTP in, one deed, HTTP out.
//!
//! ```text
//! frame ─> routes ─> flow cookie ─> pages
//!   │        └───────────────────> api, files, probes
//!   └ context; forged?; then the answer: cookies of guards, errors told, headers, log
//! ```
//! A handler reads, calls one deed of [`flows`](crate::flows) and answers; what it asks of its caller stands in its
//! signature, as a guard of [`extract`].

mod activity;
mod api;
mod assets;
mod checklist;
mod connection;
mod cookies;
mod error;
pub mod extract;
mod flow_state;
mod forward_auth;
mod frame;
mod headers;
mod health;
mod limits;
mod lines;
mod metrics;
mod observe;
mod openapi;
mod ours;
mod page;
mod pages;
mod paging;
mod places;
mod qr;
mod refusals;
mod render;
mod return_to;
mod routes;
mod same_origin;
mod server;
mod session_rows;
mod theme;
mod token_status;
mod token_status_events;
mod well_known;

pub use error::Error;
pub use frame::doorway;
pub use routes::{Entry, entries};
pub use server::{not_found, serve, service};
