//! How refusals look: each status by the errors that have it, told as they are told.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::ResponseError as _;
use actix_web::http::Method;
use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::schema::{ArrayBuilder, SchemaType, Type};
use utoipa::openapi::{
    Content, ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
};

use super::signature::Model;
use crate::credentials::scope::Scope;
use crate::flows::last_way_in::Kept;
use crate::flows::register::Fault;
use crate::web::error::{Error, Problem};

/// The id of some request.
const REQUEST: &str = "019ab3c2-7d1e-7f00-8000-0242ac110002";

/// One of each error: all that programs may meet.
fn specimens() -> Vec<Error> {
    let fault = |field, message: &str| Fault { field, message: message.to_owned() };
    vec![
        Error::BadRequest("This document is not what we read here: missing field `password`.".into()),
        Error::Unauthenticated,
        Error::TokenRefused,
        Error::RefreshRefused,
        Error::InvalidCredentials(
            "That name and password do not go together. Check both and try again.".into(),
        ),
        Error::InvalidChallenge("This sign-in took too long. Please start again.".into()),
        Error::InvalidCode("That code is not right. Try the next one.".into()),
        Error::Reauthenticate,
        Error::Forbidden("This token is invalid, has expired or was revoked.".into()),
        Error::CrossSite { home: "https://login.example.org".into() },
        Error::InsufficientScope(Scope::ReadAccount),
        Error::EnrolmentRequired,
        Error::NotFound,
        Error::MethodNotAllowed(vec![Method::GET, Method::HEAD]),
        Error::RequestTimeout,
        Error::AlreadySignedIn,
        Error::Conflict("This username is taken.".into()),
        Error::Kept(Kept::LastWayIn),
        Error::Gone {
            words: "This link has expired or was used.".into(),
            way_on: ("/", "To the first page"),
        },
        Error::PayloadTooLarge,
        Error::UriTooLong,
        Error::UnsupportedMediaType("application/json"),
        Error::Unprocessable(vec![fault("password", "Choose a longer one: at least 12 characters.")]),
        Error::TooManyRequests { retry_after: Duration::from_secs(30) },
        Error::HeadersTooLarge,
        Error::Internal { cause: String::new() },
        Error::Unavailable { cause: String::new() },
    ]
}

/// The name of a status among the responses of the document.
pub(super) fn name(status: u16) -> String {
    format!("Refused{status}")
}

/// A reference to how a status looks.
pub(super) fn refused(status: u16) -> RefOr<Response> {
    RefOr::Ref(Ref::from_response_name(name(status)))
}

/// Each status, with the problems that have it as examples.
pub(super) fn responses() -> Vec<(String, Response)> {
    let mut by_status: BTreeMap<u16, Vec<Error>> = BTreeMap::new();
    for error in specimens() {
        by_status.entry(error.status_code().as_u16()).or_default().push(error);
    }
    by_status.iter().map(|(status, errors)| (name(*status), response(*status, errors))).collect()
}

fn response(status: u16, errors: &[Error]) -> Response {
    let examples = errors.iter().map(|error| {
        let told = serde_json::to_value(error.problem(Some(REQUEST))).unwrap_or_default();
        (error.id(), ExampleBuilder::new().summary(error.title()).value(Some(told)).build())
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).examples_from_iter(examples);
    let mut titles: Vec<_> = errors.iter().map(Error::title).collect();
    titles.dedup();
    let response = ResponseBuilder::new()
        .description(format!("{}.", titles.join("; ")))
        .content("application/problem+json", content.build())
        .content("text/html", page());
    headed(status, response).build()
}

/// The answer with the headers that belong to its status.
pub(super) fn headed(status: u16, response: ResponseBuilder) -> ResponseBuilder {
    let own = match status {
        401 => Some(("WWW-Authenticate", "By what one gets in (RFC 6750).", "Bearer".into())),
        405 => Some(("Allow", "The methods that it answers to.", "GET, HEAD".into())),
        429 => Some(("Retry-After", "Seconds to wait.", 30.into())),
        503 => Some(("Retry-After", "Seconds to wait.", 2.into())),
        _ => None,
    };
    let always = ("X-Request-Id", "The id of the request, as it stands in the log.", REQUEST.into());
    own.into_iter().chain([always]).fold(response, |response, (name, about, example): (_, _, Value)| {
        let kind = if example.is_number() { Type::Integer } else { Type::String };
        let schema = ObjectBuilder::new().schema_type(SchemaType::Type(kind));
        let header =
            HeaderBuilder::new().schema(Some(schema)).description(Some(about)).example(Some(example));
        response.header(name, header.build())
    })
}

/// A page: text in HTML, of which nothing more is promised.
pub(super) fn page() -> Content {
    Content::new(Some(text()))
}

/// Any text.
pub(super) fn text() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).into()
}

/// What is wrong with a document, field by field.
pub(in crate::web) fn faults() -> Schema {
    let fault = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Object))
        .property("field", text())
        .property("message", text())
        .required("field")
        .required("message");
    ArrayBuilder::new().items(fault).into()
}

/// The types that every refusal is made of.
pub(super) fn models() -> Vec<(String, RefOr<Schema>)> {
    Model::of::<Problem<'_>>().schemas
}
