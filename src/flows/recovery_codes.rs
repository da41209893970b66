//! Recovery codes: made with the first factor, made anew when somebody asks, gone with the last.

use crate::clock::Timestamp;
use crate::credentials::recovery_code::RecoveryCode;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::tell_of_factors::{self, News};
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
    let caller = caller.known_as(user);
    let event = caller.event(EventKind::RecoveryCodesMade, Some(user), now);
    let (here, user) = (vestibule.clone(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            let user = User::find_locked(conn, &user)?.filter(|user| user.second_factor_since.is_some());
            let Some(user) = user else { return Ok(Vec::new()) };
            event.insert(conn)?;
            // They are a new way in: whoever did not make them hears of it.
            let news = News {
                what: "new recovery codes, in place of the old ones".to_owned(),
                is_added: true,
                others_are_out: false,
                is_two_step: true,
            };
            tell_of_factors::tell(&here, conn, &user, news, &caller, now)?;
            replace(&here, conn, &user.id, now)
        })
        .await
}

/// Those of `codes` that are codes of `user` and not used: what was kept to be shown may have been voided meanwhile.
///
/// # Errors
///
/// The database's.
pub async fn still_good(
    vestibule: &Vestibule,
    user: &UserId,
    codes: Vec<String>,
) -> Result<Vec<String>, db::Error> {
    if codes.is_empty() {
        return Ok(codes);
    }
    let id = user.clone();
    let rows =
        vestibule.db.read(move |conn| Ok::<_, db::Error>(models::RecoveryCode::list(conn, &id)?)).await?;
    let is_good = |code: &String| {
        let digest = RecoveryCode::parse(code).map(|code| code.digest(&vestibule.recovery_tags, user));
        rows.iter().any(|row| row.used_at.is_none() && Some(&row.digest) == digest.as_ref())
    };
    Ok(codes.into_iter().filter(is_good).collect())
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
