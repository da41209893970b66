//! Forged requests, the other side of it: what is ours, or no browser's at all, is let in (D7).
//! That every route refuses the rest is in `routes.rs`.

use actix_web::test::TestRequest;
use serde_json::json;

use crate::support::{Answer, Browser, PASSWORD, TestApp};

const OURS: &str = "http://localhost:8080";

/// Sends a sign-in form with these headers.
async fn sign_in(app: &TestApp, browser: &mut Browser, headers: &[(&str, &str)]) -> Answer {
    let form = app.request("POST", "/login").set_form([("login", "ada"), ("password", PASSWORD)]);
    browser.send(with(form, headers)).await
}

fn with(request: TestRequest, headers: &[(&str, &str)]) -> TestRequest {
    headers.iter().fold(request, |request, header| request.append_header(*header))
}

#[actix_web::test]
async fn a_form_of_ours_is_accepted_however_the_browser_says_so() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let ways: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin"), ("origin", OURS)],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        // A page with `Referrer-Policy: no-referrer` sends this, and the newer header knows better.
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        &[("origin", OURS)],
    ];

    for headers in ways {
        let mut browser = app.browser();
        let first = sign_in(&app, &mut browser, headers).await;
        let again = sign_in(&app, &mut browser, headers).await;
        let out = browser.send(with(app.request("POST", "/logout"), headers)).await;

        assert_eq!([first.status, again.status, out.status], [303; 3], "{headers:?}");
    }
}

#[actix_web::test]
async fn a_new_account_is_made_from_our_page_and_not_from_another() {
    let app = TestApp::new().await;
    let form =
        |name: &str| app.request("POST", "/register").set_form([("username", name), ("password", PASSWORD)]);

    let ours = app.browser().send(with(form("ada"), &[("origin", OURS)])).await;
    let theirs = app.browser().send(with(form("eve"), &[("origin", "https://evil.test")])).await;

    assert_eq!((ours.status, theirs.status), (303, 403));
    assert!(theirs.cookies().is_empty());
}

#[actix_web::test]
async fn nobody_is_signed_in_as_somebody_else_by_another_site() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut victim = app.browser();

    let forged = sign_in(&app, &mut victim, &[("sec-fetch-site", "cross-site")]).await;

    assert_eq!(forged.status, 403);
    assert_eq!(victim.get("/dashboard").await.location(), "/login?next=%2Fdashboard");
}

#[actix_web::test]
async fn the_origin_is_the_public_one_and_not_what_the_request_says_of_us() {
    let app =
        TestApp::with(|config| config.server.public_url = Some("https://Login.Example.org/".into())).await;
    app.register("ada").await;
    let cases = [
        ("https://login.example.org", "login.example.org", 303),
        ("https://login.example.org", "127.0.0.1:8080", 303),
        ("http://login.example.org", "login.example.org", 403),
        ("https://login.example.org:444", "login.example.org:444", 403),
        ("https://login.example.org:443", "login.example.org", 403),
        ("https://evil.test", "evil.test", 403),
        ("https://example.org", "login.example.org", 403),
        ("https://x.login.example.org", "login.example.org", 403),
        ("HTTPS://LOGIN.EXAMPLE.ORG", "login.example.org", 403),
        ("https://login.example.org https://evil.test", "login.example.org", 403),
        ("", "login.example.org", 403),
    ];

    for (origin, host, expected) in cases {
        let headers = [("origin", origin), ("host", host), ("x-forwarded-host", host)];
        let answer = sign_in(&app, &mut app.browser(), &headers).await;

        assert_eq!(answer.status, expected, "{origin} at {host}");
    }
}

#[actix_web::test]
async fn a_program_without_cookies_need_not_say_where_it_is() {
    let app = TestApp::new().await;
    let mut program = app.program();

    let registered = program.post("/register", &json!({ "username": "ada", "password": PASSWORD })).await;
    let signed_in = program.log_in("ada").await;
    let out = program.send(app.request("POST", "/logout")).await;
    let form = app.request("POST", "/login").set_form([("login", "ada"), ("password", PASSWORD)]);
    let by_form = app.send(form).await;

    assert_eq!([registered.status, signed_in.status, out.status, by_form.status], [200, 200, 200, 303]);
}

#[actix_web::test]
async fn a_bearer_token_without_cookies_is_no_browsers_doing() {
    let app = TestApp::new().await;
    app.register("ada").await;
    // An extension or a page allowed to read tokens: the browser says cross-site, and the token proves more.
    for headers in [&[("sec-fetch-site", "cross-site")], &[("origin", "https://app.example.org")]] {
        let mut program = app.program();
        program.log_in("ada").await;

        let out = program.send(with(app.request("POST", "/logout"), headers)).await;

        assert_eq!(out.status, 200, "{headers:?}");
        assert_eq!(program.get("/api/session").await.status, 401);
    }
}

