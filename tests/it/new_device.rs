//! A sign-in with a device that is new: the person is told.

use serde_json::json;
use vestibule::models::{Event, EventKind, MailKind, User};

use crate::forgot::{ADDRESS, proven};
use crate::support::{Browser, PASSWORD, TestApp};

/// Ada, who has signed in at her desk before.
pub async fn house() -> (TestApp, User, Browser) {
    staged(TestApp::new().await).await
}

async fn staged(app: TestApp) -> (TestApp, User, Browser) {
    let ada = proven(&app, "ada", ADDRESS).await;
    let mut desk = app.browser();
    desk.sign_in("ada").await;
    (app, ada, desk)
}

/// Somebody at a browser that has been here never before.
pub fn stranger(app: &TestApp, user_agent: &str, address: &str) -> Browser {
    let mut browser = app.browser();
    (browser.user_agent, browser.address) = (user_agent.to_owned(), address.to_owned());
    browser
}

/// The mails about new devices, newest first.
pub async fn warnings(app: &TestApp) -> Vec<String> {
    let mails = app.mails().await.into_iter();
    mails.filter(|(mail, _)| mail.kind == MailKind::NewDevice).map(|(_, letter)| letter.text).collect()
}

async fn noted(app: &TestApp, user: &User) -> usize {
    let id = user.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 500)).await;
    events.iter().filter(|event| event.kind == EventKind::NewDevice).count()
}

#[actix_web::test]
async fn the_person_is_told_when_with_what_and_from_where_and_what_to_do() {
    let (app, ada, _) = house().await;

    stranger(&app, "curl/8.5.0", "203.0.113.9").sign_in("ada").await;

    let mails = app.mails().await;
    let [(mail, letter)] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((mail.kind, mail.recipient.as_str()), (MailKind::NewDevice, ADDRESS));
    assert_eq!(letter.subject, "A new sign-in to your account at Vestibule");
    for text in [&letter.text, &letter.html] {
        for words in [app.now().in_words().as_str(), "curl", "203.0.113.9", "do nothing", "within 7 days"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert_eq!(text.matches("http://localhost:8080/not-me/").count(), 1);
    }
    assert_eq!(noted(&app, &ada).await, 1);
}

#[actix_web::test]
async fn the_first_sign_in_ever_is_nothing_to_warn_of_and_neither_is_registering() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", ADDRESS).await;
    let mut registered = app.browser();
    let fields = [("username", "grace"), ("email", "grace@example.org"), ("password", PASSWORD)];
    assert_eq!(registered.submit("/register", &fields).await.status, 303);
    let grace = app.ask(|conn| User::find_by_username(conn, "grace")).await.unwrap();

    app.browser().sign_in("ada").await;

    assert_eq!((noted(&app, &ada).await, noted(&app, &grace).await, warnings(&app).await.len()), (0, 0, 0));
    // But whoever comes after her is not the first.
    stranger(&app, "curl/8.5.0", "203.0.113.9").sign_in("grace").await;
    assert_eq!(noted(&app, &grace).await, 1);
}

#[actix_web::test]
async fn a_device_is_known_by_its_cookie_wherever_it_goes_and_for_its_own_person_only() {
    let (app, ada, mut desk) = house().await;
    let bob = proven(&app, "bob", "bob@example.org").await;
    stranger(&app, "curl/8.5.0", "198.51.100.1").sign_in("bob").await;

    desk.submit("/logout", &[]).await;
    (desk.address, desk.user_agent) = ("203.0.113.77".to_owned(), "Mozilla/5.0 another version".to_owned());
    desk.sign_in("ada").await;
    assert_eq!(noted(&app, &ada).await, 0);
    let mut other = desk.clone();
    other.sign_in("bob").await;
    assert_eq!(noted(&app, &bob).await, 1, "a cookie of Ada's makes nothing known to Bob");
    let forged = format!("x.{}.{}", ada.id, "A".repeat(43));
    let mut forger = stranger(&app, "curl/8.5.0", "203.0.113.9");
    forger.cookies.insert("vestibule-device".to_owned(), forged);
    forger.sign_in("ada").await;
    assert_eq!(noted(&app, &ada).await, 1);
}

