//! The second step of signing in, as its pages do it: by a code of the app, by one from paper, and not at all.

use vestibule::models::{EventKind, Session, User};

use crate::forgot::{ADDRESS, proven};
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::totp::{Phone, enrol};
use crate::verify_email::events;

const TOTP: &str = "/login/totp";
const RECOVERY: &str = "/login/recovery-code";

/// Ada, whose sign-in takes two steps: with her phone, her codes on paper, and the browser that she turned it on in. The
/// code that did is used up.
pub async fn house(app: &TestApp) -> (User, Phone, Vec<String>, Browser) {
    let ada = proven(app, "ada", ADDRESS).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let (phone, codes) = enrol(app, &mut browser).await;
    app.pass(30);
    (ada, phone, codes, browser)
}

/// A browser at the second step.
pub async fn waiting(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    let answer = browser.sign_in("ada").await;
    assert_eq!((answer.status, answer.location()), (303, TOTP));
    browser
}

pub async fn type_code(browser: &mut Browser, code: &str) -> Answer {
    browser.submit(TOTP, &[("code", code)]).await
}

pub async fn type_paper(browser: &mut Browser, code: &str) -> Answer {
    browser.submit(RECOVERY, &[("code", code)]).await
}

pub async fn live(app: &TestApp, user: &User) -> Vec<Session> {
    let (id, now, ever) = (user.id.clone(), app.now(), vestibule::clock::Timestamp::from_seconds(0));
    app.ask(move |conn| Session::list_live(conn, &id, now, ever)).await
}

async fn kinds(app: &TestApp, user: &User) -> Vec<(EventKind, Option<String>)> {
    events(app, &user.id).await.into_iter().map(|event| (event.kind, event.detail)).collect()
}

#[actix_web::test]
async fn a_right_password_leads_to_the_code_and_the_code_leads_in() {
    let app = TestApp::new().await;
    let (ada, phone, _, _) = house(&app).await;
    let before = events(&app, &ada.id).await.len();
    let mut browser = waiting(&app).await;
    assert!(browser.token().is_empty(), "nobody is in");
    assert_eq!(browser.get("/dashboard").await.status, 303);

    let page = browser.get(TOTP).await;
    let code = phone.code(app.now());
    let done = type_code(&mut browser, &format!("{} {}", &code[..3], &code[3..])).await;

    assert_eq!(page.status, 200);
    for words in [
        "Code from your authenticator app",
        "<strong>ada</strong>",
        "inputmode=\"numeric\" autocomplete=\"one-time-code\"",
        "href=\"/login/recovery-code\"",
        "Sign in as somebody else",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("/login/passkey") && !page.body.contains(" checked"), "{}", page.body);
    assert_eq!((done.status, done.location()), (303, "/dashboard"), "{}", done.body);
    assert_eq!(browser.get("/dashboard").await.status, 200);
    assert!(done.cookie("vestibule-trust").is_none(), "off, unless it is ticked");
    let mut new = kinds(&app, &ada).await;
    new.truncate(new.len() - before);
    new.sort_by_key(|event| event.0 == EventKind::LoggedIn);
    let amr = Some("pwd otp mfa".to_owned());
    assert_eq!(new, [(EventKind::SecondFactorAsked, None), (EventKind::LoggedIn, amr)]);
    assert!(browser.get("/account/activity").await.body.contains("Signed in with your password and a code"));
}

#[actix_web::test]
async fn a_recovery_code_leads_in_once_however_it_is_typed() {
    let app = TestApp::new().await;
    let (ada, _, codes, _) = house(&app).await;
    let mut browser = waiting(&app).await;
    let page = browser.get(RECOVERY).await;
    assert!(page.body.contains("One of your recovery codes") && page.body.contains("href=\"/login/totp\""));
    assert!(page.body.contains("autocapitalize=\"none\" autocorrect=\"off\" spellcheck=\"false\""));

    let done = type_paper(&mut browser, &codes[0].to_uppercase().replace('-', " ")).await;
    let mut again = waiting(&app).await;
    let used = type_paper(&mut again, &codes[0]).await;

    assert_eq!((done.status, done.location()), (303, "/dashboard"), "{}", done.body);
    assert_eq!(used.status, 422);
    assert_eq!(type_paper(&mut again, &codes[1]).await.status, 303);
    let amr = Some("pwd recovery_code mfa".to_owned());
    let logged_in = kinds(&app, &ada).await.into_iter().filter(|event| event.1 == amr).count();
    assert_eq!(logged_in, 2, "{:?}", kinds(&app, &ada).await);
}

