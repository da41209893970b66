//! How large the head of a request may be.
//!
//! What is larger than Actix itself reads gets an empty 431 from it, and an address an empty 400. These limits are
//! well below, so that whoever meets them is told.

use actix_web::dev::ServiceRequest;

use super::error::Error;

/// The longest address with its query, in bytes.
pub(super) const MOST_URL_BYTES: usize = 8 * 1024;
/// The most header fields. Actix reads up to 96.
pub(super) const MOST_HEADERS: usize = 64;
/// The most bytes of all header fields together: names, values, and `: ` and the end of the line between them.
pub(super) const MOST_HEADER_BYTES: usize = 16 * 1024;

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
