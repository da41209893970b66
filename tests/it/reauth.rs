//! Proving anew who one is, before something that matters.

use actix_web::web::{ServiceConfig, get, post};
use vestibule::models::{Event, EventKind};
use vestibule::web::extract::Reauthenticated;

use crate::support::{Answer, Browser, PASSWORD, TestApp};

async fn vault(who: Reauthenticated) -> String {
    format!("the vault of {}", who.user.username)
}

fn routes(config: &mut ServiceConfig) {
    config.route("/vault", get().to(vault)).route("/vault", post().to(vault));
}

const PAGE: i64 = 10 * 60;
const ACTION: i64 = 20 * 60;

async fn house() -> (TestApp, Browser) {
    let app = TestApp::mounting(|_| (), routes).await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    (app, browser)
}

async fn confirm(browser: &mut Browser, password: &str) -> Answer {
    browser.submit("/reauth", &[("username", "ada"), ("password", password)]).await
}

#[actix_web::test]
async fn a_page_asks_after_ten_minutes_and_leads_back() {
    let (app, mut browser) = house().await;

    app.pass(PAGE - 60);
    let fresh = browser.get("/vault").await;
    app.pass(70);
    let stale = browser.get("/vault?box=7").await;
    let form = browser.get("/reauth?next=%2Fvault%3Fbox%3D7").await;
    let done = confirm(&mut browser, PASSWORD).await;

    assert_eq!((fresh.status, fresh.body.as_str()), (200, "the vault of ada"));
    assert_eq!((stale.status, stale.json()["title"].as_str()), (401, Some("Please confirm that it is you")));
    assert!(form.body.contains("Type your password once more to go on to /vault."));
    assert!(form.body.contains("value=\"ada\" autocomplete=\"username\" readonly"));
    assert_eq!((done.status, done.location()), (303, "/vault?box=7"));
    assert_eq!(browser.get("/vault").await.status, 200);
    assert_eq!(confirm(&mut browser, PASSWORD).await.location(), "/dashboard");
}

#[actix_web::test]
async fn it_says_what_for_and_how_to_get_out_of_it() {
    let (_app, mut browser) = house().await;

    for (next, words) in [
        ("/account/email", "once more to change your e-mail address."),
        ("/account/password?x=1", "once more to change your password."),
        ("/account/close", "once more to close your account."),
        ("/account/emails", "once more to go on to /account/emails."),
        ("/%3Cb%3E", "once more to go on to /%3Cb%3E."),
    ] {
        let query = serde_urlencoded::to_string([("next", next)]).unwrap();
        let form = browser.get(&format!("/reauth?{query}")).await;

        assert!(
            form.body.contains(&format!("<p class=\"purpose\">Type your password {words}</p>")),
            "{next}"
        );
        assert!(form.body.contains("<a href=\"/dashboard\">Cancel</a>"));
    }
}

#[actix_web::test]
async fn the_action_behind_it_may_take_twenty() {
    let (app, mut browser) = house().await;
    let mut program = app.program();
    program.log_in("ada").await;

    app.pass(ACTION - 60);
    let fresh = browser.submit("/vault", &[]).await;
    app.pass(70);
    let stale = browser.submit("/vault", &[]).await;
    let told = program.send(app.request("POST", "/vault")).await;

    assert_eq!((fresh.status, stale.status, told.status), (200, 401, 401));
    assert_eq!(stale.json()["type"], "urn:vestibule:problem:reauthentication-required");
    let challenge = "Bearer error=\"insufficient_user_authentication\"";
    assert_eq!(told.header("www-authenticate"), challenge);
    confirm(&mut browser, PASSWORD).await;
    assert_eq!(browser.submit("/vault", &[]).await.status, 200);
}

#[actix_web::test]
async fn a_proof_gives_the_session_a_new_id_and_ends_the_old_one() {
    let (app, mut browser) = house().await;
    let mut thief = browser.clone();
    app.pass(PAGE + 2);
    let before = browser.get("/api/session").await.json();

    confirm(&mut browser, PASSWORD).await;

    let after = browser.get("/api/session").await.json();
    assert_ne!(after["session"], before["session"]);
    assert_eq!(after["signed_in_at"], before["signed_in_at"]);
    assert_eq!(
        after["session_expires_at"], before["session_expires_at"],
        "a proof is no way around the limit"
    );
    assert_eq!(after["authenticated_at"], app.now().seconds());
    assert_eq!(thief.get("/dashboard").await.status, 303);
    assert_eq!(confirm(&mut thief, PASSWORD).await.status, 401);
    assert!(browser.get("/dashboard").await.body.contains("This is your only session."));
}

#[actix_web::test]
async fn a_wrong_password_proves_nothing_and_ends_nothing() {
    let (app, mut browser) = house().await;
    app.pass(PAGE + 2);
    let token = browser.token();

    let wrong = confirm(&mut browser, "gingham-zeppelin").await;

    assert_eq!((wrong.status, browser.token()), (422, token));
    assert!(wrong.body.contains("That is not your password.") && wrong.body.contains("<title>Error: "));
    assert!(!wrong.body.contains("gingham"));
    assert_eq!(browser.get("/vault").await.status, 401);
    assert_eq!(browser.get("/dashboard").await.status, 200);
    confirm(&mut browser, PASSWORD).await;
    assert_eq!(browser.get("/vault").await.status, 200);
    let ada = vestibule::flows::administer_user::find(&app.vestibule, "ada").await.unwrap().unwrap();
    let events = app.ask(move |conn| Event::list_latest(conn, &ada.id, 9)).await;
    let kinds = |kind| events.iter().filter(|event| event.kind == kind && event.session_id.is_some()).count();
    assert_eq!((kinds(EventKind::ReauthenticationFailed), kinds(EventKind::Reauthenticated)), (1, 1));
}

#[actix_web::test]
async fn strangers_and_another_persons_name_prove_nothing() {
    let (app, mut browser) = house().await;
    app.register("bob").await;
    app.pass(PAGE + 2);

    let mut stranger = app.browser();
    let led = stranger.get("/reauth").await;
    let refused = confirm(&mut stranger, PASSWORD).await;
    browser.submit("/reauth", &[("username", "bob"), ("password", PASSWORD)]).await;

    assert_eq!((led.status, led.location(), refused.status), (303, "/login", 401));
    assert_eq!(browser.get("/vault").await.body, "the vault of ada", "the session says who it is");
}

#[actix_web::test]
async fn guesses_are_throttled() {
    let app = TestApp::mounting(|config| config.throttle.enabled = true, routes).await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    app.pass(PAGE + 2);

    let mut statuses = Vec::new();
    for guess in 0..11 {
        statuses.push(confirm(&mut browser, &format!("guess {guess}")).await.status);
    }
    let waiting = confirm(&mut browser, PASSWORD).await;

    assert_eq!((&statuses[..10], statuses[10], waiting.status), ([422; 10].as_slice(), 429, 429));
    let wait: i64 = waiting.header("retry-after").parse().unwrap();
    assert_eq!(browser.get("/dashboard").await.status, 200);
    app.pass(wait);
    assert_eq!(confirm(&mut browser, PASSWORD).await.status, 303);
}
