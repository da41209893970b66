//! "Stay signed in": a browser goes on after its access token has ended, and nobody notices.

use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, get, scope};
use futures_util::future::join_all;
use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;
use vestibule::flows::{keep, overview};
use vestibule::models::User;
use vestibule::web::doorway;
use vestibule::web::extract::{CurrentUser, Reauthenticated};

use crate::forgot::{ADDRESS, link, proven, send};
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

const COOKIE: &str = "vestibule-refresh";
const TOKEN: i64 = 60 * 60;
const DAYS: i64 = 24 * 60 * 60;

async fn stay(browser: &mut Browser) -> Answer {
    let fields = [("login", "ada"), ("password", PASSWORD), ("stay_signed_in", "yes")];
    browser.submit("/login", &fields).await
}

async fn house() -> (TestApp, User, Browser) {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", ADDRESS).await;
    let mut browser = app.browser();
    stay(&mut browser).await;
    (app, ada, browser)
}

async fn is_in(browser: &mut Browser) -> bool {
    browser.get("/dashboard").await.status == 200
}

/// As after the window was closed: what has no lifetime is gone.
fn restart(browser: &mut Browser) {
    browser.cookies.remove("vestibule");
}

#[actix_web::test]
async fn the_box_is_empty_says_for_how_long_and_stays_ticked_beside_an_error() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();

    let page = browser.get("/login").await;
    let wrong = [("login", "ada"), ("password", "?"), ("stay_signed_in", "yes")];
    let ticked = browser.submit("/login", &wrong).await;
    let empty = browser.submit("/login", &[("login", "ada"), ("password", "?")]).await;
    let register = browser.get("/register").await;

    let words = "> Stay signed in for 30 days</label>";
    let checked = "type=\"checkbox\" value=\"yes\" checked";
    assert!(page.body.contains(words) && !page.body.contains("checked"));
    assert_eq!((ticked.status, empty.status), (422, 422));
    assert!(ticked.body.contains(words) && ticked.body.contains(checked) && !empty.body.contains("checked"));
    assert!(!register.body.contains("stay_signed_in"));
    for (seconds, words) in [(12 * 3600, "12 hours"), (5400 + 46_800, "870 minutes"), (90_000, "25 hours")] {
        let remembered = std::time::Duration::from_secs(seconds);
        let app = TestApp::with(|config| config.sessions.remembered_lifetime = remembered).await;
        assert!(app.browser().get("/login").await.body.contains(&format!("Stay signed in for {words}<")));
    }
}

#[actix_web::test]
async fn only_a_ticked_box_gives_the_cookie_and_it_lasts_as_long_as_the_session() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let https = TestApp::with(|config| {
        config.server.public_url = Some("https://id.example.org".parse().unwrap());
    });
    let https = https.await;
    https.register("ada").await;

    let plain = app.browser().sign_in("ada").await;
    let stayed = stay(&mut app.browser()).await;
    let secure = stay(&mut https.browser()).await;

    assert!(plain.cookie(COOKIE).unwrap().value().is_empty(), "one from before is taken away");
    let (cookie, safe) = (stayed.cookie(COOKIE).unwrap(), secure.cookie("__Host-vestibule-refresh").unwrap());
    for (cookie, is_secure) in [(cookie, None), (safe, Some(true))] {
        assert_eq!((cookie.value().len(), cookie.max_age().unwrap().whole_days()), (43, 30));
        assert_eq!((cookie.http_only(), cookie.secure(), cookie.path()), (Some(true), is_secure, Some("/")));
        assert!(cookie.same_site().unwrap().is_lax() && cookie.domain().is_none());
    }
    assert!(stayed.cookie("vestibule").unwrap().max_age().is_none());
}

#[actix_web::test]
async fn an_expired_token_is_renewed_on_the_way_for_get_and_for_post() {
    let (app, _, mut browser) = house().await;
    let (token, refresh) = (browser.token(), browser.cookies[COOKIE].clone());

    app.pass(TOKEN + 5);
    let page = browser.get("/dashboard").await;
    app.pass(TOKEN);
    let done = browser.submit("/sessions/end-others", &[]).await;
    restart(&mut browser);
    app.pass(3 * DAYS);
    let invalid = browser.submit("/reauth", &[("password", "?")]).await;

    assert_eq!((page.status, done.status, done.location(), invalid.status), (200, 303, "/dashboard", 422));
    for answer in [&page, &done, &invalid] {
        assert!(answer.cookie("vestibule").is_some() && answer.cookie(COOKIE).is_some());
    }
    assert_eq!(page.cookie(COOKIE).unwrap().max_age().unwrap().whole_seconds(), 30 * DAYS - TOKEN - 5);
    assert!(browser.token() != token && browser.cookies[COOKIE] != refresh);
    let next = browser.get("/dashboard").await;
    assert!(next.status == 200 && next.cookie(COOKIE).is_none(), "not with every request");
    let session = browser.get("/api/session").await.json();
    let seconds = |name: &str| session[name].as_i64().unwrap();
    assert_eq!(seconds("session_expires_at") - seconds("authenticated_at"), 30 * DAYS);
    app.pass(30 * DAYS - 3 * DAYS - 2 * TOKEN);
    assert!(!is_in(&mut browser).await && !browser.cookies.contains_key(COOKIE), "thirty days are the limit");
}

