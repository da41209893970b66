//! Pages and their forms: described by what the table knows of a line, for whoever wants the whole map.

use std::collections::BTreeMap;

use actix_web::http::Method;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{AdditionalProperties, SchemaType, Type};
use utoipa::openapi::{Content, ObjectBuilder, Response, ResponseBuilder, Schema};

use super::problem;
use crate::web::routes::Line;

/// The pages of mailed links: used up, or not opened in this browser, they are 410.
const OF_LINKS: [&str; 5] = ["/setup", "/reset", "/verify-email", "/restore-email", "/not-me"];
/// What is no page though it is asked for on one.
const FILES: [(&str, &str); 3] = [
    ("/account/activity.csv", "text/csv"),
    ("/account/recovery-codes/download", "text/plain"),
    ("/account/export", "application/json"),
];

/// Whether this line is for people.
pub(super) fn is_page(line: &Line) -> bool {
    !line.is_bare && line.content != Some("application/json")
}

pub(super) fn summary(path: &str, method: &Method) -> String {
    match *method {
        Method::GET => format!("The page {path}"),
        _ => format!("A form or a button for {path}"),
    }
}

/// What it answers when all is well: a page, or the way to one.
pub(super) fn answers(path: &str, line: &Line) -> BTreeMap<u16, Response> {
    let file =
        FILES.iter().find(|(of, kind)| *of == path && (line.method != Method::GET || *kind == "text/csv"));
    let mut answers = BTreeMap::from([(303, way_on("Go on there, by GET."))]);
    match (file, &line.method) {
        (Some((_, kind)), _) => drop(answers.insert(200, ok("A file.", kind))),
        (None, &Method::GET) => drop(answers.insert(200, ok("The page.", "text/html"))),
        // A program that signs out is led to no page.
        (None, _) if ["/logout", "/sessions/end-all"].contains(&path) => {
            drop(answers.insert(200, ok("Signed out.", "application/json")));
        }
        (None, _) => {}
    }
    answers
}

/// The way to another page.
pub(super) fn way_on(about: &str) -> Response {
    let location = HeaderBuilder::new().schema(Some(problem::text())).description(Some("A page of ours."));
    ResponseBuilder::new().description(about).header("Location", location.build()).build()
}

/// The errors that such a line may answer with, whoever asks.
pub(super) fn refusals(path: &str, line: &Line) -> Vec<u16> {
    let mut statuses = vec![503];
    if line.method == Method::GET {
        statuses.push(400);
    } else {
        statuses.extend([409, 422, 429]);
    }
    if OF_LINKS.iter().any(|page| path.starts_with(page)) {
        statuses.push(410);
    }
    if path.starts_with("/dev/") {
        statuses.push(404);
    }
    statuses
}

/// The fields of a form: whatever its page has.
pub(super) fn fields() -> Schema {
    let any = AdditionalProperties::RefOr(problem::text().into());
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Object))
        .description(Some("The fields that the page has, and no others."))
        .additional_properties(Some(any))
        .into()
}

fn ok(about: &str, kind: &str) -> Response {
    let schema = (kind != "application/json").then(problem::text);
    ResponseBuilder::new().description(about).content(kind, Content::new(schema)).build()
}
