//! What there is to see: of one's own account who am I, where am I signed in, what happened lately; and the outbox.

use crate::clock::Timestamp;
use crate::db;
use crate::flows::authenticate::LAST_SEEN_STEP;
use crate::flows::factors::{self, Factors};
use crate::id::{MailId, SessionId, UserId};
use crate::mail::Letter;
use crate::models::{ApiKey, Event, OutboxMail, Session, User};
use crate::vestibule::Vestibule;

/// What the dashboard shows, as rows.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Live sessions, newest first.
    pub sessions: Vec<Session>,
    /// The latest events, newest first.
    pub events: Vec<Event>,
    /// The sign-in before this one.
    pub previous: Option<Session>,
    /// What there is beside the password.
    pub factors: Factors,
}

/// How many events the overview looks back on.
const LATEST_EVENTS: i64 = 20;

/// What there is to know for `user`, seen from the session `current`.
///
/// # Errors
///
/// The database's.
pub async fn of(
    vestibule: &Vestibule,
    user: &User,
    current: &Session,
    now: Timestamp,
) -> Result<Overview, db::Error> {
    // Most people have none: then there is nothing to look for.
    let has_factors = user.second_factor_since.is_some();
    let (user, current) = (user.id.clone(), current.clone());
    let idle_since = idle_since(vestibule, now);
    vestibule
        .db
        .read(move |conn| {
            Ok(Overview {
                sessions: Session::list_live(conn, &user, now, idle_since)?,
                events: Event::list_latest(conn, &user, LATEST_EVENTS)?,
                previous: Session::find_previous(conn, &user, &current.id, current.created_at)?,
                factors: if has_factors { factors::within(conn, &user)? } else { Factors::default() },
            })
        })
        .await
}

/// The API keys of `user`, those that have ended among them, the newest first.
///
/// # Errors
///
/// The database's.
pub async fn api_keys(vestibule: &Vestibule, user: &UserId) -> Result<Vec<ApiKey>, db::Error> {
    let user = user.clone();
    vestibule.db.read(move |conn| Ok(ApiKey::list(conn, &user)?)).await
}

/// The live sessions of `user`.
///
/// # Errors
///
/// The database's.
pub async fn sessions(
    vestibule: &Vestibule,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<Session>, db::Error> {
    let (user, idle_since) = (user.clone(), idle_since(vestibule, now));
    vestibule.db.read(move |conn| Ok(Session::list_live(conn, &user, now, idle_since)?)).await
}

/// Whoever was last seen before this holds no valid token any more, even if it was renewed just before the next note
/// of their last use was due.
pub(super) fn idle_since(vestibule: &Vestibule, now: Timestamp) -> Timestamp {
    let tokens = &vestibule.config.tokens;
    now - (tokens.lifetime + tokens.leeway + LAST_SEEN_STEP)
}

/// One session, live or not.
///
/// # Errors
///
/// The database's.
pub async fn session(vestibule: &Vestibule, id: &SessionId) -> Result<Option<Session>, db::Error> {
    let id = id.clone();
    vestibule.db.read(move |conn| Ok(Session::find(conn, &id)?)).await
}

/// A page of users by name.
///
/// # Errors
///
/// The database's.
pub async fn users(vestibule: &Vestibule, after: &str, limit: i64) -> Result<Vec<User>, db::Error> {
    let after = after.to_owned();
    vestibule.db.read(move |conn| Ok(User::list(conn, &after, limit)?)).await
}

/// The latest `limit` mails, newest first.
///
/// # Errors
///
/// The database's.
pub async fn mails(vestibule: &Vestibule, limit: i64) -> Result<Vec<OutboxMail>, db::Error> {
    vestibule.db.read(move |conn| Ok(OutboxMail::list_latest(conn, limit)?)).await
}

/// The same with their words, of those whose words are still there.
///
/// # Errors
///
/// The database's.
pub async fn letters(vestibule: &Vestibule, limit: i64) -> Result<Vec<(OutboxMail, Letter)>, db::Error> {
    let mails = mails(vestibule, limit).await?;
    Ok(mails.into_iter().filter_map(|mail| open(vestibule, mail)).collect())
}

/// One mail and its words, if they are still there.
///
/// # Errors
///
/// The database's.
pub async fn letter(vestibule: &Vestibule, id: MailId) -> Result<Option<(OutboxMail, Letter)>, db::Error> {
    let found = vestibule.db.read(move |conn| Ok::<_, db::Error>(OutboxMail::find(conn, &id)?)).await?;
    Ok(found.and_then(|mail| open(vestibule, mail)))
}

fn open(vestibule: &Vestibule, mail: OutboxMail) -> Option<(OutboxMail, Letter)> {
    let letter = Letter::open(&vestibule.letters, &mail.id, mail.sealed.as_deref()?)?;
    Some((mail, letter))
}
