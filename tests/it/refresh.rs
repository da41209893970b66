//! Refresh tokens of programs: `POST /login` gives the first, `POST /api/token` the next.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule::Config;
use vestibule::flows::housekeeping;
use vestibule::models::{Event, EventKind, MailKind, RevokedBecause, Session};

use crate::forgot::{ADDRESS, proven};
use crate::schema::dump;
use crate::support::{Answer, PASSWORD, TestApp};

const TOKEN: i64 = 60 * 60;
const HOURS: i64 = 60 * 60;
const DAYS: i64 = 24 * HOURS;

fn text(answer: &Answer, member: &str) -> String {
    answer.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", answer.body)).to_owned()
}

/// The answer to a sign-in, and the refresh token in it.
async fn log_in(app: &TestApp, more: Value) -> (Answer, String) {
    let mut document = json!({ "username": "ada", "password": PASSWORD });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = app.program().post("/login", &document).await;
    let refresh = text(&answer, "refresh_token");
    (answer, refresh)
}

pub async fn exchange(app: &TestApp, token: &str) -> Answer {
    app.program().post("/api/token", &json!({ "refresh_token": token })).await
}

/// What the session behind an access token is, or the status in place of it.
async fn session(app: &TestApp, token: &str) -> Result<Value, u16> {
    let mut program = app.program();
    program.token = Some(token.to_owned());
    let answer = program.get("/api/session").await;
    if answer.status == 200 { Ok(answer.json()) } else { Err(answer.status) }
}

async fn events(app: &TestApp, kind: EventKind) -> Vec<Event> {
    let ada = app.ask(|conn| vestibule::models::User::find_by_username(conn, "ada")).await.unwrap();
    let events = app.ask(move |conn| Event::list_latest(conn, &ada.id, 100)).await;
    events.into_iter().filter(|event| event.kind == kind).collect()
}

async fn house() -> TestApp {
    let app = TestApp::new().await;
    proven(&app, "ada", ADDRESS).await;
    app
}

#[actix_web::test]
async fn a_session_goes_on_with_the_next_pair_and_ends_when_it_would_have() {
    let app = house().await;
    let (login, first) = log_in(&app, json!({})).await;
    let before = session(&app, &text(&login, "token")).await.unwrap();

    app.pass(TOKEN + 31);
    let dead = session(&app, &text(&login, "token")).await;
    let next = exchange(&app, &first).await;
    let after = session(&app, &text(&next, "token")).await.unwrap();

    assert_eq!((next.status, next.header("cache-control")), (200, "no-store"));
    assert_eq!((&next.json()["token_type"], &next.json()["expires_in"]), (&json!("Bearer"), &json!(TOKEN)));
    assert!(next.cookies().is_empty() && login.cookies().is_empty());
    let members: Vec<String> = next.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["expires_in", "refresh_token", "token", "token_type"]);
    assert_eq!((dead, first.len(), text(&next, "refresh_token").len()), (Err(401), 43, 43));
    assert_ne!(text(&next, "refresh_token"), first);
    // A renewed session has proven nothing anew.
    for same in ["session", "user", "signed_in_at", "authenticated_at", "session_expires_at", "amr"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    app.pass(12 * HOURS - TOKEN - 31 - 60);
    let last = exchange(&app, &text(&next, "refresh_token")).await;
    assert_eq!(last.json()["expires_in"], json!(60), "no longer than the session");
    app.pass(60);
    assert_eq!(exchange(&app, &text(&last, "refresh_token")).await.status, 401);
}

#[actix_web::test]
async fn whoever_asks_to_stay_has_thirty_days_or_what_the_operator_says() {
    let day = |config: &mut Config| {
        config.sessions.remembered_lifetime = std::time::Duration::from_secs(24 * 60 * 60);
    };
    for (app, days) in [(TestApp::new().await, 30), (TestApp::with(day).await, 1)] {
        app.register("ada").await;

        let (login, mut refresh) = log_in(&app, json!({ "stay_signed_in": true })).await;
        let told = session(&app, &text(&login, "token")).await.unwrap();
        app.pass(days * DAYS - 60);
        let late = exchange(&app, &refresh).await;
        refresh = text(&late, "refresh_token");
        app.pass(60);

        let seconds = |name: &str| told[name].as_i64().unwrap();
        assert_eq!(seconds("session_expires_at") - seconds("signed_in_at"), days * DAYS);
        assert_eq!((late.status, exchange(&app, &refresh).await.status), (200, 401));
    }
}

#[actix_web::test]
async fn twenty_who_send_one_token_at_once_get_one_pair_from_any_node() {
    let app = house().await;
    let other = app.another_node().await;
    let (_, mut refresh) = log_in(&app, json!({})).await;

    for _ in 0..5 {
        app.pass(TOKEN);
        let tries = (0..20).map(|index| exchange(if index % 2 == 0 { &app } else { &other }, &refresh));
        let answers = join_all(tries).await;

        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let bodies: BTreeSet<_> = answers.iter().map(|answer| answer.body.clone()).collect();
        assert_eq!(bodies.len(), 1, "{bodies:#?}");
        refresh = text(&answers[0], "refresh_token");
    }
    assert!(events(&app, EventKind::RefreshReused).await.is_empty());
}

