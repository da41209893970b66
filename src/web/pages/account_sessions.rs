//! `/account/sessions`: where one is signed in, and where one was.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::flows::{look_back, overview};
use crate::models::Session;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::{Moments, Shell, answer};
use crate::web::paging::{Pager, PartQuery};
use crate::web::session_rows::{self, EndedRow, SessionRow};

#[derive(Template)]
#[template(path = "account_sessions.html")]
struct SessionsPage {
    shell: Shell,
    sessions: Vec<SessionRow>,
    ended: Vec<EndedRow>,
    pager: Pager,
}

/// `GET /account/sessions`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    query: Query<PartQuery>,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (now, user) = (context.now, &current.user);
    let moments = Moments::of(user, now);
    let live = overview::sessions(&vestibule, &user.id, now).await?;
    let ended = look_back::sessions(&vestibule, &user.id, query.read()?, now).await?;
    let place = |session: &'_ Session| (session.created_at, session.id.to_string());
    let first = ended.rows.first().filter(|_| ended.has_newer).map(place);
    let last = ended.rows.last().filter(|_| ended.has_older).map(place);
    let mut shell = Shell::signed_in(&request, &current).saying(FlowState::of(&request).take_flash());
    shell.section = "sessions";
    let lifetime = vestibule.config.tokens.lifetime;
    let page = SessionsPage {
        shell,
        sessions: session_rows::live(&live, &current.session.id, &moments),
        ended: session_rows::ended(&ended.rows, lifetime, &moments, now),
        pager: Pager::new("/account/sessions?", first, last, "#ended"),
    };
    answer(StatusCode::OK, &page)
}
