//! An issuer gone bad, or somebody in its place: nothing falls over, nothing is believed, and nobody waits for ever.

use std::time::{Duration, Instant};

use serde_json::json;
use vestibule::verify::{Verifier, VerifyError};

use crate::issuer::{AUDIENCE, Answer, EVENTS, Issuer, JWKS, Key, LIST, METADATA, whole};
use crate::{until, verifier};

fn redirect(to: &str) -> Answer {
    Answer::Whole(302, "text/plain", format!("Location: {to}\r\n"), Vec::new())
}

/// Whether a new verifier believes a good token, and that it says so in time.
fn believes(issuer: &Issuer) -> bool {
    let verifier = Verifier::start(&issuer.url, AUDIENCE).unwrap();
    let began = Instant::now();
    let result = verifier.verify(&issuer.token(0));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(
        matches!(
            result,
            Ok(_) | Err(VerifyError::UnknownKey | VerifyError::Forged | VerifyError::StatusUnknown)
        ),
        "{result:?}"
    );
    result.is_ok()
}

#[test]
fn redirects_are_followed_nowhere() {
    for path in [METADATA, JWKS, LIST] {
        let (issuer, other) = (Issuer::new(), Issuer::new());
        issuer.answer(path, redirect(&format!("{}{path}", other.url)));

        assert!(!believes(&issuer), "{path}");
        assert_eq!(other.asked(path), 0);
    }
}

#[test]
fn documents_that_lead_to_another_host_are_put_away() {
    let other = Issuer::new();
    for (member, path) in
        [("jwks_uri", JWKS), ("token_status_uri", LIST), ("token_status_events_uri", EVENTS)]
    {
        let issuer = Issuer::new();
        let mut metadata = issuer.metadata();
        metadata[member] = json!(format!("{}{path}", other.url));
        issuer.answer(METADATA, whole("application/json", metadata.to_string()));

        assert!(!believes(&issuer), "{member}");
        assert_eq!(other.asked(path), 0);
    }
    let issuer = Issuer::new();
    issuer.answer(METADATA, whole("application/json", other.metadata().to_string()));
    assert!(!believes(&issuer));
}

#[test]
fn bodies_that_are_huge_slow_or_no_http_are_put_away() {
    let huge = || whole("application/json", vec![b' '; 20 * 1024 * 1024]);
    for (path, kind) in [
        (METADATA, "application/json"),
        (JWKS, "application/jwk-set+json"),
        (LIST, "application/statuslist+jwt"),
    ] {
        for answer in [
            Answer::Drip,
            Answer::Flood(kind),
            huge(),
            whole(kind, vec![b'x'; 13 * 1024 * 1024]),
            Answer::Raw(Vec::new()),
            Answer::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
            Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n".to_vec()),
            Answer::Raw([b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'x'; 100_000], b"\r\n\r\n"].concat()),
            Answer::Whole(500, kind, String::new(), Vec::new()),
            Answer::Whole(304, kind, String::new(), Vec::new()),
            Answer::Whole(204, kind, String::new(), Vec::new()),
        ] {
            let issuer = Issuer::new();
            issuer.answer(path, answer);
            assert!(!believes(&issuer), "{path}");
        }
    }
}

#[test]
fn documents_of_another_type_or_of_nonsense_are_put_away() {
    let deep = "[".repeat(200_000);
    for path in [METADATA, JWKS, LIST] {
        for (kind, body) in [
            ("text/html", "<html>"),
            ("application/json", "null"),
            ("application/json", "[]"),
            ("application/json", "{\"issuer\": 7, \"keys\": 7}"),
            ("application/json", "{\"keys\": [null, 7, {\"kty\": \"OKP\"}]}"),
            ("application/json", deep.as_str()),
            ("application/json", "\u{feff}{}"),
            ("application/statuslist+jwt", "a.b.c"),
            ("application/statuslist+jwt", ""),
            ("application/statuslist+jwt", "\u{1f511}"),
        ] {
            let issuer = Issuer::new();
            issuer.answer(path, whole(kind, body));
            assert!(!believes(&issuer), "{path} {kind} {body:.40}");
        }
    }
}

