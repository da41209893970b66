//! Log out: this session ends. Doing it twice is no mistake.

use crate::clock::Timestamp;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::end_session;
use crate::id::{SessionId, UserId};
use crate::models::{EventKind, RevokedBecause};
use crate::vestibule::Vestibule;

/// Ends `session` of `user`; everywhere its token is refused from now on.
///
/// # Errors
///
/// The database's: then the session may still live, and the person must be told so.
pub async fn of_session(
    vestibule: &Vestibule,
    user: &UserId,
    session: &SessionId,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let event = caller.known_as(user).event(EventKind::LoggedOut, Some(user), now).in_session(session);
    let (here, user, session) = (vestibule.clone(), user.clone(), session.clone());
    vestibule
        .db
        .write(move |conn| {
            if end_session::revoke(&here, conn, &user, &session, RevokedBecause::LoggedOut, now)? {
                event.insert(conn)?;
            }
            Ok(())
        })
        .await
}
