//! Let another key sign: in turn, or at once because somebody may have the present one.
//!
//! In turn, the next key is published a day before it signs, so that whoever checks our tokens has it by then, and the
//! former goes on counting until the last of its tokens has ended: nobody is signed out. At once, nothing that any key
//! signed until now counts, and all sessions end: whoever had the key could have made a token of any of them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::Algorithm;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::end_session;
use crate::flows::signing_keys::{self, State};
use crate::flows::token_status;
use crate::id::UserId;
use crate::models::{EventKind, RevokedBecause, Session, SigningKey, TotpFactor, User};
use crate::vestibule::Vestibule;

/// How long before it signs a key is published.
pub const LEAD: Duration = Duration::from_hours(24);
/// How long a key that is gone can still be seen by `key list`.
const GONE: Duration = Duration::from_hours(7 * 24);
/// Sessions that end in one transaction.
const MOST_TOGETHER: i64 = 500;

/// Makes the next key when it is time for it; whether it did. Of many nodes that try at once, one does.
///
/// # Errors
///
/// The database's.
pub async fn by_schedule(vestibule: &Vestibule, now: Timestamp) -> Result<bool, db::Error> {
    if vestibule.config.tokens.algorithm == Algorithm::HS256 {
        return Ok(false);
    }
    let here = vestibule.clone();
    let every = vestibule.config.tokens.rotation;
    let made = vestibule.db.write(move |conn| {
        let rows = SigningKey::list_locked(conn)?;
        let states = signing_keys::states(&rows, now);
        let current = rows.iter().zip(&states).find(|(_, state)| **state == State::Current);
        // If the clock was wrong when the first one was made, there is none.
        let due = current.map_or(now, |(current, _)| current.signs_from + every);
        if rows.iter().any(|row| is_next(row, every, now)) || now < due - LEAD {
            return Ok(false);
        }
        insert(&here, conn, due.max(now + LEAD), now)?;
        Ok::<_, db::Error>(true)
    });
    made.await
}

/// Makes the next key now, to sign in a day; from when on the next one signs, which may have been there.
///
/// # Errors
///
/// The database's.
pub async fn in_turn(vestibule: &Vestibule, caller: &Caller, now: Timestamp) -> Result<Timestamp, db::Error> {
    let (here, event) = (vestibule.clone(), caller.event(EventKind::KeysRotated, None, now));
    let every = vestibule.config.tokens.rotation;
    let made = vestibule.db.write(move |conn| {
        let rows = SigningKey::list_locked(conn)?;
        let next = rows.iter().find(|row| is_next(row, every, now));
        if let Some(next) = next {
            return Ok(next.signs_from);
        }
        insert(&here, conn, now + LEAD, now)?;
        event.saying("in turn").insert(conn)?;
        Ok::<_, db::Error>(now + LEAD)
    });
    made.await
}

/// Gives up every key there is, has a new one sign, and ends every session; how many sessions that were.
///
/// # Errors
///
/// The database's. The keys are given up before the first session ends: run it again, and the rest ends.
pub async fn at_once(vestibule: &Vestibule, caller: &Caller, now: Timestamp) -> Result<usize, db::Error> {
    let (here, event) = (vestibule.clone(), caller.event(EventKind::KeysRotated, None, now));
    let changed = vestibule.db.write(move |conn| {
        SigningKey::list_locked(conn)?;
        SigningKey::withdraw_all(conn, now)?;
        insert(&here, conn, now, now)?;
        Ok::<_, db::Error>(event.saying("at once: a leak").insert(conn)?)
    });
    changed.await?;
    signing_keys::refresh(vestibule).await?;
    let mut ended = 0;
    loop {
        let here = vestibule.clone();
        let some = vestibule.db.write(move |conn| {
            let some = Session::list_older(conn, now, MOST_TOGETHER)?;
            // In one order, so that no two wait for each other; and whoever goes on at this moment is waited for.
            let owners: BTreeSet<&str> = some.iter().map(|(_, user, _)| user.as_str()).collect();
            let owners: Vec<UserId> = owners.into_iter().map(UserId::from).collect();
            for user in &owners {
                User::find_locked(conn, user)?;
            }
            let ids: Vec<_> = some.iter().map(|(id, ..)| id.clone()).collect();
            let statuses = some.iter().map(|(.., status)| *status);
            let ended = Session::revoke_these(conn, &ids, RevokedBecause::KeyWithdrawn, now)?;
            // Others may go by the published keys that they keep for a few minutes.
            token_status::invalidate(&here, conn, statuses.flatten())?;
            for user in &owners {
                // What the new key has signed for them meanwhile is of a session that is over.
                TotpFactor::delete_pending(conn, user)?;
                end_session::ask_anew(&here, conn, user)?;
            }
            Ok::<_, db::Error>((ids.len(), ended))
        });
        let (listed, some) = some.await?;
        ended += some;
        if listed < MOST_TOGETHER as usize {
            return Ok(ended);
        }
    }
}

/// Deletes keys that have been of no use for [`GONE`]; how many. Of the private half of a key that signs no more nobody
/// can be robbed then.
///
/// # Errors
///
/// The database's.
pub(super) async fn forget(vestibule: &Vestibule, now: Timestamp) -> Result<usize, db::Error> {
    let forgotten = vestibule.db.write(move |conn| {
        let rows = SigningKey::list_locked(conn)?;
        // By what was the case then: whatever is gone at that moment has been gone since.
        let long_gone = signing_keys::states(&rows, now - GONE);
        let is_old = |row: &SigningKey| row.withdrawn_at.is_none_or(|at| at <= now - GONE);
        let old = rows.iter().zip(long_gone).filter(|(row, state)| *state == State::Gone && is_old(row));
        let mut deleted = 0;
        for (row, _) in old {
            SigningKey::delete(conn, &row.id)?;
            deleted += 1;
        }
        Ok::<_, db::Error>(deleted)
    });
    forgotten.await
}

/// Whether a key waits for its turn. One for years to come is from a clock that was wrong, and no reason to wait for it.
fn is_next(row: &SigningKey, every: Duration, now: Timestamp) -> bool {
    row.withdrawn_at.is_none() && row.signs_from > now && row.signs_from <= now + every + LEAD
}

fn insert(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    signs_from: Timestamp,
    now: Timestamp,
) -> Result<(), db::Error> {
    let key = SigningKey::generate(&here.signing_keys, signs_from, now);
    let broken = || db::Error::Migration("no signing key could be made".to_owned());
    Ok(key.ok_or_else(broken)?.insert(conn)?)
}
