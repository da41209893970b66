//! Without a password: taken away, set again, and forgotten where there is none.

use vestibule::models::{
    Event, EventKind, LoginChallenge, Passkey, RevokedBecause, Session, TotpFactor, User,
};

use crate::enrolment::add_passkey;
use crate::forgot::{self, ADDRESS, ask, proven, send};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::totp::enrol;

/// Ada, who has shown two factors, and has an app and a passkey.
async fn stage() -> (TestApp, User, Browser) {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", ADDRESS).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    enrol(&app, &mut browser).await;
    add_passkey(&app, &ada, "desk", app.now()).await;
    (app, ada, browser)
}

/// The same, without a password.
async fn without() -> (TestApp, User, Browser) {
    let (app, ada, mut browser) = stage().await;
    assert_eq!(remove(&mut browser).await, (303, "/account/password".to_owned()));
    (app, ada, browser)
}

async fn remove(browser: &mut Browser) -> (u16, String) {
    let answer = browser.submit("/account/password/remove", &[]).await;
    (answer.status, answer.location().to_owned())
}

async fn find(app: &TestApp, user: &User) -> User {
    let id = user.id.clone();
    app.ask(move |conn| User::find(conn, &id)).await.unwrap()
}

async fn events(app: &TestApp, user: &User, kind: EventKind) -> Vec<Option<String>> {
    let id = user.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 100)).await;
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.detail).collect()
}

/// A session of hers at another place.
async fn elsewhere(app: &TestApp) {
    app.execute(
        "INSERT INTO sessions (id, user_id, created_at, authenticated_at, last_seen_at, expires_at, amr, address, network, \
         user_agent) SELECT 'elsewhere', user_id, created_at, authenticated_at, last_seen_at, expires_at, amr, address, \
         network, user_agent FROM sessions WHERE revoked_at IS NULL",
    )
    .await;
}

#[actix_web::test]
async fn whoever_has_a_passkey_can_do_without_a_password_and_all_that_it_opened_is_over() {
    let (app, ada, mut browser) = stage().await;
    elsewhere(&app).await;
    let stolen = browser.clone();
    ask(&mut app.browser(), ADDRESS).await;
    let link = forgot::link(&app).await;
    app.browser().sign_in("ada").await;
    let id = ada.id.clone();
    assert_eq!(app.ask(move |conn| LoginChallenge::list_of(conn, &id, 9)).await.len(), 1);
    let before = browser.get("/account/password").await.body;

    assert_eq!(remove(&mut browser).await, (303, "/account/password".to_owned()));

    assert!(before.contains("Remove my password"), "{before}");
    let page = browser.get("/account/password").await;
    assert!(page.body.contains("Your password is gone. From now on you sign in with a passkey."));
    assert!(page.body.contains("<h1>Set a password</h1>") && !page.body.contains("current_password"));
    assert!(find(&app, &ada).await.password_hash.is_none());
    assert_eq!(browser.get("/dashboard").await.status, 200, "the session goes on");
    assert_eq!(stolen.clone().get("/dashboard").await.status, 303, "a copy from before is worth nothing");
    let other = app.ask(|conn| Session::find(conn, &"elsewhere".into())).await.unwrap();
    assert_eq!(other.revoked_because, Some(RevokedBecause::FactorsChanged));
    assert_eq!(app.browser().get(&link).await.status, 410, "nor does a link to choose another");
    assert!(!forgot::signs_in(&app, "ada", PASSWORD).await);
    let id = ada.id.clone();
    assert!(app.ask(move |conn| LoginChallenge::list_of(conn, &id, 9)).await.is_empty());
    assert_eq!(events(&app, &ada, EventKind::FactorRemoved).await, [Some("password".to_owned())]);
    let mail = app.mails().await.remove(0).1.text;
    assert!(mail.contains("taken away from") && mail.contains("your password."), "{mail}");
    assert!(mail.contains("Signing in takes two steps, or a passkey."), "{mail}");
    assert_eq!(remove(&mut browser).await, (303, "/account/password".to_owned()), "twice changes nothing");
    assert_eq!(events(&app, &ada, EventKind::FactorRemoved).await.len(), 1);
}

