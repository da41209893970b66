//! The guards, each in front of a route of somebody else's, and everybody who might come.

use std::sync::Mutex;

use actix_web::web::{ServiceConfig, get, post};
use vestibule::models::Role;
use vestibule::web::extract::{Admin, BearerUser, CurrentUser, Visitor};

use crate::enrolment::nobody_has_to;
use crate::support::{Answer, TestApp};

async fn current(user: CurrentUser) -> String {
    format!("current {}", user.user.username)
}

async fn bearer(user: BearerUser) -> String {
    format!("bearer {}", user.user.username)
}

async fn admin(user: Admin) -> String {
    format!("admin {}", user.user.username)
}

async fn visitor(_: Visitor) -> &'static str {
    "visitor"
}

async fn perhaps(user: Option<CurrentUser>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.user.username.clone())
}

fn routes(config: &mut ServiceConfig) {
    config.route("/current", get().to(current)).route("/bearer", get().to(bearer));
    config.route("/admin", get().to(admin)).route("/visitor", get().to(visitor));
    config.route("/perhaps", get().to(perhaps)).route("/act", post().to(admin));
}

const ALL: [&str; 5] = ["current", "bearer", "admin", "visitor", "perhaps"];

/// An instance with `ada`, who administers it, and `bob`, who does not.
async fn house() -> TestApp {
    let app = TestApp::mounting(nobody_has_to, routes).await;
    app.register_as("ada", "", Role::Admin).await;
    app.register("bob").await;
    app
}

/// What each guard says to a browser in which `login` is signed in.
async fn as_browser(app: &TestApp, login: Option<&str>) -> Vec<Answer> {
    let mut browser = app.browser();
    if let Some(login) = login {
        browser.sign_in(login).await;
    }
    let mut answers = Vec::new();
    for guard in ALL {
        answers.push(browser.get(&format!("/{guard}")).await);
    }
    answers
}

