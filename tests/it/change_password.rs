//! Changing a password, by somebody who knows the one they have.

use std::time::Duration;

use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use vestibule::clock::Stopwatch;
use vestibule::flows::caller::Caller;
use vestibule::flows::reset_password::issue_link;
use vestibule::models::{Event, EventKind, MailKind, Role, User};

use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

const PAGE: &str = "/account/password";

/// Sends the form as it stands: the box is ticked.
async fn change(browser: &mut Browser, current: &str, new: &str) -> Answer {
    let fields =
        [("username", "ada"), ("current_password", current), ("password", new), ("end_others", "yes")];
    browser.submit(PAGE, &fields).await
}

async fn signs_in(app: &TestApp, password: &str) -> bool {
    app.browser().submit("/login", &[("login", "ada"), ("password", password)]).await.status == 303
}

async fn prove_address(app: &TestApp) {
    app.execute("UPDATE users SET email_verified_at = created_at WHERE email IS NOT NULL").await;
}

async fn events(app: &TestApp, user: &User, kind: EventKind) -> Vec<Event> {
    let id = user.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 99)).await;
    events.into_iter().filter(|event| event.kind == kind).collect()
}

#[actix_web::test]
async fn the_new_password_counts_at_once_and_every_other_session_ends() {
    let app = TestApp::new().await;
    let ada = app.register_as("ada", "ada@example.org", Role::User).await;
    app.register("bob").await;
    prove_address(&app).await;
    let (mut browser, mut phone, mut bob) = (app.browser(), app.browser(), app.browser());
    let mut program = app.program();
    browser.sign_in("ada").await;
    phone.sign_in("ada").await;
    bob.sign_in("bob").await;
    program.log_in("ada").await;
    let link = issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    let node = app.another_node().await;
    let mut thief = browser.clone();
    let mut elsewhere = node.browser();
    elsewhere.cookies.clone_from(&browser.cookies);

    let form = browser.get(PAGE).await;
    let done = change(&mut browser, PASSWORD, OTHER_PASSWORD).await;

    assert!(form.body.contains("<h1>Change your password</h1>"));
    assert!(form.body.contains("value=\"ada\" autocomplete=\"username\" readonly"));
    assert!(form.body.contains("value=\"yes\" aria-describedby=\"end_others-hint\" checked>"));
    assert_eq!((done.status, done.location()), (303, "/dashboard"));
    let words = "Your new password is saved. You are signed out everywhere else.";
    assert!(browser.get("/dashboard").await.body.contains(words));
    assert_eq!([thief.get("/dashboard").await.status, phone.get("/dashboard").await.status], [303; 2]);
    assert_eq!((program.get("/protected").await.status, bob.get("/dashboard").await.status), (403, 200));
    assert_eq!(elsewhere.get("/dashboard").await.status, 303, "this node never saw the copied cookie");
    assert!(signs_in(&app, OTHER_PASSWORD).await && !signs_in(&app, PASSWORD).await);
    assert_eq!(app.browser().get(&format!("/reset/{}", link.expose())).await.status, 410);
    let told = &events(&app, &ada, EventKind::PasswordChanged).await[..];
    assert!(matches!(told, [event] if event.session_id.is_some()
        && event.actor == ada.id.as_str()
        && event.detail.as_deref() == Some("other sessions ended (2)")));
    let mut mails = app.mails().await;
    mails.retain(|(mail, _)| mail.kind == MailKind::PasswordChanged);
    let [(mail, letter)] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(mail.recipient, "ada@example.org");
    assert_eq!(letter.subject, "Your password for Vestibule was changed");
    assert!(letter.text.contains("192.0.2.7.\nEvery other session has ended.\n"));
}

