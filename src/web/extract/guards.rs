//! Guards that ask for more than a signed-in user, or for less.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::{Context, CurrentUser, instance};
use crate::clock::Timestamp;
use crate::config::SessionsConfig;
use crate::flows::authenticate::Authenticated;
use crate::flows::reauthenticate::{self, Freshness};
use crate::models::Role;
use crate::web::error::Error;

/// Somebody who proved themselves lately: within `sessions.reauthenticate_page` to be shown something, within
/// `sessions.reauthenticate_action` to do it. Others are asked for their password and come back.
#[derive(Clone, Debug)]
pub struct Reauthenticated(CurrentUser);

/// Somebody who, if they have a second factor, has shown it lately: for a page whose form asks for the password itself.
#[derive(Clone, Debug)]
pub(in crate::web) struct ProvenTwice(CurrentUser);

/// Somebody who administers this instance: by the role in their row, not by anything in their token.
#[derive(Clone, Debug)]
pub struct Admin(CurrentUser);

/// Somebody who is not signed in, or not any more.
#[derive(Clone, Copy, Debug)]
pub struct Visitor;

impl Deref for Reauthenticated {
    type Target = Authenticated;

    fn deref(&self) -> &Authenticated {
        &self.0
    }
}

impl Deref for ProvenTwice {
    type Target = CurrentUser;

    fn deref(&self) -> &CurrentUser {
        &self.0
    }
}

impl Deref for Admin {
    type Target = Authenticated;

    fn deref(&self) -> &Authenticated {
        &self.0
    }
}

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

impl FromRequest for Reauthenticated {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let current = CurrentUser::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move { Self::admit_to(&request, current.await?).map(Self) })
    }
}

impl FromRequest for ProvenTwice {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let current = CurrentUser::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let current = current.await?;
            match current.user.second_factor_since {
                None => Ok(Self(current)),
                Some(_) => Reauthenticated::admit_to(&request, current).map(Self),
            }
        })
    }
}

impl Reauthenticated {
    /// Who it is.
    pub(in crate::web) fn user(&self) -> &CurrentUser {
        &self.0
    }

    fn admit_to(request: &HttpRequest, current: CurrentUser) -> Result<CurrentUser, Error> {
        let (vestibule, now) = (instance(request)?, Context::of(request)?.now);
        let freshness = if request.method().is_safe() { Freshness::Page } else { Freshness::Action };
        Self::admit(current, &vestibule.config.sessions, freshness, now)
    }

    /// Lets in whose last proof is fresh enough.
    pub(super) fn admit(
        current: CurrentUser,
        limits: &SessionsConfig,
        freshness: Freshness,
        now: Timestamp,
    ) -> Result<CurrentUser, Error> {
        match reauthenticate::is_fresh(&current.user, &current.session, limits, freshness, now) {
            true => Ok(current),
            false => Err(Error::Reauthenticate),
        }
    }
}

impl FromRequest for Admin {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let current = CurrentUser::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let current = current.await?;
            match current.user.role {
                Role::Admin => Ok(Self(current)),
                Role::User => refuse(&request, &current, "is no administrator"),
            }
        })
    }
}

/// Refuses somebody who is signed in. Why is for the log.
pub(super) fn refuse<T>(request: &HttpRequest, current: &CurrentUser, why: &str) -> Result<T, Error> {
    let (route, id) = (request.match_pattern().unwrap_or_default(), &current.user.id);
    log::warn!(
        "refused {} {route} to user {id}, who {why} (request {})",
        request.method(),
        Context::of(request)?.request_id
    );
    let words = format!("You are signed in as {}, who may not see this.", current.user.username);
    Err(Error::Forbidden(words.into()))
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let current = CurrentUser::from_request(request, payload);
        Box::pin(async move {
            match current.await {
                Ok(_) => Err(Error::AlreadySignedIn),
                Err(Error::Unauthenticated | Error::TokenRefused) => Ok(Self),
                Err(error) => Err(error),
            }
        })
    }
}
