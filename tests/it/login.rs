//! Signing in, at the page and at the API.

use std::time::Duration;

use actix_web::cookie::SameSite;
use serde_json::json;
use vestibule::credentials::password::{Cost, PasswordHasher};
use vestibule::id::UserId;
use vestibule::models::{Event, EventKind, Role, User};

use crate::support::{Answer, PASSWORD, TestApp};

#[actix_web::test]
async fn the_right_password_leads_to_the_dashboard() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();

    let answer = browser.submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await;

    assert_eq!((answer.status, answer.location()), (303, "/dashboard"));
    let cookie = answer.cookie("vestibule").unwrap();
    assert_eq!((cookie.http_only(), cookie.path(), cookie.domain()), (Some(true), Some("/"), None));
    assert_eq!((cookie.same_site(), cookie.max_age()), (Some(SameSite::Lax), None));
    let page = browser.get("/dashboard").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Hello, ada"));
    assert!(page.body.contains("Firefox on Linux"));
}

#[actix_web::test]
async fn a_username_or_an_address_in_any_case_signs_in() {
    let app = TestApp::new().await;
    app.register_as("Ada", "Ada@example.org", Role::User).await;

    for login in
        ["ada", "ADA", " Ada ", "\u{ff41}da", "ada@example.org", "ADA@EXAMPLE.ORG", " ada@example.org "]
    {
        assert_eq!(app.browser().sign_in(login).await.status, 303, "{login}");
    }
    for login in
        ["ad", "a da", "ada@", "@example.org", "ada@example.com", "ada@example.org@", "Ada@example.org, b"]
    {
        assert_eq!(app.browser().sign_in(login).await.status, 422, "{login}");
    }
}

#[actix_web::test]
async fn a_wrong_password_an_unknown_name_and_a_disabled_user_look_alike() {
    let app = TestApp::new().await;
    app.register("ada").await;
    for (name, change) in [("dora", "disabled_at = 1"), ("pawl", "password_hash = NULL")] {
        let user = app.register(name).await;
        app.execute(&format!("UPDATE users SET {change} WHERE id = '{}'", user.id)).await;
    }
    let mut browser = app.browser();

    let wrong = browser.submit("/login", &[("login", "ada"), ("password", "not her password")]).await;

    for name in ["bob", "dora", "pawl", "bob@example.org"] {
        let other = browser.sign_in(name).await;
        assert_eq!((other.status, plain(&other, name)), (422, plain(&wrong, "ada")), "{name}");
        let headers = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(headers(&other), headers(&wrong));
    }
    let program = app.program();
    let told = program.post("/login", &json!({ "username": "ada", "password": "?" })).await;
    for name in ["bob", "dora", "pawl"] {
        let other = program.post("/login", &json!({ "username": name, "password": PASSWORD })).await;
        assert_eq!((other.status, &other.json()["error"]), (401, &told.json()["error"]), "{name}");
    }
}

/// The page without what differs from one request to the next.
fn plain(answer: &Answer, login: &str) -> String {
    let nonce = answer.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    answer.body.replace(nonce, "").replace(&format!("value=\"{login}\""), "")
}

#[actix_web::test]
async fn where_somebody_was_going_is_used_once() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();

    let asked = browser.get("/dashboard?tab=2").await;
    let form = browser.follow(asked.clone()).await;
    let wrong = browser.submit("/login", &[("login", "ada"), ("password", "?")]).await;
    let first = browser.sign_in("ada").await;
    let second = browser.sign_in("ada").await;

    assert_eq!((asked.status, asked.location()), (303, "/login?next=%2Fdashboard%3Ftab%3D2"));
    assert!(form.body.contains("Sign in to go on to /dashboard."));
    assert!(wrong.body.contains("Sign in to go on to /dashboard."));
    assert_eq!((first.status, first.location()), (303, "/dashboard?tab=2"));
    assert_eq!((second.status, second.location()), (303, "/dashboard"));
}

