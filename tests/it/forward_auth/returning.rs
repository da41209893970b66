//! Back to the very page, by whichever way somebody gets in; and to no place that is not guarded.

use crate::support::{PASSWORD, TestApp};
use crate::totp::{enrol, enrolled};

use super::{PASS, WIKI, doors, signed_in, visit};

const PAGE: &str = "https://wiki.example.org/a?b=c&d=%2F";
const LOGIN: &str = "/login?next=https%3A%2F%2Fwiki.example.org%2Fa%3Fb%3Dc%26d%3D%252F";

#[actix_web::test]
async fn signing_in_leads_back_with_a_cookie_that_siblings_are_sent() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let mut browser = app.browser();

    let page = browser.get(LOGIN).await;
    let wrong = browser.submit("/login", &[("login", "ada"), ("password", "?")]).await;
    let done = browser.sign_in("ada").await;

    for page in [&page, &wrong] {
        assert!(page.body.contains("Sign in to go on to wiki.example.org."), "{}", page.body);
        let policy = page.header("content-security-policy");
        let targets = "form-action 'self' https://example.org:* https://*.example.org:*;";
        assert!(policy.contains(targets), "{policy}");
    }
    assert_eq!((done.status, done.location()), (303, PAGE));
    let cookie = done.cookie(PASS).unwrap();
    assert_eq!(cookie.domain(), Some("example.org"));
    assert_eq!((cookie.secure(), cookie.http_only(), cookie.path()), (Some(true), Some(true), Some("/")));
    assert_eq!(cookie.same_site(), Some(actix_web::cookie::SameSite::Lax));
    assert_eq!(cookie.max_age(), None, "it goes with the browser");
    assert_eq!(visit(&app, &browser, WIKI, "/a?b=c&d=%2F").await.status, 200);
    let page = browser.get("/account/password").await;
    assert!(
        page.header("content-security-policy").contains("form-action 'self';"),
        "no other page leads there"
    );

    let gone = browser.submit("/logout", &[]).await;
    let cookie = gone.cookie(PASS).unwrap();
    assert_eq!((cookie.value(), cookie.domain()), ("", Some("example.org")));
    assert!(cookie.max_age().unwrap().is_zero());
}

#[actix_web::test]
async fn the_second_step_and_a_new_account_lead_back_too() {
    let app = TestApp::with(|config| {
        doors(config);
        config.registration.mode = vestibule::config::RegistrationMode::Open;
    })
    .await;
    app.register("ada").await;
    let (_, phone, _) = enrolled(&app, "ada").await;
    app.pass(30);
    let mut browser = app.browser();
    browser.get(LOGIN).await;
    assert_eq!(browser.sign_in("ada").await.location(), "/login/totp");
    let done = browser.submit("/login/totp", &[("code", &phone.code(app.now()))]).await;
    assert_eq!((done.status, done.location()), (303, PAGE));
    assert_eq!(visit(&app, &browser, WIKI, "/").await.status, 200);

    let mut new = app.browser();
    new.get(LOGIN).await;
    let done = new.submit("/register", &[("username", "bob"), ("password", PASSWORD)]).await;
    assert_eq!((done.status, done.location()), (303, PAGE), "{}", done.body);
    assert_eq!(visit(&app, &new, WIKI, "/").await.status, 200);
}

#[actix_web::test]
async fn a_door_that_asks_for_a_second_factor_says_why_and_adding_one_leads_back() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let mut browser = signed_in(&app, "ada").await;
    app.pass(15 * 60);
    let host = "workshop.example.org:8443";
    let led = visit(&app, &browser, host, "/vault?b=c").await;
    let way = led.location().strip_prefix("https://login.example.org").unwrap().to_owned();

    // Their last proof is a while ago: that is asked for on the way, and then again while they look for their phone.
    let asked = browser.get(&way).await.location().to_owned();
    browser.get(&asked).await;
    assert_eq!(browser.submit("/reauth", &[("password", PASSWORD)]).await.location(), way);
    let page = browser.get(&way).await;
    assert!(page.body.contains(&format!("{host} asks for a second step at sign-in")), "{}", page.body);
    app.pass(15 * 60);
    let asked = browser.get("/account/totp").await.location().to_owned();
    browser.get(&asked).await;
    browser.submit("/reauth", &[("password", PASSWORD)]).await;
    enrol(&app, &mut browser).await;
    let codes = browser.get("/account/recovery-codes").await;
    let policy = codes.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://example.org:* https://*.example.org:*;"), "{policy}");
    let done = browser.submit("/account/recovery-codes/saved", &[]).await;

    assert_eq!((done.status, done.location()), (303, "https://workshop.example.org:8443/vault?b=c"));
    assert_eq!(visit(&app, &browser, host, "/vault?b=c").await.status, 200);
    let page = browser.get("/account/totp").await.body;
    assert!(!page.contains("asks for a second step") && !page.contains("go on to"), "once: {page}");
    let page = browser.get(&way).await.body;
    assert!(page.contains(&format!("<a href=\"https://{host}/vault?b=c\">go on to {host}</a>")), "{page}");
}

