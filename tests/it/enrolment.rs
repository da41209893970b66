//! Who has to have a second factor, and what is open to them until they have one.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::rt::time::sleep;
use actix_web::web::{ServiceConfig, get};
use serde_json::json;
use vestibule::Config;
use vestibule::clock::Timestamp;
use vestibule::config::Require;
use vestibule::flows::administer_user::set_role;
use vestibule::flows::caller::Caller;
use vestibule::id::PasskeyId;
use vestibule::models::{Passkey, Role, Session, User};
use vestibule::web::entries;
use vestibule::web::extract::{Admin, CurrentUser};

use crate::support::{PASSWORD, Place, TestApp};
use crate::totp::enrol;

/// Settings by which nobody has to.
pub fn nobody_has_to(config: &mut Config) {
    config.second_factor.require = Require::Off;
}

/// A passkey of `user`, as if its owner had added it at `at`.
pub async fn add_passkey(app: &TestApp, user: &User, name: &str, at: Timestamp) -> PasskeyId {
    let passkey = Passkey {
        id: PasskeyId::new(),
        user_id: user.id.clone(),
        credential_id: format!("{name} of {}", user.id),
        sealed_credential: vec![1],
        rp_id: "localhost".to_owned(),
        name: name.to_owned(),
        aaguid: None,
        is_synced: false,
        sign_count: 0,
        created_at: at,
        last_used_at: None,
        cloned_at: None,
    };
    let id = passkey.id.clone();
    let added = app.vestibule.db.write(move |conn| Ok::<_, vestibule::db::Error>(passkey.insert(conn)?));
    added.await.unwrap();
    let (user, at) = (&user.id, at.seconds());
    app.execute(&format!(
        "UPDATE users SET second_factor_since = COALESCE(second_factor_since, {at}), factors_changed_at = {at} \
         WHERE id = '{user}'"
    ))
    .await;
    id
}

fn routes_of_an_application(config: &mut ServiceConfig) {
    config.route("/orders", get().to(|_: CurrentUser| async { HttpResponse::Ok().body("orders") }));
    config.route("/desk", get().to(|_: Admin| async { HttpResponse::Ok().body("desk") }));
}

/// Whether a page is open to whoever has to add a factor first.
fn is_for_enrolling(path: &str) -> bool {
    ["/account/totp", "/account/passkeys", "/account/recovery-codes", "/reauth", "/logout"]
        .iter()
        .any(|open| path == *open || path.starts_with(&format!("{open}/")))
}

#[actix_web::test]
async fn an_administrator_without_a_factor_is_led_to_one_from_every_guarded_address() {
    let app = TestApp::mounting(|_| (), routes_of_an_application).await;
    let root = app.register_as("root", "", Role::Admin).await;
    let mut browser = app.browser();
    let signed_in = browser.sign_in("root").await;
    let mut plain = app.browser();
    app.register("bob").await;
    plain.sign_in("bob").await;

    let mut led = Vec::new();
    // A cookie opens `/protected` to nobody; a program is told below.
    let paths = entries().into_iter().filter(|entry| entry.method == "GET" && !entry.path.contains('{'));
    for path in paths.map(|entry| entry.path).filter(|path| *path != "/protected").chain(["/orders", "/desk"])
    {
        let (theirs, stranger) = (browser.get(path).await, app.browser().get(path).await);
        let is_guarded = stranger.location().starts_with("/login?") || stranger.status == 401;
        if is_guarded && !is_for_enrolling(path) {
            // An application that shows no pages of ours tells it as it tells all of our refusals.
            let is_ours = !["/orders", "/desk"].contains(&path);
            let expected = if is_ours { (303, "/account/totp") } else { (403, "") };
            assert_eq!((theirs.status, theirs.location()), expected, "{path}");
            led.push(path);
        } else {
            // Doors are for proxies alone.
            assert!(theirs.status != 403 || stranger.status == 403, "{path}");
        }
    }

    assert_eq!(signed_in.location(), "/dashboard");
    assert!(led.len() > 10 && led.contains(&"/orders") && led.contains(&"/desk"), "{led:?}");
    assert_eq!(plain.get("/dashboard").await.status, 200, "nobody else has to");
    let page = browser.get("/account/totp").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<strong>A second step is asked for</strong>") && !page.body.contains("<nav"));
    assert!(!plain.get("/account/totp").await.body.contains("A second step is asked for"));
    for deed in ["/session/renew", "/sessions/end-all", "/account/close", "/account/export"] {
        let fields: &[(&str, &str)] = if deed.ends_with("close") { &[("confirmation", "root")] } else { &[] };
        let answer = browser.submit(deed, fields).await;
        assert_eq!((answer.status, answer.location()), (303, "/account/totp"), "{deed}");
    }
    let id = root.id.clone();
    let left = app.ask(move |conn| {
        Session::list_live(conn, &id, Timestamp::from_seconds(0), Timestamp::from_seconds(0))
    });
    assert_eq!(left.await.len(), 1, "nothing of it was done");
    assert_eq!(browser.submit("/logout", &[]).await.status, 303);
    assert!(browser.get("/account/totp").await.location().starts_with("/login"));
}

