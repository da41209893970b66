//! Mail: what we write to people, and how it leaves.
//!
//! A [`Letter`] is the words, a [`Mailer`] takes them to a mail server or, where there is none, to a file. When and
//! how often is for `flows::deliver_mail` to say; nothing in here knows the tables.

pub mod api_key_messages;
pub mod factor_messages;
mod letter;
mod mailer;
pub mod messages;
pub mod passkey_messages;

pub use letter::Letter;
pub use mailer::{Delivery, MailError, Mailer, Parcel, Smtp, Tls};
