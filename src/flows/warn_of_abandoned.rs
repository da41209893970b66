//! Warn people of sign-ins that stopped at the second step: whoever began them knew the password (ASVS 6.3.5).
//!
//! ```text
//! waits ──> three minutes ──┬── told: by one node, once, by mail
//!                           └── not told: they came in meanwhile from the same place, or the password is another
//! ```
//!
//! Nothing that whoever began it can do keeps the mail back but the right code: not "Sign in as somebody else", and not
//! five wrong codes.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::{queue_mail, second_factor};
use crate::mail::factor_messages::SecondFactorMissing;
use crate::mail::messages;
use crate::models::{LoginChallenge, Session, User};
use crate::vestibule::Vestibule;

/// How long somebody may look for their phone before their own mailbox is told.
const PATIENCE: Duration = Duration::from_mins(3);
/// How many are looked at in one go; the rest wait for the next.
const MOST_AT_ONCE: i64 = 100;

/// Queues a mail for each sign-in that has been abandoned; how many were looked at.
///
/// # Errors
///
/// The database's.
pub(super) async fn run(vestibule: &Vestibule, now: Timestamp) -> Result<usize, db::Error> {
    let before = now - PATIENCE;
    let found = vestibule
        .db
        .read(move |conn| Ok::<_, db::Error>(LoginChallenge::list_abandoned(conn, before, MOST_AT_ONCE)?))
        .await?;
    let count = found.len();
    for row in found {
        let here = vestibule.clone();
        vestibule.db.write(move |conn| tell(&here, conn, &row, now)).await?;
    }
    Ok(count)
}

fn tell(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    row: &LoginChallenge,
    now: Timestamp,
) -> Result<(), db::Error> {
    let Some(user) = User::find(conn, &row.user_id)? else { return Ok(()) };
    if !LoginChallenge::mark_told(conn, &row.digest, now)? {
        return Ok(());
    }
    // With another password there is nothing left to do; and whoever began anew and came in was no stranger.
    let is_settled = LoginChallenge::is_spent(conn, &row.digest)?
        || !second_factor::is_open(here, row, &user, now)
        || Session::has_begun(conn, &user.id, &row.address, &row.user_agent, row.created_at)?;
    if is_settled {
        return Ok(());
    }
    let page = if here.can_reset_by_mail() { "/forgot" } else { "/account/password" };
    let message = SecondFactorMissing {
        username: messages::inert(&user.username),
        tried_at: row.created_at.in_words(),
        device: messages::device_name(&row.user_agent),
        address: row.address.clone(),
        was_wrong: row.tries > 0,
        password_url: format!("{}{page}", here.config.public_url()),
    };
    queue_mail::notify(here, conn, &user, &message, now)
}
