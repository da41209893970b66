//! Tokens that were ended early, and what is believed when nobody can tell.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule::verify::{Verifier, VerifyError};

use crate::issuer::{AUDIENCE, EVENTS, Issuer, JWKS, Key, LIST, METADATA, now, whole};
use crate::{until, verifier};

#[test]
fn a_revoked_token_is_refused_within_two_seconds_by_polling() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let (ended, other) = (issuer.token(9), issuer.token(10));
    assert!(verifier.verify(&ended).is_ok());

    issuer.list(&[0, 0b10, 0, 0, 0, 0, 0, 0]);
    let took = until(|| verifier.verify(&ended) == Err(VerifyError::Revoked));

    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(verifier.verify(&other).is_ok());
}

#[test]
fn a_revocation_that_the_stream_tells_of_counts_at_once() {
    let issuer = Issuer::new();
    issuer.open_stream();
    let verifier = verifier(&issuer);
    let ended = issuer.token(9);
    until(|| issuer.asked(EVENTS) == 1);

    issuer.say(": hello\n\nid: 1\nevent: revoked\ndata: {\"idx\": [3, 9]}\n\n");
    let took = until(|| verifier.verify(&ended) == Err(VerifyError::Revoked));

    assert!(took < Duration::from_millis(500), "{took:?}");
    assert_eq!(verifier.verify(&issuer.token(3)), Err(VerifyError::Revoked));
    assert!(verifier.verify(&issuer.token(4)).is_ok());
}

#[test]
fn while_the_stream_speaks_the_list_is_asked_for_less_often() {
    let issuer = Issuer::new();
    issuer.open_stream();
    issuer.say(": hello\n\n");
    let _verifier = verifier(&issuer);
    until(|| issuer.asked(EVENTS) == 1);
    std::thread::sleep(Duration::from_millis(1200));
    let before = issuer.asked(LIST);

    std::thread::sleep(Duration::from_secs(4));

    assert!((1..=2).contains(&(issuer.asked(LIST) - before)), "{}", issuer.asked(LIST) - before);
}

#[test]
fn another_list_that_the_stream_names_is_fetched() {
    let issuer = Issuer::new();
    issuer.open_stream();
    issuer.say(": hello\n\n");
    let verifier = verifier(&issuer);
    until(|| issuer.asked(EVENTS) == 1);
    std::thread::sleep(Duration::from_millis(1500));

    issuer.list(&[1]);
    issuer.say("event: list\ndata: {\"uri\": \"x\", \"etag\": \"\\\"another\\\"\"}\n\n");
    let took = until(|| verifier.verify(&issuer.token(0)) == Err(VerifyError::Revoked));

    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[test]
fn a_token_younger_than_the_list_makes_it_fetched_anew() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    issuer.list(&[0; 16]);

    assert!(verifier.verify(&issuer.token(100)).is_ok());
    assert_eq!(verifier.verify(&issuer.token(128)), Err(VerifyError::StatusUnknown));
    assert_eq!(verifier.verify(&issuer.token(u64::MAX)), Err(VerifyError::StatusUnknown));
}

#[test]
fn when_the_issuer_is_gone_nobody_is_let_in_any_more_and_again_when_it_is_back() {
    let issuer = Issuer::new();
    let verifier =
        Verifier::builder(&issuer.url, AUDIENCE).fresh_for(Duration::from_secs(3)).start().unwrap();
    let token = issuer.token(0);
    assert!(verifier.verify(&token).is_ok());

    issuer.answer(LIST, crate::issuer::Answer::Whole(503, "text/plain", String::new(), Vec::new()));
    let took = until(|| verifier.verify(&token) == Err(VerifyError::StatusUnknown));
    assert!(took > Duration::from_secs(1) && took < Duration::from_secs(4), "{took:?}");

    issuer.list(&[0; 8]);
    assert!(until(|| verifier.verify(&token).is_ok()) < Duration::from_secs(2));
}

#[test]
fn a_token_without_a_status_or_with_that_of_another_list_is_refused() {
    let issuer = Issuer::new();
    let strict = verifier(&issuer);
    let mild = Verifier::builder(&issuer.url, AUDIENCE).accept_without_status().start().unwrap();
    let elsewhere = json!({"status_list": {"idx": 0, "uri": "http://127.0.0.1:1/list"}});
    let without = issuer.token_with("status", Value::Null);
    let of_another = issuer.token_with("status", elsewhere);

    assert_eq!(strict.verify(&without), Err(VerifyError::NoStatus));
    assert!(mild.verify(&without).is_ok());
    for verifier in [&strict, &mild] {
        assert_eq!(verifier.verify(&of_another), Err(VerifyError::StatusUnknown));
        for status in [json!({}), json!(7), json!({"status_list": {"idx": -1, "uri": "x"}})] {
            let token = issuer.token_with("status", status.clone());
            assert_eq!(verifier.verify(&token), Err(VerifyError::Malformed), "{status}");
        }
    }
}

