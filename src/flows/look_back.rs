//! Look back: where one was signed in, and all that happened; a page at a time, newest first.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db;
use crate::flows::overview::idle_since;
use crate::id::{EventId, SessionId, UserId};
use crate::models::{Ended, Event, EventKind, Part, Session};
use crate::vestibule::Vestibule;

/// How many rows a page has.
pub const MOST_ON_PAGE: usize = 50;
/// One more is asked for, to know whether there is another page.
const ASKED_FOR: i64 = MOST_ON_PAGE as i64 + 1;
/// How far back ended sessions are shown, if they are kept for that long.
const SESSIONS: Duration = Duration::from_hours(30 * 24);

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<Row> {
    /// What is on it.
    pub rows: Vec<Row>,
    /// Whether there is more that is newer.
    pub has_newer: bool,
    /// Whether there is more that is older.
    pub has_older: bool,
}

/// The sessions of `user` that ended in the last 30 days, the latest sign-in first.
///
/// # Errors
///
/// The database's.
pub async fn sessions(
    vestibule: &Vestibule,
    user: &UserId,
    part: Part<SessionId>,
    now: Timestamp,
) -> Result<Page<Session>, db::Error> {
    let ended = Ended { now, idle_since: idle_since(vestibule, now), since: now - SESSIONS };
    let user = user.clone();
    vestibule
        .db
        .read(move |conn| page(&part, |part| Ok(Session::list_ended(conn, &user, ended, part, ASKED_FOR)?)))
        .await
}

/// What happened to `user`, of these kinds.
///
/// # Errors
///
/// The database's.
pub async fn events(
    vestibule: &Vestibule,
    user: &UserId,
    kinds: Vec<EventKind>,
    part: Part<EventId>,
) -> Result<Page<Event>, db::Error> {
    let user = user.clone();
    vestibule
        .db
        .read(move |conn| page(&part, |part| Ok(Event::list_part(conn, &user, &kinds, part, ASKED_FOR)?)))
        .await
}

fn page<Id, Row>(
    part: &Part<Id>,
    mut list: impl FnMut(&Part<Id>) -> Result<Vec<Row>, db::Error>,
) -> Result<Page<Row>, db::Error>
where
    Id: for<'text> From<&'text str>,
{
    let mut rows = list(part)?;
    let goes_on = rows.len() > MOST_ON_PAGE;
    if let Part::After { .. } = part {
        if !goes_on {
            // Fewer newer ones than a page has: then it is the first page, and that one is full.
            return page(&Part::newest(), list);
        }
        rows.truncate(MOST_ON_PAGE);
        rows.reverse();
        return Ok(Page { rows, has_newer: true, has_older: true });
    }
    rows.truncate(MOST_ON_PAGE);
    Ok(Page { rows, has_newer: !part.is_newest(), has_older: goes_on })
}
