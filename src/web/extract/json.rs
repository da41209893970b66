//! A JSON document.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::body;
use crate::web::error::Error;

/// How deep objects and arrays may lie in each other; the parser descends once for each, and ours have one level.
const MOST_DEPTH: usize = 8;

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
            if depth(&body) > MOST_DEPTH {
                let words = format!("This document is nested more than {MOST_DEPTH} deep.");
                return Err(Error::BadRequest(words.into()));
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

/// How deep a document nests, told from its brackets without descending. Of what is no JSON it may say anything.
fn depth(document: &[u8]) -> usize {
    let (mut depth, mut deepest, mut is_text) = (0_usize, 0, false);
    let mut bytes = document.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_text = !is_text,
            b'\\' if is_text => {
                bytes.next();
            }
            b'{' | b'[' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
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