#[actix_web::test]
async fn a_program_that_signs_in_daily_tells_once_and_again_from_elsewhere() {
    let (app, ada, _) = house().await;
    let log_in = async |agent: &'static str, address: &'static str| {
        let document = json!({ "username": "ada", "password": PASSWORD }).to_string();
        let request = app.request("POST", "/login").insert_header(("content-type", "application/json"));
        let request = request.insert_header(("user-agent", agent)).set_payload(document);
        let answer = app.send(request.peer_addr(format!("{address}:9").parse().unwrap())).await;
        assert_eq!(answer.status, 200);
        app.pass(24 * 60 * 60);
        noted(&app, &ada).await
    };

    assert_eq!(log_in("backup/1", "203.0.113.9").await, 1);
    for _ in 0..40 {
        assert_eq!(log_in("backup/1", "203.0.113.9").await, 1);
    }
    assert_eq!(log_in("backup/2", "203.0.113.9").await, 2, "another program");
    assert_eq!(log_in("backup/1", "203.0.113.10").await, 3, "another network");
    assert_eq!(log_in("backup/1", "[2001:db8:1:2::3]").await, 4);
    assert_eq!(log_in("backup/1", "[2001:db8:1:2:ffff::9]").await, 4, "of IPv6 a home is one network");
    assert_eq!(log_in("backup/1", "[2001:db8:1:3::3]").await, 5);
    assert_eq!(warnings(&app).await.len(), 5);
}

#[actix_web::test]
async fn nobody_is_written_to_at_an_address_that_they_have_not_proven() {
    let app = TestApp::new().await;
    let ada = app.register_as("ada", ADDRESS, vestibule::models::Role::User).await;
    app.browser().sign_in("ada").await;

    stranger(&app, "curl/8.5.0", "203.0.113.9").sign_in("ada").await;

    assert_eq!((noted(&app, &ada).await, app.mails().await.len()), (1, 0));
}

#[actix_web::test]
async fn a_sign_in_that_fails_is_no_new_device() {
    let (app, ada, _) = house().await;

    let mut guesser = stranger(&app, "curl/8.5.0", "203.0.113.9");
    guesser.submit("/login", &[("login", "ada"), ("password", "guess")]).await;

    assert_eq!((noted(&app, &ada).await, app.mails().await.len()), (0, 0));
}

#[actix_web::test]
async fn five_mails_an_hour_are_enough_and_leave_the_way_to_a_new_password_open() {
    let app = TestApp::with(|config| {
        config.throttle.enabled = true;
        config.throttle.address_burst = 1000;
    });
    let (app, ada, _) = staged(app.await).await;

    for number in 0..8 {
        stranger(&app, &format!("program-{number}"), "203.0.113.9").sign_in("ada").await;
    }
    assert_eq!((warnings(&app).await.len(), noted(&app, &ada).await), (5, 8));

    app.browser().submit("/forgot", &[("email", ADDRESS)]).await;
    let mails = app.mails().await;
    assert_eq!(mails.iter().filter(|(mail, _)| mail.kind == MailKind::ResetPassword).count(), 1);
    app.pass(60 * 60 + 1);
    stranger(&app, "program-9", "203.0.113.9").sign_in("ada").await;
    assert_eq!(warnings(&app).await.len(), 6);
}

#[actix_web::test]
async fn nothing_that_a_program_calls_itself_is_alive_in_the_mail() {
    let (app, _, _) = house().await;
    let agents = [
        "evil.example/1",
        "http://evil.example",
        "mailto:eve@evil.example",
        "<a href=\"//evil.example\">press</a>",
        "Your-account-is-locked,-call-+1-555-0100-at-once-and-tell-them-your-password-please/1",
    ];
    for (number, agent) in agents.iter().enumerate() {
        stranger(&app, agent, &format!("203.0.113.{number}")).sign_in("ada").await;
    }

    let mails = app.mails().await;

    assert_eq!(mails.len(), agents.len());
    for (_, letter) in &mails {
        for text in [&letter.text, &letter.html] {
            assert!(!text.contains("evil.example") && !text.contains("eve@"), "{text}");
            assert!(!text.contains("<a href=\"//") && !text.contains("555-0100"), "{text}");
        }
        let with = letter.text.lines().find(|line| line.starts_with("With: ")).unwrap();
        assert!(with.chars().count() <= "With: ".len() + 32, "{with}");
    }
}

#[actix_web::test]
async fn the_mail_is_there_exactly_if_the_sign_in_is() {
    let (app, ada, _) = house().await;
    app.execute("DROP TABLE outbox").await;

    let failed = stranger(&app, "curl/8.5.0", "203.0.113.9").sign_in("ada").await;

    assert_eq!((failed.status, noted(&app, &ada).await), (500, 0));
    let id = ada.id.clone();
    let sessions = app.ask(move |conn| {
        let long_ago = vestibule::clock::Timestamp::from_seconds(0);
        vestibule::models::Session::list_live(conn, &id, long_ago, long_ago)
    });
    assert_eq!(sessions.await.len(), 1);
}
