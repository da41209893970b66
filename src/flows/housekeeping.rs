//! Housekeeping: forget what is past its time (ASVS 14.2.7). `docs/retention.md` says what is kept for how long.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection};
use crate::flows::delete_account::{self, MOST_TOGETHER};
use crate::flows::passkey_ceremony;
use crate::flows::rotate_keys;
use crate::models::{
    ApiKey, EmailProof, Event, InvalidToken, LoginChallenge, LoginFailure, OneTimeToken, OutboxMail,
    RefreshToken, ResetRequest, Revocation, Session, SpentCeremony, User,
};
use crate::vestibule::Vestibule;

/// How often a server does it.
pub const INTERVAL: Duration = Duration::from_hours(1);
/// What strangers got wrong is forgotten after a day without a try.
const FAILURES: Duration = Duration::from_hours(24);
/// Notices to other processes are read within seconds.
const REVOCATIONS: Duration = Duration::from_hours(1);
/// Bits that are past their time stay for as long as a clock that was wrong may take to be set right.
const INVALID: Duration = Duration::from_hours(1);
/// Links are kept a while after their end, so that a late click is told "expired" and not "unknown".
const LINKS: Duration = Duration::from_hours(24);
/// Sign-ins that waited for a second proof are kept until their owner is told of those that nobody finished.
const CHALLENGES: Duration = Duration::from_hours(1);
/// What was asked of a passkey and answered is known for as long again as it may be answered: another node's clock may be
/// behind, and there it would count once more.
const QUESTIONS: Duration = passkey_ceremony::LIFETIME;
/// Questions that no server was there to answer.
const REQUESTS: Duration = Duration::from_hours(24);
/// A refresh token that was used up is known for a week, so that a copy of it is noticed.
const SPENT_TOKENS: Duration = Duration::from_hours(7 * 24);
/// That a mail was sent, or given up, can be seen for a week; its file, where mails go to files, is read as long.
const MAILS: Duration = Duration::from_hours(7 * 24);
/// API keys that have ended stand on their owner's page for a month.
const ENDED_KEYS: Duration = Duration::from_hours(30 * 24);
/// Closed accounts that are looked for at once.
const MOST_ACCOUNTS: i64 = 100;

/// Forgets; how many rows, accounts and files that were.
///
/// # Errors
///
/// The database's; what was forgotten until then stays so.
pub async fn run(vestibule: &Vestibule, now: Timestamp) -> Result<usize, db::Error> {
    let (sessions, account) = (vestibule.config.sessions.retention, &vestibule.config.account);
    let mut rows = delete_accounts(vestibule, now).await?;
    rows += forget(vestibule, now - sessions, Session::delete_revoked).await?;
    rows += forget(vestibule, now - sessions, Session::delete_expired).await?;
    rows += forget(vestibule, now - account.events_retention, Event::delete_old).await?;
    rows += forget(vestibule, now - FAILURES, LoginFailure::delete_old).await?;
    rows += forget(vestibule, now - REVOCATIONS, Revocation::delete_old).await?;
    rows += forget(vestibule, now - INVALID, InvalidToken::delete_old).await?;
    rows += forget(vestibule, now - LINKS, OneTimeToken::delete_old).await?;
    rows += forget(vestibule, now - LINKS, EmailProof::delete_old).await?;
    rows += forget(vestibule, now - CHALLENGES, LoginChallenge::delete_old).await?;
    rows += forget(vestibule, now - QUESTIONS, SpentCeremony::delete_old).await?;
    rows += forget(vestibule, now, RefreshToken::delete_expired).await?;
    rows += forget(vestibule, now - SPENT_TOKENS, RefreshToken::delete_spent).await?;
    rows += forget(vestibule, now - REQUESTS, ResetRequest::delete_old).await?;
    rows += forget(vestibule, now - ENDED_KEYS, ApiKey::delete_old).await?;
    rows += forget(vestibule, now - MAILS, OutboxMail::delete_old).await?;
    rows += rotate_keys::forget(vestibule, now).await?;
    rows += forget_files(vestibule, now - MAILS).await;
    Ok(rows)
}

/// Forgets what is from before `before`, a bit at a time.
async fn forget<E>(
    vestibule: &Vestibule,
    before: Timestamp,
    delete: fn(&mut AnyConnection, Timestamp, i64) -> Result<usize, E>,
) -> Result<usize, db::Error>
where
    E: 'static,
    db::Error: From<E>,
{
    let mut rows = 0;
    loop {
        let some =
            vestibule.db.write(move |conn| Ok::<_, db::Error>(delete(conn, before, MOST_TOGETHER)?)).await?;
        rows += some;
        if some < MOST_TOGETHER as usize {
            return Ok(rows);
        }
    }
}

/// Deletes the accounts whose owners have not come back, each in a transaction of its own.
async fn delete_accounts(vestibule: &Vestibule, now: Timestamp) -> Result<usize, db::Error> {
    let (by, mut accounts) = (now - vestibule.config.account.grace, 0);
    loop {
        let some =
            vestibule.db.read(move |conn| Ok::<_, db::Error>(User::list_closed(conn, by, MOST_ACCOUNTS)?));
        let (some, before) = (some.await?, accounts);
        for id in &some {
            // One that cannot be deleted must not keep the rest of the house from being kept.
            match delete_account::if_its_time_has_come(vestibule, id.clone(), now).await {
                Ok(is_gone) => accounts += usize::from(is_gone),
                Err(error) => log::error!("account {id} could not be deleted, and is tried again: {error}"),
            }
        }
        if some.len() < MOST_ACCOUNTS as usize || accounts == before {
            return Ok(accounts);
        }
    }
}

/// Deletes the files that mails were written to, where there is no mail server. Not on this thread: others of its works
/// must not wait for a disk.
async fn forget_files(vestibule: &Vestibule, before: Timestamp) -> usize {
    let mailer = vestibule.mailer.clone();
    let done = tokio::task::spawn_blocking(move || mailer.forget_files(before)).await;
    match done.map_err(std::io::Error::from).and_then(|done| done) {
        Ok(files) => files,
        Err(error) => {
            log::warn!("old mails could not be deleted from the data directory: {error}");
            0
        }
    }
}