#[actix_web::test]
async fn a_wrong_code_is_told_where_it_was_typed_and_stands_in_the_trail_with_what_it_means() {
    let app = TestApp::new().await;
    let (_, phone, _, mut owner) = house(&app).await;
    let mut browser = waiting(&app).await;

    let wrong = browser.submit(TOTP, &[("code", "000000"), ("trust_browser", "yes")]).await;
    let code = phone.code(app.now());
    let done = type_code(&mut browser, &code).await;
    let mut thief = waiting(&app).await;
    let replayed = type_code(&mut thief, &code).await;

    assert_eq!((wrong.status, replayed.status), (422, 422));
    assert!(wrong.body.contains("That code is not right."), "{}", wrong.body);
    assert!(
        wrong.body.contains("value=\"yes\" aria-describedby=\"trust_browser-hint\" checked"),
        "ticked still"
    );
    assert!(!wrong.body.contains("000000"), "what was typed is not given back");
    assert_eq!(done.status, 303);
    let activity = owner.get("/account/activity").await.body;
    assert!(activity.contains("Wrong code at the second step"), "{activity}");
    assert!(activity.contains("Whoever this was knew your password."), "{activity}");
}

#[actix_web::test]
async fn after_five_wrong_codes_one_begins_at_the_password_again() {
    let app = TestApp::new().await;
    let (_, phone, codes, _) = house(&app).await;
    let mut browser = waiting(&app).await;
    for _ in 0..2 {
        assert_eq!(type_code(&mut browser, "000000").await.status, 422);
        assert_eq!(type_paper(&mut browser, "2222-2222-2222-2222").await.status, 422);
    }

    let copy = browser.clone();
    let last = type_code(&mut browser, "000000").await;

    assert_eq!((last.status, last.location()), (303, "/login"));
    assert!(
        browser.get("/login").await.body.contains("This sign-in took too long, or had too many wrong codes.")
    );
    let code = phone.code(app.now());
    assert_eq!(type_code(&mut copy.clone(), &code).await.location(), "/login", "not even the right one");
    assert_eq!(type_paper(&mut copy.clone(), &codes[0]).await.location(), "/login");
    assert_eq!(
        type_code(&mut waiting(&app).await, &code).await.location(),
        "/dashboard",
        "it is not used up"
    );
}

#[actix_web::test]
async fn without_a_right_password_there_is_no_second_step_and_a_late_one_begins_again() {
    let app = TestApp::new().await;
    let (_, phone, codes, _) = house(&app).await;
    for path in [TOTP, RECOVERY] {
        let mut stranger = app.browser();
        assert_eq!(stranger.get(path).await.location(), "/login");
        assert_eq!(stranger.submit(path, &[("code", &codes[0])]).await.location(), "/login");
        assert!(!stranger.get("/login").await.body.contains("took too long"), "no word about what never was");
        let mut late = waiting(&app).await;
        app.pass(15 * 60);

        let answer = late.clone().submit(path, &[("code", &phone.code(app.now()))]).await;
        assert_eq!((answer.status, answer.location()), (303, "/login"));
        assert_eq!(late.get(path).await.location(), "/login");
        assert!(late.get("/login").await.body.contains("This sign-in took too long"));
        assert!(!late.get("/login").await.body.contains("This sign-in took too long"), "once");
    }
}

#[actix_web::test]
async fn where_one_was_going_and_for_how_long_survive_the_second_step() {
    let app = TestApp::new().await;
    let (ada, phone, _, _) = house(&app).await;
    let mut browser = app.browser();
    browser.get("/login?next=%2Faccount%2Fsettings").await;
    let fields = [("login", "ada"), ("password", PASSWORD), ("stay_signed_in", "yes")];
    assert_eq!(browser.submit("/login", &fields).await.location(), TOTP);
    assert_eq!(type_code(&mut browser, "000000").await.status, 422);

    let done = type_code(&mut browser, &phone.code(app.now())).await;

    assert_eq!(done.location(), "/account/settings");
    assert!(done.cookie("vestibule-refresh").is_some_and(|cookie| !cookie.value().is_empty()));
    let session = live(&app, &ada).await.remove(0);
    assert_eq!(session.expires_at, app.now() + app.vestibule.config.sessions.remembered_lifetime);
}

