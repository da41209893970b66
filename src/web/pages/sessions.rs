//! What buttons do to sessions: keep this one, end one, end all others, end all.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::logout;
use crate::flows::{end_session, issue_token, trusted_browser};
use crate::id::SessionId;
use crate::models::RevokedBecause;
use crate::vestibule::Vestibule;
use crate::web::cookies;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser, EarlierSessions};
use crate::web::flow_state::FlowState;
use crate::web::forward_auth;
use crate::web::page::see_other;

/// `?back=`: the page on which the button stands.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct BackQuery {
    #[serde(default)]
    back: Back,
}

/// A page with such buttons, and no other.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum Back {
    #[default]
    #[serde(rename = "/dashboard")]
    Dashboard,
    #[serde(rename = "/account/sessions")]
    Sessions,
}

impl Back {
    fn path(self) -> &'static str {
        match self {
            Self::Dashboard => "/dashboard",
            Self::Sessions => "/account/sessions",
        }
    }
}

/// `POST /session/renew`: a fresh token, for whoever wants to stay (WCAG 2.2.1).
pub(in crate::web) async fn renew(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let token = issue_token::for_session(&vestibule, &current.user, &current.session, context.now)?;
    FlowState::of(&request).say("You stay signed in.");
    let mut head = see_other("/dashboard");
    head.cookie(cookies::token(&vestibule.config, &token));
    if let Some(door) = forward_auth::cookie_for(&vestibule, &current.session, context.now) {
        head.cookie(door);
    }
    Ok(head.finish())
}

/// `POST /sessions/{id}/end`: ends one of one's own. Somebody else's is not there (404), like one that never was.
pub(in crate::web) async fn end(
    request: HttpRequest,
    id: Path<String>,
    query: Query<BackQuery>,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (id, user) = (SessionId::from(id.as_str()), &current.user);
    let caller = context.caller().known_as(&user.id);
    let because = RevokedBecause::EndedElsewhere;
    if !end_session::one(&vestibule, &user.id, &id, because, &caller, context.now).await? {
        return Err(Error::NotFound);
    }
    FlowState::of(&request).say("That session is signed out.");
    Ok(see_other(query.back.path()).finish())
}

/// `POST /sessions/end-others`: ends all of one's own but this one.
pub(in crate::web) async fn end_others(
    request: HttpRequest,
    query: Query<BackQuery>,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (user, keep) = (&current.user, Some(&current.session.id));
    let caller = context.caller().known_as(&user.id);
    let because = RevokedBecause::EndedElsewhere;
    let ended = end_session::all_but(&vestibule, &user.id, keep, because, &caller, context.now).await?;
    FlowState::of(&request).say(match ended {
        0 => "There was no other session.",
        1 => "One other session is signed out.",
        _ => "All other sessions are signed out.",
    });
    Ok(see_other(query.back.path()).finish())
}

/// `POST /sessions/end-all`: ends all of one's own, with this one, and signs this browser out.
pub(in crate::web) async fn end_all(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    earlier: EarlierSessions,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (user, because) = (&current.user, RevokedBecause::EndedElsewhere);
    let (caller, keep) = (context.caller().known_as(&user.id), Some(&current.session.id));
    end_session::all_but(&vestibule, &user.id, keep, because, &caller, context.now).await?;
    trusted_browser::forget_all(&vestibule, &user.id, &caller, context.now).await?;
    let response = logout::submit(request.clone(), context, earlier, vestibule).await?;
    FlowState::of(&request).say("You are signed out everywhere.");
    Ok(response)
}
