//! What is seen of a request from outside: its name in the answer, and its line in the log.

use std::fmt::Display;
use std::sync::Arc;

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;

use super::extract::Context;
use crate::clock::Stopwatch;
use crate::measures::RouteMeasures;
use crate::vestibule::Vestibule;

/// Names the request in the answer as in the log.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the log and the figures call the way to nothing of ours.
const NO_ROUTE: &str = "-";

/// Names the answer, counts it and writes the access log.
///
/// A refusal is a warning. The log has the route, not the path: paths of links hold secrets (ASVS 14.2.1). It has no query for the same reason.
pub(super) fn answered<B>(response: &mut ServiceResponse<B>, context: &Context, watch: Stopwatch) {
    let id = context.request_id.as_str();
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    let (request, status, took) = (response.request(), response.status(), watch.elapsed());
    // By the pattern of its route, that knows its counters: what strangers ask for is no name of anything.
    let note = |measures: &RouteMeasures| measures.note(request.method().as_str(), status.as_u16(), took);
    match (request.app_data::<Arc<RouteMeasures>>(), request.app_data::<Data<Vestibule>>()) {
        (Some(measures), _) => note(measures),
        (None, Some(here)) => note(&here.measures.route(NO_ROUTE)),
        (None, None) => {}
    }
    let level = match status {
        // Somebody may have tried to get around us (ASVS 16.3.2, 16.3.3).
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => log::Level::Warn,
        _ if matches!(request.path(), "/healthz" | "/readyz" | "/metrics") => log::Level::Debug,
        // Whoever may pass a door has a line in the log of the proxy that asks, with the address they opened.
        StatusCode::OK if request.path().starts_with("/auth/") => log::Level::Debug,
        _ => log::Level::Info,
    };
    if !log::log_enabled!(target: "vestibule::access", level) {
        return;
    }
    let (status, micros) = (status.as_u16(), took.as_micros());
    let route = request.match_pattern();
    let (method, route) = (request.method(), route.as_deref().unwrap_or(NO_ROUTE));
    let from: &dyn Display = match &context.address {
        Some(address) => address,
        None => &"-",
    };
    log::log!(target: "vestibule::access", level, "{method} {route} {status} {micros}us from {from} request {id}");
}