#[actix_web::test]
async fn without_a_passkey_the_password_stays_and_the_page_says_why() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    enrol(&app, &mut browser).await;

    let page = browser.get("/account/password").await.body;
    let answer = browser.submit("/account/password/remove", &[]).await;

    assert_eq!(answer.status, 409);
    for body in [&page, &answer.body] {
        assert!(body.contains("Your password is your only way in. Add a passkey first."), "{body}");
    }
    assert!(!page.contains("Remove my password") && page.contains("href=\"/account/passkeys\""));
    assert!(find(&app, &ada).await.password_hash.is_some());
    assert_eq!(browser.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn it_takes_two_factors_and_a_fresh_proof() {
    let (app, ada, mut browser) = stage().await;
    let confirm = (303, "/reauth?next=%2Faccount%2Fpassword".to_owned());

    app.execute("UPDATE sessions SET amr = 'pwd'").await;
    assert_eq!(remove(&mut browser).await, confirm, "the password alone was shown");
    app.execute("UPDATE sessions SET amr = 'swk user mfa'").await;
    app.pass(21 * 60);
    assert_eq!(remove(&mut browser).await, confirm, "too long ago");
    let stranger = app.browser().submit("/account/password/remove", &[]).await;
    assert!(stranger.location().starts_with("/login"));

    assert!(find(&app, &ada).await.password_hash.is_some());
    app.pass(-21 * 60);
    assert_eq!(remove(&mut browser).await, (303, "/account/password".to_owned()));
}

#[actix_web::test]
async fn a_password_can_be_set_again_by_the_same_rules_and_alone_it_signs_nobody_in() {
    let (app, ada, mut browser) = without().await;

    let weak = browser.submit("/account/password/set", &[("password", "ada ada ada ada")]).await;
    app.pass(21 * 60);
    let late = browser.submit("/account/password/set", &[("password", OTHER_PASSWORD)]).await;
    app.pass(-21 * 60);
    let stolen = browser.clone();
    let done = browser.submit("/account/password/set", &[("password", OTHER_PASSWORD)]).await;
    let again = browser.submit("/account/password/set", &[("password", PASSWORD)]).await;

    assert_eq!(weak.status, 422);
    assert!(weak.body.contains("id=\"password-error\"") && !weak.body.contains("ada ada"), "{}", weak.body);
    assert_eq!(late.location(), "/reauth?next=%2Faccount%2Fpassword");
    assert_eq!((done.status, done.location()), (303, "/account/password"));
    assert_eq!(again.status, 303);
    assert!(browser.get("/account/password").await.body.contains("You have a password already."));
    assert_eq!(stolen.clone().get("/dashboard").await.status, 303);
    assert!(!forgot::signs_in(&app, "ada", PASSWORD).await, "the second changed nothing");
    let half = app.browser().submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    assert!(half.location().starts_with("/login/"), "{}", half.location());
    assert_eq!(events(&app, &ada, EventKind::FactorAdded).await[0].as_deref(), Some("password"));
    let mail = app.mails().await.remove(0).1.text;
    assert!(mail.contains("was added to") && mail.contains("a password."), "{mail}");
}

#[actix_web::test]
async fn whoever_has_a_password_cannot_set_another_without_it() {
    let (app, ada, mut browser) = stage().await;
    let before = find(&app, &ada).await.password_hash;

    let answer = browser.submit("/account/password/set", &[("password", OTHER_PASSWORD)]).await;

    assert_eq!((answer.status, answer.location()), (303, "/account/password"));
    assert_eq!(find(&app, &ada).await.password_hash, before);
}

#[actix_web::test]
async fn a_reset_by_mail_gives_a_passkey_account_a_password_and_takes_no_factor() {
    let (app, ada, _) = without().await;
    let id = ada.id.clone();
    let factors = async || {
        let id = id.clone();
        app.ask(move |conn| Ok((TotpFactor::find(conn, &id)?, Passkey::list(conn, &id)?))).await
    };
    let (before, was) = (factors().await, find(&app, &ada).await);
    ask(&mut app.browser(), ADDRESS).await;
    let mut browser = app.browser();
    browser.get(&forgot::link(&app).await).await;

    assert_eq!(send(&mut browser, OTHER_PASSWORD).await.location(), "/login");

    assert_eq!(factors().await, before);
    assert!(before.0.is_some() && before.1.len() == 1);
    let is = find(&app, &ada).await;
    assert_eq!(
        (is.second_factor_since, is.factors_changed_at),
        (was.second_factor_since, was.factors_changed_at)
    );
    let half = browser.submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    assert!(half.location().starts_with("/login/"), "{}", half.location());
    assert!(browser.get("/dashboard").await.location().starts_with("/login"), "nobody is in yet");
}

#[actix_web::test]
async fn no_form_asks_for_a_password_that_is_not_there() {
    let (_app, _ada, mut browser) = without().await;

    for path in
        ["/account/email", "/account/settings", "/account/export", "/account/close", "/account/password"]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("autocomplete=\"current-password\""), "{path}");
    }
    let overview = browser.get("/dashboard").await.body;
    assert!(overview.contains("Set a password") && !overview.contains("Change your password"));
    let closed = browser.submit("/account/close", &[("confirmation", "ada")]).await;
    assert_eq!(closed.location(), "/login");
}

#[actix_web::test]
async fn whose_passkeys_are_for_another_host_keeps_the_step_that_they_can_show() {
    let (app, ada, mut browser) = stage().await;
    let here = add_passkey(&app, &ada, "phone", app.now()).await;
    app.execute("UPDATE passkeys SET rp_id = 'old.example' WHERE name = 'desk'").await;

    let removed = browser.submit(&format!("/account/passkeys/{here}/remove"), &[]).await;
    assert_eq!(removed.location(), "/account/passkeys", "there is the app");
    let kept = browser.submit("/account/totp/remove", &[]).await;

    assert_eq!(kept.status, 409, "then nothing but paper would let her in");
    let words = "Remove the passkeys for another host first";
    assert!(
        kept.body.contains(words) && browser.get("/account/totp").await.body.contains(words),
        "{}",
        kept.body
    );
    let id = ada.id.clone();
    let desk = app.ask(move |conn| Passkey::list(conn, &id)).await.remove(0);
    assert_eq!(browser.submit(&format!("/account/passkeys/{}/remove", desk.id), &[]).await.status, 303);
    assert_eq!(browser.submit("/account/totp/remove", &[]).await.status, 303);
    assert!(forgot::signs_in(&app, "ada", PASSWORD).await);
}
