//! Deliver the mail: whatever is due leaves, one mail after the other.
//!
//! What does not leave is tried again after a growing pause and given up after days; the row knows, so that neither a
//! restart nor another node forgets it. What the server refuses for good is tried again too, but seldom: it may be
//! our own fault, and an operator can mend that.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::{Stopwatch, Timestamp};
use crate::db;
use crate::flows::{disown_login, forgot_password, mail_code, queue_mail, restore_email, warn_of_abandoned};
use crate::id::MailId;
use crate::mail::messages::Test;
use crate::mail::{Letter, MailError, Parcel};
use crate::models::{EmailProof, MailKind, OneTimeToken, OutboxMail};
use crate::vestibule::Vestibule;

/// How often a server looks, even if nobody woke it: for what other processes queued and for what failed before.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// How long a mail is in the hands of one sender, unless that one says that it goes on.
const HOLD: Duration = Duration::from_mins(1);
/// After this long a mail is given up.
const GIVE_UP: Duration = Duration::from_hours(72);
/// The pauses after the first failures; the last one after all further ones.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
];
/// The pause after a refusal for good.
const LONG_PAUSE: Duration = Duration::from_hours(6);

/// Answers the questions that are answered by mail, and sends all that is due; how many mails left. Stops early when
/// the mail server is away: the next mail would wait for it in vain, too.
///
/// [`carry_mail`](super::carry_mail) does it again and again. Until somebody does for the first time, no page of ours
/// offers to send a mail.
///
/// # Errors
///
/// The database's.
pub async fn run(vestibule: &Vestibule, now: Timestamp) -> Result<usize, db::Error> {
    vestibule.carries_mail.store(true, Ordering::Relaxed);
    let started = Stopwatch::start();
    // A question that cannot be answered must not keep the mails of others.
    if let Err(error) = forgot_password::answer_requests(vestibule, now).await {
        log::warn!("who forgot a password could not be answered, and that is tried again: {error}");
    }
    if let Err(error) = mail_code::write_all(vestibule, now).await {
        log::warn!("the codes that prove addresses could not be written, and that is tried again: {error}");
    }
    if let Err(error) = warn_of_abandoned::run(vestibule, now).await {
        log::warn!("nobody was warned of abandoned sign-ins, and that is tried again: {error}");
    }
    let mut sent = 0;
    while let Some(mail) = claim(vestibule, now + started.elapsed()).await? {
        let carried = carry(vestibule, &mail, || now + started.elapsed()).await;
        let now = now + started.elapsed();
        match carried {
            Ok(()) => {
                sent += 1;
                finish(vestibule, mail, now).await?;
            }
            Err(error) => {
                let goes_on = error.is_about_this_mail;
                postpone(vestibule, mail, error, now).await?;
                if !goes_on {
                    break;
                }
            }
        }
    }
    Ok(sent)
}

/// Sends a test mail at once, past the outbox.
///
/// # Errors
///
/// [`MailError`]: what the mail server said.
pub async fn test(vestibule: &Vestibule, recipient: String, now: Timestamp) -> Result<MailId, MailError> {
    let id = MailId::new();
    let message = Test { asked_at: now.in_words() };
    let letter = queue_mail::letter(vestibule, &message).ok_or_else(unreadable)?;
    let (mailer, parcel) =
        (vestibule.mailer.clone(), Parcel { id: id.clone(), recipient, letter, written_at: now });
    let sent = tokio::task::spawn_blocking(move || mailer.send(&parcel)).await;
    sent.unwrap_or_else(|_| Err(unreadable())).map(|()| id)
}

/// Makes what waits for long or was given up due at once: one mail, or all; how many that were.
///
/// # Errors
///
/// The database's.
pub async fn retry(vestibule: &Vestibule, id: Option<MailId>, now: Timestamp) -> Result<usize, db::Error> {
    vestibule.db.write(move |conn| Ok(OutboxMail::retry(conn, id.as_ref(), now + HOLD, now)?)).await
}

/// Takes the mail that has been due for longest into our hands.
async fn claim(vestibule: &Vestibule, now: Timestamp) -> Result<Option<OutboxMail>, db::Error> {
    loop {
        let due = vestibule.db.read(move |conn| Ok::<_, db::Error>(OutboxMail::find_due(conn, now)?)).await?;
        let Some(mail) = due else { return Ok(None) };
        let here = vestibule.clone();
        let claimed = vestibule.db.write(move |conn| {
            if !mail.claim(conn, now + HOLD)? {
                return Ok(None);
            }
            if !start_links(&here, conn, &mail, now)? {
                OutboxMail::update_given_up(conn, &mail.id, "its links were used or replaced", now)?;
                return Ok(None);
            }
            Ok::<_, db::Error>(Some(mail))
        });
        // Somebody else took it, or nobody needs it any more: on to the next.
        if let Some(mail) = claimed.await? {
            return Ok(Some(mail));
        }
    }
}

