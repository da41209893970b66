//! What a token costs: to sign, to check, to refuse, and to ask for the session behind it.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so")]
#![allow(missing_docs, unreachable_pub, reason = "nobody calls a benchmark")]

mod stage;

use std::hint::black_box;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use criterion::Criterion;
use vestibule::clock::Stopwatch;
use vestibule::flows::authenticate;
use vestibule::id::TokenId;
use vestibule::secret;
use vestibule::tokens::{AccessClaims, TokenError};

use stage::Stage;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let stage = Stage::new();
    tokens(&mut criterion, &stage);
    guards(&mut criterion, &stage);
    criterion.final_summary();
}

/// The token alone: no database, no HTTP.
fn tokens(criterion: &mut Criterion, stage: &Stage) {
    let (ring, now) = (&stage.vestibule.tokens, stage.vestibule.clock.now());
    let claims = ring.verify(&stage.token, now).unwrap();
    let mut group = criterion.benchmark_group("token");

    group.bench_function("sign", |bencher| bencher.iter(|| ring.sign(black_box(&claims)).unwrap()));
    group.bench_function("check", |bencher| {
        bencher.iter(|| ring.verify(black_box(&stage.token), now).unwrap())
    });

    // As far as a token can come without our key being taken up, and one step further.
    let [payload, signature] = [1, 2].map(|part| stage.token.split('.').nth(part).unwrap());
    let header = secret::to_base64url(br#"{"alg":"EdDSA","kid":"x","typ":"at+jwt","crit":["exp"]}"#);
    let malformed = format!("{header}.{payload}.{signature}");
    assert_eq!(ring.verify(&malformed, now), Err(TokenError::Malformed));
    group.bench_function("refuse_malformed", |bencher| {
        bencher.iter(|| ring.verify(black_box(&malformed), now))
    });
    let another = ring.sign(&AccessClaims { jti: TokenId::new(), ..claims.clone() }).unwrap();
    let forged = stage.token.replace(signature, another.rsplit('.').next().unwrap());
    assert_eq!(ring.verify(&forged, now), Err(TokenError::Forged));
    group.bench_function("refuse_forged", |bencher| bencher.iter(|| ring.verify(black_box(&forged), now)));

    // The arithmetic by itself, to see what all else costs.
    let pair = Ed25519KeyPair::generate().unwrap();
    let (message, key) = (stage.token.as_bytes(), UnparsedPublicKey::new(&ED25519, pair.public_key()));
    let bare = pair.sign(message);
    group.bench_function("bare_ed25519_sign", |bencher| bencher.iter(|| pair.sign(black_box(message))));
    group.bench_function("bare_ed25519_check", |bencher| {
        bencher.iter(|| key.verify(black_box(message), bare.as_ref()).unwrap());
    });
    group.finish();
}

/// The token and the session behind it, on SQLite.
fn guards(criterion: &mut Criterion, stage: &Stage) {
    let (vestibule, now) = (&stage.vestibule, stage.vestibule.clock.now());
    let bearer = format!("Bearer {}", stage.token);
    let mut group = criterion.benchmark_group("guard");

    group.bench_function("by_token", |bencher| {
        bencher.iter_custom(|rounds| {
            stage.system.block_on(async {
                let watch = Stopwatch::start();
                for _ in 0..rounds {
                    let who = authenticate::by_token(vestibule, black_box(&stage.token), None, now);
                    black_box(who.await.unwrap());
                }
                watch.elapsed()
            })
        });
    });
    group.bench_function("api_session", |bencher| {
        stage.time(bencher, "/api/session", ("authorization", &bearer));
    });
    // The same layers around a handler that asks for nobody.
    group.bench_function("no_guard", |bencher| stage.time(bencher, "/healthz", ("accept", "*/*")));
    group.finish();
}
