//! What we write to people about their passkeys.

use askama::Template;

use super::Letter;
use super::messages::{Message, Sender, message};
use crate::models::MailKind;

/// A passkey was shown whose count went backwards: there is a copy of it.
#[derive(Clone, Debug)]
pub struct PasskeyCloned {
    /// Whose.
    pub username: String,
    /// What its owner calls it.
    pub passkey: String,
    /// When it was shown.
    pub used_at: String,
    /// From which network address.
    pub used_from: String,
    /// Where it can be removed.
    pub passkeys_url: String,
}

message!(
    PasskeyCloned,
    PasskeyCloned,
    "mail/passkey_cloned.txt",
    "mail/passkey_cloned.html",
    |name| format!("There may be a copy of your passkey for {name}")
);
