//! How long somebody stays signed in, and what ends it.

use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;
use vestibule::flows::{keep, overview};
use vestibule::models::{RevokedBecause, Session, User};

use crate::support::{Browser, TestApp};

const TOKEN: i64 = 60 * 60;
const LEEWAY: i64 = 30;
const LIMIT: i64 = 12 * 60 * 60;

async fn house() -> (TestApp, User, Browser) {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    (app, ada, browser)
}

async fn is_in(browser: &mut Browser) -> bool {
    browser.get("/dashboard").await.status == 200
}

#[actix_web::test]
async fn a_token_is_renewed_half_way_and_not_before() {
    let (app, _, mut browser) = house().await;
    let first = browser.token();

    app.pass(TOKEN / 2 - 60);
    let early = browser.get("/dashboard").await;
    app.pass(70);
    let half = browser.get("/dashboard").await;
    let missing = browser.get("/nowhere").await;

    assert!(early.cookie("vestibule").is_none() && missing.cookie("vestibule").is_none());
    assert!(half.cookie("vestibule").is_some() && browser.token() != first);
    let session = browser.get("/api/session").await.json();
    let ends = session["token_expires_at"].as_i64().unwrap();
    assert!((TOKEN - 30..=TOKEN).contains(&(ends - app.now().seconds())));
    app.pass(TOKEN - 60);
    assert!(is_in(&mut browser).await);
}

#[actix_web::test]
async fn a_token_is_worth_nothing_after_its_life() {
    let (app, _, mut browser) = house().await;
    let mut program = app.program();
    program.log_in("ada").await;

    app.pass(TOKEN - 60);
    let alive = program.get("/protected").await;
    app.pass(LEEWAY + 70);

    assert_eq!(alive.status, 200);
    assert_eq!(
        (program.get("/protected").await.status, program.get("/api/session").await.status),
        (403, 401)
    );
    let out = browser.get("/dashboard").await;
    assert_eq!((out.status, out.location()), (303, "/login?next=%2Fdashboard"));
    assert_eq!(browser.submit("/session/renew", &[]).await.status, 401);
}

#[actix_web::test]
async fn twelve_hours_are_the_limit_however_busy_somebody_is() {
    let (app, _, mut browser) = house().await;

    for _ in 0..23 {
        app.pass(TOKEN / 2);
        assert!(is_in(&mut browser).await);
    }
    app.pass(TOKEN / 2 - 60);
    let last = browser.get("/dashboard").await;
    browser.submit("/session/renew", &[]).await;
    let session = browser.get("/api/session").await.json();
    app.pass(70);

    assert!(
        last.body.contains("Then you sign in again.") && !last.body.contains("action=\"/session/renew\"")
    );
    assert_eq!(session["token_expires_at"], session["session_expires_at"]);
    assert!(!is_in(&mut browser).await);
    let limit = |name: &str| session[name].as_i64().unwrap();
    assert_eq!(limit("session_expires_at") - limit("signed_in_at"), LIMIT);
    assert_eq!(browser.sign_in("ada").await.status, 303);
}

#[actix_web::test]
async fn of_twenty_one_sessions_the_oldest_ends() {
    let (app, ada, mut first) = house().await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let mut others: Vec<Browser> = (0..20).map(|_| app.browser()).collect();
    let (last, middle) = others.split_last_mut().unwrap();
    for browser in middle {
        app.pass(1);
        browser.sign_in("ada").await;
    }
    assert!(is_in(&mut first).await);

    app.pass(1);
    last.sign_in("ada").await;

    assert!(!is_in(&mut first).await);
    for browser in &mut others {
        assert!(is_in(browser).await);
    }
    assert!(is_in(&mut bob).await);
    assert_eq!(overview::sessions(&app.vestibule, &ada.id, app.now()).await.unwrap().len(), 20);
}

