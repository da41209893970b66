//! Make an API key for somebody's programs. It is shown to whoever made it, once.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::api_key::ApiKey;
use crate::credentials::display_name::{self, DisplayNameError};
use crate::credentials::scope::Scope;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::queue_mail;
use crate::id::{ApiKeyId, SessionId, UserId};
use crate::mail::api_key_messages::ApiKeyCreated;
use crate::mail::{factor_messages, messages};
use crate::models::{self, EventKind, Session, User};
use crate::secret;
use crate::vestibule::Vestibule;

/// The most keys that somebody may have at once.
pub const MOST_KEYS: usize = 10;

/// How long a key may live, in days. None lives for ever: what nobody remembers ends by itself.
pub const DAYS: [u16; 4] = [7, 30, 90, 365];

/// How long one lives unless its owner says otherwise, in days.
pub const DEFAULT_DAYS: u16 = 90;

/// The key that somebody wants.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What to call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// How long it lives: one of [`DAYS`].
    pub days: u16,
}

/// A key that was just made.
#[derive(Debug)]
pub struct Made {
    /// The key itself: after this it is nowhere.
    pub key: ApiKey,
    /// What we know of it.
    pub row: models::ApiKey,
}

/// Why none was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateApiKeyError {
    /// Nothing was typed.
    #[error("Give the key a name that says what it is for.")]
    NoName,
    /// Not a name.
    #[error(transparent)]
    Name(#[from] DisplayNameError),
    /// There is one of that name.
    #[error("There is a key of that name already. Choose another name, or revoke that one first.")]
    SameName,
    /// A key that may do nothing.
    #[error("Choose what the key may do.")]
    NoScope,
    /// Not a time to live.
    #[error("Choose how long the key works: 7, 30, 90 or 365 days.")]
    Days,
    /// One more would be too many.
    #[error("Nobody can have more than {MOST_KEYS} keys at once. Revoke one that is not used any more.")]
    TooMany,
    /// The session ended, or the user is gone.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Makes a key for the owner of `session`, who has proven themselves lately.
///
/// # Errors
///
/// [`CreateApiKeyError`].
pub async fn by_owner(
    vestibule: &Vestibule,
    session: &Session,
    new: NewKey,
    caller: &Caller,
    now: Timestamp,
) -> Result<Made, CreateApiKeyError> {
    let caller = caller.known_as(&session.user_id);
    create(vestibule, &session.user_id, Some(session.id.clone()), new, &caller, now).await
}

/// Makes a key for `user`.
///
/// # Errors
///
/// [`CreateApiKeyError`].
pub async fn by_operator(
    vestibule: &Vestibule,
    user: &UserId,
    new: NewKey,
    caller: &Caller,
    now: Timestamp,
) -> Result<Made, CreateApiKeyError> {
    create(vestibule, user, None, new, caller, now).await
}

async fn create(
    vestibule: &Vestibule,
    user: &UserId,
    session: Option<SessionId>,
    new: NewKey,
    caller: &Caller,
    now: Timestamp,
) -> Result<Made, CreateApiKeyError> {
    let name = display_name::parse(&new.name)?.ok_or(CreateApiKeyError::NoName)?;
    if new.scopes.is_empty() {
        return Err(CreateApiKeyError::NoScope);
    }
    if !DAYS.contains(&new.days) {
        return Err(CreateApiKeyError::Days);
    }
    let key = ApiKey::generate();
    let row = models::ApiKey {
        id: ApiKeyId::new(),
        user_id: user.clone(),
        digest: secret::to_base64url(&key.digest()),
        name,
        scopes: Scope::join(&new.scopes),
        created_at: now,
        expires_at: now + Duration::from_hours(24 * u64::from(new.days)),
        last_used_at: None,
    };
    let (here, caller) = (vestibule.clone(), caller.clone());
    let made = vestibule.db.write(move |conn| {
        let user = User::find_locked(conn, &row.user_id).map_err(db::Error::from)?;
        let user = user.ok_or(CreateApiKeyError::SessionEnded)?;
        if let Some(session) = &session
            && Session::find_live(conn, session, now).map_err(db::Error::from)?.is_none()
        {
            return Err(CreateApiKeyError::SessionEnded);
        }
        let keys = models::ApiKey::list(conn, &user.id).map_err(db::Error::from)?;
        let live = || keys.iter().filter(|key| key.is_live(now));
        if live().any(|key| key.name == row.name) {
            return Err(CreateApiKeyError::SameName);
        }
        if live().count() >= MOST_KEYS {
            return Err(CreateApiKeyError::TooMany);
        }
        row.insert(conn).map_err(db::Error::from)?;
        let event = caller.event(EventKind::ApiKeyCreated, Some(&user.id), now).saying(row.id.as_str());
        let event = session.iter().fold(event, |event, session| event.in_session(session));
        event.insert(conn).map_err(db::Error::from)?;
        tell(&here, conn, &user, &row, &caller, now)?;
        Ok(row)
    });
    Ok(Made { row: made.await?, key })
}

fn tell(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    row: &models::ApiKey,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let message = ApiKeyCreated {
        username: messages::inert(&user.username),
        key: factor_messages::inert_line(&row.name),
        scopes: row.scopes().into_iter().map(Scope::words).collect(),
        created_at: now.in_words(),
        created_from: caller.address(),
        expires_at: row.expires_at.in_words(),
        keys_url: format!("{}/account/api-keys", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)
}
