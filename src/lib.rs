//! Vestibule: the room in front of the house, where people say who they are.
//!
//! The crate reads from the inside out, and each part knows only the parts before it:
//!
//! | part | what it is |
//! |---|---|
//! | [`clock`] [`device`] [`id`] [`secret`] | the ground: time, names, keys |
//! | [`credentials`] [`tokens`] | proof, checked and given; no database, no HTTP |
//! | [`db`] [`models`] [`mail`] | nouns: the tables, and every query on them; what we write to people |
//! | [`verified_tokens`] [`seen_sessions`] | what is kept in memory between requests |
//! | [`config`] [`vestibule`] | what the operator sets, and what is built of it once |
//! | [`flows`] | verbs: register, log in, reset a password |
//! | [`web`] [`cli`] | the two edges: browsers and programs, operators |
//!
//! The binary is `vestibule`; [`Vestibule::open`] and [`web::service`] mount the same into an Actix app of yours.

pub mod cli;
pub mod clock;
pub mod config;
pub mod credentials;
pub mod db;
pub mod device;
pub mod flows;
pub mod group_name;
pub mod id;
pub mod mail;
pub mod models;
pub mod secret;
pub mod seen_sessions;
pub mod tokens;
pub mod verified_tokens;
pub mod vestibule;
pub mod web;

pub use config::Config;
pub use vestibule::Vestibule;
