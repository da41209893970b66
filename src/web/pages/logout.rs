//! `/logout`: the door out. Reading the page does nothing; the button does.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;

use crate::flows::{authenticate_key, log_out};
use crate::vestibule::Vestibule;
use crate::web::cookies;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser, EarlierSessions, bearer_token};
use crate::web::flow_state::FlowState;
use crate::web::page::{Shell, answer, see_other};
use crate::web::render;

#[derive(Template)]
#[template(path = "logout.html")]
struct LogOutPage {
    shell: Shell,
}

/// `GET /logout`: the button.
pub(in crate::web) async fn show(
    request: HttpRequest,
    current: Option<CurrentUser>,
) -> Result<HttpResponse, Error> {
    let shell = match &current {
        Some(current) => Shell::signed_in(&request, current),
        None => Shell::of(&request),
    };
    answer(StatusCode::OK, &LogOutPage { shell })
}

/// Takes away what a browser has of somebody who is out.
pub(super) fn take_away(head: &mut HttpResponseBuilder, vestibule: &Vestibule) {
    cookies::take_away(head, &vestibule.config);
    // Not "cookies": that would sign the person out of every sibling host too.
    head.insert_header((header::HeaderName::from_static("clear-site-data"), "\"cache\", \"storage\""));
}

/// `POST /logout`, of the page and of the API: ends the session. Whoever is out already gets the same answer.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    EarlierSessions(sessions): EarlierSessions,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    // Whoever is told that they are out must be able to rely on it.
    if bearer_token(&request).is_some_and(authenticate_key::is_key) {
        let words =
            "An API key is no session, and goes on working. Its owner revokes it on /account/api-keys.";
        return Err(Error::Forbidden(words.into()));
    }
    for (user, session) in sessions {
        log_out::of_session(&vestibule, &user, &session, &context.caller(), context.now).await?;
    }
    let wants_page = render::wants_page(&request);
    let mut head = if wants_page {
        let flow = FlowState::of(&request);
        flow.clear();
        flow.say("You are signed out.");
        see_other("/login")
    } else {
        HttpResponse::Ok()
    };
    take_away(&mut head, &vestibule);
    if wants_page {
        return Ok(head.finish());
    }
    Ok(head.json(serde_json::json!({ "message": "Signed out" })))
}
