//! Bad tokens, for the tests in `tokens.rs`: each a way in that some library has left open.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use vestibule::secret::{from_base64url, to_base64url};

/// What is wrong, and the text that has it.
type Bad = (String, String);

/// `value` with `changes`; a `null` takes the member away.
pub fn but(value: &Value, changes: Value) -> Value {
    let mut value = value.clone();
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(members.remove(name)),
            change => drop(members.insert(name.clone(), change.clone())),
        }
    }
    value
}

/// The parts of a token, decoded.
pub fn read(token: &str) -> (Value, Value) {
    let part = |index| {
        let text = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&from_base64url(text).unwrap()).unwrap()
    };
    (part(0), part(1))
}

/// A header and a payload under a shared secret.
pub fn hs256(header: &Value, payload: &str, key: &[u8]) -> String {
    let signed =
        format!("{}.{}", to_base64url(header.to_string().as_bytes()), to_base64url(payload.as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", to_base64url(tag.as_ref()))
}

/// Headers that no key of ours should be taken up for.
#[rustfmt::skip]
pub fn headers(kid: &str, jwk: &str) -> Vec<Bad> {
    let ours = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid });
    let jwk: Value = serde_json::from_str(jwk).unwrap();
    let changed = [
        json!({ "alg": "none" }), json!({ "alg": "None" }), json!({ "alg": "NONE" }), json!({ "alg": "nOnE" }),
        json!({ "alg": "" }), json!({ "alg": null }), json!({ "alg": "EDDSA" }), json!({ "alg": "eddsa" }),
        json!({ "alg": "Ed25519" }), json!({ "alg": "ES256" }), json!({ "alg": "RS256" }), json!({ "alg": "HS256" }),
        json!({ "alg": ["EdDSA"] }), json!({ "alg": 1 }), json!({ "alg": " EdDSA" }), json!({ "alg": "EdDSA\u{0}" }),
        json!({ "kid": null }), json!({ "kid": "" }), json!({ "kid": "unknown" }), json!({ "kid": 1 }),
        json!({ "kid": "../../../../dev/null" }), json!({ "kid": "' UNION SELECT 'x" }), json!({ "kid": "http://127.0.0.1/key" }),
        json!({ "kid": [kid] }), json!({ "kid": "x".repeat(2000) }), json!({ "kid": format!("{} ", kid) }),
        json!({ "typ": null }), json!({ "typ": "JWT" }), json!({ "typ": "" }), json!({ "typ": "id+jwt" }), json!({ "typ": "at+jwt " }),
        json!({ "crit": ["exp"], "exp": 1 }), json!({ "crit": [] }), json!({ "crit": ["b64"], "b64": false }),
        json!({ "b64": true }), json!({ "zip": "DEF" }), json!({ "jwk": jwk }), json!({ "jku": "http://127.0.0.1/jwks" }),
        json!({ "x5u": "http://127.0.0.1/x" }), json!({ "x5c": ["AA=="] }), json!({ "x5t": "AA" }), json!({ "cty": "JWT" }),
        json!({ "enc": "A256GCM" }), json!({ "p2c": 1_000_000 }), json!({ "unknown": 1 }),
    ];
    let mut headers: Vec<_> = changed.iter().map(|change| (change.to_string(), but(&ours, change.clone()).to_string())).collect();
    let text = ours.to_string();
    for broken in [
        text.replace("\"alg\"", "\"alg\":\"none\",\"alg\""),
        text.replace("\"kid\"", "\"kid\":\"x\",\"kid\""),
        format!("{text}{text}"), format!("{text} x"), format!("\u{feff}{text}"), format!("[{text}]"), format!(" {text}"),
        format!("[\"EdDSA\",\"{}\",\"at+jwt\"]", kid), "{}".to_owned(), "null".to_owned(), text.replace('}', ""),
    ] {
        headers.push((broken.clone(), broken));
    }
    headers
}

/// Claims that tokens from before an upgrade may lack: for an hour both are about.
pub const OPTIONAL: [&str; 2] = ["groups", "status"];

