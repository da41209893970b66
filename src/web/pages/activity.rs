//! `/account/activity`: all that happened to one's own account.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::flows::look_back;
use crate::models::Event;
use crate::vestibule::Vestibule;
use crate::web::activity::{self, EventRow, Filter};
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::{Moments, Shell, answer};
use crate::web::paging::{Pager, PartQuery};

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    shell: Shell,
    filter: Filter,
    filters: [(Filter, &'static str); 4],
    events: Vec<EventRow>,
    pager: Pager,
}

/// `?kind=`: what is asked for.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct FilterQuery {
    #[serde(default)]
    pub(super) kind: Filter,
}

/// `GET /account/activity`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    query: Query<FilterQuery>,
    part: Query<PartQuery>,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (user, filter) = (&current.user, query.kind);
    let found = look_back::events(&vestibule, &user.id, filter.kinds(), part.read()?).await?;
    let place = |event: &Event| (event.at, event.id.to_string());
    let first = found.rows.first().filter(|_| found.has_newer).map(place);
    let last = found.rows.last().filter(|_| found.has_older).map(place);
    let mut shell = Shell::signed_in(&request, &current).saying(FlowState::of(&request).take_flash());
    shell.section = "activity";
    let page = ActivityPage {
        shell,
        filter,
        filters: Filter::ALL,
        events: activity::rows(&found.rows, &Moments::of(user, context.now)),
        pager: Pager::new(&format!("/account/activity?kind={}&", filter.as_str()), first, last, ""),
    };
    answer(StatusCode::OK, &page)
}
