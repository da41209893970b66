//! Vestibule: the room in front of the house, where people say who they are.
pub mod clock;
pub mod config;
pub mod credentials;
pub mod db;
pub mod flows;
pub mod id;
pub mod models;
pub mod secret;
pub mod tokens;
pub mod vestibule;
