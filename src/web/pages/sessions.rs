//! What the dashboard's buttons do to sessions: keep this one, end one, end all others.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::flows::{end_session, issue_token};
use crate::id::SessionId;
use crate::models::RevokedBecause;
use crate::vestibule::Vestibule;
use crate::web::cookies;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::see_other;

/// `POST /session/renew`: a fresh token, for whoever wants to stay (WCAG 2.2.1).
pub(in crate::web) async fn renew(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let token = issue_token::for_session(&vestibule, &current.user, &current.session, context.now)?;
    FlowState::of(&request).say("You stay signed in.");
    Ok(see_other("/dashboard").cookie(cookies::token(&vestibule.config, &token)).finish())
}

/// `POST /sessions/{id}/end`: ends one of one's own. Somebody else's is not there (404), like one that never was.
pub(in crate::web) async fn end(
    request: HttpRequest,
    id: Path<String>,
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
    Ok(see_other("/dashboard").finish())
}

/// `POST /sessions/end-others`: ends all of one's own but this one.
pub(in crate::web) async fn end_others(
    request: HttpRequest,
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
    Ok(see_other("/dashboard").finish())
}
