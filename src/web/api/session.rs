//! `GET /api/session`: who is this, and until when?

use actix_web::HttpResponse;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::id::{SessionId, UserId};
use crate::models::Role;
use crate::web::error::Error;
use crate::web::extract::CurrentUser;

/// All times are seconds since 1970 (UTC).
#[derive(Serialize)]
struct SessionResponse<'a> {
    user: &'a UserId,
    username: &'a str,
    role: Role,
    groups: Vec<&'a str>,
    session: &'a SessionId,
    signed_in_at: Timestamp,
    authenticated_at: Timestamp,
    token_expires_at: Timestamp,
    session_expires_at: Timestamp,
    amr: &'a [String],
}

/// 200 by Bearer token or by cookie, else 401 with a challenge (RFC 6750 §3).
pub(in crate::web) async fn show(current: CurrentUser) -> Result<HttpResponse, Error> {
    Ok(HttpResponse::Ok().json(SessionResponse {
        user: &current.user.id,
        username: &current.user.username,
        role: current.user.role,
        groups: current.user.groups().collect(),
        session: &current.session.id,
        signed_in_at: current.session.created_at,
        authenticated_at: current.session.authenticated_at,
        token_expires_at: current.claims.exp,
        session_expires_at: current.session.expires_at,
        amr: &current.claims.amr,
    }))
}