#[actix_web::test]
async fn a_bearer_token_beside_a_cookie_is_not_exempt() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (mut browser, mut program) = (app.browser(), app.program());
    browser.sign_in("ada").await;
    program.log_in("ada").await;
    let bearer = format!("Bearer {}", program.token.clone().unwrap());

    for authorization in [bearer.as_str(), "Bearer nonsense", "bearer  x"] {
        for cookie in ["vestibule", "vestibule-flow", "vestibule-device", "__Host-vestibule"] {
            let request = app.request("POST", "/logout").insert_header(("authorization", authorization));
            let request = request.insert_header(("cookie", format!("other=1; {cookie}=x")));

            let refused = app.send(with(request, &[("origin", "https://evil.test")])).await;

            assert_eq!(refused.status, 403, "{authorization} beside {cookie}");
            assert_eq!(refused.json()["type"], "urn:vestibule:problem:cross-site");
        }
    }
    assert_eq!(browser.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn what_is_no_bearer_token_exempts_nobody() {
    let app = TestApp::new().await;

    for authorization in ["Bearer", "Bearer ", "Basic YWRhOng=", "Token x", "Bearer\tx", "BearerX y"] {
        let request = app.request("POST", "/logout").insert_header(("authorization", authorization));
        let answer = app.send(with(request, &[("sec-fetch-site", "cross-site")])).await;

        assert_eq!(answer.status, 403, "{authorization:?}");
    }
    let twice =
        with(app.request("POST", "/logout"), &[("authorization", "Bearer x"), ("authorization", "Bearer y")]);
    assert_eq!(app.send(with(twice, &[("sec-fetch-site", "cross-site")])).await.status, 403);
}

#[actix_web::test]
async fn json_in_a_simple_request_is_not_read_as_json() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let document = json!({ "username": "ada", "password": PASSWORD }).to_string();

    // These three another site may send without asking first; none of them opens the JSON edge.
    for kind in ["text/plain", "text/plain;application/json", "multipart/form-data; boundary=x"] {
        for path in ["/login", "/register"] {
            let request = app.request("POST", path).insert_header(("content-type", kind));
            let answer = app.send(request.set_payload(document.clone())).await;

            assert_eq!(answer.status, 415, "{kind} at {path}");
        }
    }
    let as_form =
        app.request("POST", "/login").insert_header(("content-type", "application/x-www-form-urlencoded"));
    assert_eq!(app.send(as_form.set_payload(document)).await.status, 415);
}

#[actix_web::test]
async fn safe_methods_are_answered_wherever_the_link_was() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    for site in ["cross-site", "same-site", "none", "same-origin"] {
        let link = with(app.request("GET", "/dashboard"), &[("sec-fetch-site", site)]);

        assert_eq!(browser.send(link).await.status, 200, "{site}");
    }
}

#[actix_web::test]
async fn a_cookie_in_disguise_is_none_of_ours() {
    let https =
        |config: &mut vestibule::Config| config.server.public_url = Some("https://login.example.org".into());
    let app = TestApp::with(https).await;
    app.register("ada").await;
    let mut program = app.program();
    program.log_in("ada").await;
    let token = program.token.unwrap();
    let ask = async |cookies: String| {
        app.send(app.request("GET", "/api/session").insert_header(("cookie", cookies))).await.status
    };

    assert_eq!(ask(format!("__Host-vestibule={token}")).await, 200);
    assert_eq!(ask(format!("%5F_Host-vestibule={token}")).await, 401, "a sibling host may set this one");
    assert_eq!(ask(format!("%5F_Host-vestibule=junk; __Host-vestibule={token}")).await, 200);
    assert_eq!(
        ask(format!("__Host-vestibule=junk; __Host-vestibule={token}")).await,
        401,
        "one of two proves nothing"
    );
}

#[actix_web::test]
async fn a_flow_cookie_in_disguise_leads_nobody_anywhere() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (mut mallory, mut ada) = (app.browser(), app.browser());
    mallory.get("/login?next=/chosen/by/mallory").await;
    let flow = mallory.cookies["vestibule-flow"].clone();
    ada.cookies.insert("%76estibule-flow".to_owned(), flow);

    let answer = ada.sign_in("ada").await;

    assert_eq!(answer.location(), "/dashboard");
}
