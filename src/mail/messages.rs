//! What we write to people, a struct a mail; its words are `templates/mail/NAME.{txt,html}`.
//!
//! Nothing that a stranger typed stands in any of them as it was typed: a username has no blank, a device has a short name,
//! neither has a sign that could make a link of it, and the rest is ours or the operator's.

use askama::Template;

use super::Letter;
use crate::device;
use crate::models::MailKind;

/// The frame around every mail: who writes.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The name of this instance.
    pub name: String,
    /// Where it is.
    pub home: String,
}

/// What can be written to somebody.
pub trait Message {
    /// What it is about.
    const KIND: MailKind;

    /// Its words.
    ///
    /// # Errors
    ///
    /// The template's.
    fn letter(&self, sender: &Sender) -> Result<Letter, askama::Error>;
}

/// Somebody asked for a new password: the links to choose one.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// One for each account with this address.
    pub links: Vec<ResetLink>,
    /// How many minutes they work.
    pub minutes: u64,
    /// When somebody asked.
    pub asked_at: String,
    /// From which network address.
    pub asked_from: String,
}

/// The link for one account.
#[derive(Clone)]
pub struct ResetLink {
    /// Whose.
    pub username: String,
    /// Where to.
    pub url: String,
}

impl std::fmt::Debug for ResetLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetLink").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A password was changed.
#[derive(Clone, Debug)]
pub struct PasswordChanged {
    /// Whose.
    pub username: String,
    /// When.
    pub changed_at: String,
    /// From which network address; empty if an operator did it.
    pub changed_from: String,
    /// What else ended by it.
    pub signed_out: SignedOut,
}

/// Somebody used a copy of a session, which has been ended for it.
#[derive(Clone, Debug)]
pub struct RefreshReused {
    /// Whose.
    pub username: String,
    /// When.
    pub used_at: String,
    /// From which network address.
    pub used_from: String,
}

/// Where somebody was signed out when their password changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOut {
    /// Wherever they were signed in.
    Everywhere,
    /// Wherever but where they changed it.
    Elsewhere,
    /// Nowhere, as they wished.
    Nowhere,
}

/// Somebody signed in with a device that was not known.
#[derive(Clone)]
pub struct NewDevice {
    /// To whose account.
    pub username: String,
    /// When.
    pub signed_in_at: String,
    /// With what, as [`device_name`] writes it.
    pub device: String,
    /// From which network address.
    pub address: String,
    /// Where to say that it was somebody else.
    pub not_me_url: String,
    /// How many days that works.
    pub days: u64,
}

/// The link may not reach a log.
impl std::fmt::Debug for NewDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewDevice").field("username", &self.username).finish_non_exhaustive()
    }
}

/// An account was closed by its owner.
#[derive(Clone, Debug)]
pub struct AccountClosed {
    /// Whose.
    pub username: String,
    /// When.
    pub closed_at: String,
    /// From which network address.
    pub closed_from: String,
    /// Whether it goes to a former address, which may be put back.
    pub is_former: bool,
    /// Until when it opens again by signing in.
    pub until: String,
}

/// Its owner came back.
#[derive(Clone, Debug)]
pub struct AccountReopened {
    /// Whose.
    pub username: String,
    /// When.
    pub opened_at: String,
    /// From which network address.
    pub opened_from: String,
}

/// The code and the link that prove an address.
#[derive(Clone)]
pub struct VerifyEmail {
    /// Whose it is to be.
    pub username: String,
    /// The code, a blank in its middle.
    pub code: String,
    /// Where to, instead of typing it.
    pub url: String,
    /// How many minutes both work.
    pub minutes: u64,
}

impl std::fmt::Debug for VerifyEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyEmail").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Somebody gave the address of one who has an account, for another.
#[derive(Clone, Debug)]
pub struct EmailTaken {
    /// The name of the account that the address belongs to.
    pub username: String,
}

/// Somebody asked for another address.
#[derive(Clone, Debug)]
pub struct EmailChangeAsked {
    /// Whose.
    pub username: String,
    /// When.
    pub asked_at: String,
    /// From which network address.
    pub asked_from: String,
}

/// The address that is new.
#[derive(Clone, Debug)]
pub struct EmailChanged {
    /// Whose.
    pub username: String,
    /// When.
    pub changed_at: String,
    /// From which network address.
    pub changed_from: String,
}

