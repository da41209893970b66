//! Housekeeping: forget what is past its time (ASVS 14.2.7).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db;
use crate::models::{
    LoginFailure, OneTimeToken, OutboxMail, RefreshToken, ResetRequest, Revocation, Session,
};
use crate::vestibule::Vestibule;

/// How often a server does it.
pub const INTERVAL: Duration = Duration::from_hours(1);
/// What strangers got wrong is forgotten after a day without a try.
const FAILURES: Duration = Duration::from_hours(24);
/// Notices to other processes are read within seconds.
const REVOCATIONS: Duration = Duration::from_hours(1);
/// Links are kept a while after their end, so that a late click is told "expired" and not "unknown".
const LINKS: Duration = Duration::from_hours(24);
/// Questions that no server was there to answer.
const REQUESTS: Duration = Duration::from_hours(24);
/// A refresh token that was used up is known for a week, so that a copy of it is noticed.
const SPENT_TOKENS: Duration = Duration::from_hours(7 * 24);
/// That a mail was sent, or given up, can be seen for a week.
const MAILS: Duration = Duration::from_hours(7 * 24);

/// Forgets; how many rows that were. Events stay: they are the audit trail.
///
/// # Errors
///
/// The database's.
pub async fn run(vestibule: &Vestibule, now: Timestamp) -> Result<usize, db::Error> {
    let sessions = vestibule.config.sessions.retention;
    vestibule
        .db
        .write(move |conn| {
            Ok(Session::delete_old(conn, now - sessions)?
                + LoginFailure::delete_old(conn, now - FAILURES)?
                + Revocation::delete_old(conn, now - REVOCATIONS)?
                + OneTimeToken::delete_old(conn, now - LINKS)?
                + RefreshToken::delete_old(conn, now, now - SPENT_TOKENS)?
                + ResetRequest::delete_old(conn, now - REQUESTS)?
                + OutboxMail::delete_old(conn, now - MAILS)?)
        })
        .await
}
