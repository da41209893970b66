//! A right password alone opens nothing: every route answers whoever waits for their second step, or did once, as it
//! answers a stranger.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::json;
use vestibule::web::{Entry, entries};

use crate::routes::Stage;
use crate::second_factor::type_code;
use crate::support::{Answer, Browser, PASSWORD, TestApp};
use crate::totp::{Phone, enrol};

/// Each half state, and whether it still waits: then the pages of the second step are there, and nothing else.
const STATES: [(&str, bool); 6] = [
    ("waits", true),
    ("waits for somebody else", true),
    ("late", false),
    ("used", false),
    ("disabled since", false),
    ("another password since", false),
];

/// Somebody whose sign-in takes two steps; their phone.
async fn settle(app: &TestApp, name: &str) -> Phone {
    if name != "ada" {
        app.register(name).await;
    }
    let mut browser = app.browser();
    browser.sign_in(name).await;
    enrol(app, &mut browser).await.0
}

async fn half(app: &TestApp, name: &str) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.sign_in(name).await.location(), "/login/totp", "{name}");
    assert!(browser.token().is_empty());
    browser
}

/// A browser in each half state, beside the people of `stage`.
async fn browsers(stage: &Stage) -> BTreeMap<&'static str, Browser> {
    let app = &stage.app;
    let phone = settle(app, "ada").await;
    for name in ["bob", "carol", "dave"] {
        settle(app, name).await;
    }
    let mut states = BTreeMap::from([("late", half(app, "ada").await)]);
    app.pass(15 * 60);
    let used = half(app, "ada").await;
    let done = type_code(&mut used.clone(), &phone.code(app.now())).await;
    assert_eq!(done.location(), "/dashboard");
    states.insert("used", used);
    states.insert("waits", half(app, "ada").await);
    states.insert("waits for somebody else", half(app, "bob").await);
    states.insert("disabled since", half(app, "carol").await);
    states.insert("another password since", half(app, "dave").await);
    app.execute("UPDATE users SET disabled_at = 1 WHERE username = 'carol'").await;
    app.execute("UPDATE users SET password_hash = 'another' WHERE username = 'dave'").await;
    states
}

async fn ask(
    stage: &Stage,
    browser: &Browser,
    entry: &Entry,
    path: &str,
    name: &str,
    bearer: &str,
) -> Answer {
    let mut request = match entry.method {
        Method::GET => stage.app.request("GET", path),
        _ => stage.deed(path).insert_header(("sec-fetch-site", "same-origin")),
    };
    if path == "/register" {
        request = request.set_payload(format!("username={name}&password={}", PASSWORD.replace(' ', "+")));
    }
    if !bearer.is_empty() {
        request = request.insert_header(("authorization", format!("Bearer {bearer}")));
    }
    browser.clone().send(request).await
}

fn told(answer: &Answer) -> (u16, String) {
    (answer.status, answer.location().to_owned())
}

#[actix_web::test]
async fn every_route_answers_a_half_state_as_it_answers_a_stranger() {
    let stage = Stage::new().await;
    let states = browsers(&stage).await;
    let (stranger, mut asked) = (stage.app.browser(), 0);
    for entry in entries() {
        for path in stage.paths(entry.path) {
            let name = format!("stranger{asked}");
            let expected = told(&ask(&stage, &stranger, &entry, &path, &name, "").await);
            for (state, waits) in STATES {
                if waits && path.starts_with("/login/") {
                    continue;
                }
                asked += 1;
                let name = format!("half{asked}");
                let answer = ask(&stage, &states[state], &entry, &path, &name, "").await;

                assert_eq!(told(&answer), expected, "{} {path} to whom it {state}", entry.method);
                let is_new = ["/register", "/setup"].contains(&&*path);
                let token = answer.cookie("vestibule").is_some_and(|cookie| !cookie.value().is_empty());
                assert!(!token || is_new, "{} {path}: {state} has a token", entry.method);
            }
        }
    }
    assert!(asked > 300, "{asked}");
}

#[actix_web::test]
async fn the_pages_of_the_second_step_give_no_token_without_a_code_and_no_page_of_anybody() {
    let stage = Stage::new().await;
    let states = browsers(&stage).await;
    for entry in entries().into_iter().filter(|entry| entry.path.starts_with("/login/")) {
        for state in ["waits", "waits for somebody else"] {
            let answer = ask(&stage, &states[state], &entry, entry.path, "", "").await;

            assert!([200, 303, 400, 415, 422].contains(&answer.status), "{}: {}", entry.path, answer.status);
            assert!(
                answer.location().is_empty() || answer.location().starts_with("/login"),
                "{}",
                entry.path
            );
            assert!(answer.cookie("vestibule").is_none() && answer.cookie("vestibule-refresh").is_none());
            assert!(!answer.body.contains("ada@example.org"), "{}", entry.path);
        }
    }
}

#[actix_web::test]
async fn a_challenge_is_no_token_in_whatever_place_it_is_shown() {
    let stage = Stage::new().await;
    settle(&stage.app, "ada").await;
    let asked = stage.app.program().post("/login", &json!({ "username": "ada", "password": PASSWORD })).await;
    let challenge = asked.json()["challenge"].as_str().unwrap().to_owned();
    let nothing = "A".repeat(challenge.len());
    let (mut theirs, mut nobodys) = (stage.app.browser(), stage.app.browser());
    for cookie in ["vestibule", "vestibule-refresh", "vestibule-flow", "vestibule-trust", "vestibule-device"]
    {
        theirs.cookies.insert(cookie.to_owned(), challenge.clone());
        nobodys.cookies.insert(cookie.to_owned(), nothing.clone());
    }
    let stranger = stage.app.browser();

    for (number, entry) in entries().into_iter().enumerate() {
        let path = stage.paths(entry.path).swap_remove(0);
        let names = [
            format!("one{number}"),
            format!("two{number}"),
            format!("three{number}"),
            format!("four{number}"),
        ];
        let bearer = ask(&stage, &stranger, &entry, &path, &names[0], &challenge).await;
        let expected = ask(&stage, &stranger, &entry, &path, &names[1], &nothing).await;
        assert_eq!(told(&bearer), told(&expected), "{} {path} by bearer", entry.method);
        let cookies = ask(&stage, &theirs, &entry, &path, &names[2], "").await;
        let expected = ask(&stage, &nobodys, &entry, &path, &names[3], "").await;
        assert_eq!(told(&cookies), told(&expected), "{} {path} by cookie", entry.method);
    }
    let renewed = stage.app.program().post("/api/token", &json!({ "refresh_token": challenge })).await;
    assert_eq!(renewed.status, 401);
}
