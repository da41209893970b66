//! A browser that its owner trusts: there the password alone signs in, for a while.
//!
//! Nothing is kept here. The cookie bears our tag on whose it is, until when it counts, and on the factors and the
//! password of that moment: with another password, or with a factor more or less, it is worth nothing. Signing out leaves
//! it where it is; signing out everywhere voids all of them, for whoever does that may have lost such a browser.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::end_session;
use crate::id::UserId;
use crate::models::{EventKind, User};
use crate::secret;
use crate::vestibule::Vestibule;

/// How long a browser is trusted.
pub const LIFETIME: Duration = Duration::from_hours(30 * 24);

/// The cookie that has `user` trust this browser.
pub fn cookie(vestibule: &Vestibule, user: &User, now: Timestamp) -> String {
    let until = (now + LIFETIME).seconds();
    let tag = tag(vestibule, user, until);
    format!("{}.{until}.{}", user.id, secret::to_base64url(&tag))
}

/// Whether `cookie` says that `user` trusts the browser that bears it.
pub(super) fn is_trusted(vestibule: &Vestibule, user: &User, cookie: &str, now: Timestamp) -> bool {
    let mut parts = cookie.splitn(3, '.');
    let (Some(whose), Some(until), Some(shown)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(until) = until.parse::<i64>() else { return false };
    let is_ours = secret::from_base64url(shown)
        .is_some_and(|shown| secret::equal(&shown, &tag(vestibule, user, until)));
    is_ours && whose == user.id.as_str() && now < Timestamp::from_seconds(until)
}

/// Has `user` trust no browser any more. Nothing changes for whoever has asked for a second factor nowhere.
///
/// # Errors
///
/// The database's.
pub async fn forget_all(
    vestibule: &Vestibule,
    user: &UserId,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let event = caller.known_as(user).event(EventKind::SettingsChanged, Some(user), now);
    let (here, id) = (vestibule.clone(), user.clone());
    let forget = move |conn: &mut Transaction<'_>| {
        let user = User::find_locked(conn, &id)?.filter(|user| user.second_factor_since.is_some());
        let Some(user) = user else { return Ok(()) };
        user.distrust_browsers(conn, now)?;
        event.saying("trusted_browsers").insert(conn)?;
        end_session::ask_anew(&here, conn, &id)
    };
    vestibule.db.write(forget).await
}

fn tag(vestibule: &Vestibule, user: &User, until: i64) -> [u8; 32] {
    let changed = user.factors_changed_at.map_or(0, Timestamp::seconds).to_string();
    let password = secret::digest_of_token(user.password_hash.as_deref().unwrap_or_default());
    // The hash alone is not enough: whoever chooses the same password anew has the same one, salt and all.
    let chosen = user.password_changed_at.map_or(0, Timestamp::seconds).to_string();
    vestibule.trust_tags.tag(&[user.id.as_str(), &until.to_string(), &changed, &password, &chosen])
}
