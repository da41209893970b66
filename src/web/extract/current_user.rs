//! Who is signed in: the guard in front of everything that is not for strangers (D4).

use std::future::Future;
use std::num::NonZero;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::Context;
use crate::config::ThrottleConfig;
use crate::flows::authenticate::{self, AuthenticateError, Authenticated};
use crate::flows::issue_token;
use crate::tokens::TokenError;
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;
use crate::web::server::State;

/// Somebody signed in: their token is good, their session live, their account enabled; now, not when it was issued.
///
/// From `Authorization: Bearer`, else from the cookie. Half way through its life the cookie's token is renewed with
/// the answer, so that nobody who is at work is signed out (D3).
#[derive(Clone, Debug)]
pub struct CurrentUser(Authenticated);

/// Somebody signed in who says so by a Bearer token. A cookie alone does not open the JSON API: a browser would send
/// it along with whatever another site makes it send.
#[derive(Clone, Debug)]
pub struct BearerUser(Authenticated);

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
            let state = request.app_data::<Data<State>>().cloned().ok_or_else(State::is_missing)?;
            if let Some(token) = bearer_token(&request) {
                return authenticate(&request, &state, token).await.map(Self);
            }
            let config = &state.vestibule.config;
            let token = cookies::read(&request, Purpose::Token, config).ok_or(Error::Unauthenticated)?;
            let who = authenticate(&request, &state, &token).await?;
            renew(&request, &state, &who)?;
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
            let state = request.app_data::<Data<State>>().cloned().ok_or_else(State::is_missing)?;
            let token = bearer_token(&request).ok_or(Error::Unauthenticated)?;
            authenticate(&request, &state, token).await.map(Self)
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

async fn authenticate(request: &HttpRequest, state: &State, token: &str) -> Result<Authenticated, Error> {
    let context = request.extensions().get::<Context>().cloned().ok_or_else(State::is_missing)?;
    match authenticate::by_token(&state.vestibule, token, context.now).await {
        Ok(who) => Ok(who),
        Err(AuthenticateError::Token(TokenError::Forged)) => {
            log::warn!("refused a forged token (request {})", context.request_id);
            state.bad_tokens.count(&context.caller().network())?;
            Err(Error::TokenRefused)
        }
        Err(AuthenticateError::Token(_) | AuthenticateError::Revoked) => Err(Error::TokenRefused),
        Err(AuthenticateError::Database(error)) => Err(error.into()),
    }
}

fn renew(request: &HttpRequest, state: &State, who: &Authenticated) -> Result<(), Error> {
    let now =
        request.extensions().get::<Context>().map(|context| context.now).ok_or_else(State::is_missing)?;
    let (claims, vestibule) = (&who.claims, &state.vestibule);
    let is_half_over = now.since(claims.iat) >= vestibule.config.tokens.lifetime / 2;
    if is_half_over && claims.exp < who.session.expires_at {
        let token = issue_token::for_session(vestibule, &who.user, &who.session, now)?;
        cookies::leave(request, cookies::token(&vestibule.config, &token));
    }
    Ok(())
}

/// How many forged tokens each network has sent lately. In memory: a restart forgives, and nothing is written.
pub(in crate::web) struct BadTokens {
    limiter: Option<DefaultKeyedRateLimiter<String>>,
    counted: AtomicU32,
}

impl BadTokens {
    pub(in crate::web) fn new(limits: &ThrottleConfig) -> Self {
        let quota = NonZero::new(limits.bad_tokens_per_minute).filter(|_| limits.enabled);
        let limiter = quota.map(|most| DefaultKeyedRateLimiter::keyed(Quota::per_minute(most)));
        Self { limiter, counted: AtomicU32::new(0) }
    }

    fn count(&self, network: &str) -> Result<(), Error> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        // Networks that have stopped are forgotten now and then: a flood of addresses must not fill the memory.
        if self.counted.fetch_add(1, Ordering::Relaxed) % 4096 == 4095 {
            limiter.retain_recent();
        }
        let spent = Error::TooManyRequests { retry_after: std::time::Duration::from_mins(1) };
        limiter.check_key(&network.to_owned()).map_err(|_| spent)
    }
}

impl std::fmt::Debug for BadTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BadTokens").finish_non_exhaustive()
    }
}
