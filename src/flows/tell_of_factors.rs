//! Tell somebody what changed of what they sign in with.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::queue_mail;
use crate::mail::factor_messages::FactorsChanged;
use crate::mail::messages;
use crate::models::User;
use crate::vestibule::Vestibule;

/// What to tell.
#[derive(Debug)]
pub(super) struct News {
    /// What it is about: "your authenticator app".
    pub(super) what: String,
    /// Whether it was added, or taken away.
    pub(super) is_added: bool,
    /// Whether all other sessions ended.
    pub(super) others_are_out: bool,
    /// Whether a factor is left.
    pub(super) is_two_step: bool,
}

/// Writes to `user`, within the deed.
pub(super) fn tell(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    news: News,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let News { what, is_added, others_are_out, is_two_step } = news;
    let message = FactorsChanged {
        username: messages::inert(&user.username),
        what,
        is_added,
        others_are_out,
        is_two_step,
        changed_at: now.in_words(),
        changed_from: caller.address(),
        reset_url: format!("{}/forgot", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)
}
