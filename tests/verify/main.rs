//! The verifier against an issuer that does as it is told: good tokens, bad tokens, and an issuer gone bad.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]
#![allow(missing_docs, unreachable_pub, reason = "nobody calls a test")]
#![allow(clippy::disallowed_methods, reason = "the issuer of the tests lives by the clock")]

mod bounds;
mod hostile;
mod issuer;
mod recipes;
mod status;
mod tokens;

use std::time::{Duration, Instant};

use issuer::{AUDIENCE, Issuer};
use vestibule::verify::Verifier;

/// A verifier that has fetched what it needs.
fn verifier(issuer: &Issuer) -> Verifier {
    let verifier = Verifier::start(&issuer.url, AUDIENCE).unwrap();
    assert!(verifier.wait_until_ready(Duration::from_secs(5)));
    verifier
}

/// How long it takes until that is so.
fn until(is_so: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never came to that");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}
