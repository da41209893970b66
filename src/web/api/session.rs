//! `GET /api/session`: who is this, and until when?

use actix_web::HttpResponse;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::credentials::scope::Scope;
use crate::flows::authenticate::Authenticated;
use crate::id::{ApiKeyId, SessionId, UserId};
use crate::models::{ApiKey, Role};
use crate::web::error::Error;
use crate::web::extract::{CurrentUser, Program, ReadAccount};

/// Who it is; and by what: a session, or an API key.
#[derive(Serialize)]
struct SessionResponse<'a> {
    user: &'a UserId,
    username: &'a str,
    role: Role,
    groups: Vec<&'a str>,
    #[serde(flatten)]
    session: Option<SessionFacts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<KeyFacts<'a>>,
}

/// All times are seconds since 1970 (UTC).
#[derive(Serialize)]
struct SessionFacts<'a> {
    session: &'a SessionId,
    signed_in_at: Timestamp,
    authenticated_at: Timestamp,
    token_expires_at: Timestamp,
    session_expires_at: Timestamp,
    amr: &'a [String],
}

/// A key is no session: it says nothing of when and how somebody signed in.
#[derive(Serialize)]
struct KeyFacts<'a> {
    id: &'a ApiKeyId,
    name: &'a str,
    scopes: Vec<&'static str>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// 200 by Bearer token, by API key or by cookie, else 401 with a challenge (RFC 6750 §3); 403 for a key that may not
/// read it.
pub(in crate::web) async fn show(who: Program<ReadAccount, CurrentUser>) -> Result<HttpResponse, Error> {
    let user = who.user();
    Ok(HttpResponse::Ok().json(SessionResponse {
        user: &user.id,
        username: &user.username,
        role: user.role,
        groups: user.groups().collect(),
        session: who.signed_in().map(|current| SessionFacts::of(current)),
        api_key: who.key().map(KeyFacts::of),
    }))
}

impl<'a> SessionFacts<'a> {
    fn of(current: &'a Authenticated) -> Self {
        Self {
            session: &current.session.id,
            signed_in_at: current.session.created_at,
            authenticated_at: current.session.authenticated_at,
            token_expires_at: current.claims.exp,
            session_expires_at: current.session.expires_at,
            amr: &current.claims.amr,
        }
    }
}

impl<'a> KeyFacts<'a> {
    fn of(key: &'a ApiKey) -> Self {
        Self {
            id: &key.id,
            name: &key.name,
            scopes: key.scopes().into_iter().map(Scope::as_str).collect(),
            created_at: key.created_at,
            expires_at: key.expires_at,
        }
    }
}
