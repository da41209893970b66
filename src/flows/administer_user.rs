//! What an operator does to an account: disable, enable, change the role.

use crate::clock::Timestamp;
use crate::credentials::username;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::{end_session, throttle};
use crate::models::{EventKind, OneTimeToken, Purpose, RevokedBecause, Role, User};
use crate::vestibule::Vestibule;

/// The user who goes by `name`: a username or an id.
///
/// # Errors
///
/// The database's.
pub async fn find(vestibule: &Vestibule, name: &str) -> Result<Option<User>, db::Error> {
    let (folded, id) = (username::fold(name), name.into());
    vestibule
        .db
        .read(move |conn| match User::find_by_username(conn, &folded)? {
            Some(user) => Ok(Some(user)),
            None => Ok(User::find(conn, &id)?),
        })
        .await
}

/// Shuts the account and ends its sessions, in one step. Doing it twice changes nothing.
///
/// # Errors
///
/// The database's.
pub async fn disable(
    vestibule: &Vestibule,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let event = caller.event(EventKind::UserDisabled, Some(&user.id), now);
    let (here, user) = (vestibule.clone(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            // Read again: somebody may have enabled the account since it was looked up.
            let user = User::find_locked(conn, &user.id)?.unwrap_or(user);
            if user.disabled_at.is_none() {
                User::update_disabled_at(conn, &user.id, Some(now))?;
                event.insert(conn)?;
            }
            end_session::revoke_all_but(&here, conn, &user.id, None, RevokedBecause::UserDisabled, now)?;
            OneTimeToken::delete_of(conn, &user.id, Purpose::ResetPassword)?;
            Ok(())
        })
        .await
}

/// Opens the account again and forgets failed tries at it. Ended sessions stay ended.
///
/// # Errors
///
/// The database's.
pub async fn enable(
    vestibule: &Vestibule,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let (event, user) = (caller.event(EventKind::UserEnabled, Some(&user.id), now), user.clone());
    let here = vestibule.clone();
    vestibule
        .db
        .write(move |conn| {
            // The user first, and then what is counted about them: as at a sign-in.
            let user = User::find_locked(conn, &user.id)?.unwrap_or(user);
            let logins = [Some(user.username.as_str()), user.email.as_deref()];
            throttle::clear_account(&here, conn, &logins.into_iter().flatten().collect::<Vec<_>>())?;
            if user.disabled_at.is_some() {
                User::update_disabled_at(conn, &user.id, None)?;
                event.insert(conn)?;
            }
            Ok(())
        })
        .await
}

/// Gives the user another role; it counts from their next request on.
///
/// # Errors
///
/// The database's.
pub async fn set_role(
    vestibule: &Vestibule,
    user: &User,
    role: Role,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let event = caller.event(EventKind::RoleChanged, Some(&user.id), now);
    let event = event.saying(format!("{} to {role}", user.role));
    let (here, user) = (vestibule.clone(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            let user = User::find_locked(conn, &user.id)?.unwrap_or(user);
            if user.role != role {
                User::update_role(conn, &user.id, role)?;
                end_session::ask_anew(&here, conn, &user.id)?;
                event.insert(conn)?;
            }
            Ok(())
        })
        .await
}