#[actix_web::test]
async fn nobody_is_led_to_another_site() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let long = format!("/{}", "a".repeat(2000));

    for next in [
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "https://evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "/%2fevil.test",
        "@evil.test",
        "/\r\nSet-Cookie: a=b",
        "/login",
        "/logout",
        "",
        &long,
    ] {
        let query = serde_urlencoded::to_string([("next", next)]).unwrap();
        let mut browser = app.browser();
        assert_eq!(browser.get(&format!("/login?{query}")).await.status, 200);
        assert_eq!(browser.sign_in("ada").await.location(), "/dashboard", "{next:?}");
        let again = browser.get(&format!("/login?{query}")).await;
        assert_eq!((again.status, again.location()), (303, "/dashboard"), "{next:?}");
    }
}

#[actix_web::test]
async fn each_sign_in_makes_a_session_and_ends_the_earlier_one_of_the_browser() {
    let app = TestApp::new().await;
    app.register("ada").await;
    app.register("bob").await;
    let (mut browser, mut elsewhere) = (app.browser(), app.browser());
    elsewhere.sign_in("ada").await;
    browser.sign_in("ada").await;
    let mut thief = browser.clone();

    let wrong = browser.submit("/login", &[("login", "bob"), ("password", "?")]).await;
    let before = thief.get("/dashboard").await;
    browser.sign_in("bob").await;

    assert_eq!((wrong.status, before.status), (422, 200));
    assert_ne!(browser.token(), thief.token());
    assert!(browser.get("/dashboard").await.body.contains("Hello, bob"));
    let refused = thief.get("/dashboard").await;
    assert_eq!((refused.status, refused.location()), (303, "/login?next=%2Fdashboard"));
    assert_eq!(elsewhere.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn whoever_is_signed_in_is_led_past_the_form() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();

    let stranger = browser.get("/login").await;
    browser.sign_in("ada").await;
    let known = browser.get("/login").await;
    let on_the_way = browser.get("/login?next=%2Fwiki").await;

    assert_eq!(stranger.status, 200);
    assert_eq!((known.status, known.location()), (303, "/dashboard"));
    assert_eq!((on_the_way.status, on_the_way.location()), (303, "/wiki"));
}

#[actix_web::test]
async fn after_a_mistake_the_name_is_there_and_the_password_is_not() {
    let app = TestApp::new().await;

    let answer = app
        .browser()
        .submit("/login", &[("login", "\"><svg onload=1>"), ("password", "gingham-zeppelin")])
        .await;

    assert_eq!((answer.status, answer.header("cache-control")), (422, "no-store"));
    assert!(answer.body.contains("<title>Error: Sign in"));
    assert!(answer.body.contains("value=\"&#34;&#62;&#60;svg onload=1&#62;\""));
    assert!(!answer.body.contains("<svg onload"));
    assert!(!answer.body.contains("gingham"));
    let field = answer.body.split("name=\"password\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(field.contains("autofocus") && !field.contains("value="), "{field}");
    assert!(answer.body.contains("role=\"alert\""));
}

#[actix_web::test]
async fn too_many_tries_have_to_wait_and_then_go_on() {
    let app = TestApp::with(|config| {
        config.throttle.enabled = true;
        config.throttle.account_failure_limit = 5;
    })
    .await;
    app.register("ada").await;
    let mut browser = app.browser();
    for guess in ["one", "two", "three", "four", "five"] {
        assert_eq!(browser.submit("/login", &[("login", "ada"), ("password", guess)]).await.status, 422);
    }

    let page = browser.sign_in("ada").await;
    let told = app.program().post("/login", &json!({ "username": "ada", "password": PASSWORD })).await;

    assert_eq!((page.status, told.status), (429, 429));
    let wait: i64 = page.header("retry-after").parse().unwrap();
    assert!((86_000..=86_400).contains(&wait) && told.header("retry-after").parse::<u32>().is_ok());
    assert!(page.body.contains("Too many tries. Try again in 24 hours."));
    assert!(page.body.contains("value=\"ada\""));
    assert!(told.json()["error"].as_str().unwrap().starts_with("Too many tries."));
    app.pass(wait);
    assert_eq!(browser.sign_in("ada").await.status, 303);
}

#[actix_web::test]
async fn a_hash_of_another_cost_is_renewed_by_the_right_password_only() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let cost = Cost { memory_kib: 128, passes: 2 };
    let hasher = PasswordHasher::start(cost, 1, 1, Duration::from_secs(9)).unwrap();
    let old = hasher.hash(PASSWORD.into(), None).await.unwrap();
    app.execute(&format!("UPDATE users SET password_hash = '{old}' WHERE id = '{}'", ada.id)).await;

    let wrong = app.browser().submit("/login", &[("login", "ada"), ("password", "?")]).await;
    let kept = hash_of(&app, &ada.id).await;
    let right = app.browser().sign_in("ada").await;
    let renewed = hash_of(&app, &ada.id).await;

    assert_eq!((wrong.status, right.status), (422, 303));
    assert_eq!(kept, old);
    assert!(renewed.contains("m=64,t=1,p=1"), "{renewed}");
    assert_eq!(app.browser().sign_in("ada").await.status, 303);
    assert_eq!(hash_of(&app, &ada.id).await, renewed);
}

async fn hash_of(app: &TestApp, id: &UserId) -> String {
    let id = id.clone();
    app.ask(move |conn| User::find(conn, &id)).await.unwrap().password_hash.unwrap()
}

#[actix_web::test]
async fn odd_and_huge_input_is_a_wrong_pair_or_a_broken_request_and_never_our_fault() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (long, huge) = ("a".repeat(5000), "a".repeat(17_000));
    let emoji = "🦔".repeat(300);

    for odd in
        ["", " ", "\0", "ada\0", "a\0@example.org", "\u{202e}ada", "' OR 1=1 --", "a@b@c", &long, &emoji]
    {
        for (login, password) in [(odd, PASSWORD), ("ada", odd)] {
            let answer = app.browser().submit("/login", &[("login", login), ("password", password)]).await;
            assert_eq!(answer.status, 422, "{login:?} {password:?}");
        }
    }
    let body = |text: &str| {
        let request = app.request("POST", "/login").insert_header(("sec-fetch-site", "same-origin"));
        request
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(text.to_owned())
    };
    for (text, status) in [
        ("login=ada", 400),
        ("login=ada&login=bob&password=x", 400),
        ("login=ada&password=x&password=y", 400),
        ("login=ada&password=x&role=admin", 400),
        ("login=%zz&password=x", 400),
        ("login=%ff%fe&password=x", 400),
        (format!("login=ada&password={huge}").as_str(), 413),
    ] {
        assert_eq!(app.browser().send(body(text)).await.status, status, "{text:.60}");
    }
}

