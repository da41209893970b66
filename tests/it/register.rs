//! Making an account, at the page and at the API.

use futures_util::future::join_all;
use serde_json::json;
use vestibule::config::{EmailField, RegistrationMode};
use vestibule::models::{Event, EventKind, Role, User};

use crate::support::{Answer, OTHER_PASSWORD, PASSWORD, TestApp};

async fn register(app: &TestApp, username: &str, email: &str, password: &str) -> Answer {
    let fields = [("username", username), ("email", email), ("password", password)];
    app.browser().submit("/register", &fields).await
}

async fn signs_in(app: &TestApp, login: &str, password: &str) -> bool {
    app.browser().submit("/login", &[("login", login), ("password", password)]).await.status == 303
}

#[actix_web::test]
async fn a_new_person_is_signed_in_at_once() {
    let app = TestApp::new().await;
    let mut browser = app.browser();

    let form = browser.get("/register").await;
    let answer = browser.submit("/register", &[("username", "Ada"), ("password", PASSWORD)]).await;
    let page = browser.follow(answer.clone()).await;

    assert_eq!((form.status, answer.status, answer.location()), (200, 303, "/dashboard"));
    assert!(page.body.contains("Hello, Ada") && page.body.contains("Welcome. Your account is ready."));
    assert!(!browser.get("/dashboard").await.body.contains("Welcome. Your account is ready."));
    let ada = app.ask(|conn| User::find_by_username(conn, "ada")).await.unwrap();
    assert_eq!((ada.role, ada.email), (Role::User, None));
    let events = app.ask(move |conn| Event::list_latest(conn, &ada.id, 9)).await;
    assert!(events.iter().any(|event| event.kind == EventKind::Registered && event.address == "192.0.2.7"));
}

#[actix_web::test]
async fn whoever_is_signed_in_is_led_past_the_form_and_may_still_make_another_account() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let mut earlier = browser.clone();

    let past = browser.get("/register").await;
    let made = browser.submit("/register", &[("username", "bob"), ("password", PASSWORD)]).await;

    assert_eq!((past.status, past.location(), made.status), (303, "/dashboard", 303));
    assert!(browser.get("/dashboard").await.body.contains("Hello, bob"));
    assert_eq!(earlier.get("/dashboard").await.status, 303);
}

#[actix_web::test]
async fn a_name_keeps_to_the_rules_and_is_told_which() {
    let app = TestApp::new().await;
    let (most, more) = ("a".repeat(32), "a".repeat(33));

    for (name, words) in [
        ("", "at least 3"),
        ("ab", "at least 3"),
        (&more, "at most 32"),
        ("ada@example.org", "A username has no @"),
        ("ada lovelace", "only letters, digits"),
        ("ada\0", "only letters, digits"),
        ("<b>ada</b>", "only letters, digits"),
        ("-ada", "begin and end"),
        ("ada.", "begin and end"),
        ("аda", "in one script"),
    ] {
        let answer = register(&app, name, "", PASSWORD).await;
        assert_eq!(answer.status, 422, "{name}");
        assert!(answer.body.contains(words) && answer.body.contains("id=\"username-error\""), "{name}");
        assert!(!signs_in(&app, name, PASSWORD).await);
    }
    for name in ["abc", &most, "Ada.Lovelace-1815", "  grace  ", "josé", "Вова", "42nd"] {
        assert_eq!(register(&app, name, "", PASSWORD).await.status, 303, "{name}");
        assert!(signs_in(&app, name, PASSWORD).await, "{name}");
    }
}