#[actix_web::test]
async fn the_session_of_the_browser_goes_on_until_somebody_is_in_and_ends_then() {
    let app = TestApp::new().await;
    let (_, phone, _, _) = house(&app).await;
    let bob = app.register("bob").await;
    let mut browser = app.browser();
    browser.sign_in("bob").await;

    assert_eq!(browser.sign_in("ada").await.location(), TOTP);
    type_code(&mut browser, "000000").await;
    let meanwhile = browser.get("/dashboard").await;
    // Ended and begun anew in another tab: that one ends, too.
    browser.submit("/logout", &[]).await;
    assert_eq!(browser.get(TOTP).await.location(), "/login", "signing out lets go of what waits");
    browser.sign_in("bob").await;
    browser.sign_in("ada").await;
    let mut other_tab = browser.clone();
    other_tab.submit("/login", &[("login", "bob"), ("password", PASSWORD)]).await;
    browser.cookies.insert("vestibule".to_owned(), other_tab.token());
    let done = type_code(&mut browser, &phone.code(app.now())).await;

    assert!(meanwhile.status == 200 && meanwhile.body.contains("bob"));
    assert_eq!(done.location(), "/dashboard");
    assert!(live(&app, &bob).await.is_empty(), "{:?}", live(&app, &bob).await);
    assert_eq!(other_tab.get("/dashboard").await.status, 303);
}

#[actix_web::test]
async fn letting_somebody_else_sign_in_forgets_it_here_and_a_second_press_finds_one_in() {
    let app = TestApp::new().await;
    let (_, phone, _, _) = house(&app).await;
    let mut browser = waiting(&app).await;

    let cancelled = browser.submit("/login/cancel", &[]).await;
    let nothing = browser.get(TOTP).await;
    let mut twice = waiting(&app).await;
    let mut second_press = twice.clone();
    let code = phone.code(app.now());
    let first = type_code(&mut twice, &code).await;
    let second = type_code(&mut second_press, &code).await;

    assert_eq!((cancelled.location(), nothing.location()), ("/login", "/login"));
    assert_eq!((first.location(), second.location()), ("/dashboard", "/login"));
    assert!(!second_press.get("/login").await.body.contains("took too long"), "nothing went wrong");
    assert_eq!(twice.get(TOTP).await.location(), "/login", "and back is no way back");
    assert_eq!(twice.get("/login").await.location(), "/dashboard");
}

#[actix_web::test]
async fn a_code_is_never_tried_at_an_account_that_another_tab_began_with() {
    let app = TestApp::new().await;
    let (_, phone, _, _) = house(&app).await;
    let bob = app.register("bob").await;
    let mut bobs = app.browser();
    bobs.sign_in("bob").await;
    enrol(&app, &mut bobs).await;
    app.pass(30);
    let mut browser = waiting(&app).await;
    browser.sign_in("bob").await;

    let fields = [("username", "ada"), ("code", &*phone.code(app.now()))];
    let answer = browser.submit(TOTP, &fields).await;

    assert_eq!((answer.status, answer.location()), (303, TOTP));
    let page = browser.get(TOTP).await.body;
    assert!(
        page.contains("Another sign-in was begun in this browser since.") && page.contains("<strong>bob")
    );
    let failed = events(&app, &bob.id).await;
    assert!(failed.iter().all(|event| event.kind != EventKind::SecondFactorFailed));
}

#[actix_web::test]
async fn another_password_other_factors_and_a_disabled_account_void_what_waits() {
    let deeds = ["password", "factors", "disabled", "closed and gone"];
    for deed in deeds {
        let app = TestApp::new().await;
        let (ada, phone, codes, mut owner) = house(&app).await;
        let mut browser = waiting(&app).await;
        match deed {
            "password" => {
                let fields = [("current_password", PASSWORD), ("password", OTHER_PASSWORD)];
                assert_eq!(owner.submit("/account/password", &fields).await.status, 303);
            }
            "factors" => assert_eq!(owner.submit("/account/totp/remove", &[]).await.status, 303),
            "disabled" => {
                app.execute(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{}'", ada.id)).await;
            }
            _ => app.execute(&format!("UPDATE users SET closed_at = 1 WHERE id = '{}'", ada.id)).await,
        }

        let by_code = type_code(&mut browser.clone(), &phone.code(app.now())).await;
        let by_paper = type_paper(&mut browser, &codes[0]).await;

        assert_eq!((by_code.location(), by_paper.location()), ("/login", "/login"), "{deed}");
        assert!(browser.token().is_empty(), "{deed}");
    }
}
