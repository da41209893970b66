//! "Trust this browser": there the password alone signs in, for thirty days, until something changes.

use vestibule::models::EventKind;

use crate::forgot;
use crate::second_factor::{house, type_code, waiting};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::totp::{Phone, enrol};
use crate::verify_email::events;

const COOKIE: &str = "vestibule-trust";
const DAY: i64 = 24 * 60 * 60;

/// A browser that Ada has just had trusted, signed out again.
async fn trusted(app: &TestApp, phone: &Phone) -> Browser {
    let mut browser = waiting(app).await;
    let fields = [("code", &*phone.code(app.now())), ("trust_browser", "yes")];
    let done = browser.submit("/login/totp", &fields).await;
    assert_eq!(done.location(), "/dashboard", "{}", done.body);
    let cookie = done.cookie(COOKIE).expect("it is trusted");
    assert_eq!(cookie.max_age().map(|age| age.whole_days()), Some(30));
    assert_eq!(
        (cookie.http_only(), cookie.same_site()),
        (Some(true), Some(actix_web::cookie::SameSite::Strict))
    );
    browser.submit("/logout", &[]).await;
    assert!(browser.cookies.contains_key(COOKIE), "signing out leaves it");
    browser
}

/// Where the right password leads in a copy of this browser.
async fn leads_to(browser: &Browser, password: &str) -> String {
    let mut browser = browser.clone();
    let answer = browser.submit("/login", &[("login", "ada"), ("password", password)]).await;
    answer.location().to_owned()
}

#[actix_web::test]
async fn a_trusted_browser_asks_for_the_password_alone_for_thirty_days_and_for_its_owner_alone() {
    let app = TestApp::new().await;
    let (ada, phone, _, _) = house(&app).await;
    let mut browser = trusted(&app, &phone).await;

    assert_eq!(leads_to(&browser, PASSWORD).await, "/dashboard");
    let last = events(&app, &ada.id).await;
    let last = last.iter().find(|event| event.kind == EventKind::LoggedIn).unwrap();
    assert_eq!(last.detail.as_deref(), Some("pwd"), "one factor, and the token says so");
    assert_eq!(leads_to(&app.browser(), PASSWORD).await, "/login/totp", "elsewhere it is asked for");
    assert_eq!(leads_to(&browser, OTHER_PASSWORD).await, "", "and a wrong password opens nothing");
    app.register("bob").await;
    let mut bobs = app.browser();
    bobs.sign_in("bob").await;
    enrol(&app, &mut bobs).await;
    assert_eq!(browser.sign_in("bob").await.location(), "/login/totp", "Ada trusts it, not Bob");
    app.pass(30 * DAY - 31);
    assert_eq!(leads_to(&browser, PASSWORD).await, "/dashboard");
    app.pass(31);
    assert_eq!(leads_to(&browser, PASSWORD).await, "/login/totp", "thirty days are over");
}

#[actix_web::test]
async fn a_recovery_code_is_proof_enough_to_trust_a_browser() {
    let app = TestApp::new().await;
    let (_, _, codes, _) = house(&app).await;
    let mut browser = waiting(&app).await;
    browser.submit("/login/recovery-code", &[("code", &*codes[0]), ("trust_browser", "yes")]).await;

    assert_eq!(leads_to(&browser, PASSWORD).await, "/dashboard");
}

#[actix_web::test]
async fn what_was_tampered_with_is_trusted_by_nobody() {
    let app = TestApp::new().await;
    let (_, phone, _, _) = house(&app).await;
    let browser = trusted(&app, &phone).await;
    let value = browser.cookies[COOKIE].clone();
    let [whose, until, tag] = value.split('.').collect::<Vec<_>>()[..] else { panic!("{value}") };
    let later = until.parse::<i64>().unwrap() + DAY;
    let flipped = if tag.starts_with('A') { "B" } else { "A" };
    let forgeries = [
        format!("{whose}.{later}.{tag}"),
        format!("{whose}.{until}.{flipped}{}", &tag[1..]),
        format!("{whose}.{until}."),
        format!("{whose}.{until}"),
        format!("{whose}.+{until}.{tag}x"),
        format!("someone.{until}.{tag}"),
        format!("{}.{tag}", i64::MAX),
        String::from("."),
    ];

    for forgery in forgeries {
        let mut copy = browser.clone();
        copy.cookies.insert(COOKIE.to_owned(), forgery.clone());
        assert_eq!(leads_to(&copy, PASSWORD).await, "/login/totp", "{forgery}");
    }
}

#[actix_web::test]
async fn any_change_of_factors_or_password_and_a_word_of_its_owner_end_the_trust() {
    let deeds = [
        "another password",
        "the same by a reset",
        "off and on again",
        "trust none",
        "sign out everywhere",
        "the same second",
    ];
    for deed in deeds {
        let app = TestApp::new().await;
        let (_, phone, _, mut owner) = house(&app).await;
        let browser = trusted(&app, &phone).await;
        let mut password = PASSWORD;
        match deed {
            "another password" => {
                password = OTHER_PASSWORD;
                let fields = [("current_password", PASSWORD), ("password", password)];
                assert_eq!(owner.submit("/account/password", &fields).await.status, 303);
            }
            // It has the same hash again: whoever claims an address shares its salt.
            "the same by a reset" => {
                forgot::ask(&mut owner, forgot::ADDRESS).await;
                owner.get(&forgot::link(&app).await).await;
                assert_eq!(forgot::send(&mut owner, PASSWORD).await.status, 303);
            }
            "off and on again" => {
                assert_eq!(owner.submit("/account/totp/remove", &[]).await.status, 303);
                app.pass(30);
                enrol(&app, &mut owner).await;
            }
            "sign out everywhere" => {
                assert_eq!(owner.submit("/sessions/end-all", &[]).await.location(), "/login");
            }
            _ => {
                let done = owner.submit("/account/trusted-browsers/forget", &[]).await;
                assert_eq!(done.location(), "/account/totp");
                assert!(owner.get("/account/totp").await.body.contains("No browser is trusted any more"));
            }
        }
        assert_eq!(leads_to(&browser, password).await, "/login/totp", "{deed}");
        if deed == "the same second" {
            app.pass(30);
            let again = trusted(&app, &phone).await;
            assert_eq!(leads_to(&again, PASSWORD).await, "/dashboard");
            for _ in 0..2 {
                owner.submit("/account/trusted-browsers/forget", &[]).await;
            }
            assert_eq!(leads_to(&again, PASSWORD).await, "/login/totp", "{deed}");
        }
    }
}

#[actix_web::test]
async fn a_disabled_account_is_shut_in_a_trusted_browser_too_and_a_mere_wrong_code_trusts_nothing() {
    let app = TestApp::new().await;
    let (ada, phone, _, _) = house(&app).await;
    let mut wrong = waiting(&app).await;
    let answer = wrong.submit("/login/totp", &[("code", "000000"), ("trust_browser", "yes")]).await;
    assert!(answer.status == 422 && answer.cookie(COOKIE).is_none());
    let browser = trusted(&app, &phone).await;

    app.execute(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{}'", ada.id)).await;

    assert_eq!(leads_to(&browser, PASSWORD).await, "");
    let mut late = wrong;
    assert_eq!(type_code(&mut late, &phone.code(app.now())).await.location(), "/login");
}
