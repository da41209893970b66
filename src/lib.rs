//! Vestibule: the room in front of the house, where people say who they are.
//!
//! The crate reads from the inside out, and each part knows only the parts before it:
//!
//! | part | what it is |
//! |---|---|
//! | [`clock`] [`device`] [`id`] [`secret`] | the ground: time, names, keys |
//! | [`credentials`] [`tokens`] | proof, checked and given; no database, no HTTP |
//! | [`db`] [`models`] [`mail`] | nouns: the tables, and every query on them; what we write to people |
//! | [`verified_tokens`] [`seen_sessions`] [`measures`] | what is kept in memory between requests |
//! | [`config`] [`vestibule`] | what the operator sets, and what is built of it once |
//! | [`flows`] | verbs: register, log in, reset a password |
//! | [`web`] [`cli`] | the two edges: browsers and programs, operators |
//!
//! Beside them stands `verify`, for those who check our tokens in another process: the feature of that name builds it
//! without all the others, which the feature `server` brings (it is on unless switched off).
//!
//! The binary is `vestibule`; [`Vestibule::open`] and [`web::service`] mount the same into an Actix app of yours.

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
pub mod tokens;
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
