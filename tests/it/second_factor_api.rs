//! The second step for programs: a 401 that says what to come back with, and no token before.

use serde_json::{Value, json};

use crate::second_factor::{house, live, type_code, waiting};
use crate::support::{Answer, PASSWORD, TestApp};

const PATH: &str = "/api/login/second-factor";

/// The answer to a right password.
async fn ask(app: &TestApp) -> Answer {
    app.program().post("/login", &json!({ "username": "ada", "password": PASSWORD })).await
}

/// A sign-in that waits.
pub async fn challenge(app: &TestApp) -> String {
    ask(app).await.json()["challenge"].as_str().expect("a challenge").to_owned()
}

pub async fn send(app: &TestApp, challenge: &str, kind: &str, code: &str) -> Answer {
    app.program().post(PATH, &json!({ "challenge": challenge, kind: code })).await
}

fn error(answer: &Answer) -> Value {
    answer.json()["error"].clone()
}

#[actix_web::test]
async fn a_right_password_is_told_what_to_come_back_with_and_has_no_token_yet() {
    let app = TestApp::new().await;
    let (ada, phone, codes, _) = house(&app).await;
    let before = live(&app, &ada).await.len();

    let asked = ask(&app).await;

    let body = asked.json();
    assert_eq!((asked.status, asked.header("content-type")), (401, "application/problem+json"));
    assert_eq!((&body["error"], &body["status"]), (&json!("mfa_required"), &json!(401)));
    assert_eq!(asked.header("www-authenticate"), "Bearer");
    assert_eq!(body["type"], "urn:vestibule:problem:mfa-required");
    assert_eq!((&body["methods"], &body["expires_in"]), (&json!(["totp", "recovery_code"]), &json!(900)));
    assert!(body.get("token").is_none() && body.get("refresh_token").is_none() && asked.cookies().is_empty());
    assert_eq!(live(&app, &ada).await.len(), before);
    let token = body["challenge"].as_str().unwrap();
    let wrong = send(&app, token, "code", "000000").await;
    assert_eq!(
        (wrong.status, wrong.json()["type"].as_str()),
        (401, Some("urn:vestibule:problem:invalid-code"))
    );
    assert_eq!(
        (&wrong.json()["error"], wrong.header("www-authenticate")),
        (&json!("invalid_code"), "Bearer")
    );
    let done = send(&app, token, "code", &phone.code(app.now())).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let mut program = app.program();
    program.token = done.json()["token"].as_str().map(str::to_owned);
    assert!(done.json()["refresh_token"].is_string() && done.json()["token_type"] == "Bearer");
    assert_eq!(program.get("/api/session").await.status, 200);
    let by_paper = send(&app, &challenge(&app).await, "recovery_code", &codes[0]).await;
    assert_eq!(by_paper.status, 200, "{}", by_paper.body);
}

#[actix_web::test]
async fn whoever_has_no_second_factor_signs_in_as_ever() {
    let app = TestApp::new().await;
    app.register("ada").await;

    assert_eq!(ask(&app).await.status, 200);
}

#[actix_web::test]
async fn a_challenge_that_is_used_late_void_or_none_of_ours_is_refused_by_one_word() {
    let app = TestApp::new().await;
    let (ada, phone, codes, _) = house(&app).await;
    let late = challenge(&app).await;
    app.pass(15 * 60);
    let (used, tried, void) = (challenge(&app).await, challenge(&app).await, challenge(&app).await);
    assert_eq!(send(&app, &used, "recovery_code", &codes[0]).await.status, 200);
    for _ in 0..5 {
        assert_eq!(send(&app, &tried, "code", "000000").await.status, 401);
    }
    let code = phone.code(app.now());
    let mut answers = Vec::new();
    for token in [&late, &used, &tried, &"A".repeat(43), ""] {
        answers.push(send(&app, token, "code", &code).await);
        answers.push(send(&app, token, "recovery_code", &codes[1]).await);
    }
    app.execute(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{}'", ada.id)).await;
    answers.push(send(&app, &void, "code", &code).await);

    for answer in answers {
        assert_eq!((answer.status, error(&answer)), (401, json!("invalid_challenge")), "{}", answer.body);
        assert!(answer.json().get("token").is_none());
    }
}

#[actix_web::test]
async fn what_is_malformed_is_refused_and_costs_no_try() {
    let app = TestApp::new().await;
    let (_, phone, codes, _) = house(&app).await;
    let token = challenge(&app).await;
    let code = phone.code(app.now());
    let broken = [
        json!({}),
        json!({ "challenge": token }),
        json!({ "challenge": token, "code": code, "recovery_code": codes[0] }),
        json!({ "challenge": token, "code": 123_456 }),
        json!({ "challenge": [token], "code": code }),
        json!({ "challenge": token, "code": code, "user": "bob" }),
        json!([token, code]),
    ];

    for document in broken {
        let answer = app.program().post(PATH, &document).await;
        assert_eq!(answer.status, 400, "{document}: {}", answer.body);
        assert!(!answer.body.contains(&code), "{}", answer.body);
    }
    assert_eq!(send(&app, &token, "code", &code).await.status, 200);
}

/// They are rows of one kind: what is asked for is a proof of its owner, wherever it comes from.
#[actix_web::test]
async fn a_challenge_is_good_for_one_sign_in_wherever_it_is_answered() {
    let app = TestApp::new().await;
    let (_, phone, codes, _) = house(&app).await;
    let there = app.another_node().await;
    let token = challenge(&app).await;

    let elsewhere = send(&there, &token, "recovery_code", &codes[0]).await;
    let again = send(&app, &token, "recovery_code", &codes[1]).await;

    assert_eq!((elsewhere.status, again.status), (200, 401));
    let mut browser = waiting(&app).await;
    assert_eq!(type_code(&mut browser, &phone.code(app.now())).await.location(), "/dashboard");
}

#[actix_web::test]
async fn a_trusted_browsers_cookie_opens_nothing_to_programs() {
    let app = TestApp::new().await;
    let (_, phone, _, _) = house(&app).await;
    let mut browser = waiting(&app).await;
    let fields = [("code", &*phone.code(app.now())), ("trust_browser", "yes")];
    browser.submit("/login/totp", &fields).await;
    browser.submit("/logout", &[]).await;
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();

    let json = app.request("POST", "/login").insert_header(("content-type", "application/json"));
    let json = json.insert_header(("sec-fetch-site", "same-origin"));
    let answer = browser.send(json.set_payload(body)).await;

    assert_eq!((answer.status, error(&answer)), (401, json!("mfa_required")), "{}", answer.body);
}