#[actix_web::test]
async fn six_tabs_that_wake_at_once_stay_signed_in() {
    let (app, _, browser) = house().await;
    app.pass(2 * DAYS);

    let mut tabs = vec![browser; 6];
    let answers = join_all(tabs.iter_mut().map(|tab| tab.get("/dashboard"))).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
    tabs.dedup_by(|one, other| one.cookies[COOKIE] == other.cookies[COOKIE] && one.token() == other.token());
    assert_eq!(tabs.len(), 1, "one pair for all");
    app.pass(TOKEN + 5);
    assert!(is_in(&mut tabs[0]).await);
}

#[actix_web::test]
async fn a_thief_who_comes_after_the_owner_ends_the_session_for_both() {
    let (app, _, mut owner) = house().await;
    let mut thief = owner.clone();
    app.pass(TOKEN + 5);
    assert!(is_in(&mut owner).await);
    app.pass(60);

    let caught = thief.get("/dashboard").await;

    assert_eq!((caught.status, caught.location()), (303, "/login?next=%2Fdashboard"));
    assert!(!thief.cookies.contains_key(COOKIE));
    assert!(!is_in(&mut owner).await);
    assert!(!owner.cookies.contains_key(COOKIE), "what is refused is taken away");
    assert_eq!(app.mails().await.len(), 1);
}

#[actix_web::test]
async fn whoever_comes_with_the_refresh_cookie_alone_is_no_visitor() {
    let (app, _, mut browser) = house().await;
    app.pass(DAYS);

    for path in ["/login", "/register", "/login?next=%2Fdashboard%23sessions"] {
        restart(&mut browser);
        app.pass(11);
        let answer = browser.get(path).await;
        let wanted = if path.contains("next") { "/dashboard#sessions" } else { "/dashboard" };
        assert_eq!((answer.status, answer.location()), (303, wanted), "{path}");
        assert!(!browser.token().is_empty());
    }
}

#[actix_web::test]
async fn signing_out_by_the_refresh_cookie_alone_ends_the_session_at_every_node() {
    let (app, _, mut browser) = house().await;
    let other = app.another_node().await;
    let copied = browser.cookies.clone();
    restart(&mut browser);

    let out = browser.submit("/logout", &[]).await;

    assert_eq!(out.status, 303);
    assert!(!browser.cookies.contains_key(COOKIE));
    for app in [&app, &other] {
        let mut thief = app.browser();
        thief.cookies.extend(copied.clone());
        restart(&mut thief);
        assert!(!is_in(&mut thief).await && !thief.cookies.contains_key(COOKIE));
    }
}

