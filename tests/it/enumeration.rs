//! Who has an account is nobody's business: what we answer is the same whether or not somebody is there (ASVS 6.3.8).
//! That it also takes the same time is a drill, in `tests/drills`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use vestibule::models::{Event, EventKind, Role, User};

use crate::support::{Answer, OTHER_PASSWORD, PASSWORD, TestApp};

/// Ada can sign in, Dora is disabled, Paul has no password; Bob is nobody.
async fn stage() -> TestApp {
    stage_with(|_| ()).await
}

async fn stage_with(change: impl FnOnce(&mut vestibule::Config)) -> TestApp {
    let app = TestApp::with(change).await;
    for name in ["ada", "dora", "paul"] {
        app.register_as(name, &format!("{name}@example.org"), Role::User).await;
    }
    app.execute("UPDATE users SET disabled_at = 1 WHERE username = 'dora'").await;
    app.execute("UPDATE users SET password_hash = NULL WHERE username = 'paul'").await;
    app
}

/// Name and password of each try that must fail.
const TRIES: [(&str, &str); 10] = [
    ("ada", OTHER_PASSWORD),
    ("bob", PASSWORD),
    ("dora", PASSWORD),
    ("dora", OTHER_PASSWORD),
    ("paul", PASSWORD),
    ("ada@example.org", OTHER_PASSWORD),
    ("bob@example.org", PASSWORD),
    ("dora@example.org", PASSWORD),
    ("paul@example.org", PASSWORD),
    ("no address@@", PASSWORD),
];

/// An answer, without what is different in each and without the name that was typed.
fn plain(answer: &Answer, typed: &str) -> (u16, BTreeSet<String>, String) {
    let names = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
    let mut body = answer.body.replace(&format!("value=\"{typed}\""), "value=\"\"");
    for (start, end) in [("nonce=\"", "\""), ("\"request_id\":\"", "\""), ("Request <code>", "<")] {
        while let Some((before, rest)) = body.split_once(start) {
            let after = rest.split_once(end).unwrap().1.to_owned();
            body = format!("{before}{after}");
        }
    }
    (answer.status, names, body)
}

