//! How much is read of an issuer, and for how long.

use std::time::Duration;

use serde_json::json;
use vestibule::verify::{Verifier, VerifyError};

use crate::issuer::{AUDIENCE, Answer, EVENTS, Issuer, JWKS, LIST, METADATA, whole};
use crate::{until, verifier};

#[test]
fn a_document_that_is_right_but_too_long_is_put_away() {
    let issuer = Issuer::new();
    let with_blanks = |text: String, many: usize| [text.into_bytes(), vec![b' '; many]].concat();
    let jwks = json!({"keys": [issuer.key.jwk]}).to_string();
    let claims = issuer.list_claims(&[0; 8]);
    let list =
        issuer.key.sign(&json!({"alg": "EdDSA", "kid": issuer.key.kid, "typ": "statuslist+jwt"}), &claims);
    let metadata = issuer.metadata().to_string();

    for (path, kind, text, most) in [
        (METADATA, "application/json", metadata, 256 * 1024),
        (JWKS, "application/jwk-set+json", jwks, 256 * 1024),
        (LIST, "application/statuslist+jwt", list, 12 * 1024 * 1024),
    ] {
        for (many, expected) in [(most, false), (1000, true)] {
            issuer.answer(path, whole(kind, with_blanks(text.clone(), many)));
            let verifier = Verifier::start(&issuer.url, AUDIENCE).unwrap();
            assert_eq!(verifier.verify(&issuer.token(0)).is_ok(), expected, "{path} and {many} blanks");
        }
    }
}

#[test]
fn metadata_of_another_issuer_at_the_same_address_is_put_away() {
    let issuer = Issuer::new();
    let mut metadata = issuer.metadata();
    metadata["issuer"] = json!("https://login.example.org");
    issuer.answer(METADATA, whole("application/json", metadata.to_string()));

    let verifier = Verifier::start(&issuer.url, AUDIENCE).unwrap();

    assert_eq!(verifier.verify(&issuer.token(0)), Err(VerifyError::UnknownKey));
    assert_eq!(issuer.asked(JWKS), 0);
}

#[test]
fn a_body_that_drips_holds_nobody_up_for_long() {
    for path in [METADATA, JWKS, LIST] {
        let issuer = Issuer::new();
        let good = issuer.metadata().to_string();
        issuer.answer(path, Answer::Drip);
        let verifier = Verifier::start(&issuer.url, AUDIENCE).unwrap();
        until(|| issuer.asked(path) == 1);

        issuer.answer(METADATA, whole("application/json", good));
        issuer.publish(&[&issuer.key]);
        issuer.list(&[0; 8]);

        let took = until(|| verifier.verify(&issuer.token(0)).is_ok());
        assert!(took < Duration::from_secs(9), "{path}: {took:?}");
    }
}

#[test]
fn a_stream_with_a_line_or_a_minute_without_an_end_is_given_up() {
    let (endless, talkative) = (Issuer::new(), Issuer::new());
    endless.open_stream();
    endless.answer(EVENTS, Answer::Flood("text/event-stream"));
    talkative.open_stream();
    for first in [100_000, 200_000, 300_000] {
        let idx: Vec<u32> = (first..first + 35_000).collect();
        talkative.say(&format!("event: revoked\ndata: {}\n\n", json!({ "idx": idx })));
    }

    for issuer in [&endless, &talkative] {
        let verifier = verifier(issuer);
        until(|| issuer.asked(EVENTS) >= 2);
        assert!(verifier.verify(&issuer.token(0)).is_ok());
    }
}
