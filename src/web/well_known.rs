//! `/.well-known/`: what services need that check our tokens by themselves.

use actix_web::http::header::{self, EntityTag};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::error::Error;
use super::extract::Context;
use crate::config::Algorithm;
use crate::secret;
use crate::vestibule::Vestibule;

/// How long others may keep our keys, in seconds: far less than the day for which a key is published before it signs.
const KEPT_FOR: u32 = 300;

/// `GET /.well-known/jwks.json`: the public keys (RFC 7517).
pub(super) async fn jwks(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    Ok(document(&request, "application/jwk-set+json", vestibule.tokens.published(context.now)))
}

/// What is true of us as an authorization server (RFC 8414 §2). There is no grant by redirect, so no response type.
#[derive(Serialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 0],
    access_token_signing_alg_values_supported: [&'static str; 1],
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
    };
    let text =
        serde_json::to_string(&metadata).map_err(|error| Error::Internal { cause: error.to_string() })?;
    Ok(document(&request, "application/json", text))
}

/// A public document: anybody may keep it for a while.
fn document(request: &HttpRequest, kind: &'static str, text: String) -> HttpResponse {
    let tag = EntityTag::new_strong(secret::to_base64url(&secret::sha256(text.as_bytes())));
    let is_known =
        request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(
            |value| value.split(',').any(|known| known.trim().trim_start_matches("W/") == tag.to_string()),
        );
    let mut head: HttpResponseBuilder = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    head.insert_header((header::CACHE_CONTROL, format!("public, max-age={KEPT_FOR}")))
        .insert_header((header::ETAG, tag.to_string()));
    match is_known {
        true => head.finish(),
        false => head.content_type(kind).body(text),
    }
}
