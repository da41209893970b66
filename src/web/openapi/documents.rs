//! What anybody may fetch: keys, metadata, probes, files. A line for each.

use serde_json::{Value, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::DOCUMENTS;
use super::problem::text;
use super::told::Told;
use crate::web::well_known::Metadata;

pub(super) fn told() -> Vec<Told> {
    let get = |path, summary, about| Told::get(path, DOCUMENTS, summary, about);
    vec![
        get(
            "/.well-known/jwks.json",
            "The public keys",
            "What our tokens are signed with (RFC 7517). Keep them for as long as `Cache-Control` says; fetch them again \
             when a token names a key that you do not know.",
        )
        .answers_as::<KeySet>("application/jwk-set+json", "The keys.", keys())
        .kept(),
        get(
            "/.well-known/oauth-authorization-server",
            "What is true of this server",
            "Where the keys are, and what else others ask for (RFC 8414).",
        )
        .answers::<Metadata>("The metadata.", metadata())
        .kept(),
        get(
            "/.well-known/token-status",
            "The token status list",
            "Which tokens are over before their time, for whoever checks them without asking us \
             (draft-ietf-oauth-status-list): a signed JWT. Fetch it again when `ttl` is over.",
        )
        .gives("application/statuslist+jwt", "The list.")
        .kept()
        .refuses(&[503]),
        get(
            "/.well-known/token-status/events",
            "What changes in it",
            "Server-sent events: `list` names the list there is, `revoked` the bits that have been set since.",
        )
        .gives("text/event-stream", "The stream; it ends after an hour.")
        .refuses(&[503]),
        get("/.well-known/change-password", "The way to change a password", "For password managers (W3C).")
        .leads("/account/password"),
        get("/openapi.json", "This document", "OpenAPI 3.1; `/docs/api` shows it to people.")
            .answers::<OpenApiDocument>("The document.", json!({ "openapi": "3.1.0", "info": {}, "paths": {} }))
            .kept(),
        get("/healthz", "Is the process alive?", "Asks nobody else.").gives("text/plain", "It is."),
        get("/readyz", "Can it do its work?", "The database was asked.")
            .gives("text/plain", "It can.")
            .refuses(&[503]),
        get("/robots.txt", "What crawlers may fetch", "Nothing.").gives("text/plain", "The file."),
        get("/favicon.ico", "A picture for tabs", "For browsers that ask for none by name.")
            .gives("image/png", "The picture."),
        get(
            "/static/{name}",
            "A file of our pages",
            "Its name has a digest of it, so that it may be kept for ever.",
        )
        .gives("text/css", "The file.")
        .gives("text/javascript", "The file.")
        .gives("image/svg+xml", "The file.")
        .gives("image/png", "The file."),
    ]
}

/// A JWK set: of the library's making.
struct KeySet;

impl PartialSchema for KeySet {
    fn schema() -> RefOr<Schema> {
        let object = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
        object().property("keys", ArrayBuilder::new().items(object())).required("keys").into()
    }
}

impl ToSchema for KeySet {}

/// The document itself.
struct OpenApiDocument;

impl PartialSchema for OpenApiDocument {
    fn schema() -> RefOr<Schema> {
        let object = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
        let all = object().property("openapi", text()).property("info", object()).property("paths", object());
        all.required("openapi").required("info").required("paths").into()
    }
}

impl ToSchema for OpenApiDocument {}

fn keys() -> Value {
    json!({ "keys": [{
        "kty": "OKP",
        "use": "sig",
        "alg": "EdDSA",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }] })
}

fn metadata() -> Value {
    json!({
        "issuer": "https://login.example.org",
        "jwks_uri": "https://login.example.org/.well-known/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": [],
        "access_token_signing_alg_values_supported": ["EdDSA"],
        "token_status_uri": "https://login.example.org/.well-known/token-status",
        "token_status_events_uri": "https://login.example.org/.well-known/token-status/events",
    })
}