#[actix_web::test]
async fn the_form_answers_every_wrong_pair_alike() {
    let app = stage().await;
    let mut answers = BTreeSet::new();

    for (login, password) in TRIES {
        let answer = app.browser().submit("/login", &[("login", login), ("password", password)]).await;
        assert!(answer.body.contains(&format!("value=\"{login}\"")), "{login}");
        answers.insert(plain(&answer, login));
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(answers.first().unwrap().0, 422);
}

#[actix_web::test]
async fn the_api_answers_every_wrong_pair_alike() {
    let app = stage().await;
    let mut answers = BTreeSet::new();

    for (login, password) in TRIES {
        let answer = app.program().post("/login", &json!({ "username": login, "password": password })).await;
        answers.insert(plain(&answer, login));
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(answers.first().unwrap().0, 401);
}

#[actix_web::test]
async fn every_wrong_pair_is_worth_a_hash() {
    // A hasher that is always too busy refuses whoever comes to it; whoever does not come gets another answer.
    let app = stage().await;
    let busy = TestApp::with(|config| {
        config.server.data_dir = app.vestibule.config.data_dir().to_owned();
        config.database.url = app.vestibule.config.database.url.clone();
        config.passwords.hash_wait = Duration::ZERO;
    });
    let busy = busy.await;

    for (login, password) in TRIES {
        let answer = busy.program().post("/login", &json!({ "username": login, "password": password })).await;

        assert_eq!(answer.status, 503, "{login}");
    }
}

#[actix_web::test]
async fn an_address_that_many_claim_is_worth_one_hash() {
    let app = stage().await;
    app.register_as("mallory", "ADA@example.org", Role::User).await;
    app.register_as("trudy", "ada@EXAMPLE.org", Role::User).await;

    let claimants = app.ask(|conn| User::list_by_email(conn, "ada@example.org")).await;

    let salts: BTreeSet<String> = claimants
        .iter()
        .map(|user| user.password_hash.as_deref().unwrap().rsplit_once('$').unwrap().0.to_owned())
        .collect();
    assert_eq!((claimants.len(), salts.len()), (3, 1));
    let one = app.browser().submit("/login", &[("login", "ada@example.org"), ("password", PASSWORD)]).await;
    assert_eq!(one.status, 303);
}

#[actix_web::test]
async fn a_taken_address_registers_like_a_new_one() {
    let app = stage().await;
    let register =
        |name: &str, email: &str| json!({ "username": name, "email": email, "password": PASSWORD });

    let taken = app.program().post("/register", &register("eve1", "ada@example.org")).await;
    let new = app.program().post("/register", &register("eve2", "eve@example.org")).await;
    let form = [("username", "eve3"), ("email", "Ada@Example.org"), ("password", PASSWORD)];
    let taken_by_form = app.browser().submit("/register", &form).await;
    let form = [("username", "eve4"), ("email", "eve4@example.org"), ("password", PASSWORD)];
    let new_by_form = app.browser().submit("/register", &form).await;

    let without_id = |answer: &Answer| {
        let mut body = answer.json();
        assert!(body["id"].take().is_string() && body["username"].take().is_string());
        (answer.status, body)
    };
    assert_eq!(without_id(&taken), without_id(&new));
    assert_eq!(plain(&taken_by_form, ""), plain(&new_by_form, ""));
    assert_eq!((taken_by_form.status, taken_by_form.location()), (303, "/dashboard"));
}

#[actix_web::test]
async fn a_throttled_stranger_is_told_the_same_of_everybody() {
    let app = stage_with(|config| config.throttle.enabled = true).await;
    let mut answers = BTreeSet::new();

    for (number, (login, password)) in TRIES.into_iter().enumerate() {
        let peer = format!("198.51.100.{number}:4000").parse().unwrap();
        let document = json!({ "username": login, "password": password });
        let mut answers_here = Vec::new();
        while answers_here.len() < 30 && answers_here.last().is_none_or(|last: &Answer| last.status == 401) {
            let request = app.request("POST", "/login").set_json(&document).peer_addr(peer);
            answers_here.push(app.send(request).await);
        }
        let answer = answers_here.pop().unwrap();
        let mut plain = plain(&answer, login);
        plain.2 = plain.2.replace(|letter: char| letter.is_ascii_digit(), "").replace("a second", " seconds");
        answers.insert(plain);
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(answers.first().unwrap().0, 429);
}

#[actix_web::test]
async fn what_belongs_to_others_looks_like_what_is_not_there() {
    let app = stage().await;
    app.register("carl").await;
    let (mut ada, mut carl) = (app.browser(), app.browser());
    ada.sign_in("ada").await;
    carl.sign_in("carl").await;
    let theirs = app.vestibule.tokens.verify(&carl.token(), app.now()).unwrap().sid;

    let foreign = ada.submit(&format!("/sessions/{theirs}/end"), &[]).await;
    let absent = ada.submit("/sessions/00000000-0000-7000-8000-000000000000/end", &[]).await;
    let words = ada.submit("/sessions/nothing/end", &[]).await;

    assert_eq!(plain(&foreign, ""), plain(&absent, ""));
    assert_eq!(plain(&foreign, ""), plain(&words, ""));
    assert_eq!(foreign.status, 404);
    assert_eq!(carl.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn the_trail_knows_what_strangers_are_not_told() {
    let app = stage().await;
    let ids = |name: &'static str| app.ask(move |conn| User::find_by_username(conn, name));
    let (ada, dora) = (ids("ada").await.unwrap().id, ids("dora").await.unwrap().id);

    for (login, password) in TRIES {
        app.program().post("/login", &json!({ "username": login, "password": password })).await;
    }

    for user in [ada, dora] {
        let events = app.ask(move |conn| Event::list_latest(conn, &user, 20)).await;
        let failed = events.iter().filter(|event| event.kind == EventKind::LoginFailed).count();
        // By name; at an address that nobody has proven it is nobody's failure.
        assert!(failed >= 1, "{failed}");
    }
}
