//! The one place that decides how an error is told: a page or a redirect for people, a problem document for programs.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::Uri;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _};
use askama::Template as _;

use super::error::Error;
use super::extract::{Context, WayBack};
use super::page::{ErrorPage, Shell};
use super::return_to;

/// The same, for routes of an app's own: its errors are its to tell.
pub(super) fn tell_ours(response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
    match response.response().error().is_some_and(|error| error.as_error::<Error>().is_some()) {
        true => tell(response),
        false => response.map_into_boxed_body(),
    }
}

/// The answer, with its error in the form that fits whoever asked.
pub(super) fn tell(response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else {
        return response.map_into_boxed_body();
    };
    let stand_in;
    let error = match error.as_error::<Error>() {
        Some(error) => error,
        None => {
            stand_in = Error::from_status(response.status(), error.to_string());
            &stand_in
        }
    };
    let answer = answer(response.request(), error);
    let (request, old) = response.into_parts();
    let mut answer = ServiceResponse::new(request, answer);
    for cookie in old.headers().get_all(header::SET_COOKIE) {
        answer.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    answer
}

fn answer(request: &HttpRequest, error: &Error) -> HttpResponse {
    let id = Context::of(request).map(|context| context.request_id.to_string()).ok();
    let id = id.as_deref().unwrap_or_default();
    match error {
        Error::Internal { cause } => log::error!("{cause} (request {id})"),
        Error::Unavailable { cause } => log::warn!("{cause} (request {id})"),
        _ => {}
    }
    if !wants_page(request) {
        return error.head().content_type("application/problem+json").json(error.problem(Some(id)));
    }
    let way = match error {
        Error::Unauthenticated | Error::TokenRefused => Some("/login"),
        Error::Reauthenticate => Some("/reauth"),
        _ => None,
    };
    match way {
        _ if matches!(error, Error::AlreadySignedIn) => {
            HttpResponse::SeeOther().insert_header((header::LOCATION, "/dashboard")).finish()
        }
        // Whatever they asked for, it waits: nothing of it was done.
        _ if matches!(error, Error::EnrolmentRequired) => {
            HttpResponse::SeeOther().insert_header((header::LOCATION, "/account/totp")).finish()
        }
        Some(way) if request.extensions().contains::<WayBack>() => {
            let back = request.extensions().get::<WayBack>().map_or("/", |back| back.0);
            let location = return_to::with_next(way, &Uri::from_static(back));
            HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
        }
        // Only what was asked for by GET can be asked for again afterwards.
        Some(way) if request.method().is_safe() => {
            let location = return_to::with_next(way, request.uri());
            HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
        }
        _ => page(request, error, way, id),
    }
}

fn page(request: &HttpRequest, error: &Error, way: Option<&str>, id: &str) -> HttpResponse {
    let way_back = match (way, error) {
        (Some(way), _) => Some((way.to_owned(), "Go on".to_owned())),
        (_, Error::Gone { way_on: (href, text), .. }) => Some(((*href).to_owned(), (*text).to_owned())),
        (_, Error::Kept(_)) => Some(("/account/settings".to_owned(), "To your settings".to_owned())),
        (_, Error::NotFound | Error::Forbidden(_)) => Some(("/".to_owned(), "To the first page".to_owned())),
        _ => None,
    };
    let page = ErrorPage {
        shell: Shell::of(request),
        status: error.status_code().as_u16(),
        title: error.title().to_owned(),
        message: error.to_string(),
        what_to_do: error.what_to_do().to_owned(),
        way_back,
        request_id: id.to_owned(),
    };
    let mut head = error.head();
    // A page is for people: a browser would answer the challenge of a 401 with a box of its own.
    match page.render() {
        Ok(html) => head.content_type("text/html; charset=utf-8").body(html),
        Err(_) => head.content_type("text/plain; charset=utf-8").body(error.to_string()),
    }
}

/// Whether whoever asks is better served by a page: a browser says so; to anything else we answer as the address
/// and the content of the request suggest.
pub(super) fn wants_page(request: &HttpRequest) -> bool {
    let accepts = |kind: &str| header_has(request.headers(), header::ACCEPT, kind);
    if accepts("text/html") {
        return true;
    }
    let is_program = accepts("json")
        || header_has(request.headers(), header::CONTENT_TYPE, "json")
        || request.headers().contains_key(header::AUTHORIZATION);
    let path = request.path();
    let is_api = ["/api/", "/protected", "/healthz", "/readyz", "/.well-known/"].iter();
    !is_program && !is_api.into_iter().any(|prefix| path.starts_with(prefix))
}

fn header_has(headers: &HeaderMap, name: header::HeaderName, part: &str) -> bool {
    headers.get_all(name).filter_map(|value| value.to_str().ok()).any(|value| value.contains(part))
}
