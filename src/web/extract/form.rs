//! A form's fields.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use super::body;
use crate::web::error::Error;

/// The most fields of a form: ten times what the longest of ours has.
const MOST_FIELDS: usize = 64;

/// The fields of a form of ours, exactly as they were typed.
///
/// Strict where the framework's is not: what is not percent-encoded UTF-8 is refused, not replaced by question
/// marks, since a password must be the bytes that were typed; unknown and doubled fields are refused.
#[derive(Clone, Debug)]
pub struct Form<T>(
    /// The fields.
    pub T,
);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = body::read(request, payload).await?;
            if !is_strictly_encoded(&body) {
                return Err(Error::BadRequest("The form is not encoded as UTF-8 text.".into()));
            }
            if body.trim_ascii_start().first() == Some(&b'{') {
                let words =
                    "JSON with the header `Content-Type: application/json`: that is what it looks like";
                return Err(Error::UnsupportedMediaType(words));
            }
            if body.split(|byte| *byte == b'&').count() > MOST_FIELDS {
                return Err(Error::BadRequest(
                    format!("The form has more than {MOST_FIELDS} fields.").into(),
                ));
            }
            serde_urlencoded::from_bytes(&body).map(Self).map_err(|error: serde::de::value::Error| {
                // The library names an unknown field; whoever sends no form at all may have put anything there.
                let words = error.to_string();
                let words =
                    words.split_once(", expected").map_or(words.as_str(), |_| "there is an unknown field");
                Error::BadRequest(format!("The form is not one of ours: {words}.").into())
            })
        })
    }
}

/// Whether every `%` begins an escape and all escapes together are UTF-8.
fn is_strictly_encoded(body: &[u8]) -> bool {
    let is_hex = |at: usize| body.get(at).is_some_and(u8::is_ascii_hexdigit);
    let escapes = body.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let are_whole = escapes.map(|(at, _)| at).all(|at| is_hex(at + 1) && is_hex(at + 2));
    are_whole
        && body
            .split(|byte| *byte == b'&' || *byte == b'=')
            .all(|part| percent_decode(part).decode_utf8().is_ok())
}