#[actix_web::test]
async fn a_taken_name_is_said_to_be_taken_whichever_way_it_is_written() {
    let app = TestApp::new().await;
    app.register("paypal").await;

    for name in ["paypal", "PayPal", "\u{ff50}aypal", "paypa1", "paypaI"] {
        let answer = register(&app, name, "", OTHER_PASSWORD).await;
        assert_eq!(answer.status, 422, "{name}");
        assert!(answer.body.contains("That username is taken, or looks too much like one"), "{name}");
        assert!(answer.cookie("vestibule").is_none());
    }
    assert!(!signs_in(&app, "paypal", OTHER_PASSWORD).await && signs_in(&app, "paypal", PASSWORD).await);
    assert_eq!(register(&app, "paypals", "", PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn names_of_the_house_are_for_operators_to_give() {
    let app = TestApp::new().await;

    for name in ["admin", "Adm1n", "ad-min", "root", "support", "Administrator"] {
        let answer = register(&app, name, "", PASSWORD).await;
        assert_eq!(answer.status, 422, "{name}");
        assert!(answer.body.contains("This username is reserved"), "{name}");
    }
    assert_eq!(app.register("admin").await.role, Role::User);
}

#[actix_web::test]
async fn all_faults_are_told_at_once_and_what_was_typed_comes_back() {
    let app = TestApp::new().await;

    let answer = register(&app, "\"><svg onload=1>", "ada at example", "gingham").await;

    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("<title>Error: Create your account"));
    assert!(answer.body.contains("There are 3 things to put right"));
    for field in ["username", "email", "password"] {
        assert!(answer.body.contains(&format!("href=\"#{field}\"")), "{field}");
        assert!(answer.body.contains(&format!("id=\"{field}-error\"")), "{field}");
        let input = answer.body.split(&format!("name=\"{field}\"")).nth(1).unwrap();
        let input = input.split('>').next().unwrap();
        assert!(
            input.contains("aria-invalid=\"true\"") && input.contains(&format!("{field}-error")),
            "{input}"
        );
    }
    assert!(answer.body.contains("value=\"&#34;&#62;&#60;svg onload=1&#62;\""));
    assert!(answer.body.contains("value=\"ada at example\""));
    assert!(!answer.body.contains("gingham") && !answer.body.contains("<svg onload"));
}

#[actix_web::test]
async fn a_known_address_gets_the_same_answer_as_a_new_one_and_each_keeps_their_own_password() {
    let app = TestApp::new().await;

    let first = register(&app, "ada", "ada@example.org", PASSWORD).await;
    let second = register(&app, "bob", "Ada@Example.org", OTHER_PASSWORD).await;
    let json =
        json!({ "username": "carl", "email": "ada@example.org", "password": "four muddy otters sing" });
    let third = app.program().post("/register", &json).await;

    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (first.status, first.location(), names(&first)),
        (second.status, second.location(), names(&second))
    );
    assert_eq!(third.status, 200);
    for (password, name) in [(PASSWORD, "ada"), (OTHER_PASSWORD, "bob"), ("four muddy otters sing", "carl")] {
        let mut browser = app.browser();
        browser.submit("/login", &[("login", "ada@example.org"), ("password", password)]).await;
        assert!(browser.get("/dashboard").await.body.contains(&format!("Hello, {name}")));
    }
    assert!(!signs_in(&app, "ada@example.org", "gingham zeppelin").await);
    assert!(!signs_in(&app, "ada", OTHER_PASSWORD).await && !signs_in(&app, "bob", PASSWORD).await);
}

#[actix_web::test]
async fn where_registration_is_closed_nobody_gets_in() {
    let app = TestApp::with(|config| config.registration.mode = RegistrationMode::Closed).await;

    let form = app.browser().get("/register").await;
    let sent = register(&app, "ada", "", PASSWORD).await;
    let told = app.program().post("/register", &json!({ "username": "ada", "password": PASSWORD })).await;
    let login = app.browser().get("/login").await;

    assert_eq!((form.status, sent.status, told.status), (403, 403, 403));
    assert!(sent.body.contains("Registration is closed. Ask your administrator for an account."));
    assert_eq!(told.json()["error"], "Registration is closed. Ask your administrator for an account.");
    assert!(!login.body.contains("href=\"/register\""));
    assert!(!signs_in(&app, "ada", PASSWORD).await);
    app.register("ada").await;
    assert!(signs_in(&app, "ada", PASSWORD).await);
}

#[actix_web::test]
async fn the_address_is_asked_for_as_the_operator_wants_it() {
    let required = TestApp::with(|config| config.registration.email = EmailField::Required).await;
    let hidden = TestApp::with(|config| config.registration.email = EmailField::Hidden).await;

    let missing = register(&required, "ada", " ", PASSWORD).await;
    let json = json!({ "username": "ada", "password": PASSWORD });
    let told = required.program().post("/register", &json).await;
    let given = register(&required, "ada", "ada@example.org", PASSWORD).await;
    let ignored = register(&hidden, "ada", "ada@example.org", PASSWORD).await;

    assert!(required.browser().get("/register").await.body.contains("name=\"email\""));
    assert_eq!((missing.status, told.status, given.status), (422, 422, 303));
    assert!(missing.body.contains("Please give your e-mail address."));
    assert_eq!(told.json()["errors"][0]["field"], "email");
    assert!(!hidden.browser().get("/register").await.body.contains("name=\"email\""));
    assert_eq!(ignored.status, 303);
    assert!(
        !signs_in(&hidden, "ada@example.org", PASSWORD).await && signs_in(&hidden, "ada", PASSWORD).await
    );
}

#[actix_web::test]
async fn a_password_is_refused_with_the_reason_and_no_rule_of_composition() {
    let app = TestApp::new().await;
    let (most, more) = (format!("{PASSWORD} {}", "é".repeat(227)), format!("{PASSWORD} {}", "é".repeat(228)));

    for (password, words) in [
        ("", "at least 12 characters"),
        ("otter lamp!", "at least 12 characters"),
        (&more, "at most 256 characters"),
        ("otter lamp\ngravel noon", "line breaks"),
        ("passwordpassword", "common"),
        ("constantinople", "single word"),
        ("Vestibule2026", "little more than"),
        ("ada.lovelace1", "little more than"),
    ] {
        let answer = register(&app, "ada.lovelace", "", password).await;
        assert_eq!(answer.status, 422, "{password}");
        assert!(answer.body.contains(words), "{password}");
    }
    for (index, password) in
        [&most, "fourmuddyotterssing", "🦔🌙☕🎻🧦🌵🪁🥨🐙🔭🧊🪴", "  two  blanks  everywhere  "]
            .iter()
            .enumerate()
    {
        let name = format!("person{index}");
        assert_eq!(register(&app, &name, "", password).await.status, 303, "{password}");
        assert!(
            signs_in(&app, &name, password).await
                && !signs_in(&app, &name, password.trim_end_matches([' ', 'é', '🪴', 'g'])).await
        );
    }
}

#[actix_web::test]
async fn of_fifty_who_want_one_name_at_once_one_gets_it() {
    let app = TestApp::with(|config| config.passwords.hash_queue = 100).await;

    let answers = join_all((0..50).map(|_| register(&app, "ada", "", PASSWORD))).await;

    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(303), count(422)), (1, 49));
    assert!(signs_in(&app, "ada", PASSWORD).await);
}

#[actix_web::test]
async fn a_program_is_told_in_json() {
    let app = TestApp::new().await;
    let program = app.program();

    let made = program.post("/register", &json!({ "username": "Ada", "password": PASSWORD })).await;
    let taken = program.post("/register", &json!({ "username": "ada", "password": OTHER_PASSWORD })).await;
    let wrong = program.post("/register", &json!({ "username": "a", "email": "b", "password": "c" })).await;

    assert_eq!((made.status, made.header("content-type")), (200, "application/json"));
    assert_eq!(
        (&made.json()["message"], &made.json()["username"]),
        (&json!("User registered successfully"), &json!("Ada"))
    );
    assert!(made.cookies().is_empty() && made.json().get("token").is_none());
    assert_eq!((taken.status, taken.header("content-type")), (409, "application/problem+json"));
    assert!(taken.json()["error"].as_str().unwrap().starts_with("That username is taken"));
    assert_eq!(wrong.status, 422);
    let errors = wrong.json()["errors"].clone();
    let fields: Vec<_> = errors.as_array().unwrap().iter().map(|fault| fault["field"].clone()).collect();
    assert_eq!(fields, ["username", "email", "password"]);
    assert!(errors[0]["message"].as_str().unwrap().contains("at least 3"));
}
