//! The JSON API: what clients of simple sign-in services send, as they send it, and what they look at in the answer.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApp};

/// A body as it is, to an address that reads JSON.
async fn post(app: &TestApp, path: &str, body: &[u8]) -> Answer {
    let request = app.request("POST", path).insert_header(("content-type", "application/json"));
    app.send(request.set_payload(body.to_vec())).await
}

fn with(app: &TestApp, path: &str, authorization: &str) -> TestRequest {
    app.request("GET", path).insert_header(("authorization", authorization))
}

#[actix_web::test]
async fn the_clients_of_the_tutorials_work_as_they_are() {
    let app = TestApp::new().await;
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    // Node's own `fetch` sends these and no `Origin`.
    let fetch = |request: TestRequest| {
        request
            .insert_header(("accept", "*/*"))
            .insert_header(("sec-fetch-mode", "cors"))
            .insert_header(("user-agent", "node"))
    };
    let send = |path| {
        let request = app.request("POST", path).insert_header(("content-type", "application/json"));
        app.send(fetch(request).set_payload(body.clone()))
    };

    let registered = send("/register").await;
    let login = send("/login").await;
    let token = login.json()["token"].as_str().unwrap().to_owned();
    let granted = app.send(fetch(with(&app, "/protected", &format!("Bearer {token}")))).await;
    let missing = app.send(fetch(app.request("GET", "/protected"))).await;
    let invalid = app.send(fetch(with(&app, "/protected", "Bearer not.a.token"))).await;

    assert_eq!(
        (registered.status, &registered.json()["message"]),
        (200, &json!("User registered successfully"))
    );
    assert_eq!((login.status, login.header("content-type")), (200, "application/json"));
    assert_eq!((&login.json()["token_type"], &login.json()["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!((granted.status, &granted.json()["message"]), (200, &json!("Access granted")));
    assert_eq!((missing.status, missing.json()["error"].is_string()), (401, true));
    assert_eq!((invalid.status, invalid.json()["error"].is_string()), (403, true));
    assert_eq!(token.split('.').count(), 3, "a JWT, as they decode it");
}

#[actix_web::test]
async fn a_wrong_pair_is_401_with_an_error_and_no_token() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let program = app.program();

    let wrong = program.post("/login", &json!({ "username": "ada", "password": "?" })).await;

    assert_eq!((wrong.status, wrong.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(wrong.header("content-type"), "application/problem+json");
    let problem = wrong.json();
    assert_eq!(problem["error"], "That name and password do not go together. Check both and try again.");
    assert_eq!(
        (&problem["type"], &problem["status"]),
        (&json!("urn:vestibule:problem:invalid-credentials"), &json!(401))
    );
    assert_eq!(problem["request_id"], wrong.header("x-request-id"));
    assert!(problem.get("token").is_none() && wrong.cookies().is_empty());
}

#[actix_web::test]
async fn a_program_may_say_email_or_login_for_the_name() {
    let app = TestApp::new().await;
    app.register_as("ada", "ada@example.org", vestibule::models::Role::User).await;
    let program = app.program();

    for (member, name) in
        [("username", "ADA"), ("email", "ada@example.org"), ("login", "ada"), ("username", "ada@example.org")]
    {
        let answer = program.post("/login", &json!({ member: name, "password": PASSWORD })).await;
        assert_eq!(answer.status, 200, "{member}");
        assert!(answer.cookies().is_empty());
    }
    let both =
        program.post("/login", &json!({ "username": "ada", "email": "ada", "password": PASSWORD })).await;
    assert_eq!(both.status, 400);
}

#[actix_web::test]
async fn protected_tells_no_token_from_a_bad_one() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (mut program, mut gone) = (app.program(), app.program());
    program.log_in("ada").await;
    gone.log_in("ada").await;
    gone.send(app.request("POST", "/logout")).await;
    let token = program.token.clone().unwrap();
    let (head, last) = token.split_at(token.len() - 1);
    let altered = format!("{head}{}", if last == "A" { "B" } else { "A" });

    let granted = program.get("/protected").await;

    assert_eq!(
        granted.json(),
        json!({ "message": "Access granted", "user": ada.id.as_str(), "username": "ada" })
    );
    for none in ["", "Bearer", "Bearer ", "Basic YWRhOng=", token.as_str()] {
        let answer = app.send(with(&app, "/protected", none)).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{none}");
        assert_eq!(answer.json()["error"], "Please sign in.");
    }
    let revoked = gone.token.unwrap();
    let mut bodies = Vec::new();
    for bad in ["x", "a.b.c", "null", "undefined", &altered, &revoked, &"x".repeat(9000)] {
        let answer = app.send(with(&app, "/protected", &format!("Bearer {bad}"))).await;
        assert_eq!(answer.status, 403, "{bad:.40}");
        bodies.push(answer.body.replace(answer.header("x-request-id"), ""));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "nobody is told why");
    app.pass(60 * 60 + 31);
    assert_eq!(program.get("/protected").await.status, 403);
}

#[actix_web::test]
async fn a_cookie_alone_does_not_open_the_api() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let token = browser.token();

    let by_cookie = browser.get("/protected").await;
    let both = with(&app, "/protected", &format!("Bearer {token}"));
    let both = browser.send(both).await;
    let bad_token = browser.send(with(&app, "/protected", "Bearer x").insert_header(("accept", "*/*"))).await;

    assert_eq!((by_cookie.status, by_cookie.location()), (303, "/login?next=%2Fprotected"));
    assert_eq!((both.status, bad_token.status), (200, 403));
    let cookie = format!("vestibule={token}");
    let told = app.send(app.request("GET", "/protected").insert_header(("cookie", cookie))).await;
    assert_eq!((told.status, told.header("www-authenticate")), (401, "Bearer"));
}

#[actix_web::test]
async fn the_session_is_told_by_token_and_by_cookie() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (mut program, mut browser) = (app.program(), app.browser());
    program.log_in("ada").await;
    browser.sign_in("ada").await;

    let by_token = program.get("/api/session").await;
    let by_cookie = browser.get("/api/session").await;
    let none = app.program().get("/api/session").await;
    let bad = app.send(with(&app, "/api/session", "Bearer a.b.c")).await;

    for answer in [&by_token, &by_cookie] {
        let told = answer.json();
        assert_eq!(
            (answer.status, &told["user"], &told["username"]),
            (200, &json!(ada.id.as_str()), &json!("ada"))
        );
        assert_eq!((&told["role"], &told["amr"]), (&json!("user"), &json!(["pwd"])));
        let seconds = |name: &str| told[name].as_i64().unwrap();
        assert_eq!(seconds("token_expires_at") - seconds("authenticated_at"), 3600);
        assert_eq!(seconds("session_expires_at") - seconds("signed_in_at"), 12 * 3600);
        assert!(!answer.body.contains("eyJ") && answer.header("cache-control") == "no-store");
    }
    assert_ne!(by_token.json()["session"], by_cookie.json()["session"]);
    assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer"));
    assert_eq!((bad.status, bad.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
}

#[actix_web::test]
async fn what_is_no_document_of_ours_is_refused_in_words_that_repeat_no_value() {
    let app = TestApp::new().await;
    let nested = format!("{{\"username\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));

    for path in ["/login", "/register"] {
        for (body, words) in [
            ("", "Send a JSON object."),
            ("null", "Send a JSON object."),
            ("\"gingham\"", "Send a JSON object."),
            ("[\"ada\",\"gingham\"]", "Send a JSON object."),
            ("\u{feff}{\"username\":\"ada\",\"password\":\"gingham\"}", "Send a JSON object."),
            ("{\"username\":\"ada\",\"password\":\"gingham\"", "not valid JSON"),
            ("{\"username\":\"ada\",\"password\":\"gingham\"}{}", "not valid JSON"),
            ("{\"username\":\"ada\",\"password\":\"gingham\"} x", "not valid JSON"),
            ("{\"username\":\"ada\",\"password\":'gingham'}", "not valid JSON"),
            ("{\"username\":\"ada\",\"password\":\"gingham\\ud800\"}", "not valid JSON"),
            (&nested, "nested more than 8 deep"),
            ("{\"username\":\"ada\"}", "missing field `password`"),
            ("{\"username\":\"ada\",\"password\":\"gingham\",\"role\":\"admin\"}", "unknown field `role`"),
            (
                "{\"username\":\"ada\",\"password\":\"gingham\",\"password\":\"x\"}",
                "duplicate field `password`",
            ),
            (
                "{\"username\":\"ada\",\"username\":\"bob\",\"password\":\"gingham\"}",
                "duplicate field `username`",
            ),
            ("{\"username\":\"ada\",\"password\":1234567}", "wrong type"),
            ("{\"username\":\"ada\",\"password\":null}", "wrong type"),
            ("{\"username\":[\"gingham\"],\"password\":\"x\"}", "wrong type"),
            ("{\"username\":{\"$ne\":\"gingham\"},\"password\":\"x\"}", "wrong type"),
        ] {
            let answer = post(&app, path, body.as_bytes()).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (400, "application/problem+json"),
                "{path} {body:.60}"
            );
            let error = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(error.contains(words), "{body:.60}: {error}");
            assert!(!answer.body.contains("gingham") && !answer.body.contains("1234567"), "{error}");
        }
        let invalid = post(&app, path, b"{\"username\":\"ada\",\"password\":\"gingham\xff\"}").await;
        assert_eq!((invalid.status, invalid.body.contains("gingham")), (400, false));
    }
}

#[actix_web::test]
async fn other_content_is_not_read_and_too_much_is_not_taken() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let typed = |kind: &'static str| {
        let request = app.request("POST", "/login").insert_header(("accept", "application/json"));
        app.send(request.insert_header(("content-type", kind)).set_payload(body.clone()))
    };

    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON;charset=\"UTF-8\"", 200),
        ("application/json; charset=utf-16", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("multipart/form-data; boundary=x", 415),
    ] {
        assert_eq!(typed(kind).await.status, status, "{kind}");
    }
    let huge = json!({ "username": "ada", "password": "x".repeat(17_000) }).to_string();
    assert_eq!(post(&app, "/login", huge.as_bytes()).await.status, 413);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let refused =
            app.send(app.request(method, "/protected").insert_header(("accept", "application/json"))).await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"), "{method}");
        assert_eq!(refused.json()["type"], Value::from("urn:vestibule:problem:method-not-allowed"));
    }
}
