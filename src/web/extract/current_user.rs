//! Who is signed in: the guard in front of everything that is not for strangers (D4).

use std::future::{Future, Ready, ready};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::Either;

use super::{Context, enrolment, instance, renewal};
use crate::flows::authenticate::{self, AuthenticateError, Authenticated};
use crate::tokens::TokenError;
use crate::vestibule::Vestibule;
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;

/// Somebody signed in: their token is good, their session live, their account enabled; now, not when it was issued.
///
/// From `Authorization: Bearer`, else from the cookie. Half way through its life the cookie's token is renewed with
/// the answer, so that nobody who is at work is signed out; and for who chose to stay signed in, the refresh token in
/// its own cookie gives another when it has expired (D3).
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

/// At once, if the token is remembered; else when the database has answered.
type Answer<T> = Either<Ready<Result<T, Error>>, Pin<Box<dyn Future<Output = Result<T, Error>>>>>;

impl FromRequest for CurrentUser {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if bearer_token(request).is_some() {
            return authenticate(request, bearer_token, |request, who| {
                enrolment::admit(request, who).map(Self)
            });
        }
        match remembered(request, cookie_token).and_then(|who| who.map(|who| admit(request, who)).transpose())
        {
            Ok(Some(who)) => Either::Left(ready(enrolment::admit(request, who).map(Self))),
            Err(error) if !renewal::is_possible(request, &error) => Either::Left(ready(Err(error))),
            Ok(None) | Err(_) => {
                let request = request.clone();
                Either::Right(Box::pin(async move {
                    let who = by_cookies(&request).await?;
                    enrolment::admit(&request, who).map(Self)
                }))
            }
        }
    }
}

impl FromRequest for BearerUser {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        authenticate(request, bearer_token, |request, who| enrolment::admit(request, who).map(Self))
    }
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1). An empty one is none.
pub(in crate::web) fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = std::str::from_utf8(values.next()?.as_bytes()).ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    (is_bearer && values.next().is_none()).then_some(token)
}

fn cookie_token(request: &HttpRequest) -> Option<&str> {
    let vestibule = request.app_data::<Data<Vestibule>>()?;
    cookies::read(request.headers(), Purpose::Token, &vestibule.config)
}

/// Who the cookie's token is of, as long as it lasts; renewed half way.
fn admit(request: &HttpRequest, who: Arc<Authenticated>) -> Result<Arc<Authenticated>, Error> {
    // Leeway is for other people's clocks. A page that looks whether its time is up must not live on by it.
    if Context::of(request)?.now >= who.claims.exp {
        return Err(Error::TokenRefused);
    }
    renewal::half_way(request, &who)?;
    Ok(who)
}

/// By the access token, or else by the refresh token behind it.
async fn by_cookies(request: &HttpRequest) -> Result<Arc<Authenticated>, Error> {
    let known = match cookie_token(request) {
        Some(token) => ask(request, token).await.and_then(|who| admit(request, who)),
        None => Err(Error::Unauthenticated),
    };
    match known {
        Err(error) if renewal::is_possible(request, &error) => renewal::by_refresh_token(request).await,
        other => other,
    }
}

/// Who the token is of that `find` finds in the request, as `admit` sees them.
fn authenticate<T: 'static>(
    request: &HttpRequest,
    find: fn(&HttpRequest) -> Option<&str>,
    admit: fn(&HttpRequest, Arc<Authenticated>) -> Result<T, Error>,
) -> Answer<T> {
    match remembered(request, find) {
        Ok(Some(who)) => Either::Left(ready(admit(request, who))),
        Ok(None) => {
            let request = request.clone();
            Either::Right(Box::pin(async move {
                let token = find(&request).ok_or(Error::Unauthenticated)?;
                let who = ask(&request, token).await?;
                admit(&request, who)
            }))
        }
        Err(error) => Either::Left(ready(Err(error))),
    }
}

fn remembered(
    request: &HttpRequest,
    find: fn(&HttpRequest) -> Option<&str>,
) -> Result<Option<Arc<Authenticated>>, Error> {
    let (vestibule, now) = (instance(request)?, Context::of(request)?.now);
    let token = find(request).ok_or(Error::Unauthenticated)?;
    Ok(authenticate::remembered(&vestibule, token, now))
}

async fn ask(request: &HttpRequest, token: &str) -> Result<Arc<Authenticated>, Error> {
    let (vestibule, context) = (instance(request)?, Context::of(request)?);
    match authenticate::by_token(&vestibule, token, context.address, context.now).await {
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
