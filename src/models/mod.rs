//! Nouns: a file a table, with its row and every query on it.
//!
//! A row is whole before it is written: ids and times are ours, never the database's (D11). Functions take a
//! connection and say in their name what they answer: `find_*` one or none, `list_*` many, the rest how it changed.

mod api_key;
mod email_proof;
mod event;
mod group;
mod invalid_token;
mod login_challenge;
mod login_failure;
mod membership;
mod one_time_token;
mod outbox;
mod part;
mod passkey;
mod recovery_code;
mod refresh_token;
mod reset_request;
mod revocation;
mod session;
mod signing_key;
mod spent_ceremony;
mod status_block;
mod text_enum;
mod totp_factor;
mod user;

pub use api_key::ApiKey;
pub use email_proof::EmailProof;
pub use event::{Event, EventKind};
pub use group::Group;
pub use invalid_token::InvalidToken;
pub use login_challenge::{LoginChallenge, Stay};
pub use login_failure::LoginFailure;
pub use membership::Membership;
pub use one_time_token::{OneTimeToken, Purpose};
pub use outbox::{MailKind, OutboxMail};
pub use part::Part;
pub use passkey::Passkey;
pub use recovery_code::RecoveryCode;
pub use refresh_token::RefreshToken;
pub use reset_request::ResetRequest;
pub use revocation::Revocation;
pub use session::{Ended, RevokedBecause, Session};
pub use signing_key::SigningKey;
pub use spent_ceremony::SpentCeremony;
pub use status_block::StatusBlock;
pub use totp_factor::TotpFactor;
pub use user::{Role, User};

use text_enum::text_enum;

/// Asks the inner connection, of whichever kind it is. Diesel then knows the statement by its type, and finds what it
/// prepared before; of a connection that may be either it writes the statement anew each time. For what is asked most.
macro_rules! either {
    ($conn:ident => $ask:expr) => {
        match $conn {
            crate::db::AnyConnection::Sqlite($conn) => $ask,
            crate::db::AnyConnection::Postgres($conn) => $ask,
        }
    };
}
use either;

/// The deletion of up to `limit` rows: `delete_some!(table.key where column.test(value), …; limit)`. Whoever wants to write
/// meanwhile waits for no more than these. SQLite, as it is built, knows no `DELETE … LIMIT`, nor does PostgreSQL.
macro_rules! delete_some {
    ($table:ident.$key:ident where $($column:ident.$test:ident($($value:expr)?)),+; $limit:expr) => {{
        let old = diesel::alias!($table as old);
        let some = old$(.filter(old.field($table::$column).$test($($value)?)))+;
        let some = some.select(old.field($table::$key)).limit($limit);
        diesel::delete($table::table.filter($table::$key.eq_any(some)))
    }};
}
use delete_some;
