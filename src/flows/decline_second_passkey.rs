//! "Not now": one passkey is enough, says its owner, and is not asked again about this one.

use crate::clock::Timestamp;
use crate::db;
use crate::flows::end_session;
use crate::flows::factors::Factors;
use crate::id::UserId;
use crate::models::User;
use crate::vestibule::Vestibule;

/// Whether a second passkey is to be suggested to `user`: they have one, and have not said that it is enough.
pub fn is_suggested(user: &User, factors: &Factors) -> bool {
    match factors.passkeys.as_slice() {
        [only] => user.second_passkey_declined_at.is_none_or(|declined_at| only.created_at > declined_at),
        _ => false,
    }
}

/// Notes that `user` has said so.
///
/// # Errors
///
/// The database's.
pub async fn decline(vestibule: &Vestibule, user: &UserId, now: Timestamp) -> Result<(), db::Error> {
    let (here, user) = (vestibule.clone(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            User::update_second_passkey_declined_at(conn, &user, now)?;
            end_session::ask_anew(&here, conn, &user)
        })
        .await
}
