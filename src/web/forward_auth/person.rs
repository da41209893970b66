//! Who somebody is at a door, and the cookie that says it there.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;

use crate::clock::Timestamp;
use crate::credentials::scope::Scope;
use crate::flows::authenticate::{self, AuthenticateError, Authenticated};
use crate::flows::authenticate_at_door;
use crate::flows::authenticate_key::{self, AuthenticateKeyError};
use crate::flows::pass_door::Person;
use crate::models::Session;
use crate::vestibule::Vestibule;
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;
use crate::web::extract::{Context, bearer_token};

/// The cookie that lets a browser pass the doors, if there are any.
pub(in crate::web) fn cookie_for(
    vestibule: &Vestibule,
    session: &Session,
    now: Timestamp,
) -> Option<Cookie<'static>> {
    let is_on = vestibule.config.forward_auth.is_on();
    is_on.then(|| cookies::door(&vestibule.config, authenticate_at_door::token_for(vestibule, session, now)))
}

/// Who it is: by the cookie of the doors; else a program, by a token or by an API key. Nobody, if none of them is good.
///
/// The cookie first: scripts of an application may send it a Bearer token of its own.
pub(super) async fn find(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
) -> Result<Option<Person>, Error> {
    let (address, now) = (context.address, context.now);
    if let Some(token) = cookies::read(request.headers(), Purpose::Door, &vestibule.config) {
        let who = match authenticate_at_door::remembered(vestibule, token, now) {
            Some(who) => Some(Person::SignedIn(who)),
            None => match settle(authenticate_at_door::by_token(vestibule, token, address, now).await) {
                // They are led to where they get another, whatever others of their network try.
                Err(Error::TooManyRequests { .. }) => None,
                settled => settled?,
            },
        };
        if who.is_some() {
            return Ok(who);
        }
    }
    match bearer_token(request) {
        Some(key) if authenticate_key::is_key(key) => {
            match authenticate_key::by_key(vestibule, key, Scope::Apps, address, now).await {
                Ok(known) => Ok(Some(Person::Key(known))),
                Err(AuthenticateKeyError::Refused) => Ok(None),
                // A page that leads to a second factor is of no use to a program.
                Err(error @ AuthenticateKeyError::EnrolmentRequired) => {
                    Err(Error::Forbidden(error.to_string().into()))
                }
                Err(error) => Err(error.into()),
            }
        }
        Some(token) => match authenticate::remembered(vestibule, token, now) {
            Some(who) => Ok(Some(Person::SignedIn(who))),
            None => settle(authenticate::by_token(vestibule, token, address, now).await),
        },
        None => Ok(None),
    }
}

/// A proof that is none is nobody's; what we could not find out is an error.
fn settle(asked: Result<Arc<Authenticated>, AuthenticateError>) -> Result<Option<Person>, Error> {
    match asked {
        Ok(who) => Ok(Some(Person::SignedIn(who))),
        Err(AuthenticateError::Token(_) | AuthenticateError::Revoked) => Ok(None),
        Err(AuthenticateError::Throttled { retry_after }) => Err(Error::TooManyRequests { retry_after }),
        Err(AuthenticateError::Database(error)) => Err(error.into()),
    }
}
