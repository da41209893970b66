//! Signing out.

use vestibule::models::{Event, EventKind};

use crate::support::{Answer, TestApp};

/// Status, headers that matter and cookies, without the flow cookie's value, which is sealed anew each time.
fn shape(answer: &Answer) -> (u16, String, String, Vec<String>) {
    let cookies =
        answer.cookies().iter().map(|cookie| format!("{} {:?}", cookie.name(), cookie.max_age())).collect();
    (answer.status, answer.location().to_owned(), answer.header("clear-site-data").to_owned(), cookies)
}

#[actix_web::test]
async fn the_button_ends_the_session_here_and_for_whoever_copied_the_cookie() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (mut browser, mut elsewhere) = (app.browser(), app.browser());
    browser.sign_in("ada").await;
    elsewhere.sign_in("ada").await;
    let mut thief = browser.clone();
    let mut program = app.program();
    program.token = Some(browser.token());
    assert_eq!(program.get("/protected").await.status, 200);

    let answer = browser.submit("/logout", &[]).await;

    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    let cookie = answer.cookie("vestibule").unwrap();
    assert_eq!((cookie.value(), cookie.path(), cookie.http_only()), ("", Some("/"), Some(true)));
    assert!(cookie.max_age().is_some_and(|age| age.is_zero()));
    assert_eq!(browser.token(), "");
    assert_eq!(thief.get("/dashboard").await.status, 303);
    assert_eq!(
        (program.get("/protected").await.status, program.get("/api/session").await.status),
        (403, 401)
    );
    assert_eq!(elsewhere.get("/dashboard").await.status, 200);
    assert!(browser.follow(answer).await.body.contains("You are signed out."));
    let events = app.ask(move |conn| Event::list_latest(conn, &ada.id, 9)).await;
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::LoggedOut).count(), 1);
}

#[actix_web::test]
async fn reading_the_page_changes_nothing() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    let page = browser.get("/logout").await;
    let head = browser.send(app.request("HEAD", "/logout")).await;

    assert_eq!((page.status, head.status), (200, 200));
    assert!(page.body.contains("<form method=\"post\" action=\"/logout\">"));
    assert!(page.headers.get("clear-site-data").is_none() && page.cookie("vestibule").is_none());
    assert_eq!(browser.get("/dashboard").await.status, 200);
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = app.request(method, "/logout").insert_header(("sec-fetch-site", "same-origin"));
        let refused = browser.send(request).await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, POST, HEAD"));
    }
    assert_eq!(browser.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn whoever_is_out_already_gets_the_same_answer() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let mut copy = browser.clone();

    let first = browser.submit("/logout", &[]).await;
    let again = browser.submit("/logout", &[]).await;
    let dead = copy.submit("/logout", &[]).await;
    let stranger = app.browser().submit("/logout", &[]).await;

    for other in [again, dead, stranger] {
        assert_eq!(shape(&other), shape(&first));
    }
    assert!(app.browser().get("/logout").await.body.contains("You are signed out"));
}

#[actix_web::test]
async fn a_program_signs_out_with_its_token() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (mut program, mut other) = (app.program(), app.program());
    program.log_in("ada").await;
    other.log_in("ada").await;

    let first = program.send(app.request("POST", "/logout")).await;
    let again = program.send(app.request("POST", "/logout")).await;
    let get = other.get("/logout").await;

    assert_eq!((first.status, first.json()["message"].as_str()), (200, Some("Signed out")));
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(program.get("/protected").await.status, 403);
    assert_eq!((get.status, other.get("/protected").await.status), (200, 200));
}

#[actix_web::test]
async fn signing_out_forgets_where_somebody_was_going() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.get("/login?next=%2Fwiki").await;

    browser.submit("/logout", &[]).await;

    assert_eq!(browser.sign_in("ada").await.location(), "/dashboard");
}

#[actix_web::test]
async fn it_ends_a_session_that_a_thief_kept_alive_while_its_owner_was_away() {
    let app = TestApp::new().await;
    app.register("ada").await;
    for way in ["/logout", "/login"] {
        let mut ada = app.browser();
        ada.sign_in("ada").await;
        let mut thief = ada.clone();
        for _ in 0..3 {
            app.pass(40 * 60);
            thief.get("/dashboard").await;
        }
        assert_eq!(thief.get("/dashboard").await.status, 200);
        assert_eq!(ada.get("/dashboard").await.status, 303, "her own token has expired");

        match way {
            "/logout" => ada.submit("/logout", &[]).await,
            _ => ada.sign_in("ada").await,
        };

        assert_eq!(thief.get("/dashboard").await.status, 303, "{way}");
    }
}

#[actix_web::test]
async fn a_bad_token_beside_a_good_cookie_saves_no_session() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    let mut copy = ada.clone();

    let both = app.request("POST", "/logout").insert_header(("authorization", "Bearer junk"));
    ada.send(both.insert_header(("sec-fetch-site", "same-origin"))).await;

    assert_eq!(copy.get("/dashboard").await.status, 303);
}
