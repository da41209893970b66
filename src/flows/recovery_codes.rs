//! Recovery codes: made with the first factor, made anew when somebody asks, gone with the last.

use crate::clock::Timestamp;
use crate::credentials::recovery_code::RecoveryCode;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::factors;
use crate::id::UserId;
use crate::models::{self, EventKind, User};
use crate::vestibule::Vestibule;

/// A new set in place of the old one, for whoever has a factor that they stand in for; nothing for others.
///
/// # Errors
///
/// The database's.
pub async fn make_new(
    vestibule: &Vestibule,
    user: &UserId,
    caller: &Caller,
    now: Timestamp,
) -> Result<Vec<RecoveryCode>, db::Error> {
    let event = caller.known_as(user).event(EventKind::RecoveryCodesMade, Some(user), now);
    let (here, user) = (vestibule.clone(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            User::find_locked(conn, &user)?;
            if !factors::within(conn, &user)?.any() {
                return Ok(Vec::new());
            }
            event.insert(conn)?;
            Ok(replace(&here, conn, &user, now)?)
        })
        .await
}

/// The set that comes with the first factor; none, if there is one.
pub(super) fn make_first(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<RecoveryCode>, db::Error> {
    match models::RecoveryCode::list(conn, user)?.is_empty() {
        true => Ok(replace(here, conn, user, now)?),
        false => Ok(Vec::new()),
    }
}

fn replace(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<RecoveryCode>, db::Error> {
    let codes = RecoveryCode::generate_set();
    let rows: Vec<_> = codes
        .iter()
        .map(|code| models::RecoveryCode {
            digest: code.digest(&here.recovery_tags, user),
            user_id: user.clone(),
            created_at: now,
            used_at: None,
        })
        .collect();
    models::RecoveryCode::replace_all(conn, user, &rows)?;
    Ok(codes)
}
