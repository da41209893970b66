//! What words of ours say of a route that is no page: what it is for, and what it answers.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema};

use super::signature::Model;
use super::{page_routes, problem};

/// What words of ours say of a route that is no page.
pub(super) struct Told {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) about: &'static str,
    pub(super) example: Option<Value>,
    pub(super) answers: BTreeMap<u16, Response>,
    pub(super) refusals: Vec<u16>,
    pub(super) may_say_who: bool,
    pub(super) models: Vec<(String, RefOr<Schema>)>,
}

impl Told {
    pub(super) fn get(
        path: &'static str,
        tag: &'static str,
        summary: &'static str,
        about: &'static str,
    ) -> Self {
        let (answers, refusals, models) = Default::default();
        Self {
            method: Method::GET,
            path,
            tag,
            summary,
            about,
            example: None,
            answers,
            refusals,
            may_say_who: false,
            models,
        }
    }

    pub(super) fn post(
        path: &'static str,
        tag: &'static str,
        summary: &'static str,
        about: &'static str,
    ) -> Self {
        Self { method: Method::POST, ..Self::get(path, tag, summary, about) }
    }

    /// A document that it reads.
    pub(super) fn reads(mut self, example: Value) -> Self {
        self.example = Some(example);
        self
    }

    /// 200 with a document.
    pub(super) fn answers<T: ToSchema>(self, about: &str, example: Value) -> Self {
        self.answers_as::<T>("application/json", about, example)
    }

    /// 200 with a document of another type of content.
    pub(super) fn answers_as<T: ToSchema>(mut self, kind: &str, about: &str, example: Value) -> Self {
        let model = Model::of::<T>();
        self.models.extend(model.schemas);
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(model.name)));
        self.with(200, about, kind, content.example(Some(example)).build())
    }

    /// 200 with what no type of ours describes.
    pub(super) fn gives(self, kind: &str, about: &str) -> Self {
        self.with(200, about, kind, Content::new(Some(problem::text())))
    }

    /// 200 without a word: it is the headers that say something.
    pub(super) fn says(mut self, about: &str) -> Self {
        self.answers.insert(200, Response::new(about));
        self
    }

    /// 401 with either a problem like any other, or `T`, which is one with more to it.
    pub(super) fn or_401<T: ToSchema>(mut self, about: &str, example: Value) -> Self {
        let model = Model::of::<T>();
        self.models.extend(model.schemas);
        let either = AnyOfBuilder::new()
            .item(Ref::from_schema_name(model.name))
            .item(Ref::from_schema_name("Problem"));
        let content =
            ContentBuilder::new().schema(Some(Schema::AnyOf(either.build()))).example(Some(example));
        let response = ResponseBuilder::new()
            .description(about)
            .content("application/problem+json", content.build())
            .content("text/html", problem::page());
        self.answers.insert(401, problem::headed(401, response).build());
        self
    }

    /// 303 to a page.
    pub(super) fn leads(mut self, to: &str) -> Self {
        self.answers.insert(303, page_routes::way_on(&format!("To `{to}`.")));
        self
    }

    /// A token is no condition here, and yet makes a difference.
    pub(super) fn may_say_who(mut self) -> Self {
        self.may_say_who = true;
        self
    }

    /// 304 for whoever has the newest.
    pub(super) fn kept(mut self) -> Self {
        self.answers.insert(304, Response::new("You have the newest, as `If-None-Match` says."));
        self
    }

    /// The errors that it may answer with, beyond those that its signature tells.
    pub(super) fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }

    pub(super) fn is_of(&self, path: &str, method: &Method) -> bool {
        self.path == path && self.method == method
    }

    fn with(mut self, status: u16, about: &str, kind: &str, content: Content) -> Self {
        let response = self.answers.remove(&status).unwrap_or_else(|| Response::new(about));
        self.answers.insert(status, ResponseBuilder::from(response).content(kind, content).build());
        self
    }
}