#[test]
fn keys_of_another_curve_or_of_odd_length_are_passed_over() {
    for (member, value) in [
        ("crv", json!("X25519")),
        ("crv", json!("P-256")),
        ("kty", json!("EC")),
        ("kty", json!("oct")),
        ("x", json!("AAAA")),
        ("x", json!("")),
        ("alg", json!("HS256")),
        ("use", json!("enc")),
    ] {
        let issuer = Issuer::new();
        let mut odd = Key::new(1);
        odd.jwk[member] = value.clone();
        issuer.publish(&[&odd, &Key::new(2)]);
        assert!(!believes(&issuer), "{member}: {value}");
    }
    // Thirty-two bytes, but no point of the curve that signs anything.
    for byte in ["AA", "__", "AQ"] {
        let issuer = Issuer::new();
        let mut odd = Key::new(1);
        odd.jwk["x"] = json!(format!("{}{}", byte.repeat(21), "A"));
        issuer.publish(&[&odd]);
        assert!(!believes(&issuer), "{byte}");
    }
}

#[test]
fn a_list_that_swells_is_put_away_and_the_one_before_stays() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer);
    let before = issuer.asked(LIST);

    issuer.list(&vec![0; 64 * 1024 * 1024]);
    until(|| issuer.asked(LIST) >= before + 3);

    assert!(verifier.verify(&issuer.token(0)).is_ok());
    assert_eq!(verifier.verify(&issuer.token(1_000_000)), Err(VerifyError::StatusUnknown));
}

#[test]
fn a_stream_of_nonsense_breaks_nothing_and_is_not_asked_for_again_and_again() {
    for said in [
        "event: revoked\ndata: {\"idx\": \"all\"}\n\n".to_owned(),
        "event: revoked\ndata: {\"idx\": [-1, 1.5, 1e99]}\n\n".to_owned(),
        "event: revoked\ndata: nonsense\n\n".to_owned(),
        "event: list\ndata: []\n\n".to_owned(),
        "data\nevent\n:\n\nunknown: x\n\n".to_owned(),
        format!("data: {}\n\n", "x".repeat(300_000)),
        "data: x\n".repeat(100_000),
        format!("event: revoked\ndata: {{\"idx\": [{}7]}}\n\n", "8, ".repeat(80_000)),
    ] {
        let issuer = Issuer::new();
        issuer.open_stream();
        issuer.say(&said);
        let verifier = verifier(&issuer);
        until(|| issuer.asked(EVENTS) >= 1);

        std::thread::sleep(Duration::from_millis(1500));

        assert!(verifier.verify(&issuer.token(0)).is_ok(), "{said:.60}");
        assert!(issuer.asked(EVENTS) <= 4, "{said:.60}: {}", issuer.asked(EVENTS));
    }
}

#[test]
fn a_stream_that_is_no_stream_leaves_the_polling_alone() {
    for answer in [
        Answer::Whole(503, "text/event-stream", "Retry-After: 5\r\n".to_owned(), Vec::new()),
        redirect("http://127.0.0.1:1/events"),
        whole("text/html", "<html>"),
        Answer::Flood("text/event-stream"),
        Answer::Raw(b"nonsense".to_vec()),
    ] {
        let issuer = Issuer::new();
        issuer.open_stream();
        issuer.answer(EVENTS, answer);
        let verifier = verifier(&issuer);
        until(|| issuer.asked(EVENTS) >= 1);

        issuer.list(&[1]);

        let took = until(|| verifier.verify(&issuer.token(0)) == Err(VerifyError::Revoked));
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for issuer in ["http://login.example.org", "login.example.org", "https://a@b", "https://x/path", ""] {
        assert!(Verifier::start(issuer, AUDIENCE).is_err(), "{issuer}");
    }
    assert!(Verifier::start("https://login.example.org", AUDIENCE).is_ok());
}

#[test]
fn the_threads_end_with_the_last_verifier() {
    let issuer = Issuer::new();
    let first = verifier(&issuer);
    let copy = first.clone();
    drop(first);
    assert!(copy.verify(&issuer.token(0)).is_ok());

    drop(copy);
    std::thread::sleep(Duration::from_millis(300));
    let before = issuer.asked(LIST);
    std::thread::sleep(Duration::from_millis(2500));

    assert_eq!(issuer.asked(LIST), before);
}
