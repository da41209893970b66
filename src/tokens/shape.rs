//! The strict front: what a token must look like before any key is taken up.
//!
//! The library behind us lets pass what RFC 8725 and its successor want refused: an unknown `crit`, an absent `typ`,
//! a header of any size. So the header is a closed set here, read before the library sees the token.

use serde::Deserialize;

use super::TokenError;
use crate::secret;

/// No token of ours comes near it.
const MOST_BYTES: usize = 4096;

/// The whole header: `alg`, `kid` and `typ`, each once and nothing else; no `crit`, `jwk`, `jku`, `x5u` or `b64`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenHeader {
    pub(super) alg: String,
    pub(super) kid: String,
    typ: String,
}

/// The header of `token`, if the token has the compact form and its header is of our kind.
pub(super) fn read_header(token: &str) -> Result<TokenHeader, TokenError> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    if token.len() > MOST_BYTES || ![header, payload, signature].into_iter().all(is_part) {
        return Err(TokenError::Malformed);
    }
    let json = secret::from_base64url(header).ok_or(TokenError::Malformed)?;
    // A JSON array would be read as a struct, member by member: only an object is a header.
    if json.first() != Some(&b'{') {
        return Err(TokenError::Malformed);
    }
    let header: TokenHeader = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
    // RFC 9068 §2.1: tokens of other kinds (ID tokens, mailed links) are never access tokens.
    let typ = header.typ.to_ascii_lowercase();
    if typ != "at+jwt" && typ != "application/at+jwt" {
        return Err(TokenError::Malformed);
    }
    Ok(header)
}
