//! Take stock: what the tables hold that whoever watches over the server wants to know. It changes nothing.
//!
//! Counted up to a limit and no further: to watch must not cost more than to work.

use crate::clock::Timestamp;
use crate::config::Algorithm;
use crate::db;
use crate::flows::signing_keys::{self, State};
use crate::models::{OutboxMail, Session, SigningKey};
use crate::vestibule::Vestibule;

/// The most sessions that are counted; there may be more.
pub const MOST_SESSIONS: i64 = 100_000;
/// The most mails that are.
pub const MOST_MAILS: i64 = 10_000;

/// What there is.
#[derive(Clone, Debug)]
pub struct Stock {
    /// Sessions that have not ended.
    pub sessions: usize,
    /// When the mails were written that wait to leave.
    pub waiting: Vec<Timestamp>,
    /// Mails that were given up.
    pub given_up: usize,
    /// The keys that sign, the one that signs last first; none, where a shared secret does.
    pub keys: Vec<(SigningKey, State)>,
}

/// Looks.
///
/// # Errors
///
/// The database's.
pub async fn take(vestibule: &Vestibule, now: Timestamp) -> Result<Stock, db::Error> {
    let has_keys = vestibule.config.tokens.algorithm == Algorithm::EdDSA;
    let read = vestibule.db.read(move |conn| {
        let keys = if has_keys { SigningKey::list(conn)? } else { Vec::new() };
        let states = signing_keys::states(&keys, now);
        Ok::<_, db::Error>(Stock {
            sessions: Session::list_expiries(conn, now, MOST_SESSIONS)?.len(),
            waiting: OutboxMail::list_waiting(conn, MOST_MAILS)?,
            given_up: OutboxMail::list_given_up(conn, MOST_MAILS)?.len(),
            keys: keys.into_iter().zip(states).collect(),
        })
    });
    read.await
}
