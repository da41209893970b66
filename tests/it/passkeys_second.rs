//! Passkeys beside a password: as the second step, and to prove oneself anew.

use serde_json::json;
use vestibule::models::EventKind;

use crate::passkeys::{add, amr, answer, question, sign_in, stage};
use crate::support::{Answer, Authenticator, Browser, PASSWORD, TestApp};
use crate::verify_email::events;

/// A browser at another address.
fn at(app: &TestApp, address: &str) -> Browser {
    let mut browser = app.browser();
    browser.address = address.to_owned();
    browser
}

/// What the server asks of whoever waits here.
async fn second_question(browser: &mut Browser) -> serde_json::Value {
    let asked = browser.fetch("/login/passkey/options", &json!({ "second_step": true })).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    asked.json()
}

async fn second_answer(browser: &mut Browser, question: &serde_json::Value, credential: &str) -> Answer {
    let ceremony = question["ceremony"].as_str().unwrap();
    let fields = [("ceremony", ceremony), ("credential", credential), ("second_step", "yes")];
    browser.submit("/login/passkey", &fields).await
}

/// A browser in which Ada's password was right.
async fn waiting(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.sign_in("ada").await.location(), "/login/passkey");
    browser
}

#[actix_web::test]
async fn after_the_password_it_is_the_second_step() {
    let app = TestApp::new().await;
    let (ada, _, mut device) = stage(&app).await;
    let mut browser = waiting(&app).await;
    let page = browser.get("/login/passkey").await;
    assert!(
        page.body.contains("Use your passkey") && page.body.contains("/login/recovery-code"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("/login/totp"), "she has no app");
    let asked = second_question(&mut browser).await;
    let allowed = json!([{ "type": "public-key", "id": device.credential_id() }]);
    assert_eq!(asked["publicKey"]["allowCredentials"], allowed);
    // Such a passkey need not say whose it is.
    let user = device.user.take();
    let credential = device.sign(&asked["publicKey"]);
    device.user = user;

    let done = second_answer(&mut browser, &asked, &credential).await;

    assert_eq!((done.status, done.location()), (303, "/dashboard"), "{}", done.body);
    assert!(amr(&app, &ada).await.contains(&"pwd hwk user mfa".to_owned()));
    assert!(
        browser.get("/account/activity").await.body.contains("Signed in with your password and a passkey")
    );
    assert_eq!(browser.get("/login/passkey").await.location(), "/login", "nobody waits any more");
}

#[actix_web::test]
async fn somebody_elses_is_no_second_step_nor_one_that_was_asked_of_another_sign_in() {
    let app = TestApp::new().await;
    let (ada, _, mut device) = stage(&app).await;
    app.register("bob").await;
    let (mut bob, mut of_bob) = (app.browser(), Authenticator::new());
    bob.sign_in("bob").await;
    add(&mut bob, &mut of_bob).await;
    let (mut browser, mut other) = (waiting(&app).await, waiting(&app).await);

    let asked = second_question(&mut browser).await;
    let foreign = second_answer(&mut browser, &asked, &of_bob.sign(&asked["publicKey"])).await;
    assert_eq!(foreign.status, 422);
    assert!(
        foreign.body.contains("That passkey is not known here.") && !foreign.body.contains("data-unknown")
    );
    device.verifies = false;
    let unverified = second_answer(&mut browser, &asked, &device.sign(&asked["publicKey"])).await;
    device.verifies = true;
    assert_eq!(unverified.status, 422);
    let kinds = events(&app, &ada.id).await.into_iter().map(|event| event.kind);
    assert_eq!(kinds.filter(|kind| *kind == EventKind::SecondFactorFailed).count(), 1);
    let credential = device.sign(&asked["publicKey"]);
    assert_eq!(second_answer(&mut other, &asked, &credential).await.status, 422, "asked elsewhere");
    let alone = answer(&mut other, "/login/passkey", &asked, &credential).await;
    assert_eq!(alone.status, 422, "and not to sign in alone");
    let asked_alone = question(&mut other, "/login/passkey/options").await;
    let credential_alone = device.sign(&asked_alone["publicKey"]);
    assert_eq!(second_answer(&mut other, &asked_alone, &credential_alone).await.status, 422);
    assert_eq!(second_answer(&mut browser, &asked, &device.sign(&asked["publicKey"])).await.status, 303);
}

#[actix_web::test]
async fn nobody_who_does_not_wait_is_asked_for_a_second_step() {
    let app = TestApp::new().await;
    stage(&app).await;
    let mut stranger = app.browser();

    assert_eq!(stranger.get("/login/passkey").await.location(), "/login");
    let asked = stranger.fetch("/login/passkey/options", &json!({ "second_step": true })).await;
    assert_eq!(asked.status, 401, "{}", asked.body);
    let fields = [("ceremony", "x"), ("credential", "x"), ("second_step", "yes")];
    assert_eq!(stranger.submit("/login/passkey", &fields).await.location(), "/login");
    let mut late = waiting(&app).await;
    app.pass(16 * 60);
    assert_eq!(late.get("/login/passkey").await.location(), "/login");
}

#[actix_web::test]
async fn it_proves_anew_who_somebody_is_with_a_password_or_without() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    for has_password in [true, false] {
        if !has_password {
            app.execute(&format!("UPDATE users SET password_hash = NULL WHERE id = '{}'", ada.id)).await;
        }
        app.pass(21 * 60);
        assert_eq!(browser.get("/account/passkeys").await.location(), "/reauth?next=%2Faccount%2Fpasskeys");
        let page = browser.get("/reauth?next=/account/passkeys").await.body;
        assert!(
            page.contains("Use a passkey") && page.contains("type=\"password\"") == has_password,
            "{page}"
        );
        let words = if has_password { "or use a passkey" } else { "Use your passkey once more" };
        assert!(page.contains(words), "{page}");
        let stolen = browser.clone();
        let asked = question(&mut browser, "/reauth/passkey/options").await;
        device.verifies = false;
        let refused =
            answer(&mut browser, "/reauth/passkey", &asked, &device.sign(&asked["publicKey"])).await;
        device.verifies = true;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains("That passkey could not be checked."));

        let done = answer(&mut browser, "/reauth/passkey", &asked, &device.sign(&asked["publicKey"])).await;

        assert_eq!((done.status, done.location()), (303, "/account/passkeys"), "{}", done.body);
        assert_eq!(browser.get("/account/passkeys").await.status, 200);
        assert_eq!(stolen.clone().get("/dashboard").await.status, 303, "a copy from before is worth nothing");
        assert_eq!(amr(&app, &ada).await, ["hwk user mfa"]);
    }
}

