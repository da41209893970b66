//! Vestibule: the room in front of the house, where people say who they are.
//!
//! The crate reads from the inside out, and each part knows only the parts before it:
//!
//! | part | what it is |
//! |---|---|
//! | [`clock`] [`device`] [`id`] [`secret`] | the ground: time, names, keys |
//! | [`credentials`] [`tokens`] | proof, checked and given; no database, no HTTP |
//! | [`db`] [`models`] [`mail`] | nouns: the tables, and every query on them; what we write to people |
//! | [`verified_tokens`] [`seen_sessions`] [`token_status`] [`measures`] | what is kept in memory between requests |
//! | [`config`] [`vestibule`] | what the operator sets, and what is built of it once |
//! | [`flows`] | verbs: register, log in, reset a password |
//! | [`web`] [`cli`] | the two edges: browsers and programs, operators |
//!
//! Beside them stands `verify`, for those who check our tokens in another process: the feature of that name builds it
//! without all the others, which the feature `server` brings (it is on unless switched off).
//!
//! The binary is `vestibule`.
//!
//! # In your own Actix app
//!
//! The same pages, beside yours, in one process and on one port:
//!
#![cfg_attr(feature = "server", doc = "```no_run")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use actix_web::middleware::from_fn;
//! use actix_web::{App, HttpServer, delete, get, web::Data};
//! use vestibule::flows::carry_mail;
//! use vestibule::web::extract::{CurrentUser, Reauthenticated};
//! use vestibule::web::{doorway, service};
//! use vestibule::{Config, Vestibule};
//!
//! /// Whoever is not signed in is led to `/login`, and back.
//! #[get("/notes", wrap = "from_fn(doorway)")]
//! async fn notes(who: CurrentUser) -> String {
//!     format!("The notes of {}", who.user.username)
//! }
//!
//! /// Whoever signed in a while ago is asked for their password, or their passkey, once more.
//! #[delete("/notes", wrap = "from_fn(doorway)")]
//! async fn forget(who: Reauthenticated) -> String {
//!     format!("Forgotten, {}.", who.user.username)
//! }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let door = Vestibule::open(Config::load()?)?; // makes ./data with a database and a secret
//!     carry_mail::start(&door)?;
//!     let listen = door.config.server.listen;
//!     let app = move || {
//!         App::new()
//!             .app_data(Data::new(door.clone()))
//!             .service(notes)
//!             .service(forget)
//!             .service(service(&door))
//!     };
//!     Ok(HttpServer::new(app).bind(listen)?.run().await?)
//! }
//! ```
//!
//! | you write | and have |
//! |---|---|
//! | [`Config::load`], or a [`Config`] of your making | settings: as those of the binary, or yours; [`Config::check`] knows the rules |
//! | [`Vestibule::open`], once | the tables, the keys, the threads that hash; clones are one instance |
//! | [`web::service`], at the root of the app | our pages and our JSON API, at the addresses of [`web::entries`]; a route of yours that stands before it wins. Not below a path: our pages lead to each other |
//! | `.app_data(Data::new(door.clone()))` | the guards, on your own routes; without it they let nobody in, and the log says why |
//! | a guard of [`web::extract`] in a handler's signature | `CurrentUser`, `BearerUser`, `Reauthenticated`, `Admin`, `InGroup<G>`, `Visitor`, and `Program<Apps>` for API keys: refused with 401 or 403, and a challenge (RFC 6750, RFC 9470) |
//! | [`web::doorway`] around a route that browsers visit | the way to sign-in and back, tokens that are renewed, and no request that another site makes a browser send; errors of your handlers stay yours |
//! | [`flows::carry_mail::start`], once | mail leaves; without it no page of ours offers any |
//! | `.default_service(web::not_found())` | our words for "not found", where you have none |
//!
//! Sockets and their limits, TLS and the log are your app's. The command line works beside it, on the same directory:
//! `vestibule user create root --role admin` makes the first administrator. `examples/embedded.rs` has all of it.
#![cfg_attr(
    not(feature = "server"),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the map shows the whole house, whatever is built of it"
    )
)]

#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod credentials;
#[cfg(feature = "server")]
pub mod db;
#[cfg(feature = "server")]
pub mod device;
#[cfg(feature = "server")]
pub mod flows;
#[cfg(feature = "server")]
pub mod group_name;
#[cfg(feature = "server")]
pub mod id;
#[cfg(feature = "server")]
pub mod mail;
#[cfg(feature = "server")]
pub mod measures;
#[cfg(feature = "server")]
pub mod models;
#[cfg(feature = "server")]
pub mod secret;
#[cfg(feature = "server")]
pub mod seen_sessions;
#[cfg(feature = "server")]
pub mod token_status;
#[cfg(feature = "server")]
pub mod tokens;
#[cfg(feature = "server")]
pub mod verified_keys;
#[cfg(feature = "server")]
pub mod verified_tokens;
#[cfg(feature = "verify")]
pub mod verify;
#[cfg(feature = "server")]
pub mod vestibule;
#[cfg(feature = "server")]
pub mod web;

#[cfg(feature = "server")]
pub use config::Config;
#[cfg(feature = "server")]
pub use vestibule::Vestibule;
