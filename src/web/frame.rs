//! What happens around every request, whichever handler answers it: one step after another, in one place.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;

use super::error::Error;
use super::extract::{self, Context};
use super::{connection, cookies, headers, limits, observe, render, same_origin};
use crate::clock::Stopwatch;

/// Middleware around all that is ours.
pub(super) async fn frame(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let watch = Stopwatch::start();
    let patience = connection::asked(&request).await;
    // Of what came, not of what is left of it; and what is too large is not read any further.
    let head = limits::check(&request);
    match head {
        Ok(()) => cookies::cleanse(request.headers_mut()),
        Err(_) => drop(request.headers_mut().remove(header::COOKIE)),
    }
    let context = Context::of(request.request())?;
    context.promise_cookies();
    let vestibule = extract::instance(request.request())?;

    let mut answer = answer(request, next, head).await.map(render::tell);
    connection::answered(patience, &mut answer);
    let mut response = answer?;
    let asked = response.request().clone();
    headers::add(response.headers_mut(), &context, &asked, &vestibule.config);
    observe::answered(&mut response, &context, watch);
    Ok(response)
}

/// Middleware for routes of an app's own that browsers visit: `.wrap(from_fn(vestibule::web::doorway))`. Around them
/// our guards do what they do around our pages: whoever is not signed in is led to `/login` and back, a token is
/// renewed half way, and what another site makes a browser send is refused. Headers, log and the errors of its own handlers
/// stay the app's.
pub async fn doorway(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let head = limits::check(&request);
    Context::of(request.request())?.promise_cookies();
    answer(request, next, head).await.map(render::tell_ours)
}

/// The answer of whoever is next, unless the request is forged or too large, with the cookies that guards left.
async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    head: Result<(), Error>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = match head.and_then(|()| same_origin::check(&request)) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        // Not `into_response`: that forgets the error, and then it cannot be told as a page.
        Err(error) => ServiceResponse::from_err(error, request.into_parts().0),
    };
    Ok(give_pending_cookies(response))
}

fn give_pending_cookies<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    for cookie in cookies::take_pending(response.request()) {
        let answer = response.response_mut();
        // A handler that set this cookie itself, at sign-out, knows better.
        if !answer.cookies().any(|set| set.name() == cookie.name())
            && let Err(error) = answer.add_cookie(&cookie)
        {
            log::error!("a cookie could not be set: {error}");
        }
    }
    response
}
