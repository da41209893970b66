//! Change a setting of one's own account. Small changes: a session is enough, and none of them lets anybody in.

use crate::clock::{Timestamp, Zone};
use crate::credentials::display_name::{self, DisplayNameError};
use crate::db::{self, AnyConnection};
use crate::flows::caller::Caller;
use crate::flows::end_session;
use crate::models::{EventKind, Session, User};
use crate::vestibule::Vestibule;

/// Why a setting stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSettingsError {
    /// The name.
    #[error(transparent)]
    DisplayName(#[from] DisplayNameError),
    /// No such zone.
    #[error("We do not know that time zone. Choose one from the list.")]
    TimeZone,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Calls the owner of `session` by the name they typed; by their username again, if they typed none.
///
/// # Errors
///
/// [`ChangeSettingsError`].
pub async fn display_name(
    vestibule: &Vestibule,
    session: &Session,
    typed: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), ChangeSettingsError> {
    let name = display_name::parse(typed)?;
    let change = move |conn: &mut AnyConnection, user: &User| {
        let is_other = user.display_name != name;
        if is_other {
            User::update_display_name(conn, &user.id, name.as_deref())?;
        }
        Ok(is_other)
    };
    Ok(write(vestibule, session, "display name", change, caller, now).await?)
}

/// Shows the owner of `session` times on the clocks of the zone with this IANA name; on those of UTC, if it is empty.
///
/// # Errors
///
/// [`ChangeSettingsError`].
pub async fn time_zone(
    vestibule: &Vestibule,
    session: &Session,
    typed: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), ChangeSettingsError> {
    // By its name as it stands in the list: others that are understood would be shown as they were typed.
    let is_known =
        typed.is_empty() || (Zone::named(typed).is_some() && Zone::names().iter().any(|name| name == typed));
    if !is_known {
        return Err(ChangeSettingsError::TimeZone);
    }
    let zone = (!typed.is_empty()).then(|| typed.to_owned());
    let change = move |conn: &mut AnyConnection, user: &User| {
        let is_other = user.time_zone != zone;
        if is_other {
            User::update_time_zone(conn, &user.id, zone.as_deref())?;
        }
        Ok(is_other)
    };
    Ok(write(vestibule, session, "time zone", change, caller, now).await?)
}

/// Makes the change, if it is one, and sees to it that every page shows it from now on.
async fn write(
    vestibule: &Vestibule,
    session: &Session,
    what: &'static str,
    change: impl FnOnce(&mut AnyConnection, &User) -> Result<bool, db::Error> + Send + 'static,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let user = session.user_id.clone();
    let event = caller.known_as(&user).event(EventKind::SettingsChanged, Some(&user), now);
    let (here, event) = (vestibule.clone(), event.in_session(&session.id).saying(what));
    vestibule
        .db
        .write(move |conn| {
            let Some(user) = User::find_locked(conn, &user)? else { return Ok(()) };
            if change(conn, &user)? {
                end_session::ask_anew(&here, conn, &user.id)?;
                event.insert(conn)?;
            }
            Ok(())
        })
        .await
}
