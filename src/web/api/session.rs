//! `GET /api/session`: who is this, and until when?

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::credentials::scope::Scope;
use crate::flows::authenticate::Authenticated;
use crate::id::{ApiKeyId, SessionId, UserId};
use crate::models::{ApiKey, Role};
use crate::web::error::Error;
use crate::web::extract::{CurrentUser, Program, ReadAccount, Who};

/// Who it is; and by what: a session, or an API key.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SessionResponse<'a> {
    /// Their id: the `sub` of the token.
    #[schema(value_type = String)]
    user: &'a UserId,
    username: &'a str,
    /// `user`, or `admin` for whoever administers this instance.
    #[schema(value_type = String)]
    role: Role,
    /// The names of their groups.
    groups: Vec<&'a str>,
    #[serde(flatten)]
    by: By<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::web) enum By<'a> {
    Session(SessionFacts<'a>),
    Key { api_key: KeyFacts<'a> },
}

/// All times are seconds since 1970 (UTC).
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SessionFacts<'a> {
    /// The `sid` of the token.
    #[schema(value_type = String)]
    session: &'a SessionId,
    #[schema(value_type = i64)]
    signed_in_at: Timestamp,
    /// When they last proved that it is them.
    #[schema(value_type = i64)]
    authenticated_at: Timestamp,
    #[schema(value_type = i64)]
    token_expires_at: Timestamp,
    /// No token is given for later than this.
    #[schema(value_type = i64)]
    session_expires_at: Timestamp,
    /// By what they signed in (RFC 8176).
    amr: &'a [String],
}

/// A key is no session: it says nothing of when and how somebody signed in.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct KeyFacts<'a> {
    #[schema(value_type = String)]
    id: &'a ApiKeyId,
    name: &'a str,
    scopes: Vec<&'static str>,
    #[schema(value_type = i64)]
    created_at: Timestamp,
    #[schema(value_type = i64)]
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
        by: By::of(&who),
    }))
}

impl<'a> By<'a> {
    fn of(who: &'a Program<ReadAccount, CurrentUser>) -> Self {
        match who.who() {
            Who::Key(known) => Self::Key { api_key: KeyFacts::of(&known.key) },
            Who::SignedIn(current) => Self::Session(SessionFacts::of(current)),
        }
    }
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
