//! Errors: each status as a page for people and as a problem document for programs, and what they do not tell.

use actix_web::test::TestRequest;

use crate::support::{Answer, PASSWORD, TestApp};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Ada and root, of whom root's stored hash is broken: whoever tries to sign in as root meets a fault of ours.
pub async fn stage(change: impl FnOnce(&mut vestibule::Config)) -> TestApp {
    let app = TestApp::with(change).await;
    app.register("ada").await;
    app.register("root").await;
    app.execute("UPDATE users SET password_hash = '$argon2id$nonsense' WHERE username = 'root'").await;
    app
}

fn post(app: &TestApp, path: &str, kind: (&str, &str), body: &str) -> TestRequest {
    app.request("POST", path).insert_header(kind).set_payload(body.to_owned())
}

#[actix_web::test]
async fn each_status_is_a_page_for_people_and_a_problem_for_programs() {
    let app = stage(|config| config.throttle.enabled = true).await;
    let get = |path: &str| app.request("GET", path);
    let account = format!(r#"{{"username":"ADA","password":"{PASSWORD}"}}"#);
    let login = |name: &str| format!("login={name}&password=x");
    let cases: Vec<(u16, &str, Box<dyn Fn() -> TestRequest + '_>)> = vec![
        (400, "bad-request", Box::new(|| post(&app, "/login", FORM, "%zz"))),
        (401, "unauthenticated", Box::new(|| app.request("POST", "/session/renew"))),
        (
            403,
            "cross-site",
            Box::new(|| app.request("POST", "/logout").insert_header(("sec-fetch-site", "cross-site"))),
        ),
        (404, "not-found", Box::new(|| get("/nothing"))),
        (405, "method-not-allowed", Box::new(|| app.request("DELETE", "/login"))),
        (409, "conflict", Box::new(|| post(&app, "/register", JSON, &account))),
        (410, "gone", Box::new(|| get("/reset/nothing"))),
        (413, "payload-too-large", Box::new(|| post(&app, "/login", FORM, &"x".repeat(16 * 1024 + 1)))),
        (
            415,
            "unsupported-media-type",
            Box::new(|| post(&app, "/login", ("content-type", "text/xml"), "<a/>")),
        ),
        (
            422,
            "unprocessable",
            Box::new(|| post(&app, "/register", JSON, r#"{"username":"a","password":"b"}"#)),
        ),
        (500, "internal", Box::new(|| post(&app, "/login", FORM, &login("root")))),
        (
            429,
            "too-many-requests",
            Box::new(|| {
                post(
                    &app,
                    "/register",
                    JSON,
                    r#"{"username":"tim","password":"seven purple lanterns drift"}"#,
                )
            }),
        ),
    ];

    for (status, id, request) in cases {
        for _ in 0..if status == 429 { 15 } else { 0 } {
            app.send(request().insert_header(("accept", "application/json"))).await;
            app.execute("DELETE FROM users WHERE username = 'tim'").await;
        }
        let page = app.send(request().insert_header(("accept", "text/html"))).await;
        let problem = app.send(request().insert_header(("accept", "application/json"))).await;

        check_page(&page, status);
        check_problem(&problem, status, id);
    }
}

pub fn check_page(page: &Answer, status: u16) {
    assert_eq!(
        (page.status, page.header("content-type")),
        (status, "text/html; charset=utf-8"),
        "{}",
        page.body
    );
    assert_eq!(page.body.matches("<h1").count(), 1, "{}", page.body);
    for part in ["<title>", &status.to_string(), page.header("x-request-id")] {
        assert!(page.body.contains(part), "{status}: {part}");
    }
    check_silence(&page.body);
}

pub fn check_problem(answer: &Answer, status: u16, id: &str) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, "application/problem+json"),
        "{}",
        answer.body
    );
    let problem = answer.json();
    assert_eq!(problem["type"], format!("urn:vestibule:problem:{id}"));
    assert_eq!(problem["status"], status);
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    for member in ["title", "detail", "error"] {
        assert!(problem[member].as_str().is_some_and(|words| words.len() > 5), "{member}: {problem}");
    }
    assert_eq!(problem["detail"], problem["error"]);
    check_silence(&answer.body);
}

/// No names of ours, no places, no SQL: whoever meets a fault learns that there was one (ASVS 16.5.1).
fn check_silence(body: &str) {
    let telling = [
        "argon2", "nonsense", "panicked", ".rs:", "src/", "SELECT", "sqlite", "diesel", "Postgres", "/tmp/",
        "Error {",
    ];
    for word in telling {
        assert!(!body.contains(word), "{word}: {body}");
    }
}

#[actix_web::test]
async fn who_asks_decides_whether_it_is_a_page() {
    let app = stage(|_| ()).await;
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    let cases: [(&str, &str, &[(&str, &str)], bool); 16] = [
        ("GET", "/nothing", &[("accept", browser)], true),
        ("GET", "/nothing", &[("accept", "*/*")], true),
        ("GET", "/nothing", &[], true),
        ("GET", "/nothing", &[("accept", "application/json")], false),
        ("GET", "/nothing", &[("accept", "application/problem+json")], false),
        ("GET", "/nothing", &[("authorization", "Bearer x")], false),
        ("GET", "/nothing", &[("accept", browser), ("authorization", "Bearer x")], true),
        ("GET", "/api/nothing", &[], false),
        ("GET", "/api/nothing", &[("accept", "*/*")], false),
        ("GET", "/api/nothing", &[("accept", browser)], true),
        ("GET", "/protected", &[], false),
        ("DELETE", "/healthz", &[], false),
        ("POST", "/login", &[FORM], true),
        ("POST", "/login", &[JSON], false),
        ("POST", "/login", &[JSON, ("accept", browser)], true),
        ("POST", "/login", &[("content-type", "application/vnd.api+json")], false),
    ];

    for (method, path, headers, is_page) in cases {
        let request =
            headers.iter().fold(app.request(method, path), |request, header| request.insert_header(*header));
        let answer = app.send(request.set_payload("%")).await;
        let kind = if is_page { "text/html; charset=utf-8" } else { "application/problem+json" };

        let is_redirect = answer.status == 303;
        assert!(answer.status >= 400 || is_redirect, "{method} {path} {headers:?}");
        assert!(
            is_redirect || answer.header("content-type") == kind,
            "{method} {path} {headers:?}: {}",
            answer.body
        );
    }
}

#[actix_web::test]
async fn a_challenge_is_for_programs_and_the_way_to_sign_in_for_people() {
    let app = stage(|_| ()).await;

    let program = app.program().get("/api/session").await;
    let person = app.browser().get("/dashboard?a=b").await;
    let form = app.browser().submit("/session/renew", &[]).await;

    assert_eq!((program.status, program.header("www-authenticate")), (401, "Bearer"));
    assert_eq!((person.status, person.location()), (303, "/login?next=%2Fdashboard%3Fa%3Db"));
    assert_eq!((form.status, form.body.contains("href=\"/login\"")), (401, true));
}
