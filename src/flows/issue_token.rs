//! Issue an access token for a session.

use crate::clock::Timestamp;
use crate::id::TokenId;
use crate::models::{Session, User};
use crate::tokens::{AccessClaims, Status, StatusReference, TokenError};
use crate::vestibule::Vestibule;

/// A signed token and what it says. `Debug` does not show it.
#[derive(Clone)]
pub struct AccessToken {
    /// The compact form.
    pub text: String,
    /// What it says.
    pub claims: AccessClaims,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken").field("exp", &self.claims.exp).finish_non_exhaustive()
    }
}

/// A token that proves `session` from `now` on, for `tokens.lifetime` or until the session ends, whichever is less.
///
/// # Errors
///
/// [`TokenError::Forged`] when the key cannot sign: never with a key that was loaded.
pub fn for_session(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    now: Timestamp,
) -> Result<AccessToken, TokenError> {
    again(vestibule, user, session, TokenId::new(), now)
}

/// The token `id` for `session`, issued at `now`: asked for again it is the same, to the byte.
pub(super) fn again(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    id: TokenId,
    now: Timestamp,
) -> Result<AccessToken, TokenError> {
    let claims = claims(vestibule, user, session, id, now);
    Ok(AccessToken { text: vestibule.tokens.sign(&claims)?, claims })
}

/// What such a token says.
pub(super) fn claims(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    id: TokenId,
    now: Timestamp,
) -> AccessClaims {
    let profile = vestibule.tokens.profile();
    AccessClaims {
        iss: profile.issuer.clone(),
        sub: user.id.clone(),
        aud: crate::tokens::Audience::One(profile.audience.clone()),
        exp: (now + profile.lifetime).min(session.expires_at),
        nbf: now,
        iat: now,
        jti: id,
        client_id: "vestibule".to_owned(),
        sid: session.id.clone(),
        auth_time: session.authenticated_at,
        amr: session.amr.split(' ').map(str::to_owned).collect(),
        preferred_username: user.username.clone(),
        groups: user.groups().map(str::to_owned).collect(),
        status: session.status_index.and_then(|index| status(vestibule, index)),
    }
}

fn status(vestibule: &Vestibule, index: i64) -> Option<Status> {
    let idx = u64::try_from(index).ok()?;
    Some(Status { status_list: StatusReference { idx, uri: vestibule.config.token_status_uri() } })
}
