//! Queue a mail: a row in the deed's own transaction, so that the mail is there exactly if the deed is done (D13).

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::mail_budget;
use crate::id::MailId;
use crate::mail::Letter;
use crate::mail::messages::{Message, Sender};
use crate::models::{OutboxMail, User};
use crate::vestibule::Vestibule;

/// How many notices of one kind somebody gets in an hour: whoever has read ten knows, and their mailbox is spared.
const MOST_NOTICES_AN_HOUR: u32 = 10;

/// Puts `message` for `recipient` into the outbox, within a larger deed, and wakes whoever carries it.
pub(super) fn insert<M: Message>(
    vestibule: &Vestibule,
    conn: &mut Transaction<'_>,
    id: MailId,
    recipient: &str,
    message: &M,
    now: Timestamp,
) -> Result<(), db::Error> {
    let Some(sealed) = seal(vestibule, &id, message) else {
        // No deed fails for want of a mail.
        log::error!("a mail ({}) could not be written", M::KIND);
        return Ok(());
    };
    let mail = OutboxMail {
        id,
        kind: M::KIND,
        recipient: recipient.to_owned(),
        sealed: Some(sealed),
        created_at: now,
        send_after: Some(now),
        attempts: 0,
        last_error: None,
        sent_at: None,
        given_up_at: None,
    };
    mail.insert(conn)?;
    wake(vestibule, conn);
    Ok(())
}

/// The same for `user`, about something that happened to their account; only by an address that they have proven to be
/// theirs. By any other, somebody could have us write to a stranger as often as they change their password.
pub(super) fn notify<M: Message>(
    vestibule: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    message: &M,
    now: Timestamp,
) -> Result<(), db::Error> {
    match &user.email {
        Some(email) if user.email_verified_at.is_some() => {
            let bucket = ["notice", M::KIND.as_str(), user.id.as_str()];
            match mail_budget::allows(vestibule, conn, &bucket, MOST_NOTICES_AN_HOUR, now)? {
                true => insert(vestibule, conn, MailId::new(), email, message, now),
                false => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Tells whoever carries the mail, once this is committed, that there may be some. Without it they would look within
/// seconds, too.
pub(super) fn wake(vestibule: &Vestibule, conn: &mut Transaction<'_>) {
    let here = vestibule.clone();
    conn.once_committed(move || here.new_mail.notify_one());
}

/// The words of `message`.
pub(super) fn letter<M: Message>(vestibule: &Vestibule, message: &M) -> Option<Letter> {
    let config = &vestibule.config;
    let sender = Sender { name: config.server.name.clone(), home: config.public_url() };
    message.letter(&sender).ok()
}

fn seal<M: Message>(vestibule: &Vestibule, id: &MailId, message: &M) -> Option<Vec<u8>> {
    letter(vestibule, message)?.seal(&vestibule.letters, id)
}
