//! Give a new session its place in the token status list.
//!
//! A place is used again only when no token of its last session can be valid any more. So a process takes a block of
//! places for itself, hands them out for a day at most, and says until when the last of their tokens may live; then
//! the block is free for whoever needs one. No row is written twice for that, and the list does not grow for ever.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::models::StatusBlock;
use crate::token_status::{Place, shuffled};
use crate::vestibule::Vestibule;

/// How long a process hands out the places of a block.
const HELD: Duration = Duration::from_hours(24);
/// How long after a session's end its place stays its own: longer than a bit stays set, and than clocks differ.
pub const REST: Duration = Duration::from_hours(3);

/// A place for a session that ends at `expires_at`.
///
/// # Errors
///
/// The database's.
pub fn next(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<i64, db::Error> {
    let place = match here.status.indices.next(now) {
        Some(place) => place,
        None => take(here, conn, now)?,
    };
    // A session that goes on may be from a time when they lasted longer.
    let free_at = expires_at + REST;
    if free_at > place.block.free_at {
        StatusBlock { free_at, ..place.block }.keep(conn)?;
    }
    Ok(place.index)
}

/// Takes a block, within the transaction that needs it; the rest of it is for others once that is committed. Several
/// that begin at once each take one: then there is more in stock.
fn take(here: &Vestibule, conn: &mut Transaction<'_>, now: Timestamp) -> Result<Place, db::Error> {
    let limits = &here.config.sessions;
    let longest = limits.absolute_lifetime.max(limits.remembered_lifetime);
    let block = StatusBlock::take(conn, now + HELD + longest + REST, now)?;
    let mut left = shuffled(&block);
    let index = left.pop().unwrap_or(block.first_index);
    let here = here.clone();
    conn.once_committed(move || {
        here.status.note_last(Some(block.first_index));
        here.status.indices.add(block, left, now + HELD);
    });
    Ok(Place { index, block })
}
