//! A JSON document.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::body;
use crate::web::error::Error;

/// The members of a JSON object, UTF-8, with nothing before or after it.
#[derive(Clone, Debug)]
pub struct Json<T>(
    /// The members.
    pub T,
);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = body::read(request, payload).await?;
            // An array would be read into a struct, member by member: only an object has names.
            if body.trim_ascii_start().first() != Some(&b'{') {
                return Err(Error::BadRequest("Send a JSON object.".into()));
            }
            serde_json::from_slice(&body).map(Self).map_err(|error| {
                let what = match error.classify() {
                    // The library's words may repeat a value; the place is enough for a broken document.
                    serde_json::error::Category::Data => without_values(&error.to_string()),
                    _ => {
                        format!("This is not valid JSON (line {}, column {}).", error.line(), error.column())
                    }
                };
                Error::BadRequest(what.into())
            })
        })
    }
}

/// What is wrong with a member, without repeating what was sent: it may be a password.
fn without_values(words: &str) -> String {
    let named =
        ["missing field", "unknown field", "duplicate field"].iter().any(|start| words.starts_with(start));
    if named {
        let words = words.split(" at line").next().unwrap_or(words);
        format!("This document is not what we read here: {words}.")
    } else {
        let place = words.rsplit_once(" at ").map_or("", |(_, place)| place);
        format!("A member of this document has the wrong type ({place}).")
    }
}
