//! Proving anew who one is, for whoever has a second factor: both, and nothing less.

use actix_web::web::{ServiceConfig, get, post};
use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::Value;
use vestibule::Config;
use vestibule::flows::caller::Caller;
use vestibule::flows::check_code::Code;
use vestibule::flows::login::{self, Attempt, Outcome};
use vestibule::flows::second_factor::{self, SecondFactorError};
use vestibule::flows::stay::Stay;
use vestibule::models::{Event, EventKind, User};
use vestibule::secret::from_base64url;
use vestibule::web::extract::Reauthenticated;

use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::totp::{Phone, add_passkey, enrolled};

const WRONG: &str = "The password or the code is not right, or the code was used before";

async fn vault(who: Reauthenticated) -> String {
    format!("the vault of {}", who.user.username)
}

fn routes(config: &mut ServiceConfig) {
    config.route("/vault", get().to(vault)).route("/vault", post().to(vault));
}

/// Ada, who has an app, a minute after she turned it on; and a browser of hers that was trusted with it.
async fn house(throttled: bool) -> (TestApp, User, Browser, Phone, Vec<String>) {
    let change = move |config: &mut Config| {
        config.throttle.enabled = throttled;
        // Here it is codes that are counted.
        config.throttle.device_failures = 1000;
    };
    let app = TestApp::mounting(change, routes).await;
    let ada = app.register("ada").await;
    let (_, phone, codes) = enrolled(&app, "ada").await;
    app.pass(60);
    let browser = trusted(&app).await;
    (app, ada, browser, phone, codes)
}

/// A session that took no more than the password, as in a browser that is trusted.
async fn trusted(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    app.execute("UPDATE users SET second_factor_since = NULL").await;
    assert_eq!(browser.sign_in("ada").await.status, 303);
    app.execute("UPDATE users SET second_factor_since = 1").await;
    browser
}

async fn confirm(browser: &mut Browser, password: &str, code: &str) -> Answer {
    browser.submit("/reauth", &[("username", "ada"), ("password", password), ("code", code)]).await
}

/// Signs in with the password and this code, as the pages of the second step do.
async fn sign_in(app: &TestApp, code: Code) -> bool {
    let password = SecretString::from(PASSWORD);
    let attempt =
        Attempt { login: "ada".to_owned(), password, replaces: None, stay: Stay::WhileActive, trust: None };
    let caller = Caller::operator();
    let asked = login::with_password(&app.vestibule, attempt, &caller, app.now()).await.unwrap();
    let Outcome::SecondFactor(challenge) = asked else { panic!("the password was enough") };
    let token = challenge.token.expose();
    match second_factor::with_code(&app.vestibule, token, code, None, &caller, app.now()).await {
        Ok(_) => true,
        Err(SecondFactorError::WrongCode) => false,
        Err(error) => panic!("{error}"),
    }
}

