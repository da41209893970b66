//! How a browser stays signed in without noticing (D3).
//!
//! | when | by what |
//! |---|---|
//! | half way through the life of its access token | by that token |
//! | when that has expired, for who chose to stay signed in | by the refresh token |

use std::sync::Arc;

use actix_web::HttpRequest;

use super::{Context, instance};
use crate::clock::Timestamp;
use crate::flows::authenticate::Authenticated;
use crate::flows::issue_token;
use crate::flows::refresh::{self, RefreshError, Renewed};
use crate::models::Session;
use crate::vestibule::Vestibule;
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;
use crate::web::forward_auth;

/// Leaves a fresh token for whoever has used half the time of theirs.
pub(super) fn half_way(request: &HttpRequest, who: &Authenticated) -> Result<(), Error> {
    let (vestibule, now) = (instance(request)?, Context::of(request)?.now);
    let claims = &who.claims;
    let is_half_over = now.since(claims.iat) >= vestibule.config.tokens.lifetime / 2;
    if is_half_over && claims.exp < who.session.expires_at {
        let token = issue_token::for_session(&vestibule, &who.user, &who.session, now)?;
        cookies::leave(request, cookies::token(&vestibule.config, &token));
        leave_door_cookie(request, &vestibule, &who.session, now);
    }
    Ok(())
}

/// Whether a refresh token may help whoever meets `error`. Where nobody would give the browser the next one, it is not
/// spent: sent again, it would pass for a copy.
pub(super) fn is_possible(request: &HttpRequest, error: &Error) -> bool {
    matches!(error, Error::Unauthenticated | Error::TokenRefused)
        && refresh_token(request).is_some()
        && Context::of(request).is_ok_and(|context| context.gives_cookies())
}

/// Exchanges the refresh token in the cookie; the new pair is left for the answer. One that is refused is taken away.
pub(super) async fn by_refresh_token(request: &HttpRequest) -> Result<Arc<Authenticated>, Error> {
    let (vestibule, context) = (instance(request)?, Context::of(request)?);
    let (config, now) = (&vestibule.config, context.now);
    let token = refresh_token(request).ok_or(Error::Unauthenticated)?;
    match refresh::exchange(&vestibule, &token, &context.caller(), now).await {
        Ok(Renewed { who, token, refresh }) => {
            cookies::leave(request, cookies::token(config, &token));
            cookies::leave(request, cookies::refresh(config, &refresh, who.session.expires_at.since(now)));
            leave_door_cookie(request, &vestibule, &who.session, now);
            Ok(Arc::new(who))
        }
        Err(RefreshError::Refused) => {
            cookies::leave(request, cookies::no_refresh(config));
            Err(Error::TokenRefused)
        }
        Err(error) => Err(error.into()),
    }
}

fn leave_door_cookie(request: &HttpRequest, vestibule: &Vestibule, session: &Session, now: Timestamp) {
    if let Some(door) = forward_auth::cookie_for(vestibule, session, now) {
        cookies::leave(request, door);
    }
}

fn refresh_token(request: &HttpRequest) -> Option<String> {
    let vestibule = instance(request).ok()?;
    cookies::read(request.headers(), Purpose::Refresh, &vestibule.config).map(str::to_owned)
}
