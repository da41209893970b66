//! How large the head of a request may be.
//!
//! What is larger than Actix itself reads gets an empty 431 from it, and an address an empty 400. These limits are
//! well below, so that whoever meets them is told.

use actix_web::dev::ServiceRequest;

use super::error::{Error, MOST_HEADER_BYTES, MOST_HEADERS, MOST_URL_BYTES};

/// Refuses a head that is larger than any honest one.
pub(super) fn check(request: &ServiceRequest) -> Result<(), Error> {
    let (url, headers) = (request.uri(), request.headers());
    let url = url.path().len() + url.query().map_or(0, |query| 1 + query.len());
    if url > MOST_URL_BYTES {
        return Err(Error::UriTooLong);
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    match headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        true => Err(Error::HeadersTooLarge),
        false => Ok(()),
    }
}
