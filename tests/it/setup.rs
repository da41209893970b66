//! The first administrator.

use futures_util::future::join_all;
use vestibule::flows::set_up::issue_link;
use vestibule::models::{Event, EventKind, Role, User};

use crate::support::{Answer, Browser, PASSWORD, TestApp};

const HOUR: i64 = 60 * 60;

/// The link that the start of the server prints.
async fn link(app: &TestApp) -> String {
    let token = issue_link(&app.vestibule, app.now()).await.unwrap().expect("there is no administrator");
    format!("/setup/{}", token.expose())
}

async fn send(browser: &mut Browser, username: &str, password: &str) -> Answer {
    browser.submit("/setup", &[("username", username), ("email", ""), ("password", password)]).await
}

async fn admins(app: &TestApp) -> Vec<String> {
    let users = app.ask(|conn| User::list(conn, "", 100)).await;
    users.into_iter().filter(|user| user.role == Role::Admin).map(|user| user.username).collect()
}

#[actix_web::test]
async fn the_link_makes_one_administrator_and_signs_them_in() {
    let app = TestApp::new().await;
    let link = link(&app).await;
    let (mut browser, mut late) = (app.browser(), app.browser());

    let opened = browser.get(&link).await;
    let form = browser.get("/setup").await;
    late.get(&link).await;
    let done = send(&mut browser, "ada", PASSWORD).await;
    let page = browser.follow(done.clone()).await;

    assert_eq!((opened.status, opened.location()), (303, "/setup"));
    assert!(form.body.contains("Create the administrator"));
    assert_eq!((done.status, done.location()), (303, "/dashboard"));
    assert!(
        page.body.contains("You are the administrator of this instance. One step is left"),
        "{}",
        page.body
    );
    assert!(page.body.contains("A second step is asked for"));
    for gone in [
        app.browser().get(&link).await,
        browser.get("/setup").await,
        late.get("/setup").await,
        send(&mut late, "eve", PASSWORD).await,
        send(&mut browser, "eve", PASSWORD).await,
    ] {
        assert_eq!(gone.status, 410);
        assert!(gone.body.contains("This setup link has been used, has expired,"));
    }
    assert_eq!(admins(&app).await, ["ada"]);
    assert!(issue_link(&app.vestibule, app.now()).await.unwrap().is_none());
    let ada = app.ask(|conn| User::find_by_username(conn, "ada")).await.unwrap();
    let events = app.ask(move |conn| Event::list_latest(conn, &ada.id, 9)).await;
    assert!(
        [EventKind::Registered, EventKind::LoggedIn]
            .iter()
            .all(|kind| events.iter().any(|event| event.kind == *kind))
    );
}

#[actix_web::test]
async fn the_token_is_nowhere_but_in_the_link() {
    let app = TestApp::new().await;
    let link = link(&app).await;
    let token = link.trim_start_matches("/setup/");
    let mut browser = app.browser();

    let opened = browser.get(&link).await;
    let form = browser.get("/setup").await;
    let wrong = send(&mut browser, "a", PASSWORD).await;
    let done = send(&mut browser, "ada", PASSWORD).await;

    for answer in [opened, form, wrong, done] {
        let headers = format!("{:?}", answer.headers);
        assert!(!answer.body.contains(token) && !headers.contains(token), "{headers}");
    }
    assert!(browser.cookies.values().all(|value| !value.contains(token)));
}

#[actix_web::test]
async fn the_link_works_for_an_hour() {
    let app = TestApp::new().await;
    let link = link(&app).await;
    let mut browser = app.browser();
    browser.get(&link).await;

    app.pass(HOUR - 60);
    let early = browser.get("/setup").await;
    app.pass(70);
    let late = browser.get("/setup").await;
    let sent = send(&mut browser, "ada", PASSWORD).await;

    assert_eq!((early.status, late.status, sent.status), (200, 410, 410));
    assert_eq!(app.browser().get(&link).await.status, 410);
    assert!(admins(&app).await.is_empty());
}

#[actix_web::test]
async fn a_new_link_voids_the_old_one_and_others_never_worked() {
    let app = TestApp::new().await;
    let (old, new) = (link(&app).await, link(&app).await);
    let mut stranger = app.browser();

    for (link, status) in [(old.as_str(), 410), (new.as_str(), 303), ("/setup/x", 410), ("/setup/%00", 410)] {
        assert_eq!(app.browser().get(link).await.status, status, "{link}");
    }
    assert_eq!(stranger.get("/setup").await.status, 410);
    assert_eq!(send(&mut stranger, "eve", PASSWORD).await.status, 410);
    assert!(admins(&app).await.is_empty());
}

#[actix_web::test]
async fn while_there_is_an_administrator_no_link_works() {
    let app = TestApp::new().await;
    let link = link(&app).await;
    let mut browser = app.browser();
    app.register("bob").await;
    browser.get(&link).await;
    assert_eq!(browser.get("/setup").await.status, 200, "bob is no administrator");

    app.register_as("carol", "", Role::Admin).await;

    assert_eq!(browser.get(&link).await.status, 410);
    assert_eq!(browser.get("/setup").await.status, 410);
    assert_eq!(send(&mut browser, "ada", PASSWORD).await.status, 410);
    assert_eq!(admins(&app).await, ["carol"]);
}

#[actix_web::test]
async fn what_was_typed_wrong_does_not_burn_the_link() {
    let app = TestApp::new().await;
    let link = link(&app).await;
    app.register("bob").await;
    let mut browser = app.browser();
    browser.get(&link).await;

    for (name, password, words) in [
        ("a", PASSWORD, "at least 3"),
        ("ada", "gingham", "at least 12 characters"),
        ("bob", PASSWORD, "That username is taken"),
    ] {
        let again = send(&mut browser, name, password).await;
        assert_eq!(again.status, 422);
        assert!(again.body.contains(words) && again.body.contains(&format!("value=\"{name}\"")));
        assert!(!again.body.contains("gingham"));
    }
    assert_eq!(send(&mut browser, "ada", PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn of_many_who_press_at_once_one_becomes_administrator() {
    let app = TestApp::with(|config| config.passwords.hash_queue = 100).await;
    let link = link(&app).await;
    let mut browsers: Vec<Browser> = (0..20).map(|_| app.browser()).collect();
    for browser in &mut browsers {
        browser.get(&link).await;
    }

    let names: Vec<String> = (0..20).map(|number| format!("person{number}")).collect();
    let answers =
        join_all(browsers.iter_mut().zip(&names).map(|(browser, name)| send(browser, name, PASSWORD))).await;

    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(303), count(410)), (1, 19));
    assert_eq!(app.ask(|conn| User::list(conn, "", 100)).await.len(), 1);
}

#[actix_web::test]
async fn whoever_only_looks_changes_nothing() {
    let app = TestApp::new().await;
    let link = link(&app).await;

    for _ in 0..10 {
        assert_eq!(app.send(app.request("GET", &link)).await.status, 303);
        assert_eq!(app.send(app.request("HEAD", &link)).await.status, 303);
    }

    let mut browser = app.browser();
    browser.get(&link).await;
    assert_eq!(send(&mut browser, "ada", PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn a_closed_house_still_gets_its_administrator_who_may_have_a_reserved_name() {
    use vestibule::config::RegistrationMode::Closed;

    let app = TestApp::with(|config| config.registration.mode = Closed).await;
    let link = link(&app).await;
    let mut browser = app.browser();
    browser.get(&link).await;

    let done = send(&mut browser, "admin", PASSWORD).await;

    assert_eq!(done.status, 303);
}
