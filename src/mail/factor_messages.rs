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

/// A recovery code was used.
#[derive(Clone, Debug)]
pub struct RecoveryCodeUsed {
    /// Whose.
    pub username: String,
    /// How many are left.
    pub left: usize,
    /// Whether that is so few that they should make new ones.
    pub is_low: bool,
    /// When.
    pub used_at: String,
    /// From which network address.
    pub used_from: String,
    /// Where to make new ones.
    pub codes_url: String,
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
message!(
    RecoveryCodeUsed,
    RecoveryCodeUsed,
    "mail/recovery_code_used.txt",
    "mail/recovery_code_used.html",
    |name| format!("A recovery code for {name} was used")
);

/// Somebody knew the password, and did not go on with the second factor.
#[derive(Clone, Debug)]
pub struct SecondFactorMissing {
    /// Whose.
    pub username: String,
    /// When.
    pub tried_at: String,
    /// With what, as [`device_name`](super::messages::device_name) writes it.
    pub device: String,
    /// From which network address.
    pub address: String,
    /// Whether wrong codes were typed.
    pub was_wrong: bool,
    /// Where to choose another password.
    pub password_url: String,
}

message!(
    SecondFactorMissing,
    SecondFactorMissing,
    "mail/second_factor_missing.txt",
    "mail/second_factor_missing.html",
    |name| format!("Somebody knew your password for {name}")
);

/// An operator took all second factors away.
#[derive(Clone, Debug)]
pub struct FactorsReset {
    /// Whose.
    pub username: String,
    /// When.
    pub reset_at: String,
    /// Why, as the operator said it.
    pub reason: String,
}

message!(FactorsReset, FactorsReset, "mail/factors_reset.txt", "mail/factors_reset.html", |name| format!(
    "The second steps of your account at {name} were taken away"
));

/// A line of somebody else's as it may stand in a mail: nothing in it makes a link.
pub fn inert_line(line: &str) -> String {
    line.replace(['.', ':', '@', '/'], "\u{2024}")
}
