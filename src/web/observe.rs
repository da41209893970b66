//! The outermost layer: every request gets a name, a moment and a line in the log.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;

use super::cookies;
use super::extract::Context;
use crate::clock::Stopwatch;

/// Names the request in the answer as in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware: puts a [`Context`] into the request and writes the access log.
///
/// The log has the route, not the path: paths of links hold secrets (ASVS 14.2.1). It has no query for the same reason.
pub(super) async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let watch = Stopwatch::start();
    cookies::cleanse(request.headers_mut());
    let context = Context::of(request.request())?;
    let mut response = next.call(request).await?;
    let id = context.request_id.to_string();
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let request = response.request();
    let is_probe = matches!(request.path(), "/healthz" | "/readyz");
    log::log!(
        target: "vestibule::access",
        if is_probe { log::Level::Debug } else { log::Level::Info },
        "{} {} {} {}us from {} request {id}",
        request.method(),
        request.match_pattern().unwrap_or_else(|| "-".to_owned()),
        response.status().as_u16(),
        watch.elapsed().as_micros(),
        context.address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
    );
    Ok(response)
}
