//! Forged requests: an unsafe one must come from our own pages (D7).
//!
//! The browser says where a request came from, in headers that no page can set: `Sec-Fetch-Site`, and in older ones
//! `Origin`. So there are no hidden tokens, and a form never expires. Sign-in and registration are included: whoever
//! could sign a person in as somebody else would read what they then do (login forgery).

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap};

use super::error::Error;
use super::extract::Context;
use super::{cookies, extract, forward_auth};

/// Why a request from elsewhere is refused before any handler sees it, if it is.
pub(super) fn check(request: &ServiceRequest) -> Result<(), Error> {
    if request.method().is_safe() || forward_auth::is_asked_by_envoy(request.path()) {
        return Ok(());
    }
    let home = extract::instance(request.request())?.config.origin();
    if is_ours(request.request(), &home) {
        return Ok(());
    }
    // The route, not the path: that of a link holds its secret.
    let route = request.match_pattern().unwrap_or_default();
    let headers = request.headers();
    log::warn!(
        "refused {} {route}: Sec-Fetch-Site is {:?} and Origin {:?}, but server.public_url is {home} (request {})",
        request.method(),
        only(headers, "sec-fetch-site").unwrap_or("absent"),
        only(headers, header::ORIGIN.as_str()).unwrap_or("absent"),
        Context::of(request.request())?.request_id,
    );
    Err(Error::CrossSite { home })
}

/// Whether an unsafe request may be believed to come from our own pages, or from no browser at all.
fn is_ours(request: &HttpRequest, origin: &str) -> bool {
    let headers = request.headers();
    let bears_cookies = cookies::bears_any(request);
    if extract::bearer_token(request).is_some() && !bears_cookies {
        return true;
    }
    match (only(headers, "sec-fetch-site"), only(headers, header::ORIGIN.as_str())) {
        // `none` is the person themselves, who typed the address or reloaded.
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(from)) => from == origin,
        // No browser of today sends neither; a program does, and it has no cookies that somebody could abuse.
        (None, None) => !bears_cookies,
    }
}

/// The value of a header that must stand alone; two of them are worse than none, and equal nothing.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let first = values.next()?;
    if values.next().is_some() {
        return Some("");
    }
    Some(first.to_str().unwrap_or(""))
}
