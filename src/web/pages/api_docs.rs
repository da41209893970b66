//! `/docs/api`: the document of the API, for people who write programs.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::openapi::{Document, Shown};
use crate::web::page::{Shell, answer};

#[derive(Template)]
#[template(path = "api_docs.html")]
struct ApiPage<'a> {
    shell: Shell,
    api: &'a Shown,
}

/// `GET /docs/api`: for anybody, and the same for all.
pub(in crate::web) async fn show(
    request: HttpRequest,
    written: Data<Document>,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let api = written.shown(&vestibule.config);
    answer(StatusCode::OK, &ApiPage { shell: Shell::of(&request), api })
}