#[actix_web::test]
async fn once_there_is_a_factor_everything_is_open_at_once() {
    let app = TestApp::mounting(|_| (), routes_of_an_application).await;
    app.register_as("root", "", Role::Admin).await;
    let mut browser = app.browser();
    browser.sign_in("root").await;
    assert_eq!(browser.get("/desk").await.status, 403);

    enrol(&app, &mut browser).await;

    for path in ["/dashboard", "/desk", "/orders", "/account/close"] {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    assert!(!browser.get("/account/totp").await.body.contains("<strong>A second step is asked"));
}

#[actix_web::test]
async fn a_program_is_told_by_a_word() {
    let app = TestApp::mounting(|_| (), routes_of_an_application).await;
    app.register_as("root", "", Role::Admin).await;
    let mut program = app.program();

    let token = program.log_in("root").await;

    assert_eq!(token.status, 200, "the password is right");
    for path in ["/protected", "/api/session", "/orders", "/desk"] {
        let answer = program.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (403, "application/problem+json"),
            "{path}"
        );
        let problem = answer.json();
        assert_eq!(problem["error"], "second_factor_enrolment_required");
        assert_eq!(problem["type"], "urn:vestibule:problem:second-factor-enrolment-required");
        assert!(problem["detail"].as_str().unwrap().contains("Add an authenticator app or a passkey first."));
    }
    let renewed =
        program.post("/api/token", &json!({ "refresh_token": token.json()["refresh_token"] })).await;
    assert_eq!(renewed.status, 200);
    program.token = renewed.json()["token"].as_str().map(str::to_owned);
    assert_eq!(program.get("/protected").await.status, 403, "neither does the next token open anything");
}

#[actix_web::test]
async fn whom_it_is_asked_of_the_operator_says() {
    for (require, of_admin, of_user) in
        [(Require::Off, false, false), (Require::Admins, true, false), (Require::Everyone, true, true)]
    {
        let app = TestApp::with(|config| config.second_factor.require = require).await;
        app.register_as("root", "", Role::Admin).await;
        app.register("bob").await;
        for (name, is_asked) in [("root", of_admin), ("bob", of_user)] {
            let mut browser = app.browser();
            browser.sign_in(name).await;
            let page = browser.get("/dashboard").await;
            assert_eq!(page.location() == "/account/totp", is_asked, "{require:?} {name}");
            assert_eq!(page.status, if is_asked { 303 } else { 200 });
        }
    }
    assert_eq!(Config::default().second_factor.require, Require::Admins);
}

#[actix_web::test]
async fn a_passkey_will_do_and_whoever_signs_in_anew_is_asked_for_it_then() {
    let app = TestApp::new().await;
    let root = app.register_as("root", "", Role::Admin).await;
    let mut browser = app.browser();
    browser.sign_in("root").await;
    assert_eq!(browser.get("/dashboard").await.location(), "/account/totp");

    add_passkey(&app, &root, "desk", app.now()).await;

    assert_eq!(browser.get("/dashboard").await.status, 200);
    let half = app.browser().submit("/login", &[("login", "root"), ("password", PASSWORD)]).await;
    assert!(half.location().starts_with("/login/"), "{}", half.location());
}

#[actix_web::test]
async fn who_becomes_an_administrator_comes_under_the_rule_with_the_next_request_at_every_node() {
    let app = TestApp::new().await;
    let other = app.another_node().await;
    let bob = app.register("bob").await;
    let mut browser = app.browser();
    browser.sign_in("bob").await;
    let (mut here, mut there) = (browser.clone(), other.browser());
    there.cookies.clone_from(&browser.cookies);
    assert_eq!((here.get("/dashboard").await.status, there.get("/dashboard").await.status), (200, 200));

    set_role(&app.vestibule, &bob, Role::Admin, &Caller::operator(), app.now()).await.unwrap();

    assert_eq!(here.get("/dashboard").await.location(), "/account/totp");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(there.get("/dashboard").await.location(), "/account/totp");
    let admin = User { role: Role::Admin, ..bob };
    set_role(&app.vestibule, &admin, Role::User, &Caller::operator(), app.now()).await.unwrap();
    assert_eq!(here.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn the_last_factor_stays_while_it_is_asked_for_and_goes_when_it_is_not() {
    for (require, status) in [(Require::Everyone, 409), (Require::Admins, 303)] {
        let app = TestApp::with(|config| config.second_factor.require = require).await;
        let ada = app.register("ada").await;
        let mut browser = app.browser();
        browser.sign_in("ada").await;
        enrol(&app, &mut browser).await;
        let page = browser.get("/account/totp").await.body;

        let answer = browser.submit("/account/totp/remove", &[]).await;

        assert_eq!(answer.status, status, "{require:?}");
        assert_eq!(page.contains("/account/totp/remove"), status == 303, "the button is there if it works");
        if status == 409 {
            for body in [page, answer.body] {
                assert!(body.contains("and this is your only one. Add another one first."), "{body}");
            }
            assert_eq!(browser.get("/dashboard").await.status, 200);
            add_passkey(&app, &ada, "desk", app.now()).await;
            assert_eq!(browser.submit("/account/totp/remove", &[]).await.status, 303, "one is left");
        }
    }
}

#[test]
fn tests_ask_what_a_fresh_start_asks() {
    let config = TestApp::config(&Place::new());
    assert_eq!(config.second_factor.require, Config::default().second_factor.require);
}
