//! Who is signed in: the guard in front of everything that is not for strangers (D4).

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use super::{Context, instance};
use crate::flows::authenticate::{self, AuthenticateError, Authenticated};
use crate::flows::issue_token;
use crate::tokens::TokenError;
use crate::vestibule::Vestibule;
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;

/// Somebody signed in: their token is good, their session live, their account enabled; now, not when it was issued.
///
/// From `Authorization: Bearer`, else from the cookie. Half way through its life the cookie's token is renewed with
/// the answer, so that nobody who is at work is signed out (D3).
#[derive(Clone, Debug)]
pub struct CurrentUser(Arc<Authenticated>);

/// Somebody signed in who says so by a Bearer token. A cookie alone does not open the JSON API: a browser would send
/// it along with whatever another site makes it send.
#[derive(Clone, Debug)]
pub struct BearerUser(Arc<Authenticated>);

impl Deref for CurrentUser {
    type Target = Authenticated;

    fn deref(&self) -> &Authenticated {
        &self.0
    }
}

impl Deref for BearerUser {
    type Target = Authenticated;

    fn deref(&self) -> &Authenticated {
        &self.0
    }
}

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

impl FromRequest for CurrentUser {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let vestibule = instance(&request)?;
            if let Some(token) = bearer_token(&request) {
                return authenticate(&request, &vestibule, token).await.map(Self);
            }
            let config = &vestibule.config;
            let token = cookies::read(&request, Purpose::Token, config).ok_or(Error::Unauthenticated)?;
            let who = authenticate(&request, &vestibule, &token).await?;
            // Leeway is for other people's clocks. A page that looks whether its time is up must not live on by it.
            if Context::of(&request)?.now >= who.claims.exp {
                return Err(Error::TokenRefused);
            }
            renew(&request, &vestibule, &who)?;
            Ok(Self(who))
        })
    }
}

impl FromRequest for BearerUser {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let vestibule = instance(&request)?;
            let token = bearer_token(&request).ok_or(Error::Unauthenticated)?;
            authenticate(&request, &vestibule, token).await.map(Self)
        })
    }
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1). An empty one is none.
pub(in crate::web) fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    (is_bearer && values.next().is_none()).then_some(token)
}

async fn authenticate(
    request: &HttpRequest,
    vestibule: &Vestibule,
    token: &str,
) -> Result<Arc<Authenticated>, Error> {
    let context = Context::of(request)?;
    match authenticate::by_token(vestibule, token, context.address, context.now).await {
        Ok(who) => Ok(who),
        Err(error @ AuthenticateError::Token(TokenError::Forged)) => {
            log::warn!("{error} (request {})", context.request_id);
            Err(Error::TokenRefused)
        }
        Err(AuthenticateError::Token(_) | AuthenticateError::Revoked) => Err(Error::TokenRefused),
        Err(AuthenticateError::Throttled { retry_after }) => Err(Error::TooManyRequests { retry_after }),
        Err(AuthenticateError::Database(error)) => Err(error.into()),
    }
}

fn renew(request: &HttpRequest, vestibule: &Vestibule, who: &Authenticated) -> Result<(), Error> {
    let (claims, now) = (&who.claims, Context::of(request)?.now);
    let is_half_over = now.since(claims.iat) >= vestibule.config.tokens.lifetime / 2;
    if is_half_over && claims.exp < who.session.expires_at {
        let token = issue_token::for_session(vestibule, &who.user, &who.session, now)?;
        cookies::leave(request, cookies::token(&vestibule.config, &token));
    }
    Ok(())
}
