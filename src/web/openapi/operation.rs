//! One operation: what the table, the signature and our words say of a method of a path, put together.

use std::collections::BTreeMap;

use actix_web::http::Method;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{
    Content, ContentBuilder, HttpMethod, Ref, RefOr, Required, Response, Schema, SecurityRequirement,
};

use super::signature::{Caller, Facts, Model};
use super::told::Told;
use super::{PAGES, page_routes, problem};
use crate::web::routes::Line;

/// The name of the token that programs bring, among the security schemes.
pub(super) const BEARER: &str = "token";
/// The name of the cookie that browsers bring.
pub(super) const COOKIE: &str = "session";

/// The operation of these lines of one path and one method, and the types that it needs.
pub(super) fn of(
    path: &str,
    lines: &[Line],
    told: Option<&Told>,
) -> (Operation, Vec<(String, RefOr<Schema>)>) {
    let (mut facts, mut models) = (Facts::default(), Vec::new());
    let mut responses: BTreeMap<u16, RefOr<Response>> = BTreeMap::new();
    let mut body = RequestBodyBuilder::new().required(Some(Required::True));
    let method = &lines[0].method;
    for line in lines {
        (line.tell)(&mut facts);
        if let Some(kind) = line.content {
            let (content, known) = read(kind, facts.body.take(), told);
            body = body.content(kind, content);
            models.extend(known);
        }
        if page_routes::is_page(line) {
            responses
                .extend(page_routes::answers(path, line).into_iter().map(|(at, answer)| (at, answer.into())));
            facts.statuses.extend(page_routes::refusals(path, line));
        }
    }
    // Of every request: a head that is too large. Of every deed: one that another site sent.
    facts.statuses.extend([414, 431, 500]);
    if !method.is_safe() {
        facts.statuses.push(403);
    }
    let refusals = facts.statuses.iter().chain(told.iter().flat_map(|told| &told.refusals));
    for status in refusals {
        responses.entry(*status).or_insert_with(|| problem::refused(*status));
    }
    if let Some(told) = told {
        if told.may_say_who {
            facts.caller = Caller::Known;
        }
        models.extend(told.models.iter().cloned());
        responses.extend(told.answers.iter().map(|(status, answer)| (*status, answer.clone().into())));
    }
    let mut operation = named(path, method, told);
    for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        operation = operation.parameter(parameter(name));
    }
    if lines.iter().any(|line| line.content.is_some()) {
        operation = operation.request_body(Some(body.build()));
    }
    for scheme in allowed(facts.caller) {
        operation = operation.security(scheme);
    }
    for (status, response) in responses {
        operation = operation.response(status.to_string(), response);
    }
    (operation.build(), models)
}

fn named(path: &str, method: &Method, told: Option<&Told>) -> OperationBuilder {
    let words: Vec<_> =
        path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let id = format!(
        "{}-{}",
        method.as_str().to_lowercase(),
        if words.is_empty() { "home".into() } else { words.join("-") }
    );
    let operation = OperationBuilder::new().operation_id(Some(id));
    match told {
        Some(told) => operation.tag(told.tag).summary(Some(told.summary)).description(Some(told.about)),
        None => operation.tag(PAGES).summary(Some(page_routes::summary(path, method))),
    }
}

/// What a line reads, by the type that its handler asks for; the fields of a form stand on its page.
fn read(kind: &str, model: Option<Model>, told: Option<&Told>) -> (Content, Vec<(String, RefOr<Schema>)>) {
    match model {
        Some(model) => {
            let example = told.and_then(|told| told.example.clone());
            let content =
                ContentBuilder::new().schema(Some(Ref::from_schema_name(model.name))).example(example);
            (content.build(), model.schemas)
        }
        None if kind == "application/json" => (Content::default(), Vec::new()),
        None => (Content::new(Some(page_routes::fields())), Vec::new()),
    }
}

fn parameter(name: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(match name {
            "token" => "The secret of a link.",
            "name" => "The name of a file with its digest, as pages refer to it.",
            _ => "Which one.",
        }))
        .schema(Some(problem::text()))
}

/// Any one of these opens it.
fn allowed(caller: Caller) -> Vec<SecurityRequirement> {
    let by = |name: &str| SecurityRequirement::new(name, [] as [&str; 0]);
    match caller {
        Caller::Anybody => Vec::new(),
        Caller::Known => vec![SecurityRequirement::default(), by(BEARER), by(COOKIE)],
        Caller::SignedIn => vec![by(BEARER), by(COOKIE)],
        Caller::Bearer => vec![by(BEARER)],
    }
}

/// A method as the library calls it.
pub(super) fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::PUT => HttpMethod::Put,
        Method::DELETE => HttpMethod::Delete,
        Method::PATCH => HttpMethod::Patch,
        Method::POST => HttpMethod::Post,
        _ => HttpMethod::Get,
    }
}