#[actix_web::test]
async fn no_link_makes_the_page_say_of_an_application_that_it_asks_for_what_it_does_not() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let mut browser = signed_in(&app, "ada").await;
    for (url, is_so) in [
        ("https://wiki.example.org/", false),
        ("https://wiki.example.org/admin", false),
        ("https://wiki.example.org/public?/vault", false),
        ("https://workshop.example.org:8443/vault?a=b", true),
    ] {
        let query = serde_urlencoded::to_string([("next", url)]).unwrap();
        let page = browser.get(&format!("/account/totp?{query}")).await;
        assert_eq!(page.body.contains("asks for a second step"), is_so, "{url}");
    }
}

#[actix_web::test]
async fn whoever_is_signed_in_with_us_hops_back_without_a_click() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let mut browser = signed_in(&app, "ada").await;
    browser.cookies.remove(PASS);
    let led = visit(&app, &browser, WIKI, "/a?b=c&d=%2F").await;
    assert_eq!(led.location(), format!("https://login.example.org{LOGIN}"));

    let hop = browser.get(LOGIN).await;

    assert_eq!((hop.status, hop.location()), (303, PAGE));
    assert_eq!(visit(&app, &browser, WIKI, "/a?b=c&d=%2F").await.status, 200);
}

#[actix_web::test]
async fn whoever_chose_to_stay_hops_back_days_later_and_is_not_sent_in_a_circle() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let mut browser = app.browser();
    let fields = [("login", "ada"), ("password", PASSWORD), ("stay_signed_in", "yes")];
    browser.submit("/login", &fields).await;
    app.pass(3 * 24 * 60 * 60);
    assert_eq!(visit(&app, &browser, WIKI, "/").await.status, 303, "nobody was here for three days");

    let hop = browser.get(LOGIN).await;

    assert_eq!((hop.status, hop.location()), (303, PAGE));
    assert_eq!(hop.cookies().iter().filter(|cookie| cookie.name() == PASS).count(), 1);
    // At once: the row does not say yet that the session was used.
    assert_eq!(visit(&app, &browser, WIKI, "/").await.status, 200);
}

#[actix_web::test]
async fn a_renewed_session_renews_its_pass_for_the_doors() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let mut browser = signed_in(&app, "ada").await;
    app.pass(40 * 60);
    let half_way = browser.get("/dashboard").await;
    let renewed = browser.submit("/session/renew", &[]).await;

    assert!(half_way.cookie(PASS).is_some_and(|cookie| cookie.domain() == Some("example.org")));
    assert!(renewed.cookie(PASS).is_some());
    assert_eq!(visit(&app, &browser, WIKI, "/").await.status, 200);
}

#[actix_web::test]
async fn nobody_is_led_to_a_place_that_is_not_guarded() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    for evil in [
        "https://evil.test/",
        "https://wiki.example.org.evil.test/",
        "https://wiki.example.org@evil.test/",
        "https://wiki.example.org:8443/",
        "https://workshop.example.org/",
        "http://wiki.example.org/",
        "//wiki.example.org/",
        "https://other.example.org/",
        "https://login.example.org.evil.test/",
        "https:\\\\wiki.example.org/",
        "https://wiki.example.org\\@evil.test/",
    ] {
        let query = serde_urlencoded::to_string([("next", evil)]).unwrap();
        let mut browser = app.browser();
        let page = browser.get(&format!("/login?{query}")).await;
        assert!(!page.body.contains("to go on to"), "{evil}");
        assert_eq!(browser.sign_in("ada").await.location(), "/dashboard", "{evil}");
        assert_eq!(browser.get(&format!("/login?{query}")).await.location(), "/dashboard", "{evil}");
        let page = browser.get(&format!("/reauth?{query}")).await;
        assert!(!page.body.contains("evil"), "{evil}");
        assert_eq!(browser.submit("/reauth", &[("password", PASSWORD)]).await.location(), "/dashboard");
        let page = browser.get(&format!("/account/totp?{query}")).await;
        assert!(page.status == 200 && !page.body.contains("asks for a second step"), "{evil}");
    }
}
