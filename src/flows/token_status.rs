//! Tell those who check our tokens by themselves which of them are over before their time: the token status list.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection, Transaction};
use crate::models::{InvalidToken, StatusBlock};
use crate::secret;
use crate::token_status::SignedList;
use crate::tokens::{StatusList, StatusListClaims, TokenError};
use crate::vestibule::Vestibule;

/// Nobody is to go by a list any longer than this after it was signed.
pub const LIFETIME: Duration = Duration::from_mins(5);
/// A list that did not change is signed anew when it is this old.
const SIGNED_EVERY: Duration = Duration::from_secs(150);
/// How long somebody who asks anew each time may go by a list, in seconds.
pub const TTL: u64 = 1;
/// How long a bit stays set: ten minutes longer than the last token may count that a node gave out which had not heard.
const SET_FOR: Duration = Duration::from_mins(75);

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum TokenStatusError {
    /// The database was not read lately: what we know may be out of date, and nobody is to go by it.
    #[error("revocations were not read lately")]
    Unknown,
    /// It could not be put together.
    #[error("the status list could not be put together: {0}")]
    Broken(String),
}

impl From<TokenError> for TokenStatusError {
    fn from(error: TokenError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The signed list: the same for all until something changes or it is to be signed anew.
///
/// # Errors
///
/// [`TokenStatusError`].
pub async fn list(vestibule: &Vestibule, now: Timestamp) -> Result<Arc<SignedList>, TokenStatusError> {
    if !is_current(vestibule) {
        return Err(TokenStatusError::Unknown);
    }
    if let Some(list) = fresh(vestibule, now) {
        return Ok(list);
    }
    let _turn = vestibule.status.turn.lock().await;
    if let Some(list) = fresh(vestibule, now) {
        return Ok(list);
    }
    let here = vestibule.clone();
    let signed = tokio::task::spawn_blocking(move || sign(&here, now)).await;
    signed.map_err(|error| TokenStatusError::Broken(error.to_string()))?
}

/// Whether we know of all revocations, whichever process made them, but those of the last moment.
pub fn is_current(vestibule: &Vestibule) -> bool {
    vestibule.verified.is_current()
}

fn fresh(vestibule: &Vestibule, now: Timestamp) -> Option<Arc<SignedList>> {
    // Signed by a request that came a moment later than this one, perhaps, but not before the clock was set back.
    let by = now + vestibule.tokens.profile().leeway;
    // A key that somebody may have is none that others still take.
    let is_good = |list: &Arc<SignedList>| {
        list.key == vestibule.tokens.current(now) && list.iat <= by && now < list.iat + SIGNED_EVERY
    };
    vestibule.status.signed().filter(is_good)
}

fn sign(vestibule: &Vestibule, now: Timestamp) -> Result<Arc<SignedList>, TokenStatusError> {
    let draft = vestibule.status.draft(now);
    let key = vestibule.tokens.current(now);
    let claims = StatusListClaims {
        sub: vestibule.config.token_status_uri(),
        iss: vestibule.config.issuer(),
        iat: now,
        exp: now + LIFETIME,
        ttl: TTL,
        status_list: draft.list.encode().map_err(|error| TokenStatusError::Broken(error.to_string()))?,
    };
    let text = vestibule.tokens.sign_as(StatusList::TYP, &claims, now)?;
    let tag = secret::to_base64url(&secret::sha256(text.as_bytes()));
    Ok(vestibule.status.keep(SignedList { text, tag, version: draft.version, key, iat: now }))
}

/// Sets the bits of sessions that end here, within the deed that ends them; those who listen hear of it once that is
/// committed.
pub(super) fn invalidate(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    indices: impl IntoIterator<Item = i64>,
) -> Result<(), db::Error> {
    let since = here.clock.now();
    let row = |status_index| InvalidToken { status_index, since, until: since + SET_FOR };
    let rows: Vec<_> = indices.into_iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    for row in &rows {
        row.insert(conn)?;
    }
    let here = here.clone();
    conn.once_committed(move || here.status.note(&rows));
    Ok(())
}

/// Reads which bits were set since `since`, or all there are; when the last of them was.
pub(super) fn read(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, db::Error> {
    let last = StatusBlock::last(conn)?;
    let invalid = match since {
        Some(since) => InvalidToken::list_since(conn, since)?,
        None => InvalidToken::list(conn, now)?,
    };
    vestibule.status.note_last(last);
    vestibule.status.note(&invalid);
    Ok(invalid.iter().map(|token| token.since).max())
}
