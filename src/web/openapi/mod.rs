//! The API, described for programs: OpenAPI 3.1, written by the routes themselves.
//!
//! | what is told of a route | by whom |
//! |---|---|
//! | its path, its methods, the contents that it reads | the table in [`routes`](super::routes) |
//! | who may ask, its body, what can be wrong with either | the signature of its handler: [`signature`] |
//! | what it is for, what it answers | a line in [`programs`], [`documents`] or [`doors`]; of a page, nothing: [`page_routes`] |
//! | how each refusal looks | [`problem`]: the errors themselves |
//!
//! **A new route** of the table is in the document by that. Whatever is no page also wants a line in [`programs`] (it
//! reads or answers JSON), [`documents`] (anybody fetches it) or [`doors`] (proxies ask it); a test names the routes that have none. A new extractor
//! wants a line in [`signature`], a new body `#[derive(ToSchema)]`; the compiler names them.

mod documents;
mod doors;
mod operation;
mod page_routes;
mod problem;
mod programs;
mod showing;
mod shown;
mod signature;
mod told;
mod written;

use std::sync::OnceLock;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
pub(super) use problem::faults;
pub(super) use shown::Shown;
pub(super) use signature::{Asks, Facts};
use told::Told;

use super::error::Error;
use super::extract;
use super::well_known::document;
use crate::config::Config;

/// What groups the operations, and in which order.
const TAGS: [(&str, &str); 6] = [
    (SIGN_IN, "Make an account, prove who it is, and get a pair of tokens."),
    (SESSION, "What a token opens, and how it is renewed."),
    (PASSKEYS, "What our own pages ask a device for."),
    (DOCUMENTS, "What anybody may fetch."),
    (
        DOORS,
        "What a reverse proxy asks that guards other applications; only those that the operator trusts are answered.",
    ),
    (PAGES, "For people with a browser. They work without scripts; programs have no need of them."),
];
const SIGN_IN: &str = "Sign in";
const SESSION: &str = "Sessions and tokens";
const PASSKEYS: &str = "Passkeys";
const DOCUMENTS: &str = "Public documents";
const DOORS: &str = "Forward-auth";
const PAGES: &str = "pages";

const ABOUT: &str = "Sign-in for applications. Programs send and get JSON; whatever goes wrong is told as a problem \
                     document (RFC 9457) whose `type` stays the same. Browsers that ask the same addresses for HTML \
                     are answered by pages.";

/// The document, as programs fetch it and as a page shows it: made when somebody first asks, once for each worker.
#[derive(Default)]
pub(super) struct Document(OnceLock<(Bytes, Shown)>);

impl Document {
    fn text(&self, config: &Config) -> Bytes {
        self.made(config).0.clone()
    }

    /// For people.
    pub(super) fn shown(&self, config: &Config) -> &Shown {
        &self.made(config).1
    }

    fn made(&self, config: &Config) -> &(Bytes, Shown) {
        self.0.get_or_init(|| {
            let tree = serde_json::to_value(written::document(config)).unwrap_or_default();
            (tree.to_string().into(), showing::all(&tree))
        })
    }
}

/// `GET /openapi.json`.
pub(super) async fn show(request: HttpRequest, written: Data<Document>) -> Result<HttpResponse, Error> {
    let text = written.text(&extract::instance(&request)?.config);
    Ok(document(&request, "application/json", text))
}

/// All that programs are told by words of ours, in the order in which one reads it.
fn all_told() -> Vec<Told> {
    programs::told().into_iter().chain(documents::told()).chain(doors::told()).collect()
}

/// The path without what the router alone needs to know of a part of it, as in `{path:.*}`.
fn plain(path: &str) -> String {
    path.replace(":.*}", "}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::routes;

    #[test]
    fn all_that_is_told_is_told_of_a_route_and_once() {
        let told = all_told();
        for (at, line) in told.iter().enumerate() {
            let is_served = routes::entries().iter().any(|entry| line.is_of(entry.path, &entry.method));
            assert!(is_served, "{} {} is no route", line.method, line.path);
            let is_twice = told[..at].iter().any(|other| line.is_of(other.path, &other.method));
            assert!(!is_twice, "{} {} is told twice", line.method, line.path);
        }
    }
}