/// What each guard says to a program with this token.
async fn as_program(app: &TestApp, token: Option<&str>) -> Vec<Answer> {
    let mut program = app.program();
    program.token = token.map(str::to_owned);
    let mut answers = Vec::new();
    for guard in ALL {
        let request = app.request("GET", &format!("/{guard}"));
        answers.push(program.send(request.insert_header(("accept", "application/json"))).await);
    }
    answers
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

#[actix_web::test]
async fn a_browser_is_let_in_by_its_cookie_but_not_where_a_token_has_to_be_shown() {
    let app = house().await;

    let nobody = as_browser(&app, None).await;
    let bob = as_browser(&app, Some("bob")).await;
    let ada = as_browser(&app, Some("ada")).await;

    assert_eq!(statuses(&nobody), [401, 401, 401, 200, 200]);
    assert_eq!(nobody[0].json()["error"], "Please sign in.");
    assert_eq!(nobody[4].body, "nobody");
    assert_eq!(statuses(&bob), [200, 401, 403, 409, 200]);
    assert_eq!((bob[0].body.as_str(), bob[4].body.as_str()), ("current bob", "bob"));
    assert_eq!(bob[2].json()["error"], "You are signed in as bob, who may not see this.");
    assert_eq!(statuses(&ada), [200, 401, 200, 409, 200]);
    assert_eq!(ada[2].body, "admin ada");
}

#[actix_web::test]
async fn a_program_is_let_in_by_its_token() {
    let app = house().await;
    let (mut ada, mut bob) = (app.program(), app.program());
    ada.log_in("ada").await;
    bob.log_in("bob").await;

    let nobody = as_program(&app, None).await;
    let forged = as_program(&app, Some("a.b.c")).await;
    let bob = as_program(&app, bob.token.as_deref()).await;
    let ada = as_program(&app, ada.token.as_deref()).await;

    assert_eq!(statuses(&nobody), [401, 401, 401, 200, 200]);
    assert_eq!(nobody[1].header("www-authenticate"), "Bearer");
    assert_eq!(statuses(&forged), [401, 401, 401, 200, 200]);
    assert_eq!(forged[1].header("www-authenticate"), "Bearer error=\"invalid_token\"");
    assert_eq!(statuses(&bob), [200, 200, 403, 409, 200]);
    assert_eq!((bob[1].body.as_str(), &bob[2].json()["status"]), ("bearer bob", &403.into()));
    assert_eq!(statuses(&ada), [200, 200, 200, 409, 200]);
}

#[actix_web::test]
async fn two_cookies_two_tokens_or_another_scheme_prove_nothing() {
    let app = house().await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let token = browser.token();
    let current = || app.request("GET", "/current").insert_header(("accept", "application/json"));
    let header = |value: String| current().append_header(("authorization", value));

    for (index, (request, status)) in [
        (current().append_header(("cookie", format!("vestibule={token}"))), 200),
        (current().append_header(("cookie", format!("vestibule={token}; vestibule={token}"))), 401),
        (current().append_header(("cookie", format!("vestibule=x; vestibule={token}"))), 401),
        (current().append_header(("cookie", format!("__Host-vestibule={token}"))), 401),
        (header(format!("Bearer {token}")), 200),
        (header(format!("bearer  {token} ")), 200),
        (header(format!("Bearer {token}")).append_header(("authorization", "Bearer x")), 401),
        (header(format!("Basic {token}")), 401),
        (header(token.clone()), 401),
        (header("Bearer".to_owned()), 401),
        (header("Bearer x".to_owned()).append_header(("cookie", format!("vestibule={token}"))), 401),
        (app.request("GET", &format!("/current?access_token={token}")), 401),
    ]
    .into_iter()
    .enumerate()
    {
        let request = request.insert_header(("accept", "application/json"));
        assert_eq!(app.send(request).await.status, status, "line {index}");
    }
}

#[actix_web::test]
async fn a_role_counts_from_the_next_request_on() {
    use vestibule::flows::administer_user::{find, set_role};
    use vestibule::flows::caller::Caller;

    let app = house().await;
    let mut browser = app.browser();
    browser.sign_in("bob").await;
    let bob = find(&app.vestibule, "bob").await.unwrap().unwrap();

    let before = browser.get("/admin").await;
    set_role(&app.vestibule, &bob, Role::Admin, &Caller::operator(), app.now()).await.unwrap();
    let raised = browser.get("/admin").await;
    let bob = find(&app.vestibule, "bob").await.unwrap().unwrap();
    set_role(&app.vestibule, &bob, Role::User, &Caller::operator(), app.now()).await.unwrap();
    let lowered = browser.get("/admin").await;

    assert_eq!((before.status, raised.status, lowered.status), (403, 200, 403));
}

#[actix_web::test]
async fn deeds_are_guarded_like_pages() {
    let app = house().await;
    let (mut stranger, mut bob, mut ada) = (app.browser(), app.browser(), app.browser());
    bob.sign_in("bob").await;
    ada.sign_in("ada").await;

    assert_eq!(stranger.submit("/act", &[]).await.status, 401);
    assert_eq!(bob.submit("/act", &[]).await.status, 403);
    assert_eq!(ada.submit("/act", &[]).await.status, 200);
}

/// What is logged in this process.
pub struct Listener(pub Mutex<Vec<String>>);

pub static HEARD: Listener = Listener(Mutex::new(Vec::new()));

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

/// Listens from now on; a process has one logger, whichever test comes first.
pub fn listen(level: log::LevelFilter) {
    let _ = log::set_logger(&HEARD);
    log::set_max_level(level);
}

#[actix_web::test]
async fn whoever_may_not_is_in_the_log_by_id() {
    listen(log::LevelFilter::Warn);
    let app = house().await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let id = app.ask(|conn| vestibule::models::User::find_by_username(conn, "bob")).await.unwrap().id;

    assert_eq!(bob.get("/admin").await.status, 403);

    let heard = HEARD.0.lock().unwrap().clone();
    let words = format!("WARN refused GET /admin to user {id}, who is no administrator (request ");
    assert!(heard.iter().any(|line| line.starts_with(&words)), "{heard:?}");
    assert!(!heard.iter().any(|line| line.contains("bob")), "{heard:?}");
}