#[test]
fn a_list_that_is_forged_old_or_of_another_kind_is_not_believed() {
    let issuer = Issuer::new();
    let with = |claim: &str, value: Value| {
        let mut claims = issuer.list_claims(&[0; 8]);
        claims[claim] = value;
        claims
    };
    let good = issuer.list_claims(&[0; 8]);
    // A thief's, signed with the thief's key under our key's name.
    let thief = Key { kid: issuer.key.kid.clone(), ..Key::new(66) };
    for (key, typ, claims) in [
        (&thief, "statuslist+jwt", &good),
        (&issuer.key, "at+jwt", &good),
        (&issuer.key, "JWT", &good),
        (&issuer.key, "statuslist+jwt", &with("sub", json!("http://127.0.0.1:1/list"))),
        (&issuer.key, "statuslist+jwt", &with("iss", json!("https://evil.example"))),
        (&issuer.key, "statuslist+jwt", &with("exp", json!(now() - 1))),
        (&issuer.key, "statuslist+jwt", &with("exp", Value::Null)),
        (&issuer.key, "statuslist+jwt", &with("iat", json!(now() + 3600))),
        (&issuer.key, "statuslist+jwt", &with("status_list", json!({"bits": 3, "lst": "eNoDAAAAAAE"}))),
        (&issuer.key, "statuslist+jwt", &with("status_list", json!({"bits": 1, "lst": "no zlib"}))),
        (&issuer.key, "statuslist+jwt", &with("status_list", json!([]))),
    ] {
        issuer.list_by(key, typ, claims);
        let verifier = Verifier::start(&issuer.url, AUDIENCE).unwrap();
        assert_eq!(verifier.verify(&issuer.token(0)), Err(VerifyError::StatusUnknown), "{typ} {claims}");
    }
    issuer.list(&[0; 8]);
    assert!(verifier(&issuer).verify(&issuer.token(0)).is_ok());
}

#[test]
fn a_list_by_a_new_key_makes_the_keys_fetched_once() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let next = Key::new(2);
    issuer.publish(&[&issuer.key, &next]);
    let before = issuer.asked(JWKS);

    issuer.list_by(&next, "statuslist+jwt", &issuer.list_claims(&[1]));
    until(|| verifier.verify(&issuer.token(0)) == Err(VerifyError::Revoked));
    issuer.list_by(&Key::new(3), "statuslist+jwt", &issuer.list_claims(&[0]));
    std::thread::sleep(Duration::from_secs(3));

    assert_eq!(issuer.asked(JWKS) - before, 1);
    assert_eq!(verifier.verify(&issuer.token(0)), Err(VerifyError::Revoked));
}

#[test]
fn a_key_that_was_given_up_counts_no_more_once_the_list_is_signed_by_the_next() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let (leaked, next) = (issuer.token(0), Key::new(2));
    assert!(verifier.verify(&leaked).is_ok());

    issuer.publish(&[&next]);
    issuer.list_by(&next, "statuslist+jwt", &issuer.list_claims(&[0; 8]));

    let took = until(|| verifier.verify(&leaked) == Err(VerifyError::UnknownKey));
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(verifier.verify(&next.sign(&next.header(), &issuer.claims(0))).is_ok());
}

#[test]
fn an_issuer_named_otherwise_is_fetched_from_where_it_is() {
    let issuer = Issuer::new();
    let mut metadata = issuer.metadata();
    metadata["issuer"] = json!("our issuer");
    issuer.answer(METADATA, whole("application/json", metadata.to_string()));
    let mut claims = issuer.list_claims(&[0; 8]);
    claims["iss"] = json!("our issuer");
    issuer.list_by(&issuer.key, "statuslist+jwt", &claims);
    let token = issuer.token_with("iss", json!("our issuer"));

    let verifier = Verifier::builder("our issuer", AUDIENCE).at(&issuer.url).start().unwrap();

    assert!(verifier.verify(&token).is_ok());
    assert!(Verifier::start("our issuer", AUDIENCE).is_err());
}
