//! The sessions that a request still names, to be ended by it.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::{bearer_token, instance};
use crate::id::{SessionId, UserId};
use crate::web::cookies::{self, Purpose};

/// The sessions named by the token in the cookie and by the one in `Authorization`, and whose they are.
///
/// Their tokens are signed by us and may have expired: somebody else may have kept the session alive with a copy, and
/// whoever signs out, or in again, means to end it. Proves nothing, and lets nobody in.
#[derive(Clone, Debug, Default)]
pub struct EarlierSessions(
    /// Each once.
    pub Vec<(UserId, SessionId)>,
);

impl EarlierSessions {
    /// The session that this browser had until now.
    pub fn of_browser(self) -> Option<SessionId> {
        self.0.into_iter().next().map(|(_, session)| session)
    }
}

impl EarlierSessions {
    pub(in crate::web) fn of(request: &HttpRequest) -> Self {
        let Ok(vestibule) = instance(request) else { return Self::default() };
        let cookie = cookies::read(request.headers(), Purpose::Token, &vestibule.config);
        let tokens = cookie.into_iter().chain(bearer_token(request));
        let claims = tokens.filter_map(|token| vestibule.tokens.verify_ended(token).ok());
        let mut sessions: Vec<_> = claims.map(|claims| (claims.sub, claims.sid)).collect();
        sessions.dedup();
        Self(sessions)
    }
}

impl FromRequest for EarlierSessions {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
