//! What we write to people about their factors.

use askama::Template;

use super::Letter;
use super::messages::{Message, Sender, message};
use crate::models::MailKind;

/// A factor was added or taken away.
#[derive(Clone, Debug)]
pub struct FactorsChanged {
    /// Whose.
    pub username: String,
    /// Which, to be read after "was added to your account": "an authenticator app".
    pub what: String,
    /// Added, or taken away.
    pub is_added: bool,
    /// Whether everybody else who was signed in is signed out.
    pub others_are_out: bool,
    /// Whether signing in takes a second factor from now on.
    pub is_two_step: bool,
    /// When.
    pub changed_at: String,
    /// From which network address; empty if an operator did it.
    pub changed_from: String,
    /// Where to go if it was somebody else.
    pub reset_url: String,
}

message!(
    FactorsChanged,
    FactorsChanged,
    "mail/factors_changed.txt",
    "mail/factors_changed.html",
    |name| format!("How you sign in to {name} was changed")
);
