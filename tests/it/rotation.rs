//! Keys take turns, and nobody notices; or they are given up at once, and everybody does.

use serde_json::Value;
use vestibule::flows::caller::Caller;
use vestibule::flows::signing_keys::{self, State};
use vestibule::flows::{housekeeping, rotate_keys};
use vestibule::models::{Revocation, SigningKey};
use vestibule::tokens::KeyRing;

use crate::support::{PASSWORD, TestApp};

const A_DAY: i64 = 24 * 60 * 60;

async fn kids(app: &TestApp) -> Vec<String> {
    let set: Value = app.program().get("/.well-known/jwks.json").await.json();
    let keys = set["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    let header = vestibule::secret::from_base64url(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

async fn log_in(app: &TestApp) -> String {
    let body = serde_json::json!({ "username": "ada", "password": PASSWORD });
    app.program().post("/login", &body).await.json()["token"].as_str().unwrap().to_owned()
}

async fn opens(app: &TestApp, token: &str) -> bool {
    let mut program = app.program();
    program.token = Some(token.to_owned());
    program.get("/protected").await.status == 200
}

/// What the thread that keeps house does.
async fn keep(app: &TestApp) {
    rotate_keys::by_schedule(&app.vestibule, app.now()).await.unwrap();
    signing_keys::refresh(&app.vestibule).await.unwrap();
}

#[actix_web::test]
async fn the_next_key_is_published_a_day_before_it_signs_and_the_former_counts_until_its_last_token_ends() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let first = kid(&log_in(&app).await);
    assert_eq!(kids(&app).await, std::slice::from_ref(&first));

    app.pass(29 * A_DAY - 1);
    keep(&app).await;
    assert_eq!(kids(&app).await.len(), 1, "it is too early");
    app.pass(1);
    keep(&app).await;
    let published = kids(&app).await;
    assert_eq!(published.len(), 2);
    keep(&app).await;
    assert_eq!(kids(&app).await, published, "one at a time");
    let next = published[0].clone();

    app.pass(A_DAY - 1);
    let last_of_the_first = log_in(&app).await;
    assert_eq!(kid(&last_of_the_first), first);
    app.pass(1);
    let of_the_next = log_in(&app).await;
    assert_eq!(kid(&of_the_next), next);
    assert!(opens(&app, &last_of_the_first).await && opens(&app, &of_the_next).await);
    assert_eq!(kids(&app).await.len(), 2, "for those that check by themselves");
    app.pass(64 * 60);
    assert_eq!(kids(&app).await.len(), 2);
    app.pass(60);
    assert_eq!(kids(&app).await, [next]);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
    assert_eq!(signing_keys::list(&app.vestibule, app.now()).await.unwrap().len(), 2);
    app.pass(7 * A_DAY);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
    assert_eq!(signing_keys::list(&app.vestibule, app.now()).await.unwrap().len(), 1);
}

#[actix_web::test]
async fn a_key_whose_turn_is_over_signs_nothing_new() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let before = log_in(&app).await;
    // Somebody has the first key, and nothing of what comes after it.
    let rows = app.ask(SigningKey::list).await;
    let stolen = rows.iter().filter_map(|row| row.open(&app.vestibule.signing_keys)).collect();
    let thief = KeyRing::new(stolen, app.vestibule.tokens.profile().clone());
    let signs_from = rotate_keys::in_turn(&app.vestibule, &Caller::operator(), app.now()).await.unwrap();
    assert_eq!(signs_from, app.now() + rotate_keys::LEAD);
    signing_keys::refresh(&app.vestibule).await.unwrap();
    app.pass(A_DAY + 31);
    let good = log_in(&app).await;

    let forged = thief.sign(&app.vestibule.tokens.verify(&good, app.now()).unwrap()).unwrap();

    assert_eq!(kid(&forged), kid(&before));
    assert!(opens(&app, &good).await);
    assert!(!opens(&app, &forged).await);
}

