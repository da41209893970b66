//! Proof, checked: passwords, and the names they belong to. Pure: no database, no HTTP.

pub mod amr;
pub mod api_key;
pub mod blocklist;
pub mod common_passwords;
pub mod display_name;
pub mod email;
pub mod passkey;
pub mod passkey_makers;
pub mod password;
mod password_error;
pub mod policy;
pub mod recovery_code;
pub mod scope;
pub mod totp;
pub mod username;
