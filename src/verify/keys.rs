//! The issuer's public keys (RFC 7517), each looked at before it is used.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

/// A key that was looked at, ready to check Ed25519 signatures and nothing else.
pub(super) type PublicKey = Arc<DecodingKey>;

/// The keys by their id.
pub(super) type Keys = HashMap<String, PublicKey>;

/// More than any issuer has; a document of millions must not become as many keys.
const MOST_KEYS: usize = 64;

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
}

/// The keys in a JWK set that we can use. The others are passed over, as RFC 7517 §5 has it; of two with one id none is
/// taken, for nobody could tell which is meant.
pub(super) fn parse(document: &[u8]) -> Result<Keys, serde_json::Error> {
    let set: JwkSet = serde_json::from_slice(document)?;
    let mut keys = Keys::new();
    let mut twice = Vec::new();
    for jwk in set.keys.into_iter().take(MOST_KEYS) {
        let Some((kid, key)) = serde_json::from_value(jwk).ok().and_then(usable) else { continue };
        if keys.insert(kid.clone(), key).is_some() {
            twice.push(kid);
        }
    }
    keys.retain(|kid, _| !twice.contains(kid));
    Ok(keys)
}

fn usable(jwk: Jwk) -> Option<(String, PublicKey)> {
    let is_ed25519 = jwk.kty == "OKP" && jwk.crv == "Ed25519";
    let is_for_us = jwk.purpose.is_none_or(|purpose| purpose == "sig")
        && jwk.alg.is_none_or(|alg| alg == "EdDSA" || alg == "Ed25519");
    let is_named = (1..=64).contains(&jwk.kid.len());
    // Some libraries behind `jsonwebtoken` fall over at a key that is too short.
    let is_whole = URL_SAFE_NO_PAD.decode(&jwk.x).is_ok_and(|bytes| bytes.len() == 32);
    if !(is_ed25519 && is_for_us && is_named && is_whole) {
        return None;
    }
    let key = DecodingKey::from_ed_components(&jwk.x).ok()?;
    Some((jwk.kid, Arc::new(key)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    #[test]
    fn only_whole_ed25519_keys_for_signatures_are_taken() {
        let good = json!({"kty": "OKP", "crv": "Ed25519", "x": X, "kid": "a", "use": "sig", "alg": "EdDSA"});
        let with = |name: &str, value: Value| {
            let mut jwk = good.clone();
            jwk[name] = value;
            jwk
        };
        let taken = |jwk: &Value| parse(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap().len();

        assert_eq!(taken(&good), 1);
        for (name, value) in [
            ("x", json!("AAAA")),
            ("x", json!("")),
            ("x", json!(7)),
            ("x", json!(format!("{X}AAAA"))),
            ("x", json!("=")),
            ("crv", json!("X25519")),
            ("crv", json!("P-256")),
            ("crv", json!("Ed448")),
            ("kty", json!("EC")),
            ("kty", json!("oct")),
            ("use", json!("enc")),
            ("alg", json!("HS256")),
            ("alg", json!("none")),
            ("kid", json!("")),
            ("kid", json!("k".repeat(65))),
            ("kid", Value::Null),
        ] {
            assert_eq!(taken(&with(name, value.clone())), 0, "{name}: {value}");
        }
        for jwk in [json!(null), json!([]), json!("key"), json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})] {
            assert_eq!(taken(&jwk), 0, "{jwk}");
        }
    }

    #[test]
    fn of_two_keys_with_one_id_none_is_taken_and_millions_are_not_read() {
        let key = |kid: &str| json!({"kty": "OKP", "crv": "Ed25519", "x": X, "kid": kid});
        let twice = json!({"keys": [key("a"), key("b"), key("a")]}).to_string();
        let many: Vec<Value> = (0..1000).map(|number| key(&number.to_string())).collect();

        assert_eq!(parse(twice.as_bytes()).unwrap().into_keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(parse(json!({ "keys": many }).to_string().as_bytes()).unwrap().len(), MOST_KEYS);
        for document in ["", "{}", "[]", "null", "{\"keys\":{}}", "<html>"] {
            assert!(parse(document.as_bytes()).is_err(), "{document}");
        }
    }
}