#[actix_web::test]
async fn through_two_turns_both_nodes_publish_the_key_of_every_token_that_counts() {
    const STEP: i64 = 30 * 60;
    let app = TestApp::new().await;
    let other = app.another_node().await;
    app.register("ada").await;
    let lifetime = app.vestibule.config.tokens.lifetime;
    let (mut live, mut signed) = (Vec::new(), Vec::new());

    for _ in 0..2 {
        app.pass(29 * A_DAY - 2 * STEP);
        for step in 0..54 {
            // By turns one of them keeps house, and the other hears of it half a second later.
            let (here, there) = if step % 2 == 0 { (&app, &other) } else { (&other, &app) };
            keep(here).await;
            signing_keys::refresh(&there.vestibule).await.unwrap();
            let token = log_in(there).await;
            signed.push(kid(&token));
            live.push((app.now(), token));
            live.retain(|(since, _)| app.now() < *since + lifetime);
            for node in [here, there] {
                let published = kids(node).await;
                for (_, token) in &live {
                    assert!(published.contains(&kid(token)) && opens(node, token).await, "step {step}");
                }
            }
            app.pass(STEP);
        }
    }

    signed.dedup();
    assert_eq!(signed.len(), 3, "each took its turn once");
}

#[actix_web::test]
async fn given_up_at_once_nothing_that_was_signed_counts_at_any_node_and_every_session_ends() {
    let app = TestApp::new().await;
    let (ada, since) = (app.register("ada").await, app.now());
    let (before, other) = (log_in(&app).await, app.another_node().await);
    assert!(opens(&other, &before).await);
    let first = kids(&app).await;
    app.pass(1);

    let ended = rotate_keys::at_once(&app.vestibule, &Caller::operator(), app.now()).await.unwrap();
    signing_keys::refresh(&other.vestibule).await.unwrap();

    assert_eq!(ended, 1);
    // Other nodes forget what the new key may have signed for a session that was about to end.
    let notices = app.ask(move |conn| Revocation::list_of(conn, &ada.id, since)).await;
    assert!(!notices.is_empty());
    for node in [&app, &other] {
        assert!(!opens(node, &before).await);
        let after = kids(node).await;
        assert!(after.len() == 1 && after != first, "{after:?}");
    }
    let after = log_in(&app).await;
    assert!(opens(&app, &after).await && opens(&other, &after).await);
    let states: Vec<_> = signing_keys::list(&app.vestibule, app.now()).await.unwrap();
    assert_eq!(states.iter().map(|(_, state)| *state).collect::<Vec<_>>(), [State::Current, State::Gone]);
}

#[actix_web::test]
async fn a_clock_that_was_years_ahead_does_not_stop_the_turns() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let wrong = app.now() + rotate_keys::LEAD * 3650;
    rotate_keys::by_schedule(&app.vestibule, wrong).await.unwrap();
    keep(&app).await;
    assert_eq!(kids(&app).await.len(), 2);

    app.pass(29 * A_DAY);
    keep(&app).await;
    app.pass(A_DAY);

    let token = log_in(&app).await;
    assert!(opens(&app, &token).await);
    assert_eq!(kid(&token), kids(&app).await[1]);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
}

#[actix_web::test]
async fn what_others_need_may_be_kept_for_a_while_and_asked_for_again_cheaply() {
    let app = TestApp::new().await;
    let set = app.program().get("/.well-known/jwks.json").await;
    assert_eq!(set.header("content-type"), "application/jwk-set+json");
    assert_eq!(set.header("cache-control"), "public, max-age=300");
    let key = &set.json()["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&"OKP".into(), &"Ed25519".into(), &"sig".into()));
    assert!(key["d"].is_null());

    let request = app.request("GET", "/.well-known/jwks.json");
    let again = app.send(request.insert_header(("if-none-match", set.header("etag")))).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));

    let server = app.program().get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(server["issuer"], "http://localhost:8080");
    let keys = server["jwks_uri"].as_str().unwrap().strip_prefix("http://localhost:8080").unwrap().to_owned();
    assert_eq!(app.program().get(&keys).await.status, 200);
}
