//! What was typed is not lost while its sender is asked who they are; nothing is done behind their back.
//! How a form waits that needs a fresh proof is in `src/web/extract/account_form_tests.rs`.

use vestibule::flows::administer_user::find;
use vestibule::flows::caller::Caller;
use vestibule::flows::end_session;
use vestibule::models::RevokedBecause;

use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

const PAGE: &str = "/account/password";
const TICKED: &str = "aria-describedby=\"end_others-hint\" checked>";
const NOT_TICKED: &str = "aria-describedby=\"end_others-hint\">";

/// Sends the form with the box as Ada wants it, which is not as it stands there at first.
async fn send(browser: &mut Browser) -> Answer {
    browser.submit(PAGE, &[("current_password", PASSWORD), ("password", OTHER_PASSWORD)]).await
}

/// Somebody whose session ended while they typed, and whose form has been sent.
async fn ended() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.register("ada").await;
    app.register("bob").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    end_sessions(&app).await;
    let sent = send(&mut browser).await;
    assert_eq!((sent.status, sent.location()), (303, "/login?next=%2Faccount%2Fpassword"));
    browser.get(sent.location()).await;
    (app, browser)
}

async fn end_sessions(app: &TestApp) {
    let ada = find(&app.vestibule, "ada").await.unwrap().unwrap();
    let (because, caller) = (RevokedBecause::EndedElsewhere, Caller::operator());
    end_session::all_but(&app.vestibule, &ada.id, None, because, &caller, app.now()).await.unwrap();
}

#[actix_web::test]
async fn a_form_of_an_ended_session_leads_to_sign_in_and_back_with_what_was_typed() {
    let (_app, mut browser) = ended().await;

    let done = browser.sign_in("ada").await;
    let page = browser.get(done.location()).await;

    assert_eq!(done.location(), PAGE, "and the old password still signs in: nothing was done");
    assert!(page.body.contains(NOT_TICKED));
    for secret in [PASSWORD, OTHER_PASSWORD] {
        assert!(!page.body.contains(secret));
        assert!(browser.cookies.values().all(|value| !value.contains(secret)));
    }
    assert!(browser.get(PAGE).await.body.contains(TICKED), "once");
    assert_eq!(send(&mut browser).await.location(), "/dashboard");
}

#[actix_web::test]
async fn so_does_a_form_whose_token_has_expired() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    app.pass(3600);

    let sent = send(&mut browser).await;
    let door = browser.get(sent.location()).await;
    let done = browser.sign_in("ada").await;

    assert!(door.body.contains("Sign in to go on to /account/password."));
    assert!(browser.follow(done).await.body.contains(NOT_TICKED));
}

#[actix_web::test]
async fn whoever_signs_in_next_finds_nothing_of_it() {
    let (_app, mut browser) = ended().await;

    let done = browser.sign_in("bob").await;
    let theirs = browser.get(done.location()).await;
    browser.submit("/logout", &[]).await;
    browser.sign_in("ada").await;

    assert!(theirs.body.contains("value=\"bob\"") && theirs.body.contains(TICKED));
    assert!(browser.get(PAGE).await.body.contains(TICKED), "nor does she: it is gone");
}

#[actix_web::test]
async fn it_waits_for_ten_minutes() {
    for (seconds, seen) in [(600, NOT_TICKED), (601, TICKED)] {
        let (app, mut browser) = ended().await;
        app.pass(seconds);

        browser.sign_in("ada").await;

        assert!(browser.get(PAGE).await.body.contains(seen), "{seconds}");
    }
}

#[actix_web::test]
async fn another_site_leaves_nothing_there_and_no_more_do_strangers_and_programs() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (mut victim, mut stranger, mut program) = (app.browser(), app.browser(), app.program());
    victim.sign_in("ada").await;
    program.log_in("ada").await;
    end_sessions(&app).await;
    let form = [("current_password", PASSWORD), ("password", OTHER_PASSWORD)];

    let forged = app.request("POST", PAGE).insert_header(("sec-fetch-site", "cross-site"));
    let forged = victim.send(forged.set_form(form)).await;
    let unknown = send(&mut stranger).await;
    let told = program.send(app.request("POST", PAGE).set_form(form)).await;

    assert_eq!((forged.status, unknown.status, told.status), (403, 303, 401));
    assert_eq!(told.json()["type"], "urn:vestibule:problem:invalid-token");
    for answer in [forged, unknown, told] {
        assert!(answer.cookie("vestibule-flow").is_none());
    }
}

#[actix_web::test]
async fn nothing_that_a_link_says_is_more_than_the_cookie_holds() {
    let app = TestApp::new().await;
    let mut browser = app.browser();

    for next in ["/%22".repeat(500), "/".to_owned() + &"%22".repeat(1023), "/".to_owned() + &"x".repeat(1023)]
    {
        let answer = browser.get(&format!("/login?next={next}")).await;

        let size = answer.cookie("vestibule-flow").map_or(0, |cookie| cookie.value().len());
        assert!(answer.status == 200 && size <= 2048, "{} {size}", answer.status);
    }
}