/// What the access token says.
fn claims(browser: &Browser) -> Value {
    let token = browser.token();
    serde_json::from_slice(&from_base64url(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

async fn failures(app: &TestApp, user: &User) -> usize {
    let id = user.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 99)).await;
    events.iter().filter(|event| event.kind == EventKind::ReauthenticationFailed).count()
}

#[actix_web::test]
async fn a_password_alone_is_never_fresh_for_whoever_has_a_second_factor() {
    let (app, _, mut browser, _, _) = house(false).await;
    let mut program = app.program();
    program.token = Some(browser.token());

    let (page, deed) = (browser.get("/vault").await, browser.submit("/vault", &[]).await);
    let told = program.send(app.request("POST", "/vault")).await;

    assert_eq!((page.status, deed.status, told.status), (401, 401, 401));
    assert_eq!(told.header("www-authenticate"), "Bearer error=\"insufficient_user_authentication\"");
    assert_eq!(browser.get("/account/totp").await.location(), "/reauth?next=%2Faccount%2Ftotp");
    let remove = browser.submit("/account/totp/remove", &[]).await;
    assert_eq!(remove.location(), "/reauth?next=%2Faccount%2Ftotp");
    assert_eq!(browser.get("/dashboard").await.status, 200, "and all else is open");
}

#[actix_web::test]
async fn password_and_a_code_of_the_app_are_and_the_token_tells_so() {
    let (app, _, mut browser, phone, _) = house(false).await;
    assert_eq!(claims(&browser)["amr"], serde_json::json!(["pwd"]));
    app.pass(7);

    let form = browser.get("/reauth?next=%2Fvault").await.body;
    let done = confirm(&mut browser, PASSWORD, &phone.code(app.now())).await;

    assert!(form.contains("Type your password and a code once more to go on to /vault."), "{form}");
    assert!(form.contains("name=\"code\" type=\"text\" autocomplete=\"one-time-code\""));
    assert_eq!((done.status, done.location()), (303, "/vault"));
    assert_eq!(browser.get("/vault").await.body, "the vault of ada");
    let said = claims(&browser);
    assert_eq!(said["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(said["auth_time"], app.now().seconds());
    app.pass(10 * 60 + 1);
    assert_eq!(browser.get("/vault").await.status, 401, "for ten minutes");
}

#[actix_web::test]
async fn a_recovery_code_will_do_and_stands_in_the_token_too() {
    let (_app, _, mut browser, _, codes) = house(false).await;

    let done = confirm(&mut browser, PASSWORD, &codes[3]).await;

    assert_eq!(done.status, 303);
    assert_eq!(claims(&browser)["amr"], serde_json::json!(["pwd", "recovery_code", "mfa"]));
    assert_eq!(browser.get("/vault").await.status, 200);
}

#[actix_web::test]
async fn neither_alone_is_enough_and_nobody_is_told_which_was_wrong() {
    let (app, ada, mut browser, phone, codes) = house(false).await;
    app.register("bob").await;
    let (_, phone_of_bob, codes_of_bob) = enrolled(&app, "bob").await;
    let (token, code) = (browser.token(), phone.code(app.now()));

    let mut bodies = Vec::new();
    for (password, code) in [
        (OTHER_PASSWORD, code.as_str()),
        (OTHER_PASSWORD, codes[0].as_str()),
        (OTHER_PASSWORD, ""),
        (PASSWORD, "000000"),
        (PASSWORD, ""),
        (PASSWORD, " "),
        (PASSWORD, "2222-2222-2222-2222"),
        (PASSWORD, phone_of_bob.code(app.now()).as_str()),
        (PASSWORD, codes_of_bob[0].as_str()),
    ] {
        let wrong = confirm(&mut browser, password, code).await;
        assert_eq!(wrong.status, 422, "{code}");
        bodies.push(wrong.body.replace(&nonce(&wrong.body), ""));
    }

    assert!(bodies[0].contains(WRONG) && bodies[0].contains("<title>Error: "), "{}", bodies[0]);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "word for word the same");
    assert_eq!((browser.token(), failures(&app, &ada).await), (token, 9));
    assert_eq!(browser.get("/vault").await.status, 401);
    let done = confirm(&mut browser, PASSWORD, &code).await;
    assert_eq!(done.status, 303, "a wrong password has not used the code up");
    assert_eq!(confirm(&mut browser, PASSWORD, &codes[0]).await.status, 303, "nor that one");
}

fn nonce(body: &str) -> String {
    body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[actix_web::test]
async fn a_code_works_once_here_and_at_sign_in_together() {
    let (app, _, mut browser, phone, codes) = house(false).await;
    let totp = |app: &TestApp| phone.code(app.now());

    assert_eq!(confirm(&mut browser, PASSWORD, &totp(&app)).await.status, 303);
    assert!(!sign_in(&app, Code::Totp(totp(&app).into())).await);
    assert_eq!(confirm(&mut browser, PASSWORD, &totp(&app)).await.status, 422);
    app.pass(30);
    assert!(sign_in(&app, Code::Totp(totp(&app).into())).await);
    assert_eq!(confirm(&mut browser, PASSWORD, &totp(&app)).await.status, 422);

    assert_eq!(confirm(&mut browser, PASSWORD, &codes[0]).await.status, 303);
    assert!(!sign_in(&app, Code::Recovery(codes[0].clone().into())).await);
    assert!(sign_in(&app, Code::Recovery(codes[1].clone().into())).await);
    assert_eq!(confirm(&mut browser, PASSWORD, &codes[1]).await.status, 422);
}

#[actix_web::test]
async fn of_ten_sessions_that_show_one_code_at_once_one_is_confirmed() {
    let (app, _, _, phone, codes) = house(false).await;

    for code in [phone.code(app.now()), codes[0].clone()] {
        let mut browsers = Vec::new();
        for _ in 0..10 {
            browsers.push(trusted(&app).await);
        }
        let answers = join_all(browsers.iter_mut().map(|browser| confirm(browser, PASSWORD, &code))).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        let done = statuses.iter().filter(|status| **status == 303).count();
        assert_eq!((done, statuses.iter().filter(|status| **status == 422).count()), (1, 9), "{statuses:?}");
    }
}

#[actix_web::test]
async fn ten_tries_a_quarter_of_an_hour_are_looked_at_whatever_was_wrong() {
    let (app, _, mut browser, phone, _) = house(true).await;

    let mut statuses = Vec::new();
    for number in 0..10 {
        let password = if number % 2 == 0 { PASSWORD } else { OTHER_PASSWORD };
        statuses.push(confirm(&mut browser, password, "000000").await.status);
    }
    let waiting = confirm(&mut browser, PASSWORD, &phone.code(app.now())).await;

    assert_eq!((statuses, waiting.status), (vec![422; 10], 429));
    let wait: i64 = waiting.header("retry-after").parse().unwrap();
    assert!((1..=15 * 60).contains(&wait), "{wait}");
    assert!(waiting.body.contains("<h1>Confirm it is you</h1>"));
    app.pass(wait);
    assert_eq!(confirm(&mut browser, PASSWORD, &phone.code(app.now())).await.status, 303);
}

#[actix_web::test]
async fn changing_the_password_asks_for_both_first() {
    let (app, _, mut browser, phone, _) = house(false).await;
    let change = [("current_password", PASSWORD), ("password", OTHER_PASSWORD), ("end_others", "")];

    let (page, deed) =
        (browser.get("/account/password").await, browser.submit("/account/password", &change).await);
    assert_eq!([page.location(), deed.location()], ["/reauth?next=%2Faccount%2Fpassword"; 2]);
    browser.get(page.location()).await;
    app.pass(30);
    let back = confirm(&mut browser, PASSWORD, &phone.code(app.now())).await;
    let proven_at = app.now().seconds();
    app.pass(60);
    let done = browser.submit("/account/password", &change).await;

    assert_eq!((back.location(), done.location()), ("/account/password", "/dashboard"));
    let said = claims(&browser);
    assert_eq!(said["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(said["auth_time"], proven_at, "the password alone is no new proof");
}

#[actix_web::test]
async fn who_has_lost_the_second_factor_says_so_no_more() {
    let (app, _, mut browser, phone, _) = house(false).await;
    confirm(&mut browser, PASSWORD, &phone.code(app.now())).await;
    browser.submit("/account/totp/remove", &[]).await;

    let form = browser.get("/reauth").await.body;
    let done = browser.submit("/reauth", &[("password", PASSWORD)]).await;

    assert!(form.contains("Type your password once more to go on.") && !form.contains("name=\"code\""));
    assert_eq!((done.status, &claims(&browser)["amr"]), (303, &serde_json::json!(["pwd"])));
}

#[actix_web::test]
async fn the_form_asks_for_what_its_reader_has() {
    let (app, ada, mut browser, _, codes) = house(false).await;
    add_passkey(&app, &ada).await;
    let all = browser.get("/reauth").await.body;
    app.execute("DELETE FROM totp_factors").await;
    let no_app = browser.get("/reauth").await.body;
    let done = confirm(&mut browser, PASSWORD, &codes[0]).await;
    app.execute("DELETE FROM recovery_codes").await;
    let passkey_alone = browser.get("/reauth").await.body;
    app.execute("UPDATE users SET password_hash = NULL").await;
    let no_password = browser.get("/reauth").await.body;
    let refused = confirm(&mut browser, PASSWORD, &codes[1]).await;

    assert!(all.contains("Type your password and a code once more, or use a passkey, to go on."), "{all}");
    assert!(all.contains("Code from your authenticator app") && all.contains("A recovery code will do"));
    assert!(no_app.contains(">Recovery code</label>"));
    assert_eq!(done.status, 303);
    for page in [&passkey_alone, &no_password] {
        assert!(
            page.contains("Use your passkey once more to go on.") && !page.contains("name=\"password\""),
            "{page}"
        );
    }
    assert_eq!(refused.status, 422);
}
