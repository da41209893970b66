//! A browser that its owner trusts: there the password alone signs in, for a while.
//!
//! Nothing is kept here. The cookie bears our tag on whose it is, until when it counts, and on the factors and the
//! password of that moment: with another password, or with a factor more or less, it is worth nothing.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::models::User;
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

fn tag(vestibule: &Vestibule, user: &User, until: i64) -> [u8; 32] {
    let changed = user.factors_changed_at.map_or(0, Timestamp::seconds).to_string();
    let password = secret::digest_of_token(user.password_hash.as_deref().unwrap_or_default());
    vestibule.trust_tags.tag(&[user.id.as_str(), &until.to_string(), &changed, &password])
}