/// The address that was replaced, and the link to put it back.
#[derive(Clone)]
pub struct EmailReplaced {
    /// Whose.
    pub username: String,
    /// When.
    pub changed_at: String,
    /// From which network address.
    pub changed_from: String,
    /// Where to put it back.
    pub url: String,
    /// For how many days.
    pub days: u64,
}

impl std::fmt::Debug for EmailReplaced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailReplaced").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The former address was put back.
#[derive(Clone, Debug)]
pub struct EmailRestored {
    /// Whose.
    pub username: String,
    /// When.
    pub restored_at: String,
    /// From which network address.
    pub restored_from: String,
    /// Whether the reader's is the address that is back.
    pub is_back: bool,
    /// What was added meanwhile to sign in with, and is taken away.
    pub dropped: Option<String>,
}

/// An operator wants to see whether mail arrives.
#[derive(Clone, Debug)]
pub struct Test {
    /// When.
    pub asked_at: String,
}

/// Ties a message to its kind, its subject and its two templates.
macro_rules! message {
    ($name:ident, $kind:ident, $text:literal, $html:literal, $subject:expr) => {
        impl Message for $name {
            const KIND: MailKind = MailKind::$kind;

            fn letter(&self, sender: &Sender) -> Result<Letter, askama::Error> {
                #[derive(Template)]
                #[template(path = $text)]
                struct Text<'a> {
                    mail: &'a $name,
                    sender: &'a Sender,
                }
                #[derive(Template)]
                #[template(path = $html)]
                struct Html<'a> {
                    mail: &'a $name,
                    sender: &'a Sender,
                }
                let subject = $subject(sender.name.as_str());
                let text = Text { mail: self, sender }.render()?;
                Ok(Letter { subject, text, html: Html { mail: self, sender }.render()? })
            }
        }
    };
}
pub(super) use message;

message!(
    ResetPassword,
    ResetPassword,
    "mail/reset_password.txt",
    "mail/reset_password.html",
    |name| format!("Choose a new password for {name}")
);
message!(
    PasswordChanged,
    PasswordChanged,
    "mail/password_changed.txt",
    "mail/password_changed.html",
    |name| format!("Your password for {name} was changed")
);
message!(
    RefreshReused,
    RefreshReused,
    "mail/refresh_reused.txt",
    "mail/refresh_reused.html",
    |name| format!("Somebody used a copy of your session at {name}")
);
message!(NewDevice, NewDevice, "mail/new_device.txt", "mail/new_device.html", |name| format!(
    "A new sign-in to your account at {name}"
));
message!(
    AccountClosed,
    AccountClosed,
    "mail/account_closed.txt",
    "mail/account_closed.html",
    |name| format!("Your account for {name} is closed")
);
message!(
    AccountReopened,
    AccountReopened,
    "mail/account_reopened.txt",
    "mail/account_reopened.html",
    |name| format!("Your account for {name} is open again")
);
message!(VerifyEmail, VerifyEmail, "mail/verify_email.txt", "mail/verify_email.html", |name| format!(
    "Confirm your address for {name}"
));
message!(EmailTaken, EmailTaken, "mail/email_taken.txt", "mail/email_taken.html", |name| format!(
    "You have an account at {name} already"
));
message!(
    EmailChangeAsked,
    EmailChangeAsked,
    "mail/email_change_asked.txt",
    "mail/email_change_asked.html",
    |name| format!("Somebody asked to change your e-mail address for {name}")
);
message!(EmailChanged, EmailChanged, "mail/email_changed.txt", "mail/email_changed.html", |name| format!(
    "Your e-mail address for {name} was changed"
));
message!(
    EmailReplaced,
    EmailReplaced,
    "mail/email_replaced.txt",
    "mail/email_replaced.html",
    |name| format!("Your e-mail address for {name} was replaced")
);
message!(
    EmailRestored,
    EmailRestored,
    "mail/email_restored.txt",
    "mail/email_restored.html",
    |name| format!("An e-mail address for {name} was put back")
);
message!(Test, Test, "mail/test.txt", "mail/test.html", |name| format!("A test mail from {name}"));

/// A username as it may stand in a mail. `www.evil.example` is one that anybody may take, and many readers of mails would
/// make a link of it: with U+2024 it looks the same, and is none.
pub fn inert(username: &str) -> String {
    username.replace('.', "\u{2024}")
}

/// The device behind a user agent as it may stand in a mail. Programs call themselves what they like, and that is a way to
/// have us write something to somebody: it is short, and nothing in it makes a link.
pub fn device_name(user_agent: &str) -> String {
    device::name(user_agent).replace(['.', ':', '@', '/'], "\u{2024}")
}
