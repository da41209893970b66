//! `/.well-known/`: what services need that check our tokens by themselves.

use actix_web::http::header::{self, EntityTag, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use super::extract::Context;
use crate::config::Algorithm;
use crate::secret;
use crate::vestibule::Vestibule;

/// How long others may keep our keys, in seconds: far less than the day for which a key is published before it signs.
const KEPT_FOR: u64 = 300;

/// `GET /.well-known/jwks.json`: the public keys (RFC 7517).
pub(super) async fn jwks(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    Ok(document(&request, "application/jwk-set+json", vestibule.tokens.published(context.now)))
}

/// What is true of us as an authorization server (RFC 8414 §2). There is no grant by redirect, so no response type.
#[derive(Serialize, ToSchema)]
pub(super) struct Metadata {
    issuer: String,
    jwks_uri: String,
    #[schema(value_type = Vec<String>)]
    response_types_supported: [&'static str; 0],
    #[schema(value_type = Vec<String>)]
    grant_types_supported: [&'static str; 0],
    #[schema(value_type = Vec<String>)]
    access_token_signing_alg_values_supported: [&'static str; 1],
    token_status_uri: String,
    token_status_events_uri: String,
}

/// `GET /.well-known/oauth-authorization-server`: where the keys are, and what else others ask for.
pub(super) async fn oauth_authorization_server(
    request: HttpRequest,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let config = &vestibule.config;
    let metadata = Metadata {
        issuer: config.issuer(),
        jwks_uri: format!("{}/.well-known/jwks.json", config.public_url()),
        response_types_supported: [],
        grant_types_supported: [],
        access_token_signing_alg_values_supported: match config.tokens.algorithm {
            Algorithm::EdDSA => ["EdDSA"],
            Algorithm::HS256 => ["HS256"],
        },
        token_status_uri: config.token_status_uri(),
        token_status_events_uri: format!("{}/events", config.token_status_uri()),
    };
    let text =
        serde_json::to_string(&metadata).map_err(|error| Error::Internal { cause: error.to_string() })?;
    Ok(document(&request, "application/json", text))
}

/// Scripts of any site may read it: there is nothing in it that is anybody's own.
pub(super) const FOR_ALL: (HeaderName, HeaderValue) =
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));

/// What anybody may keep for a while.
pub(super) struct Document {
    pub(super) kind: &'static str,
    pub(super) text: Bytes,
    /// Names this text among all others.
    pub(super) tag: String,
    /// In seconds.
    pub(super) kept_for: u64,
}

/// A public document, named by its digest.
pub(super) fn document(request: &HttpRequest, kind: &'static str, text: impl Into<Bytes>) -> HttpResponse {
    let text = text.into();
    let tag = secret::to_base64url(&secret::sha256(&text));
    answer(request, Document { kind, text, tag, kept_for: KEPT_FOR })
}

pub(super) fn tag(name: &str) -> EntityTag {
    EntityTag::new_strong(name.to_owned())
}

/// The document, unless whoever asks has it.
pub(super) fn answer(request: &HttpRequest, document: Document) -> HttpResponse {
    let tag = tag(&document.tag).to_string();
    let is_known = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
    let mut head: HttpResponseBuilder = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    head.insert_header((header::CACHE_CONTROL, format!("public, max-age={}", document.kept_for)))
        .insert_header((header::ETAG, tag))
        .insert_header(FOR_ALL);
    match is_known {
        true => head.finish(),
        false => head.content_type(document.kind).body(document.text),
    }
}