#[actix_web::test]
async fn a_retry_within_ten_seconds_gets_the_same_and_a_later_one_ends_the_session() {
    let app = house().await;
    let (_, first) = log_in(&app, json!({})).await;
    let next = exchange(&app, &first).await;
    let (token, second) = (text(&next, "token"), text(&next, "refresh_token"));

    app.pass(9);
    let retry = exchange(&app, &first).await;
    app.pass(1);
    let late = exchange(&app, &first).await;
    assert_eq!((retry.status, late.status), (200, 200));
    for answer in [&retry, &late] {
        assert_eq!((text(answer, "token"), text(answer, "refresh_token")), (token.clone(), second.clone()));
    }
    assert_eq!(retry.json()["expires_in"], json!(TOKEN - 9), "counted from now");
    let id = session(&app, &token).await.unwrap()["session"].as_str().unwrap().to_owned();

    app.pass(1);
    let reused = join_all((0..20).map(|_| exchange(&app, &first))).await;

    assert!(reused.iter().all(|answer| answer.status == 401));
    assert_eq!(session(&app, &token).await, Err(401), "neither of the two goes on");
    assert_eq!(exchange(&app, &second).await.status, 401);
    let row = app.ask(move |conn| Session::find(conn, &id.as_str().into())).await.unwrap();
    assert_eq!(row.revoked_because, Some(RevokedBecause::RefreshReused));
    let events = events(&app, EventKind::RefreshReused).await;
    assert_eq!((events.len(), events[0].session_id.as_ref()), (1, Some(&row.id)), "noted once");
    let mails = app.mails().await;
    assert_eq!(mails.len(), 1);
    let (mail, letter) = &mails[0];
    assert_eq!((mail.kind, mail.recipient.as_str()), (MailKind::RefreshReused, ADDRESS));
    for words in
        ["used a copy", "ada", "127.0.0.1", "choose another password", "http://localhost:8080/forgot"]
    {
        assert!(letter.text.contains(words) && letter.html.contains(words), "{words}: {}", letter.text);
    }
}

#[actix_web::test]
async fn who_has_proven_no_address_gets_no_mail_and_other_sessions_go_on() {
    let app = TestApp::new().await;
    app.register_as("ada", ADDRESS, vestibule::models::Role::User).await;
    let (_, copied) = log_in(&app, json!({})).await;
    let (_, other) = log_in(&app, json!({})).await;
    exchange(&app, &copied).await;
    app.pass(11);

    exchange(&app, &copied).await;

    assert_eq!(events(&app, EventKind::RefreshReused).await.len(), 1);
    assert!(app.mails().await.is_empty());
    assert_eq!(exchange(&app, &other).await.status, 200);
}

#[actix_web::test]
async fn a_clock_that_is_set_back_opens_no_token_that_was_spent() {
    let app = house().await;
    let (_, first) = log_in(&app, json!({})).await;
    app.pass(2 * HOURS);
    let second = text(&exchange(&app, &first).await, "refresh_token");

    app.pass(-HOURS);

    assert_eq!(exchange(&app, &first).await.status, 401);
    assert_eq!(exchange(&app, &second).await.status, 401, "one of them is a copy");
}

#[actix_web::test]
async fn whatever_is_wrong_with_a_token_the_answer_is_one() {
    let app = house().await;
    let (_, spent) = log_in(&app, json!({})).await;
    exchange(&app, &spent).await;
    let (ended, live) = (log_in(&app, json!({})).await, log_in(&app, json!({})).await.1);
    let mut program = app.program();
    program.token = Some(text(&ended.0, "token"));
    program.send(app.request("POST", "/logout")).await;
    app.pass(11);
    let unknown = "A".repeat(43);
    let (short, long, odd) = (&live[..42], format!("{live}A"), format!("{}B", &live[..42].replace('A', "B")));

    let mut answers = Vec::new();
    let texts = [&spent, &ended.1, &unknown, short, &long, &odd, "", " ", "a.b.c", &"=".repeat(43), "\0"];
    for text in texts {
        answers.push(exchange(&app, text).await);
    }
    app.execute("UPDATE users SET disabled_at = 1").await;
    answers.push(exchange(&app, &live).await);
    app.execute("UPDATE users SET disabled_at = NULL, closed_at = 1").await;
    answers.push(exchange(&app, &live).await);

    let mut told = BTreeSet::new();
    for answer in answers {
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_grant\"");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json()["type"], "urn:vestibule:problem:invalid-grant");
        told.insert((answer.status, answer.body.replace(answer.header("x-request-id"), "")));
    }
    assert_eq!((told.len(), told.first().unwrap().0), (1, 401), "{told:#?}");
    app.execute("UPDATE users SET closed_at = NULL").await;
    assert_eq!(exchange(&app, &live).await.status, 200, "nothing of that used it up");
}