/// Claims that are not those of a token of ours, at this moment.
#[rustfmt::skip]
pub fn payloads(claims: &Value, now: i64) -> Vec<Bad> {
    let mut changed = vec![
        json!({ "exp": now - 30 }), json!({ "exp": now - 100_000 }), json!({ "exp": 0 }), json!({ "exp": -1 }),
        json!({ "exp": now + 7200 }), json!({ "exp": 1e300 }), json!({ "exp": now as f64 + 60.5 }),
        json!({ "exp": (now + 60).to_string() }), json!({ "exp": true }), json!({ "exp": [now + 60] }),
        json!({ "exp": i64::MAX }), json!({ "exp": u64::MAX }), json!({ "exp": 253_402_300_800_i64 }),
        json!({ "nbf": now + 600 }), json!({ "nbf": -1 }), json!({ "iat": now + 600, "exp": now + 900 }),
        json!({ "iat": -1 }), json!({ "iat": "0" }), json!({ "auth_time": -1 }), json!({ "auth_time": i64::MAX }),
        json!({ "aud": "another" }), json!({ "aud": [] }), json!({ "aud": ["another"] }), json!({ "aud": "" }),
        json!({ "aud": "http://localhost:8080/" }), json!({ "aud": "HTTP://LOCALHOST:8080" }), json!({ "aud": 1 }),
        json!({ "aud": { "0": "http://localhost:8080" } }), json!({ "iss": "https://evil.test" }), json!({ "iss": "" }),
        json!({ "iss": "http://localhost:8080/" }), json!({ "iss": ["http://localhost:8080"] }), json!({ "iss": 1 }),
        json!({ "sub": "nobody" }), json!({ "sub": 1 }), json!({ "sid": "nothing" }), json!({ "sid": "' OR 1=1 --" }),
        json!({ "sid": claims["jti"] }), json!({ "amr": "pwd" }), json!({ "role": "admin" }), json!({ "unknown": 1 }),
        json!({ "preferred_username": "x".repeat(4000) }), json!({ "status": 1 }), json!({ "status": {} }),
        json!({ "status": { "status_list": { "idx": -1, "uri": "x" } } }), json!({ "status": { "status_list": { "idx": 1 } } }),
        json!({ "status": { "status_list": { "idx": 1, "uri": "x", "more": 1 } } }),
    ];
    let required = claims.as_object().unwrap().keys().filter(|name| !OPTIONAL.contains(&name.as_str()));
    changed.extend(required.map(|name| json!({ name: null })));
    let mut payloads: Vec<_> = changed.iter().map(|change| (change.to_string(), but(claims, change.clone()).to_string())).collect();
    let text = claims.to_string();
    for broken in [
        text.replace("\"sub\"", "\"sub\":\"root\",\"sub\""), text.replace("\"exp\"", "\"exp\":9999999999,\"exp\""),
        text.replace("\"amr\":", "\"amr\":null,\"x\":"), format!("{text}{text}"), format!("{text}x"),
        format!("\u{feff}{text}"), format!("[{text}]"), "{}".to_owned(), "\"x\"".to_owned(), "null".to_owned(), String::new(),
    ] {
        payloads.push((broken.clone(), broken));
    }
    payloads
}

/// Texts around a good token that are not one.
#[rustfmt::skip]
pub fn shapes(good: &str) -> Vec<Bad> {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = [parts[0], parts[1], parts[2]];
    let turned = |text: &str| -> String { text.chars().rev().collect() };
    // The last character of 64 bytes holds four bits that mean nothing: 64 = 21 * 3 + 1.
    let last = signature.chars().last().unwrap();
    let next = char::from_u32(u32::from(last) + 1).filter(char::is_ascii_alphanumeric).unwrap_or('z');
    let text = |what: &str, token: String| (what.to_owned(), token);
    vec![
        text("no signature", format!("{header}.{payload}")), text("an empty one", format!("{header}.{payload}.")),
        text("no payload", format!("{header}..{signature}")), text("no header", format!(".{payload}.{signature}")),
        text("four parts", format!("{good}.{signature}")), text("five", format!("{good}.x.y")), text("one", "x".to_owned()),
        text("dots", "..".to_owned()), text("padding", format!("{good}=")), text("padding", format!("{good}==")),
        text("padding inside", format!("{header}=.{payload}.{signature}")), text("a blank", format!("{header}. {payload}.{signature}")),
        text("a tab", format!("{header}.{payload}\t.{signature}")), text("a word behind", format!("{good} {good}")),
        text("a comma", format!("{good},{good}")), text("quotes", format!("\"{good}\"")), text("plus", format!("{header}.{payload}.+{signature}")),
        text("slash", format!("{header}.{payload}./{signature}")), text("percent", format!("{header}%2e{payload}.{signature}")),
        text("trailing bits", format!("{header}.{payload}.{}{next}", &signature[..signature.len() - 1])),
        text("a shorter signature", good[..good.len() - 1].to_owned()), text("a longer one", format!("{good}A")),
        text("another signature", format!("{header}.{payload}.{}", turned(signature))),
        text("zeros for a signature", format!("{header}.{payload}.{}", "A".repeat(signature.len()))),
        text("another payload", format!("{header}.{}.{signature}", turned(payload))),
        text("the JSON form", json!({ "protected": header, "payload": payload, "signature": signature }).to_string()),
        text("too long", format!("{good}{}", "A".repeat(4096))), text("in capitals", good.to_uppercase()),
    ]
}