/// The time of a link begins when its mail leaves. Whether the mail is (still) good for something.
fn start_links(
    here: &Vestibule,
    conn: &mut db::AnyConnection,
    mail: &OutboxMail,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let soon = now + here.config.mail.link_lifetime;
    Ok(match mail.kind {
        MailKind::ResetPassword => OneTimeToken::start(conn, &mail.id, soon)? > 0,
        MailKind::VerifyEmail => EmailProof::start(conn, &mail.id, soon)? > 0,
        // The one who gave the address sees its time run as for any other.
        MailKind::EmailTaken => {
            EmailProof::start(conn, &mail.id, soon)?;
            true
        }
        MailKind::NewDevice => OneTimeToken::start(conn, &mail.id, now + disown_login::LIFETIME)? > 0,
        MailKind::EmailReplaced => OneTimeToken::start(conn, &mail.id, now + restore_email::LIFETIME)? > 0,
        _ => true,
    })
}

/// Sends one mail, on a thread where it may block, and holds it for as long as that takes.
async fn carry(
    vestibule: &Vestibule,
    mail: &OutboxMail,
    now: impl Fn() -> Timestamp,
) -> Result<(), MailError> {
    let sealed = mail.sealed.as_deref().unwrap_or_default();
    let letter = Letter::open(&vestibule.letters, &mail.id, sealed).ok_or_else(unreadable)?;
    let parcel = Parcel {
        id: mail.id.clone(),
        recipient: mail.recipient.clone(),
        letter,
        written_at: mail.created_at,
    };
    let mailer = vestibule.mailer.clone();
    let mut sending = tokio::task::spawn_blocking(move || mailer.send(&parcel));
    loop {
        match tokio::time::timeout(HOLD / 2, &mut sending).await {
            Ok(sent) => return sent.unwrap_or_else(|_| Err(unreadable())),
            Err(_) => {
                let (id, until) = (mail.id.clone(), now() + HOLD);
                let held = vestibule.db.write(move |conn| Ok(OutboxMail::hold(conn, &id, until)?));
                if let Err::<(), db::Error>(error) = held.await {
                    log::warn!("mail {} may be sent twice: {error}", mail.id);
                }
            }
        }
    }
}

/// The mail has left.
async fn finish(vestibule: &Vestibule, mail: OutboxMail, now: Timestamp) -> Result<(), db::Error> {
    log::info!("mail {} ({}) left", mail.id, mail.kind);
    // A file was for nobody but whoever develops; they read it on a page.
    let (here, is_kept) = (vestibule.clone(), vestibule.mailer.writes_files());
    vestibule
        .db
        .write(move |conn| {
            start_links(&here, conn, &mail, now)?;
            let kept = mail.sealed.as_deref().filter(|_| is_kept);
            Ok(OutboxMail::update_sent(conn, &mail.id, now, kept)?)
        })
        .await
}

/// The mail has not left: another time, or never.
async fn postpone(
    vestibule: &Vestibule,
    mail: OutboxMail,
    error: MailError,
    now: Timestamp,
) -> Result<(), db::Error> {
    let (id, kind, words) = (&mail.id, mail.kind, &error.words);
    let is_over = now.since(mail.created_at) >= GIVE_UP;
    let next = now + pause(mail.attempts, error.is_final);
    if is_over {
        log::error!("mail {id} ({kind}) is given up: {words}");
    } else {
        log::warn!("mail {id} ({kind}) has not left, and is tried again at {next}: {words}");
    }
    vestibule
        .db
        .write(move |conn| {
            let noted = match is_over {
                true => OutboxMail::update_given_up(conn, &mail.id, &error.words, now),
                false => OutboxMail::update_failed(conn, &mail.id, &error.words, next),
            };
            Ok(noted?)
        })
        .await
}

/// How long to wait after a failure, with so many tries `before` it.
fn pause(before: i64, is_final: bool) -> Duration {
    let [.., longest] = PAUSES;
    let usual = usize::try_from(before).ok().and_then(|index| PAUSES.get(index)).copied();
    if is_final { LONG_PAUSE } else { usual.unwrap_or(longest) }
}

fn unreadable() -> MailError {
    let words = "it cannot be read; it was written with another secret".to_owned();
    MailError { words, is_final: true, is_about_this_mail: true }
}
