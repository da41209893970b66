//! What is a good token, and what is none.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use vestibule::verify::{Verifier, VerifyError};

use crate::issuer::{AUDIENCE, Issuer, JWKS, Key, now};
use crate::verifier;

#[test]
fn a_good_token_is_accepted_and_its_claims_are_read() {
    let issuer = Issuer::new();

    let claims = verifier(&issuer).verify(&issuer.token(3)).unwrap();

    assert_eq!((claims.sub.as_str(), claims.preferred_username.as_deref()), ("ada's id", Some("ada")));
    assert_eq!(
        (claims.sid.as_deref(), claims.amr.as_slice()),
        (Some("a session"), ["pwd".to_owned()].as_slice())
    );
    assert!(claims.is_in_group("editors") && !claims.is_in_group("admins"));
}

#[test]
fn the_first_check_waits_for_the_first_documents() {
    let issuer = Issuer::new();
    let verifier = Verifier::start(&issuer.url, AUDIENCE).unwrap();

    assert!(verifier.verify(&issuer.token(0)).is_ok());
}

#[test]
fn audience_issuer_and_times_are_checked() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let with = |claim, value| verifier.verify(&issuer.token_with(claim, value)).map(|_| ());

    for (claim, value, expected) in [
        ("aud", json!(AUDIENCE), Ok(())),
        ("aud", json!(["another", AUDIENCE]), Ok(())),
        ("aud", json!("another"), Err(VerifyError::NotForUs)),
        ("aud", json!([]), Err(VerifyError::NotForUs)),
        ("aud", Value::Null, Err(VerifyError::Malformed)),
        ("iss", json!("https://evil.example"), Err(VerifyError::NotForUs)),
        ("iss", json!([issuer.url]), Err(VerifyError::Malformed)),
        ("iss", Value::Null, Err(VerifyError::Malformed)),
        ("exp", json!(now() - 25), Ok(())),
        ("exp", json!(now() - 31), Err(VerifyError::Expired)),
        ("exp", json!(-1), Err(VerifyError::Expired)),
        ("exp", json!(i64::MIN), Err(VerifyError::Expired)),
        ("exp", json!("never"), Err(VerifyError::Malformed)),
        ("exp", json!(1e300), Err(VerifyError::Malformed)),
        ("exp", Value::Null, Err(VerifyError::Malformed)),
        ("nbf", json!(now() + 25), Ok(())),
        ("nbf", json!(now() + 40), Err(VerifyError::NotYet)),
        ("nbf", Value::Null, Ok(())),
        ("iat", json!(now() + 40), Err(VerifyError::NotYet)),
        ("iat", json!(i64::MAX), Err(VerifyError::NotYet)),
        ("iat", Value::Null, Err(VerifyError::Malformed)),
        ("groups", json!("editors"), Err(VerifyError::Malformed)),
    ] {
        assert_eq!(with(claim, value.clone()), expected, "{claim}: {value}");
    }
}

