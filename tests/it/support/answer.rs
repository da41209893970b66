//! What came back.

use actix_web::body::MessageBody;
use actix_web::cookie::Cookie;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap};
use serde_json::Value;

/// Status, headers and the whole body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub async fn of(response: ServiceResponse<impl MessageBody>) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream of events goes on.
        let is_stream = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Default::default() } else { actix_web::test::read_body(response).await };
        Self { status, headers, body: String::from_utf8(body.to_vec()).unwrap_or_default() }
    }

    /// Whether the body has this word, whole: the digits of a request's id may spell a short one.
    pub fn says(&self, word: &str) -> bool {
        self.body.split(|letter: char| !letter.is_alphanumeric()).any(|found| found == word)
    }

    /// The value of a header, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The cookies it sets.
    pub fn cookies(&self) -> Vec<Cookie<'static>> {
        let values = self.headers.get_all(header::SET_COOKIE);
        values.map(|value| Cookie::parse_encoded(value.to_str().unwrap().to_owned()).unwrap()).collect()
    }

    /// The cookie of this name that it sets.
    pub fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        self.cookies().into_iter().find(|cookie| cookie.name() == name)
    }
}
