//! A guard for programs: an access token, or an API key that may do this.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::current_user::bearer_token;
use super::{BearerUser, Context, instance};
use crate::credentials::scope::Scope;
use crate::flows::authenticate::Authenticated;
use crate::flows::authenticate_key::{self, AuthenticateKeyError, KnownKey};
use crate::models::{ApiKey, User};
use crate::web::error::Error;

/// Says which scope a key needs.
pub trait KeyScope {
    /// The scope.
    const SCOPE: Scope;
}

/// Keys that may read who their owner is.
#[derive(Clone, Copy, Debug)]
pub struct ReadAccount;

/// Keys that may open applications: yours, if you ask for this.
#[derive(Clone, Copy, Debug)]
pub struct Apps;

impl KeyScope for ReadAccount {
    const SCOPE: Scope = Scope::ReadAccount;
}

impl KeyScope for Apps {
    const SCOPE: Scope = Scope::Apps;
}

/// A program of somebody's: by an access token, which may do all that its owner may, or by an API key with the scope
/// `S`. Both come as `Authorization: Bearer`. Whom `W` lets in is let in, too; unless you say more, that is a
/// [`BearerUser`]. No other guard lets a key in.
///
/// ```
/// use vestibule::web::extract::{Apps, Program};
///
/// async fn orders(program: Program<Apps>) -> String {
///     format!("The orders of {}", program.user().username)
/// }
/// ```
pub struct Program<S, W = BearerUser>(Who<W>, PhantomData<fn() -> S>);

/// Who a program is let in as.
#[derive(Debug)]
pub enum Who<W> {
    /// The owner of a key.
    Key(Arc<KnownKey>),
    /// Somebody signed in.
    SignedIn(W),
}

impl<S, W: Deref<Target = Authenticated>> Program<S, W> {
    /// Whose it is.
    pub fn user(&self) -> &User {
        match &self.0 {
            Who::Key(known) => &known.user,
            Who::SignedIn(who) => &who.user,
        }
    }

    /// By what it was let in.
    pub fn who(&self) -> &Who<W> {
        &self.0
    }

    /// The key, if it came with one.
    pub fn key(&self) -> Option<&ApiKey> {
        match &self.0 {
            Who::Key(known) => Some(&known.key),
            Who::SignedIn(_) => None,
        }
    }
}

impl<S, W: Deref<Target = Authenticated>> fmt::Debug for Program<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("user", self.user()).field("key", &self.key()).finish()
    }
}

impl<S, W> FromRequest for Program<S, W>
where
    S: KeyScope,
    W: FromRequest<Error = Error>,
    W::Future: 'static,
{
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !bearer_token(request).is_some_and(authenticate_key::is_key) {
            let signed_in = W::from_request(request, payload);
            return Box::pin(async move { Ok(Self(Who::SignedIn(signed_in.await?), PhantomData)) });
        }
        let request = request.clone();
        Box::pin(async move { Ok(Self(Who::Key(by_key(&request, S::SCOPE).await?), PhantomData)) })
    }
}

async fn by_key(request: &HttpRequest, scope: Scope) -> Result<Arc<KnownKey>, Error> {
    let (vestibule, context) = (instance(request)?, Context::of(request)?);
    let text = bearer_token(request).ok_or(Error::Unauthenticated)?;
    let asked = authenticate_key::by_key(&vestibule, text, scope, context.address, context.now).await;
    Ok(asked.inspect_err(|error| {
        if matches!(error, AuthenticateKeyError::Refused) {
            log::warn!("{error} (request {})", context.request_id);
        }
    })?)
}