#[test]
fn what_is_forged_is_refused_whatever_its_header_asks_for() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let (thief, kid, claims) = (Key::new(66), issuer.key.kid.clone(), issuer.claims(0));
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());

    // The public key as the secret of HS256, in each form that it is seen in.
    let x = issuer.key.jwk["x"].as_str().unwrap();
    for secret in
        [x.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(x).unwrap(), issuer.key.jwk.to_string().into_bytes()]
    {
        let message =
            format!("{}.{}", part(&json!({"alg": "HS256", "kid": kid, "typ": "at+jwt"})), part(&claims));
        let mac = jsonwebtoken::crypto::sign(
            message.as_bytes(),
            &EncodingKey::from_secret(&secret),
            Algorithm::HS256,
        );
        assert_eq!(verifier.verify(&format!("{message}.{}", mac.unwrap())), Err(VerifyError::Forged));
    }
    // Signed by a thief, who brings the key along.
    for member in ["jwk", "jku", "x5u", "x5c"] {
        let mut header = thief.header();
        header["kid"] = json!(kid);
        header[member] = if member == "jwk" { thief.jwk.clone() } else { json!("http://127.0.0.1:1/keys") };
        assert!(verifier.verify(&thief.sign(&header, &claims)).is_err(), "{member}");
    }
    // Altered, unsigned, signed with nothing.
    let good = issuer.token(0);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = format!("{}.{}.{signature}", part(&issuer.key.header()), part(&issuer.claims(1)));
    assert_eq!(verifier.verify(&other), Err(VerifyError::Forged));
    assert_eq!(verifier.verify(&format!("{message}.{}", "A".repeat(86))), Err(VerifyError::Forged));
    for alg in ["none", "None", "NONE", "HS256", "RS256", "ES256", "Ed448", ""] {
        let header = json!({"alg": alg, "kid": kid, "typ": "at+jwt"});
        assert_eq!(verifier.verify(&issuer.key.sign(&header, &claims)), Err(VerifyError::Forged), "{alg}");
        assert_eq!(
            verifier.verify(&format!("{}.{}.", part(&header), part(&claims))),
            Err(VerifyError::Malformed),
            "{alg}"
        );
    }
    assert!(verifier.verify(&good).is_ok());
}

#[test]
fn headers_of_another_kind_are_refused_though_well_signed() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let with = |name: &str, value: Value| {
        let mut header = issuer.key.header();
        match value {
            Value::Null => drop(header.as_object_mut().unwrap().remove(name)),
            value => header[name] = value,
        }
        verifier.verify(&issuer.key.sign(&header, &issuer.claims(0))).map(|_| ())
    };

    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(with("typ", json!(typ)), Ok(()), "{typ}");
    }
    for typ in [json!("JWT"), json!("statuslist+jwt"), json!(""), json!(["at+jwt"]), Value::Null] {
        assert_eq!(with("typ", typ.clone()), Err(VerifyError::Malformed), "{typ}");
    }
    for crit in [json!(["b64"]), json!([]), json!("x")] {
        assert_eq!(with("crit", crit.clone()), Err(VerifyError::Malformed), "{crit}");
    }
    for kid in [Value::Null, json!(7), json!({})] {
        assert_eq!(with("kid", kid.clone()), Err(VerifyError::Malformed), "{kid}");
    }
    let array = issuer.key.sign(&json!(["EdDSA", issuer.key.kid, "at+jwt", null]), &issuer.claims(0));
    assert_eq!(verifier.verify(&array), Err(VerifyError::Malformed));
}

#[test]
fn what_is_no_token_is_refused_before_any_cryptography() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let good = issuer.token(0);

    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        &good[..good.len() / 2],
        "ä.ö.ü",
        "null",
        &format!("{good}\n"),
    ] {
        assert_eq!(verifier.verify(text), Err(VerifyError::Malformed), "{text:?}");
    }
    let large = issuer.token_with("large", json!("x".repeat(10_000)));
    assert_eq!(verifier.verify(&large), Err(VerifyError::Malformed));
}

#[test]
fn a_new_key_is_fetched_when_its_first_token_comes() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let next = Key::new(2);
    issuer.publish(&[&issuer.key, &next]);

    assert!(verifier.verify(&next.sign(&next.header(), &issuer.claims(0))).is_ok());
    assert!(verifier.verify(&issuer.token(0)).is_ok());
}

#[test]
fn a_storm_of_unknown_keys_asks_the_issuer_once() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let before = issuer.asked(JWKS);
    let began = Instant::now();

    thread::scope(|scope| {
        for first in 0..8 {
            let (verifier, issuer) = (&verifier, &issuer);
            scope.spawn(move || {
                for number in (first..400).step_by(8) {
                    let header = json!({"alg": "EdDSA", "kid": format!("kid-{number}"), "typ": "at+jwt"});
                    let token = issuer.key.sign(&header, &issuer.claims(0));
                    assert_eq!(verifier.verify(&token), Err(VerifyError::UnknownKey));
                }
            });
        }
    });

    assert_eq!(issuer.asked(JWKS) - before, 1);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(verifier.verify(&issuer.token(0)).is_ok());
}
