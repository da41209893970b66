//! What a line of the table of routes does with a request: which one it takes, and what it says to others.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::guard::{Guard, GuardContext};
use actix_web::http::{Method, header};
use actix_web::web::Payload;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use super::error::Error;

/// What a handler comes to.
type Answer = Result<HttpResponse, actix_web::Error>;

/// Why a path of ours does not answer to this request.
pub(super) fn refuse(request: &HttpRequest, allowed: &[Method], contents: &[&'static str]) -> Error {
    if allowed.contains(request.method()) {
        return Error::UnsupportedMediaType(match contents {
            ["application/json"] => "application/json",
            ["application/x-www-form-urlencoded"] => "application/x-www-form-urlencoded",
            _ => "application/json or application/x-www-form-urlencoded",
        });
    }
    let head = allowed.contains(&Method::GET).then_some(Method::HEAD);
    Error::MethodNotAllowed(allowed.iter().cloned().chain(head).collect())
}

/// Passes what announces itself as this type of content; parameters such as a charset are for the extractor.
pub(super) struct Content(pub(super) &'static str);

impl Guard for Content {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        let value = context.head().headers().get(header::CONTENT_TYPE);
        let kind = value.and_then(|value| value.to_str().ok()).and_then(|kind| kind.split(';').next());
        kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(self.0))
    }
}

/// The handler and what it asks for, so that a panic in either costs its own request and no other (ASVS 16.5.4).
pub(super) fn guarded<F, Args>(handler: F) -> Guarded
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Guarded(Rc::new(move |request, payload| {
        let handler = handler.clone();
        Box::pin(async move {
            let arguments = Args::from_request(&request, &mut payload.into_inner()).await;
            let answer = handler.call(arguments.map_err(Into::into)?).await;
            Ok(answer.respond_to(&request).map_into_boxed_body())
        })
    }))
}

/// A handler of ours. One type for them all: the framework compiles what surrounds a handler for each type.
#[derive(Clone)]
pub(super) struct Guarded(Rc<dyn Fn(HttpRequest, Payload) -> LocalBoxFuture<'static, Answer>>);

impl Handler<(HttpRequest, Payload)> for Guarded {
    type Output = Answer;
    type Future = LocalBoxFuture<'static, Answer>;

    fn call(&self, (request, payload): (HttpRequest, Payload)) -> Self::Future {
        let answering = (self.0)(request.clone(), payload);
        Box::pin(async move {
            AssertUnwindSafe(answering).catch_unwind().await.unwrap_or_else(|_| {
                let route = request.match_pattern().unwrap_or_default();
                Err(Error::Internal { cause: format!("the handler of {route} panicked") }.into())
            })
        })
    }
}
