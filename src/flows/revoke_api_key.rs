//! Take API keys back: one, by its owner or an operator, or all of somebody's with what else ends then.
//!
//! A key that is revoked is gone; the audit trail says that there was one. Everybody asks anew for what they remember
//! of its owner, so that it opens nothing any more: here at once, at other nodes within a second.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::reset_factors::MOST_REASON_CHARS;
use crate::flows::{end_session, queue_mail};
use crate::id::{ApiKeyId, UserId};
use crate::mail::api_key_messages::ApiKeysRevoked;
use crate::mail::{factor_messages, messages};
use crate::models::{ApiKey, EventKind, User};
use crate::vestibule::Vestibule;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum RevokeApiKeyError {
    /// It stands in a mail and in the trail.
    #[error(
        "A reason is one line of 1 to {MOST_REASON_CHARS} characters: it stands in the trail, and its owner reads it."
    )]
    Reason,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Why all keys of somebody end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// A new password was chosen by a link.
    PasswordReset,
    /// Its owner said of a sign-in: this was not me.
    Disowned,
    /// The former e-mail address was put back.
    EmailRestored,
}

impl Because {
    fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::Disowned => "disowned",
            Self::EmailRestored => "email_restored",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::PasswordReset => "A new password was chosen by a link.",
            Self::Disowned => "A sign-in was reported as not yours.",
            Self::EmailRestored => "Your former e-mail address was put back.",
        }
    }
}

/// Revokes a key of `user`'s own; whether there was one: somebody else's and none at all look alike.
///
/// # Errors
///
/// The database's.
pub async fn by_owner(
    vestibule: &Vestibule,
    user: &UserId,
    id: &ApiKeyId,
    caller: &Caller,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let (here, caller, user, id) = (vestibule.clone(), caller.known_as(user), user.clone(), id.clone());
    let revoked = vestibule.db.write(move |conn| {
        User::find_locked(conn, &user)?;
        match ApiKey::find(conn, &id)?.filter(|key| key.user_id == user) {
            Some(key) => revoke(&here, conn, &key, "", &caller, now).map(|()| true),
            None => Ok(false),
        }
    });
    revoked.await
}

/// Revokes a key, and tells its owner why, if the operator says so; the key that was, if there was one.
///
/// # Errors
///
/// [`RevokeApiKeyError`].
pub async fn by_operator(
    vestibule: &Vestibule,
    id: &ApiKeyId,
    reason: Option<&str>,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<ApiKey>, RevokeApiKeyError> {
    let reason = reason.unwrap_or_default().trim().to_owned();
    if reason.chars().count() > MOST_REASON_CHARS || reason.chars().any(char::is_control) {
        return Err(RevokeApiKeyError::Reason);
    }
    let (here, caller, id) = (vestibule.clone(), caller.clone(), id.clone());
    let revoked = vestibule.db.write(move |conn| {
        let Some(found) = ApiKey::find(conn, &id)? else { return Ok::<_, db::Error>(None) };
        let Some(user) = User::find_locked(conn, &found.user_id)? else { return Ok(None) };
        // Found again: its owner may have been quicker.
        let Some(key) = ApiKey::find(conn, &id)? else { return Ok(None) };
        revoke(&here, conn, &key, &reason, &caller, now)?;
        let why = match reason.is_empty() {
            true => "Your administrator did it.".to_owned(),
            false => format!("Your administrator says: {}", factor_messages::inert_line(&reason)),
        };
        tell(&here, conn, &user, std::slice::from_ref(&key), why, now)?;
        Ok(Some(key))
    });
    Ok(revoked.await?)
}

/// Revokes all keys of `user`, whose row is locked, within a larger deed, and tells them: somebody else may have made
/// one.
pub(super) fn all_of(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    because: Because,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let keys = ApiKey::list(conn, &user.id)?;
    for key in &keys {
        revoke(here, conn, key, because.as_str(), caller, now)?;
    }
    let live: Vec<ApiKey> = keys.into_iter().filter(|key| key.is_live(now)).collect();
    match live.is_empty() {
        true => Ok(()),
        false => tell(here, conn, user, &live, because.words().to_owned(), now),
    }
}

fn revoke(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    key: &ApiKey,
    why: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    ApiKey::delete(conn, &key.id)?;
    end_session::ask_anew(here, conn, &key.user_id)?;
    let detail = format!("{} {why}", key.id);
    caller.event(EventKind::ApiKeyRevoked, Some(&key.user_id), now).saying(detail.trim_end()).insert(conn)?;
    Ok(())
}

fn tell(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    keys: &[ApiKey],
    why: String,
    now: Timestamp,
) -> Result<(), db::Error> {
    let message = ApiKeysRevoked {
        username: messages::inert(&user.username),
        keys: keys.iter().map(|key| factor_messages::inert_line(&key.name)).collect(),
        why,
        revoked_at: now.in_words(),
        keys_url: format!("{}/account/api-keys", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)
}