#[actix_web::test]
async fn a_reset_and_an_operator_end_what_was_to_stay_at_every_node() {
    let (app, ada, mut browser) = house().await;
    let other = app.another_node().await;
    let there = |browser: &Browser| {
        let mut copy = other.browser();
        copy.cookies.extend(browser.cookies.clone());
        restart(&mut copy);
        copy
    };
    let mut copy = there(&browser);
    browser.submit("/forgot", &[("email", ADDRESS)]).await;
    let link = link(&app).await;
    browser.get(&link).await;
    send(&mut browser, OTHER_PASSWORD).await;

    assert!(!browser.cookies.contains_key(COOKIE) && !is_in(&mut copy).await);
    let fields = [("login", "ada"), ("password", OTHER_PASSWORD), ("stay_signed_in", "yes")];
    browser.submit("/login", &fields).await;
    let mut copy = there(&browser);
    disable(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    restart(&mut browser);
    assert!(!is_in(&mut browser).await && !is_in(&mut copy).await);
}

#[actix_web::test]
async fn a_confirmation_gives_a_new_refresh_token_and_a_stolen_one_is_dead() {
    let (app, _, mut browser) = house().await;
    let mut thief = browser.clone();

    let done = browser.submit("/reauth", &[("password", PASSWORD)]).await;

    assert_eq!(done.status, 303);
    assert_ne!(browser.cookies[COOKIE], thief.cookies[COOKIE]);
    restart(&mut thief);
    assert!(!is_in(&mut thief).await);
    app.pass(20 * DAYS);
    assert!(is_in(&mut browser).await, "the thief did it no harm");
    app.pass(10 * DAYS);
    assert!(!is_in(&mut browser).await, "and it did not begin anew");
}

#[actix_web::test]
async fn signing_in_again_ends_the_earlier_session_even_if_only_its_refresh_cookie_is_left() {
    let (app, ada, mut browser) = house().await;
    let mut copy = browser.clone();
    restart(&mut browser);

    browser.sign_in("ada").await;

    assert!(!browser.cookies.contains_key(COOKIE), "and this time not to stay");
    restart(&mut copy);
    assert!(is_in(&mut browser).await && !is_in(&mut copy).await);
    assert_eq!(overview::sessions(&app.vestibule, &ada.id, app.now()).await.unwrap().len(), 1);
}

async fn who(current: CurrentUser) -> String {
    current.user.username.clone()
}

async fn matters(current: Reauthenticated) -> String {
    current.user.username.clone()
}

fn routes(config: &mut ServiceConfig) {
    let guarded = scope("/mine").wrap(from_fn(doorway));
    config.service(guarded.route("/who", get().to(who)).route("/matters", get().to(matters)));
    config.route("/bare", get().to(who));
}

#[actix_web::test]
async fn a_renewed_session_never_passes_for_a_fresh_proof() {
    let app = TestApp::mounting(|_| (), routes).await;
    app.register("ada").await;
    let mut browser = app.browser();
    stay(&mut browser).await;
    let fresh = browser.get("/mine/matters").await;
    app.pass(TOKEN + 5);

    let renewed = browser.get("/mine/matters").await;

    assert_eq!((fresh.status, renewed.status), (200, 303));
    assert_eq!(renewed.location(), "/reauth?next=%2Fmine%2Fmatters");
    assert_eq!(browser.get("/mine/who").await.body, "ada");
}

#[actix_web::test]
async fn where_nobody_would_give_the_next_one_no_token_is_spent() {
    let app = TestApp::mounting(|_| (), routes).await;
    app.register("ada").await;
    let mut browser = app.browser();
    stay(&mut browser).await;
    app.pass(TOKEN + 5);

    let bare = browser.get("/bare").await;
    app.pass(60);
    let guarded = browser.get("/mine/who").await;

    assert_eq!((bare.status, guarded.status), (401, 200));
    assert!(bare.cookies().is_empty() && guarded.cookie(COOKIE).is_some());
}

#[actix_web::test]
async fn the_dashboard_threatens_nobody_who_stays_and_hides_no_session_that_may_come_back() {
    let (app, ada, mut browser) = house().await;
    let mut other = app.browser();
    other.sign_in("ada").await;

    let stays = browser.get("/dashboard").await;
    let leaves = other.get("/dashboard").await;
    app.pass(2 * DAYS);
    let listed = overview::sessions(&app.vestibule, &ada.id, app.now()).await.unwrap();
    browser.get("/dashboard").await;
    keep::write_last_seen(&app.vestibule).await.unwrap();
    let seen = overview::sessions(&app.vestibule, &ada.id, app.now()).await.unwrap();
    app.pass(28 * DAYS - 60);
    let last = browser.get("/dashboard").await;

    assert!(stays.body.contains("You stay signed in here until") && !stays.body.contains("id=\"countdown\""));
    assert!(!stays.body.contains("ending-renew") && !stays.body.contains("Your session ends"));
    assert!(leaves.body.contains("Your session ends") && leaves.body.contains("id=\"countdown\""));
    assert_eq!((listed.len(), listed[0].renewable_since.is_some()), (1, true));
    assert!(seen[0].last_seen_at > listed[0].last_seen_at);
    assert!(last.body.contains("id=\"countdown\"") && last.body.contains("Then you sign in again."));
}

#[actix_web::test]
async fn while_we_cannot_find_out_nobody_is_let_in_and_nothing_is_taken_away() {
    let (app, _, mut browser) = house().await;
    app.pass(TOKEN + 5);

    app.execute("ALTER TABLE refresh_tokens RENAME TO away").await;
    let broken = browser.get("/dashboard").await;
    app.execute("ALTER TABLE away RENAME TO refresh_tokens").await;

    assert_eq!((broken.status, broken.cookie(COOKIE), broken.cookie("vestibule")), (500, None, None));
    assert!(is_in(&mut browser).await);
}