#[actix_web::test]
async fn a_body_that_is_no_request_for_a_token_is_told_so() {
    let app = house().await;
    let (_, live) = log_in(&app, json!({})).await;

    for wrong in [json!({}), json!({ "refresh_token": 1 }), json!({ "refresh_token": live, "scope": "all" })]
    {
        assert_eq!(app.program().post("/api/token", &wrong).await.status, 400, "{wrong}");
    }
    let form = app.request("POST", "/api/token").set_form([("refresh_token", &live)]);
    assert_eq!(app.send(form).await.status, 415);
    assert_eq!(app.program().get("/api/token").await.status, 405);
    assert_eq!(exchange(&app, &live).await.status, 200);
}

#[actix_web::test]
async fn cookies_play_no_part_and_another_site_may_not_ask() {
    let app = house().await;
    let mut browser = app.browser();
    let fields = [("login", "ada"), ("password", PASSWORD), ("stay_signed_in", "yes")];
    browser.submit("/login", &fields).await;
    let (_, live) = log_in(&app, json!({})).await;
    let ask = |site: &str, body: Value| {
        let request = app.request("POST", "/api/token").insert_header(("sec-fetch-site", site.to_owned()));
        request.insert_header(("content-type", "application/json")).set_payload(body.to_string())
    };

    let by_cookie = browser.send(ask("same-origin", json!({}))).await;
    let forged = browser.send(ask("cross-site", json!({ "refresh_token": live }))).await;
    let without_cookies = app.send(ask("cross-site", json!({ "refresh_token": live }))).await;
    let ours = browser.send(ask("same-origin", json!({ "refresh_token": live }))).await;

    assert_eq!((by_cookie.status, forged.status, without_cookies.status), (400, 403, 403));
    assert!(by_cookie.cookies().is_empty() && ours.cookies().is_empty());
    assert_eq!(ours.status, 200);
}

#[actix_web::test]
async fn a_network_that_guesses_is_stopped_and_those_with_a_token_are_not() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register("ada").await;
    let (_, live) = log_in(&app, json!({})).await;

    let mut statuses = Vec::new();
    for index in 0..70 {
        statuses.push(exchange(&app, &format!("{index:A<43}")).await.status);
    }
    let shapeless = exchange(&app, "x").await;

    let refused = statuses.iter().filter(|status| **status == 401).count();
    assert!((60..=62).contains(&refused), "{statuses:?}");
    assert!(statuses[refused..].iter().all(|status| *status == 429), "{statuses:?}");
    assert_eq!(shapeless.status, 401, "what is never looked up is not counted");
    assert_eq!(exchange(&app, &live).await.status, 200);
}

#[actix_web::test]
async fn the_database_holds_no_token_that_could_be_used() {
    let app = house().await;
    let (login, first) = log_in(&app, json!({})).await;
    let next = exchange(&app, &first).await;

    let rows = dump(&app).await;

    let secrets = [first, text(&login, "token"), text(&next, "token"), text(&next, "refresh_token")];
    assert!(rows.lines().filter(|row| row.starts_with("refresh_tokens: ")).count() == 2);
    for secret in secrets.iter().flat_map(|secret| secret.split('.')) {
        assert!(!rows.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn housekeeping_forgets_what_expired_and_what_was_spent_a_week_ago() {
    let app = house().await;
    let (_, first) = log_in(&app, json!({ "stay_signed_in": true })).await;
    let (_, short) = log_in(&app, json!({})).await;
    let second = text(&exchange(&app, &first).await, "refresh_token");
    let count =
        || async { dump(&app).await.lines().filter(|row| row.starts_with("refresh_tokens: ")).count() };

    app.pass(12 * HOURS + 1);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
    let after_hours = count().await;
    app.pass(7 * DAYS);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();

    assert_eq!((after_hours, count().await), (2, 1));
    assert_eq!((exchange(&app, &short).await.status, exchange(&app, &first).await.status), (401, 401));
    assert_eq!(exchange(&app, &second).await.status, 200, "what is forgotten raises no alarm");
}

#[actix_web::test]
async fn whoever_signs_out_at_the_same_moment_is_out() {
    let app = house().await;
    for _ in 0..5 {
        let (login, refresh) = log_in(&app, json!({})).await;
        let mut program = app.program();
        program.token = Some(text(&login, "token"));

        let out = program.send(app.request("POST", "/logout"));
        let (out, next) = futures_util::future::join(out, exchange(&app, &refresh)).await;

        assert_eq!(out.status, 200);
        if next.status == 200 {
            assert_eq!(session(&app, &text(&next, "token")).await, Err(401));
            assert_eq!(exchange(&app, &text(&next, "refresh_token")).await.status, 401);
        }
        assert_eq!(exchange(&app, &refresh).await.status, 401);
    }
}
