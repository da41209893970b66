//! The sessions that a request still names, to be ended by it.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::{bearer_token, instance};
use crate::flows::refresh;
use crate::id::{SessionId, UserId};
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;

/// The sessions named by the tokens in the cookies and by the one in `Authorization`, and whose they are.
///
/// Their tokens are signed by us and may have expired, or are refresh tokens that we know: somebody else may have kept
/// the session alive with a copy, and whoever signs out, or in again, means to end it. Proves nothing, and lets nobody
/// in.
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

    /// Those that signed tokens name: asks nobody.
    pub(in crate::web) fn of(request: &HttpRequest) -> Self {
        let Ok(vestibule) = instance(request) else { return Self::default() };
        let cookie = cookies::read(request.headers(), Purpose::Token, &vestibule.config);
        let tokens = cookie.into_iter().chain(bearer_token(request));
        let claims = tokens.filter_map(|token| vestibule.tokens.verify_ended(token).ok());
        let mut sessions: Vec<_> = claims.map(|claims| (claims.sub, claims.sid)).collect();
        sessions.dedup();
        Self(sessions)
    }

    async fn find(request: &HttpRequest) -> Result<Self, Error> {
        let (vestibule, Self(mut sessions)) = (instance(request)?, Self::of(request));
        if let Some(token) = cookies::read(request.headers(), Purpose::Refresh, &vestibule.config)
            && let Some(session) = refresh::session_of(&vestibule, token).await?
            && !sessions.contains(&session)
        {
            sessions.push(session);
        }
        Ok(Self(sessions))
    }
}

impl FromRequest for EarlierSessions {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::find(&request).await })
    }
}
