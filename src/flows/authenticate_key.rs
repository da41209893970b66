//! Whose API key is this, and may it do this? Asked once of the database, then remembered like tokens are (D4): what
//! ends somebody's sessions, shuts their account or revokes a key has their keys asked for anew, here at once and at
//! other nodes within a second.
//!
//! A key is nobody at a browser: it opens no page, counts as no fresh proof, and makes no other key.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::api_key::{self, ApiKey};
use crate::credentials::scope::Scope;
use crate::db;
use crate::flows::authenticate::LAST_SEEN_STEP;
use crate::flows::{caller, last_way_in};
use crate::models;
use crate::secret;
pub use crate::verified_keys::KnownKey;
use crate::vestibule::Vestibule;

/// Why a key does not let in. Callers tell strangers which it is only for the last two, which prove that it is good.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateKeyError {
    /// It is nobody's, has ended or was revoked, or its owner's account is shut.
    #[error("This API key is invalid, has expired or was revoked.")]
    Refused,
    /// Too many from one network that are nobody's.
    #[error("Too many unknown API keys. Please wait a little.")]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// We could not find out, so the answer is no (fails closed).
    #[error(transparent)]
    Database(#[from] db::Error),
    /// It is good, and may not do this.
    #[error("This API key may not do that: it needs the scope `{0}`.")]
    Scope(Scope),
    /// It is good, and its owner has to have a second factor first.
    #[error("The owner of this API key has to add a second step to their sign-in first.")]
    EnrolmentRequired,
}

/// Whether `text` says of itself that it is an API key.
pub fn is_key(text: &str) -> bool {
    text.starts_with(api_key::PREFIX)
}

/// Whose the key `text` is, which came from `address`, if it may do what `scope` says.
///
/// # Errors
///
/// [`AuthenticateKeyError`].
pub async fn by_key(
    vestibule: &Vestibule,
    text: &str,
    scope: Scope,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Arc<KnownKey>, AuthenticateKeyError> {
    let known = match ApiKey::parse(text) {
        Some(key) => find(vestibule, key.digest(), now).await?,
        None => None,
    };
    let Some(known) = known else {
        let counted = vestibule.forgeries.count(&caller::network(address));
        counted.map_err(|retry_after| AuthenticateKeyError::Throttled { retry_after })?;
        return Err(AuthenticateKeyError::Refused);
    };
    if last_way_in::must_enrol(vestibule, &known.user) {
        return Err(AuthenticateKeyError::EnrolmentRequired);
    }
    match known.key.scopes().contains(&scope) {
        true => Ok(known),
        false => Err(AuthenticateKeyError::Scope(scope)),
    }
}

async fn find(
    vestibule: &Vestibule,
    digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Arc<KnownKey>>, db::Error> {
    if let Some(entry) = vestibule.verified_keys.find(&vestibule.verified, &digest) {
        let known = entry.known();
        if !known.key.is_live(now) {
            return Ok(None);
        }
        if entry.is_to_be_noted(now, LAST_SEEN_STEP) {
            vestibule.seen_keys.note(&known.key.id, now);
        }
        return Ok(Some(Arc::clone(known)));
    }
    let (here, text) = (vestibule.clone(), secret::to_base64url(&digest));
    let found = vestibule.db.read(move |conn| {
        let Some((_, user)) = models::ApiKey::find_live(conn, &text, now)? else { return Ok(None) };
        // Whose it is, we know only now; and they are to be watched from before they are asked for.
        let watched = here.verified.watch(&user.id);
        Ok::<_, db::Error>(models::ApiKey::find_live(conn, &text, now)?.map(|found| (found, watched)))
    });
    let Some(((key, user), watched)) = found.await? else { return Ok(None) };
    let is_news = key.last_used_at.is_none_or(|last| now.since(last) >= LAST_SEEN_STEP);
    let last_used_at = if is_news { Some(now) } else { key.last_used_at };
    if is_news {
        vestibule.seen_keys.note(&key.id, now);
    }
    let key = models::ApiKey { last_used_at, ..key };
    let known = Arc::new(KnownKey { user, key });
    vestibule.verified_keys.remember(&vestibule.verified, digest, watched, Arc::clone(&known));
    Ok(Some(known))
}