#[actix_web::test]
async fn on_a_node_that_remembers_the_copied_cookie_it_ends_within_a_second() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let mut elsewhere = app.another_node().await.browser();
    elsewhere.cookies.clone_from(&browser.cookies);
    assert_eq!(elsewhere.get("/dashboard").await.status, 200);

    change(&mut browser, PASSWORD, OTHER_PASSWORD).await;
    // Once it is answered: the hashes before take what they take.
    let changed = Stopwatch::start();

    while elsewhere.get("/dashboard").await.status == 200 {
        assert!(changed.elapsed() < Duration::from_secs(1), "{:?}", changed.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn other_sessions_stay_if_their_owner_says_so_but_no_copy_of_this_one() {
    let app = TestApp::new().await;
    let ada = app.register_as("ada", "ada@example.org", Role::User).await;
    prove_address(&app).await;
    let (mut browser, mut phone) = (app.browser(), app.browser());
    browser.sign_in("ada").await;
    phone.sign_in("ada").await;
    let mut thief = browser.clone();

    let fields = [("username", "ada"), ("current_password", PASSWORD), ("password", OTHER_PASSWORD)];
    let done = browser.submit(PAGE, &fields).await;

    assert_eq!(done.status, 303);
    assert!(browser.follow(done).await.body.contains("Your other sessions stay signed in."));
    assert_eq!((phone.get("/dashboard").await.status, thief.get("/dashboard").await.status), (200, 303));
    assert!(signs_in(&app, OTHER_PASSWORD).await && !signs_in(&app, PASSWORD).await);
    assert_eq!(events(&app, &ada, EventKind::PasswordChanged).await[0].detail, None);
    assert!(app.mails().await[0].1.text.contains("Whoever else was signed in to it still is."));
}

#[actix_web::test]
async fn a_wrong_current_password_changes_nothing_and_counts_as_a_failure() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (mut browser, mut phone) = (app.browser(), app.browser());
    browser.sign_in("ada").await;
    phone.sign_in("ada").await;
    let token = browser.token();

    let wrong = change(&mut browser, "gingham-zeppelin-1", OTHER_PASSWORD).await;

    assert_eq!((wrong.status, browser.token()), (422, token));
    assert!(wrong.body.contains("<title>Error: "));
    assert!(
        wrong.body.contains("id=\"current_password-error\"><span class=\"hidden\">Error: </span>That is not")
    );
    assert!(!wrong.body.contains("gingham") && !wrong.body.contains(OTHER_PASSWORD));
    assert_eq!([browser.get("/dashboard").await.status, phone.get("/dashboard").await.status], [200; 2]);
    assert!(signs_in(&app, PASSWORD).await && !signs_in(&app, OTHER_PASSWORD).await);
    assert_eq!(events(&app, &ada, EventKind::ReauthenticationFailed).await.len(), 1);
    assert_eq!(events(&app, &ada, EventKind::PasswordChanged).await.len(), 0);
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn guesses_at_the_current_password_are_throttled_with_those_at_sign_in() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    let mut statuses = Vec::new();
    for guess in 0..10 {
        statuses.push(change(&mut browser, &format!("guess {guess}"), OTHER_PASSWORD).await.status);
    }
    let waiting = change(&mut browser, PASSWORD, OTHER_PASSWORD).await;
    let confirming = browser.submit("/reauth", &[("password", PASSWORD)]).await;

    assert_eq!((statuses, waiting.status, confirming.status), (vec![422; 10], 429, 429));
    assert!(
        waiting.body.contains("<h1>Change your password</h1>") && waiting.body.contains("Too many tries.")
    );
    app.pass(waiting.header("retry-after").parse().unwrap());
    assert_eq!(change(&mut browser, PASSWORD, OTHER_PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn what_is_wrong_with_the_new_one_is_said_at_its_field_and_costs_no_try() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register_as("ada-lovelace", "goblinmarket@example.org", Role::User).await;
    let mut browser = app.browser();
    browser.sign_in("ada-lovelace").await;

    for (new, words) in [
        ("gingham", "at least 12 characters"),
        ("passwordpassword", "one of the most common"),
        ("Ada-Lovelace-1", "little more than"),
        ("goblinmarket1", "little more than"),
        ("vestibule-202", "little more than"),
        (PASSWORD, "This is the password that you have."),
    ] {
        for _ in 0..4 {
            let again = change(&mut browser, PASSWORD, new).await;
            assert_eq!(again.status, 422, "{new}");
            assert!(again.body.contains(words) && again.body.contains("id=\"password-error\""), "{new}");
            assert!(!again.body.contains(&format!("value=\"{new}")), "{new}");
        }
    }
    assert_eq!(change(&mut browser, PASSWORD, OTHER_PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn of_many_who_change_it_at_once_one_succeeds_and_the_others_are_told() {
    let app = TestApp::with(|config| config.passwords.hash_queue = 100).await;
    let ada = app.register("ada").await;
    let mut browsers: Vec<Browser> = (0..20).map(|_| app.browser()).collect();
    for browser in &mut browsers {
        browser.sign_in("ada").await;
    }

    let passwords: Vec<String> = (0..20).map(|number| format!("{OTHER_PASSWORD} {number}")).collect();
    let each = browsers.iter_mut().zip(&passwords);
    let answers = join_all(each.map(|(browser, new)| {
        // Nobody's box is ticked: it is not that one ends the session of the next.
        let fields = [("current_password", PASSWORD), ("password", new.as_str())];
        async move { browser.submit(PAGE, &fields).await }
    }));
    let answers = answers.await;

    let winners: Vec<usize> = (0..20).filter(|&number| answers[number].status == 303).collect();
    let told = "changed somewhere else at this very moment";
    let losers = answers.iter().filter(|answer| match answer.status {
        409 => answer.body.contains(told),
        // Whoever came so late that it was not the password any more.
        status => status == 422 && answer.body.contains("id=\"current_password-error\""),
    });
    assert_eq!((winners.len(), losers.count()), (1, 19));
    assert!(answers.iter().any(|answer| answer.status == 409), "at least two were at it at once");
    assert!(signs_in(&app, &passwords[winners[0]]).await && !signs_in(&app, PASSWORD).await);
    assert!(!signs_in(&app, &passwords[(winners[0] + 1) % 20]).await);
    assert_eq!(events(&app, &ada, EventKind::PasswordChanged).await.len(), 1);
}

#[actix_web::test]
async fn of_many_in_one_session_one_succeeds() {
    let app = TestApp::with(|config| config.passwords.hash_queue = 100).await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    let answers = join_all((0..10).map(|number| {
        let (mut tab, new) = (browser.clone(), format!("{OTHER_PASSWORD} {number}"));
        async move { change(&mut tab, PASSWORD, &new).await }
    }));
    let answers = answers.await;

    assert_eq!(answers.iter().filter(|answer| answer.location() == "/dashboard").count(), 1);
    assert_eq!(events(&app, &ada, EventKind::PasswordChanged).await.len(), 1);
}

#[actix_web::test]
async fn the_page_is_where_password_managers_look_for_it() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();

    let known = browser.get("/.well-known/change-password").await;
    let page = browser.get(known.location()).await;
    browser.get(page.location()).await;
    let done = browser.sign_in("ada").await;
    let nowhere = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";

    assert_eq!((known.status, known.location()), (303, PAGE));
    assert_eq!((page.status, page.location()), (303, "/login?next=%2Faccount%2Fpassword"));
    assert_eq!(done.location(), PAGE);
    assert_eq!((browser.get(PAGE).await.status, browser.get(nowhere).await.status), (200, 404));
}

#[actix_web::test]
async fn strangers_and_programs_change_nothing() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut program = app.program();
    program.log_in("ada").await;

    let stranger = change(&mut app.browser(), PASSWORD, OTHER_PASSWORD).await;
    let fields = serde_json::json!({ "current_password": PASSWORD, "password": OTHER_PASSWORD });
    let document = program.post(PAGE, &fields).await;

    assert_eq!((stranger.status, stranger.location()), (303, "/login?next=%2Faccount%2Fpassword"));
    assert_eq!(document.status, 415);
    assert!(signs_in(&app, PASSWORD).await);
}

#[actix_web::test]
async fn an_address_that_nobody_has_proven_gets_no_mail() {
    let app = TestApp::new().await;
    app.register_as("ada", "stranger@example.org", Role::User).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    change(&mut browser, PASSWORD, OTHER_PASSWORD).await;

    assert!(app.mails().await.is_empty());
    assert!(signs_in(&app, OTHER_PASSWORD).await);
}
