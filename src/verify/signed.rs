//! What is signed: the strict front of a JWT, and its signature by a key that is bound to one algorithm (RFC 8725 §3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::VerifyError;
use super::keys::PublicKey;

/// What of a header counts. A key or the address of one that it brings along (`jwk`, `jku`, `x5u`) is not among it:
/// those would be the keys of whoever wrote the token.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
    crit: Option<IgnoredAny>,
}

/// The id of the key that is to have signed `jwt`, if its form and its header are those of a `typ`.
pub(super) fn read_kid(jwt: &str, typ: &str, most_bytes: usize) -> Result<String, VerifyError> {
    let is_part = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !part.is_empty() && part.bytes().all(is_letter)
    };
    let mut parts = jwt.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(VerifyError::Malformed);
    };
    if jwt.len() > most_bytes || ![header, payload, signature].into_iter().all(is_part) {
        return Err(VerifyError::Malformed);
    }
    let json = URL_SAFE_NO_PAD.decode(header).map_err(|_| VerifyError::Malformed)?;
    // A JSON array would be read as a struct, member by member: only an object is a header.
    if json.first() != Some(&b'{') {
        return Err(VerifyError::Malformed);
    }
    let header: Header = serde_json::from_slice(&json).map_err(|_| VerifyError::Malformed)?;
    // RFC 7515 §4.1.11: what must be understood is not.
    if header.crit.is_some() || !is_typ(&header.typ, typ) {
        return Err(VerifyError::Malformed);
    }
    // Our keys check Ed25519 only, whatever a token asks for (`none`, or HS256 with a public key for its secret).
    match header.alg.as_str() {
        "EdDSA" => Ok(header.kid),
        _ => Err(VerifyError::Forged),
    }
}

/// RFC 7515 §4.1.9: upper and lower case are one, and `application/` may be left out.
fn is_typ(given: &str, wanted: &str) -> bool {
    let given = given.to_ascii_lowercase();
    given.strip_prefix("application/").unwrap_or(&given) == wanted
}

/// What `jwt` says, if `key` signed it.
pub(super) fn open<T: DeserializeOwned>(jwt: &str, key: &PublicKey) -> Result<T, VerifyError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    // Times, issuer and audience are ours to check: the library accepts an issuer in an array and an `iat` to come.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode(jwt, key, &validation).map(|data| data.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => VerifyError::Forged,
        _ => VerifyError::Malformed,
    })
}
