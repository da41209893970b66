//! Who is this? The guard's question (D4): is the token good, **and** the session live, **and** the user enabled.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db;
use crate::models::{Session, User};
use crate::tokens::{AccessClaims, TokenError};
use crate::vestibule::Vestibule;

/// Somebody whose token, session and account are all good.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// Who.
    pub user: User,
    /// The session behind the token.
    pub session: Session,
    /// What the token says.
    pub claims: AccessClaims,
}

/// Why nobody is let in. Callers tell strangers none of it.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token itself.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token is good; the session has ended, or the user is disabled.
    #[error("The session has ended.")]
    Revoked,
    /// Too many forged tokens from one network.
    #[error("Too many forged tokens. Please wait a little.")]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// We could not find out, so the answer is no (fails closed).
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// How much later than the last note a request has to be before it is noted again.
pub(super) const LAST_SEEN_STEP: Duration = Duration::from_mins(1);

/// The user behind `token`, which came from `network`, at the moment `now`. One database round trip.
///
/// # Errors
///
/// [`AuthenticateError`].
pub async fn by_token(
    vestibule: &Vestibule,
    token: &str,
    network: &str,
    now: Timestamp,
) -> Result<Authenticated, AuthenticateError> {
    let claims = match vestibule.tokens.verify(token, now) {
        Err(TokenError::Forged) => {
            let counted = vestibule.forgeries.count(network);
            counted.map_err(|retry_after| AuthenticateError::Throttled { retry_after })?;
            return Err(TokenError::Forged.into());
        }
        other => other?,
    };
    let id = claims.sid.clone();
    let found =
        vestibule.db.read(move |conn| Ok::<_, db::Error>(Session::find_live(conn, &id, now)?)).await?;
    let (session, user) = found.ok_or(AuthenticateError::Revoked)?;
    if session.user_id != claims.sub {
        return Err(AuthenticateError::Revoked);
    }
    if now.since(session.last_seen_at) >= LAST_SEEN_STEP {
        note_last_seen(vestibule, &session, now);
    }
    Ok(Authenticated { user, session, claims })
}

/// Written beside the request, not in it: a reader must not wait for the writer, nor fail with it.
fn note_last_seen(vestibule: &Vestibule, session: &Session, now: Timestamp) {
    let (db, id) = (vestibule.db.clone(), session.id.clone());
    tokio::spawn(async move {
        let noted =
            db.write(move |conn| Ok::<_, db::Error>(Session::update_last_seen(conn, &id, now)?)).await;
        if let Err(error) = noted {
            log::warn!("a session's last use could not be noted: {error}");
        }
    });
}