#[actix_web::test]
async fn success_and_failure_are_written_down_with_who_and_where() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (mut browser, mut stranger) = (app.browser(), app.browser());
    stranger.address = "203.0.113.9".to_owned();
    browser.sign_in("ada").await;
    app.pass(1);

    stranger.submit("/login", &[("login", "ada"), ("password", "?")]).await;

    let id = ada.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 9)).await;
    let [failed, done, _registered] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((failed.kind, failed.actor.as_str()), (EventKind::LoginFailed, "stranger"));
    assert_eq!((failed.address.as_str(), &failed.session_id, &failed.detail), ("203.0.113.9", &None, &None));
    assert_eq!((done.kind, done.actor.as_str()), (EventKind::LoggedIn, ada.id.as_str()));
    assert_eq!((done.address.as_str(), done.session_id.is_some()), ("192.0.2.7", true));
    assert!(done.user_agent.contains("Firefox") && !done.request_id.is_empty());
}

#[actix_web::test]
async fn a_password_of_five_years_ago_signs_in_and_nobody_has_to_change_it() {
    let app = TestApp::new().await;
    app.register("ada").await;
    app.pass(5 * 365 * 86_400);
    let (mut browser, mut program) = (app.browser(), app.program());

    let signed_in = browser.sign_in("ada").await;
    let page = browser.get("/dashboard").await;

    assert_eq!((signed_in.status, signed_in.location(), page.status), (303, "/dashboard", 200));
    assert_eq!(program.log_in("ada").await.status, 200);
    for word in ["expire", "has to be changed", "must change", "too old"] {
        assert!(!page.body.to_lowercase().contains(word), "{word}");
    }
}
