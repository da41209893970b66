//! Bodies: bounded in size and in time, and never guessed at.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, error::PayloadError};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::instance;
use crate::web::connection;
use crate::web::error::{Error, MOST_BODY_BYTES};

/// What a sender must bring each second, once half of `server.body_timeout` is over.
const LEAST_BYTES_PER_SECOND: u32 = 500;

/// The whole body, as UTF-8 as its sender says, if it is no larger than [`MOST_BODY_BYTES`] and arrives in time; Actix
/// itself would wait for ever, and a few thousand slow senders would take every connection.
pub(super) async fn read(request: HttpRequest, mut payload: Payload) -> Result<Bytes, Error> {
    check_charset(&request)?;
    let limit = instance(&request)?.config.server.body_timeout;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > MOST_BODY_BYTES as u64)
    {
        return Err(Error::PayloadTooLarge);
    }
    let (started, mut body) = (Instant::now(), BytesMut::new());
    loop {
        let next = timeout_at(started + patience(limit, body.len()), payload.next()).await;
        let Some(chunk) = next.map_err(|_| Error::RequestTimeout)? else { break };
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => Error::PayloadTooLarge,
            _ => Error::BadRequest("The request broke off in the middle.".into()),
        })?;
        if body.len() + chunk.len() > MOST_BODY_BYTES {
            return Err(Error::PayloadTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    connection::body_was_read(&request);
    Ok(body.freeze())
}

/// How long we wait for the rest of a body of which this much is here.
fn patience(limit: Duration, received: usize) -> Duration {
    let earned = Duration::from_secs(received as u64) / LEAST_BYTES_PER_SECOND;
    limit.min(limit / 2 + earned)
}

/// Refuses a charset other than UTF-8: bytes in another would be read as something that was not sent.
fn check_charset(request: &HttpRequest) -> Result<(), Error> {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let charset = kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    match charset {
        Some(charset) if !charset.eq_ignore_ascii_case("utf-8") => {
            Err(Error::UnsupportedMediaType("UTF-8: no other charset is read here"))
        }
        _ => Ok(()),
    }
}
