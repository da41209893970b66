//! A new password, by a link from the operator.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use tokio::sync::oneshot;
use vestibule::db::Error;
use vestibule::flows::administer_user::{disable, enable};
use vestibule::flows::caller::Caller;
use vestibule::flows::reset_password::issue_link;
use vestibule::models::{Event, EventKind, OneTimeToken, Purpose, Role, User};

use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

async fn link(app: &TestApp, user: &User) -> String {
    let token = issue_link(&app.vestibule, user, &Caller::operator(), app.now()).await.unwrap();
    format!("/reset/{}", token.expose())
}

async fn send(browser: &mut Browser, password: &str) -> Answer {
    browser.submit("/reset", &[("password", password)]).await
}

async fn signs_in(app: &TestApp, login: &str, password: &str) -> bool {
    app.browser().submit("/login", &[("login", login), ("password", password)]).await.status == 303
}

#[actix_web::test]
async fn the_link_sets_a_new_password_once_and_ends_every_session() {
    let app = TestApp::new().await;
    let ada = app.register_as("ada", "ada@example.org", Role::User).await;
    app.register("bob").await;
    let (mut phone, mut bob, mut program) = (app.browser(), app.browser(), app.program());
    phone.sign_in("ada").await;
    bob.sign_in("bob").await;
    program.log_in("ada").await;
    let link = link(&app, &ada).await;
    let mut browser = app.browser();

    let opened = browser.get(&link).await;
    let form = browser.get("/reset").await;
    let done = send(&mut browser, OTHER_PASSWORD).await;

    assert_eq!((opened.status, opened.location()), (303, "/reset"));
    assert!(form.body.contains("For the account <strong>ada</strong>"));
    assert_eq!((done.status, done.location(), browser.token()), (303, "/login", String::new()));
    let door = browser.get("/login").await.body;
    assert!(
        door.contains("Your new password is saved.")
            && door.contains("name=\"login\" type=\"text\" value=\"ada\"")
    );
    assert!(!browser.get("/login").await.says("ada"), "the next one here may be somebody else");
    assert_eq!((phone.get("/dashboard").await.status, program.get("/protected").await.status), (303, 403));
    assert_eq!(bob.get("/dashboard").await.status, 200);
    for login in ["ada", "ada@example.org"] {
        assert!(signs_in(&app, login, OTHER_PASSWORD).await && !signs_in(&app, login, PASSWORD).await);
    }
    for gone in [browser.get("/reset").await, browser.get(&link).await, send(&mut browser, PASSWORD).await] {
        assert_eq!(gone.status, 410);
        assert!(gone.body.contains("This link has been used or has expired. Ask for a new one."));
    }
    let events = app.ask(move |conn| Event::list_latest(conn, &ada.id, 20)).await;
    let find = |kind| events.iter().find(|event| event.kind == kind).unwrap();
    assert_eq!(find(EventKind::ResetLinkIssued).actor, "operator");
    assert_eq!(find(EventKind::PasswordReset).address, "192.0.2.7");
}

#[actix_web::test]
async fn of_a_link_and_a_deed_that_voids_it_neither_waits_for_the_other_in_vain() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.get(&link(&app, &ada).await).await;
    let (hold, held) = oneshot::channel();
    let other = app.vestibule.db.write(move |conn| {
        User::find_locked(conn, &ada.id)?;
        let _ = hold.send(());
        // Until the first has hashed, and wants the user, too.
        std::thread::sleep(Duration::from_millis(700));
        Ok::<_, Error>(OneTimeToken::delete_of(conn, &ada.id, Purpose::ResetPassword)?)
    });

    let (voided, answer) = join(other, held.then(|_| send(&mut browser, OTHER_PASSWORD))).await;

    voided.unwrap();
    assert_eq!(answer.status, 410);
    assert!(signs_in(&app, "ada", PASSWORD).await);
}

#[actix_web::test]
async fn scanners_and_prefetchers_change_nothing() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let link = link(&app, &ada).await;

    for method in ["GET", "HEAD"].repeat(10) {
        assert_eq!(app.send(app.request(method, &link)).await.status, 303);
    }

    let mut browser = app.browser();
    browser.get(&link).await;
    assert_eq!(send(&mut browser, OTHER_PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn the_token_is_nowhere_but_in_the_link() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let link = link(&app, &ada).await;
    let token = link.trim_start_matches("/reset/");
    let mut browser = app.browser();

    let opened = browser.get(&link).await;
    let form = browser.get("/reset").await;
    let done = send(&mut browser, OTHER_PASSWORD).await;

    for answer in [opened, form, done] {
        assert!(!answer.body.contains(token) && !format!("{:?}", answer.headers).contains(token));
    }
    assert!(browser.cookies.values().all(|value| !value.contains(token)));
}

#[actix_web::test]
async fn the_link_works_for_ten_minutes() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let link = link(&app, &ada).await;
    let mut browser = app.browser();
    browser.get(&link).await;

    app.pass(9 * 60);
    let early = browser.get("/reset").await;
    app.pass(70);
    let late = browser.get("/reset").await;
    let sent = send(&mut browser, OTHER_PASSWORD).await;

    assert_eq!((early.status, late.status, sent.status), (200, 410, 410));
    assert_eq!(app.browser().get(&link).await.status, 410);
    assert!(signs_in(&app, "ada", PASSWORD).await && !signs_in(&app, "ada", OTHER_PASSWORD).await);
}