#[actix_web::test]
async fn whoever_is_disabled_is_out_with_the_next_request_and_stays_out() {
    let (app, ada, mut browser) = house().await;
    let mut program = app.program();
    program.log_in("ada").await;
    assert_eq!(program.get("/protected").await.status, 200);

    disable(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();

    assert!(!is_in(&mut browser).await);
    assert_eq!(program.get("/protected").await.status, 403);
    app.execute("UPDATE users SET disabled_at = NULL").await;
    assert!(!is_in(&mut browser).await, "ended sessions stay ended");
    assert_eq!(browser.sign_in("ada").await.status, 303);
}

#[actix_web::test]
async fn whoever_is_disabled_by_hand_is_out_too() {
    let (app, _, mut browser) = house().await;

    app.execute("UPDATE users SET disabled_at = 1").await;

    assert!(!is_in(&mut browser).await);
}

#[actix_web::test]
async fn staying_signed_in_takes_a_button() {
    let (app, _, mut browser) = house().await;
    let first = browser.token();
    app.pass(60);

    let get = browser.get("/session/renew").await;
    let forged = app.request("POST", "/session/renew").insert_header(("sec-fetch-site", "cross-site"));
    let forged = browser.send(forged).await;
    let kept = browser.token();
    let stayed = browser.submit("/session/renew", &[]).await;
    let nobody = app.browser().submit("/session/renew", &[]).await;

    assert_eq!((get.status, forged.status, kept), (405, 403, first.clone()));
    assert_eq!((stayed.status, stayed.location()), (303, "/dashboard"));
    assert_ne!(browser.token(), first);
    assert!(browser.get("/dashboard").await.body.contains("You stay signed in."));
    assert_eq!((nobody.status, nobody.cookie("vestibule")), (401, None));
}

#[actix_web::test]
async fn a_session_is_listed_as_long_as_its_token_could_be_used() {
    let (app, ada, mut idle) = house().await;
    app.pass(50);
    idle.submit("/session/renew", &[]).await;
    let mut thief = idle.clone();

    app.pass(TOKEN - 40);
    let listed = overview::sessions(&app.vestibule, &ada.id, app.now()).await.unwrap().len();
    let usable = thief.get("/protected").await.status == 200 || is_in(&mut thief).await;
    assert_eq!((usable, listed), (true, 1), "what can be used can be seen, and ended");

    app.pass(2 * TOKEN);
    assert!(!is_in(&mut thief).await && !is_in(&mut idle).await);
    assert!(overview::sessions(&app.vestibule, &ada.id, app.now()).await.unwrap().is_empty());
}

#[actix_web::test]
async fn the_last_use_is_noted_to_the_minute() {
    let (app, ada, mut browser) = house().await;
    let signed_in = app.now();

    app.pass(30);
    browser.get("/dashboard").await;
    let soon = last_seen(&app, &ada).await;
    app.pass(40);
    browser.get("/dashboard").await;
    let later = last_seen(&app, &ada).await;

    assert_eq!(soon, signed_in.seconds());
    assert_eq!(later, app.now().seconds());
}

/// What its row says, once what was noted in memory is written.
async fn last_seen(app: &TestApp, user: &User) -> i64 {
    keep::write_last_seen(&app.vestibule).await.unwrap();
    overview::sessions(&app.vestibule, &user.id, app.now()).await.unwrap()[0].last_seen_at.seconds()
}

#[actix_web::test]
async fn a_session_remembers_why_it_ended() {
    let (app, _, mut browser) = house().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(browser.get("/api/session").await.json()["session"].as_str().unwrap().to_owned());
        browser.sign_in("ada").await;
    }
    ids.push(browser.get("/api/session").await.json()["session"].as_str().unwrap().to_owned());
    browser.submit("/logout", &[]).await;

    let mut reasons = Vec::new();
    for id in ids {
        reasons.push(
            app.ask(move |conn| Session::find(conn, &id.as_str().into())).await.unwrap().revoked_because,
        );
    }

    let expected = [RevokedBecause::Replaced, RevokedBecause::Replaced, RevokedBecause::LoggedOut];
    assert_eq!(reasons, expected.map(Some));
}
