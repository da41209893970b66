//! What we write to people about their API keys.

use askama::Template;

use super::Letter;
use super::messages::{Message, Sender, message};
use crate::models::MailKind;

/// A key was made.
#[derive(Clone, Debug)]
pub struct ApiKeyCreated {
    /// Whose.
    pub username: String,
    /// What it is called.
    pub key: String,
    /// What it may do.
    pub scopes: Vec<&'static str>,
    /// When.
    pub created_at: String,
    /// From which network address; empty if an operator made it.
    pub created_from: String,
    /// When it ends.
    pub expires_at: String,
    /// Where it can be revoked.
    pub keys_url: String,
}

/// Keys were revoked, and not by their owner on their page.
#[derive(Clone, Debug)]
pub struct ApiKeysRevoked {
    /// Whose.
    pub username: String,
    /// What they were called.
    pub keys: Vec<String>,
    /// A sentence.
    pub why: String,
    /// When.
    pub revoked_at: String,
    /// Where new ones are made.
    pub keys_url: String,
}

message!(
    ApiKeyCreated,
    ApiKeyCreated,
    "mail/api_key_created.txt",
    "mail/api_key_created.html",
    |name| format!("A new API key for your account at {name}")
);
message!(
    ApiKeysRevoked,
    ApiKeysRevoked,
    "mail/api_keys_revoked.txt",
    "mail/api_keys_revoked.html",
    |name| format!("API keys of your account at {name} were revoked")
);