#[actix_web::test]
async fn of_fifty_who_use_one_link_at_once_one_succeeds() {
    let app = TestApp::with(|config| config.passwords.hash_queue = 100).await;
    let ada = app.register("ada").await;
    let link = link(&app, &ada).await;
    let mut browsers: Vec<Browser> = (0..50).map(|_| app.browser()).collect();
    for browser in &mut browsers {
        browser.get(&link).await;
    }

    let passwords: Vec<String> = (0..50).map(|number| format!("{OTHER_PASSWORD} {number}")).collect();
    let answers =
        join_all(browsers.iter_mut().zip(&passwords).map(|(browser, password)| send(browser, password)))
            .await;

    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(303), count(410)), (1, 49));
    let winner = answers.iter().position(|answer| answer.status == 303).unwrap();
    assert!(signs_in(&app, "ada", &passwords[winner]).await);
    assert!(
        !signs_in(&app, "ada", &passwords[(winner + 1) % 50]).await && !signs_in(&app, "ada", PASSWORD).await
    );
}

#[actix_web::test]
async fn a_weak_password_is_refused_and_does_not_burn_the_link() {
    let app = TestApp::new().await;
    let ada = app.register_as("adalovelace", "goblinmarket@example.org", Role::User).await;
    let mut phone = app.browser();
    phone.sign_in("adalovelace").await;
    let mut browser = app.browser();
    browser.get(&link(&app, &ada).await).await;

    for (password, words) in [
        ("gingham", "at least 12 characters"),
        ("passwordpassword", "common"),
        ("adalovelace-1", "little more than"),
        ("goblinmarket1", "little more than"),
    ] {
        let again = send(&mut browser, password).await;
        assert_eq!(again.status, 422, "{password}");
        assert!(again.body.contains(words) && again.body.contains("id=\"password-error\""), "{password}");
        assert!(!again.body.contains(&format!("value=\"{password}")));
    }
    assert_eq!(phone.get("/dashboard").await.status, 200);
    assert_eq!(send(&mut browser, OTHER_PASSWORD).await.status, 303);
    assert_eq!(phone.get("/dashboard").await.status, 303);
}

#[actix_web::test]
async fn a_new_link_voids_the_old_one_and_others_never_worked() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let old = link(&app, &ada).await;
    let mut holder = app.browser();
    holder.get(&old).await;
    let (new, bobs) = (link(&app, &ada).await, link(&app, &bob).await);

    let held = send(&mut holder, OTHER_PASSWORD).await;

    assert_eq!(held.status, 410);
    for (link, status) in
        [(old, 410), (new, 303), (bobs, 303), ("/reset/x".into(), 410), ("/reset/%00".into(), 410)]
    {
        assert_eq!(app.browser().get(&link).await.status, status, "{link}");
    }
    assert_eq!(app.browser().get("/reset").await.status, 410);
    assert!(signs_in(&app, "ada", PASSWORD).await);
}

#[actix_web::test]
async fn the_link_of_a_disabled_user_does_nothing() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let link = link(&app, &ada).await;
    let mut browser = app.browser();
    browser.get(&link).await;

    disable(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    let opened = app.browser().get(&link).await;
    let sent = send(&mut browser, OTHER_PASSWORD).await;

    assert_eq!((opened.status, sent.status), (410, 410));
    let id = ada.id.clone();
    let ada = app.ask(move |conn| User::find(conn, &id)).await.unwrap();
    enable(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    assert!(signs_in(&app, "ada", PASSWORD).await && !signs_in(&app, "ada", OTHER_PASSWORD).await);
}

#[actix_web::test]
async fn a_setup_link_resets_nothing_and_a_reset_link_sets_nothing_up() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let setup = vestibule::flows::set_up::issue_link(&app.vestibule, app.now()).await.unwrap().unwrap();
    let reset = link(&app, &ada).await;

    let wrong = app.browser().get(&format!("/reset/{}", setup.expose())).await;
    let other = app.browser().get(&reset.replace("/reset/", "/setup/")).await;

    assert_eq!((wrong.status, other.status), (410, 410));
    assert_eq!(app.browser().get(&reset).await.status, 303);
}

#[actix_web::test]
async fn a_reset_forgets_what_strangers_got_wrong() {
    let app = TestApp::with(|config| {
        config.throttle.enabled = true;
        config.throttle.account_failure_limit = 5;
    })
    .await;
    let ada = app.register("ada").await;
    for number in 0..6 {
        let mut stranger = app.browser();
        stranger.address = format!("203.0.113.{number}");
        stranger.submit("/login", &[("login", "ada"), ("password", &format!("guess {number}"))]).await;
    }
    assert_eq!(app.browser().sign_in("ada").await.status, 429);
    let mut browser = app.browser();
    browser.get(&link(&app, &ada).await).await;

    send(&mut browser, OTHER_PASSWORD).await;

    assert!(signs_in(&app, "ada", OTHER_PASSWORD).await);
}

#[actix_web::test]
async fn a_form_of_one_link_sets_no_password_by_another_that_was_opened_since() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let mut browser = app.browser();
    browser.get(&link(&app, &ada).await).await;
    let form = browser.get("/reset").await.body;
    // In another tab, or led there by a page of somebody else's.
    browser.get(&link(&app, &bob).await).await;

    let fields = [("username", "ada"), ("password", OTHER_PASSWORD)];
    let sent = browser.submit("/reset", &fields).await;

    assert!(form.contains("name=\"username\" type=\"text\" value=\"ada\""), "{form}");
    assert_eq!(sent.status, 410);
    assert!(sent.body.contains("Another link was opened in this browser since. Nothing was changed"));
    for name in ["ada", "bob"] {
        assert_eq!(app.browser().sign_in(name).await.status, 303, "{name}");
    }
}