#[actix_web::test]
async fn nobody_proves_themselves_by_somebody_elses_or_by_an_answer_for_another_session() {
    let app = TestApp::new().await;
    let (_, mut browser, mut device) = stage(&app).await;
    app.register("bob").await;
    let (mut bob, mut of_bob) = (app.browser(), Authenticator::new());
    bob.sign_in("bob").await;
    assert_eq!(bob.fetch("/reauth/passkey/options", &json!({})).await.status, 409, "he has none");
    add(&mut bob, &mut of_bob).await;
    let mut phone = app.browser();
    sign_in(&mut phone, &mut device).await;

    let asked = question(&mut bob, "/reauth/passkey/options").await;
    let foreign = answer(&mut bob, "/reauth/passkey", &asked, &device.sign(&asked["publicKey"])).await;
    assert_eq!(foreign.status, 422, "{}", foreign.body);
    let asked = question(&mut browser, "/reauth/passkey/options").await;
    let credential = device.sign(&asked["publicKey"]);
    assert_eq!(answer(&mut phone, "/reauth/passkey", &asked, &credential).await.status, 422);
    assert_eq!(answer(&mut browser, "/reauth/passkey", &asked, &credential).await.status, 303);
}

#[actix_web::test]
async fn whoever_is_shut_out_by_guesses_at_their_password_signs_in_by_it_and_lies_are_paid_for() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    let (_, _, mut device) = stage(&app).await;
    let mut thief = at(&app, "198.51.100.9");
    for index in 0..20 {
        thief.submit("/login", &[("login", "ada"), ("password", &format!("{PASSWORD}{index}"))]).await;
    }
    let mut ada = at(&app, "203.0.113.5");
    assert_eq!(ada.sign_in("ada").await.status, 429);
    assert_eq!(sign_in(&mut ada, &mut device).await.status, 303);

    let mut liar = at(&app, "192.0.2.200");
    device.verifies = false;
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let answer = sign_in(&mut liar, &mut device).await;
        assert_eq!(answer.status == 429, !answer.header("retry-after").is_empty());
        statuses.push(answer.status);
    }
    assert_eq!((statuses[0], statuses[9], statuses[11]), (422, 422, 429), "{statuses:?}");
    device.verifies = true;
    assert_eq!(sign_in(&mut liar, &mut device).await.status, 303, "the truth costs nothing");
}
