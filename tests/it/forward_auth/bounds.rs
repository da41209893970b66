//! Who may ask at all, what has to be said, and what the cookie of the doors is not good for.

use std::time::Duration;

use actix_web::rt::time::sleep;
use vestibule::clock::Stopwatch;
use vestibule::flows::administer_user;
use vestibule::flows::caller::Caller;
use vestibule::tokens::Audience;

use super::{PASS, WIKI, asked, asked_by_nginx, doors, pass_of, signed_in, visit};
use crate::nodes::until_remembering;
use crate::support::TestApp;

#[actix_web::test]
async fn only_proxies_that_the_operator_trusts_are_answered() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let browser = signed_in(&app, "ada").await;

    for (peer, status) in [
        ("127.0.0.1:1", 200),
        ("[::ffff:127.0.0.1]:1", 200),
        ("127.0.0.9:1", 403),
        ("[::1]:1", 403),
        ("192.0.2.7:1", 403),
    ] {
        for request in
            [asked(&app, WIKI, "/public"), asked_by_nginx(&app, WIKI, "/public"), asked(&app, WIKI, "/")]
        {
            let request = request.insert_header(("cookie", pass_of(&browser)));
            // What a client says of itself does not make it another peer.
            let request = request.insert_header(("x-forwarded-for", "127.0.0.1"));
            let answer = app.send(request.peer_addr(peer.parse().unwrap())).await;
            assert_eq!(answer.status, status, "{peer}: {}", answer.body);
            if status == 403 {
                assert_eq!(answer.json()["type"], "urn:vestibule:problem:forbidden");
                assert_eq!(answer.header("remote-user"), "");
            }
        }
    }
}

#[actix_web::test]
async fn in_other_letters_nobody_is_answered_whose_proxy_may_have_let_them_ask() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let cookie = ("cookie", pass_of(&signed_in(&app, "ada").await));

    for path in ["/%61uth/forward", "/auth/%66orward", "/auth%2fforward", "/auth/%6eginx", "/%61uth/envoy/"] {
        let request = app.request("GET", path).insert_header(("x-forwarded-method", "GET"));
        let request = request.insert_header(("x-forwarded-proto", "https"));
        let request =
            request.insert_header(("x-forwarded-host", WIKI)).insert_header(("x-forwarded-uri", "/"));
        let answer = app.send(request.insert_header(cookie.clone())).await;
        assert!([403, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert_eq!(answer.header("remote-user"), "", "{path}");
    }
    let plain = app.send(asked(&app, WIKI, "/").insert_header(cookie)).await;
    assert_eq!((plain.status, plain.header("strict-transport-security")), (200, ""));
}

#[actix_web::test]
async fn what_is_not_said_plainly_is_refused() {
    let app = TestApp::with(doors).await;
    for name in ["x-forwarded-method", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri"] {
        let mut missing = app.request("GET", "/auth/forward");
        for (each, value) in [
            ("x-forwarded-method", "GET"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", WIKI),
            ("x-forwarded-uri", "/public"),
        ] {
            if each != name {
                missing = missing.insert_header((each, value));
            }
        }
        assert_eq!(app.send(missing).await.status, 403, "without {name}");
        let value = if name == "x-forwarded-host" { WIKI } else { "/public" };
        let twice = asked(&app, WIKI, "/public").append_header((name, value));
        assert_eq!(app.send(twice).await.status, 403, "{name} twice");
    }
    for name in ["x-original-url", "x-original-method"] {
        let twice = asked_by_nginx(&app, WIKI, "/public").append_header((name, "GET"));
        assert_eq!(app.send(twice).await.status, 403, "{name} twice");
    }
    assert_eq!(app.send(app.request("GET", "/auth/nginx")).await.status, 403);

    for (name, value, status) in [
        ("x-forwarded-proto", "http", 403),
        ("x-forwarded-proto", "ws", 403),
        ("x-forwarded-proto", "https, http", 403),
        ("x-forwarded-proto", "wss", 200),
        ("x-forwarded-host", "WIKI.Example.org", 200),
        ("x-forwarded-host", "wiki.example.org:443", 200),
        ("x-forwarded-host", "wiki.example.org:8443", 403),
        ("x-forwarded-host", "wiki.example.org:80", 403),
        ("x-forwarded-host", "wiki.example.org.", 403),
        ("x-forwarded-host", "wiki.example.org, other.example.org", 403),
        ("x-forwarded-host", "user@wiki.example.org", 403),
        ("x-forwarded-host", "", 403),
        ("x-forwarded-uri", "", 403),
        ("x-forwarded-uri", "public", 403),
        ("x-forwarded-uri", "https://wiki.example.org/public", 403),
        ("x-forwarded-uri", "/public/ x", 403),
        ("x-forwarded-uri", "/public/é", 403),
        ("x-forwarded-uri", "*", 403),
    ] {
        let answer = app.send(asked(&app, WIKI, "/public").insert_header((name, value))).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
    for (url, status) in [
        ("https://wiki.example.org/public", 200),
        ("https://wiki.example.org:443/public", 200),
        ("http://wiki.example.org/public", 403),
        ("https://wiki.example.org", 403),
        ("https://wiki.example.org?/public", 403),
        ("https://evil.test\\.wiki.example.org/public", 403),
        ("https://x@wiki.example.org/public", 403),
        ("wiki.example.org/public", 403),
        ("/public", 403),
    ] {
        let request = asked_by_nginx(&app, WIKI, "/").insert_header(("x-original-url", url));
        assert_eq!(app.send(request).await.status, status, "{url}");
    }
}

#[actix_web::test]
async fn the_cookie_of_the_doors_opens_nothing_of_ours_and_no_other_token_opens_a_door() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let browser = signed_in(&app, "ada").await;
    until_remembering(&app).await;
    // Twice: so that it is remembered, too.
    for _ in 0..2 {
        assert_eq!(visit(&app, &browser, WIKI, "/").await.status, 200);
    }
    let pass = browser.cookies[PASS].clone();

    for path in ["/dashboard", "/account", "/api/session", "/protected", "/account/export"] {
        for cookie in ["__Host-vestibule", "__Host-vestibule-refresh", PASS] {
            let mut thief = app.browser();
            thief.cookies.insert(cookie.to_owned(), pass.clone());
            let answer = thief.get(path).await;
            assert!(matches!(answer.status, 303 | 401), "{path} by {cookie}: {}", answer.status);
            assert!(answer.cookie("__Host-vestibule").is_none_or(|cookie| cookie.value().is_empty()));
        }
        let mut thief = app.program();
        thief.token = Some(pass.clone());
        assert!(matches!(thief.get(path).await.status, 303 | 401 | 403), "{path}");
    }
    let exchange = serde_json::json!({ "grant_type": "refresh_token", "refresh_token": pass });
    assert!(app.program().post("/api/token", &exchange).await.status >= 400);
    let mut thief = app.browser();
    thief.cookies.insert(PASS.to_owned(), pass.clone());
    let page = thief.get("/login?next=https%3A%2F%2Fwiki.example.org%2F").await;
    assert_eq!((page.status, page.cookie(PASS).is_none()), (200, true), "it renews nothing");

    let access = browser.cookies["__Host-vestibule"].clone();
    let by = |cookie: String| app.send(asked(&app, WIKI, "/").insert_header(("cookie", cookie)));
    assert_eq!(by(format!("{PASS}={access}")).await.status, 303);
    assert_eq!(by(format!("__Host-vestibule={access}")).await.status, 303);
    assert_eq!(by(format!("vestibule-forward={pass}")).await.status, 303);
    assert_eq!(by(format!("%5F_Secure-vestibule-forward={pass}")).await.status, 303);
    assert_eq!(by(format!("{PASS}={pass}; {PASS}=x")).await.status, 303, "tossed in by a sibling");
    assert_eq!(by(format!("{PASS}={pass}")).await.status, 200);
    let ring = &app.vestibule.tokens;
    let mut claims = ring.verify(&access, app.now()).unwrap();
    claims.aud = Audience::One("forward-auth".to_owned());
    let other = ring.sign(&claims).unwrap();
    let bearer = asked(&app, WIKI, "/").insert_header(("accept", "*/*"));
    let bearer = bearer.insert_header(("authorization", format!("Bearer {other}")));
    assert_eq!(app.send(bearer).await.status, 401, "a token for others");
}

#[actix_web::test]
async fn a_door_closes_with_the_session_and_with_the_account() {
    let app = TestApp::with(doors).await;
    until_remembering(&app).await;
    for end in ["sign out", "disable", "close", "expire", "idle"] {
        let name = format!("ada-{}", end.replace(' ', "-"));
        let user = app.register(&name).await;
        let mut browser = signed_in(&app, &name).await;
        let pass = pass_of(&browser);
        let ask = || app.send(asked(&app, WIKI, "/").insert_header(("cookie", pass.clone())));
        assert_eq!((ask().await.status, ask().await.status), (200, 200));
        match end {
            "sign out" => assert_eq!(browser.submit("/logout", &[]).await.status, 303),
            "disable" => {
                let (caller, now) = (Caller::operator(), app.now());
                administer_user::disable(&app.vestibule, &user, &caller, now).await.unwrap();
            }
            "close" => {
                let fields = [("confirmation", name.as_str())];
                assert_eq!(browser.submit("/account/close", &fields).await.status, 303);
            }
            "expire" => {
                for _ in 0..24 {
                    assert_eq!(ask().await.status, 200);
                    app.pass(30 * 60);
                }
            }
            _ => app.pass(62 * 60),
        }
        let answer = ask().await;
        assert_eq!(answer.status, 303, "{end}");
    }
}

#[actix_web::test]
async fn use_at_a_door_keeps_a_session_from_being_idle_at_every_node() {
    let app = TestApp::with(doors).await;
    let other = app.another_node().await;
    for app in [&app, &other] {
        until_remembering(app).await;
    }
    app.register("ada").await;
    let browser = signed_in(&app, "ada").await;
    assert_eq!(visit(&other, &browser, WIKI, "/").await.status, 200);

    for _ in 0..4 {
        app.pass(40 * 60);
        assert_eq!(visit(&app, &browser, WIKI, "/").await.status, 200);
        vestibule::flows::keep::write_last_seen(&app.vestibule).await.unwrap();
    }
    assert_eq!(visit(&other, &browser, WIKI, "/").await.status, 200, "it was used elsewhere meanwhile");
    app.pass(62 * 60);
    assert_eq!(visit(&app, &browser, WIKI, "/").await.status, 303);
    assert_eq!(visit(&other, &browser, WIKI, "/").await.status, 303);
}

#[actix_web::test]
async fn a_door_of_another_node_closes_within_a_second() {
    let app = TestApp::with(doors).await;
    let other = app.another_node().await;
    app.register("ada").await;
    let mut browser = signed_in(&app, "ada").await;
    let pass = pass_of(&browser);
    for app in [&app, &other] {
        until_remembering(app).await;
        for _ in 0..2 {
            assert_eq!(visit(app, &browser, WIKI, "/").await.status, 200);
        }
    }

    let ended = Stopwatch::start();
    browser.submit("/logout", &[]).await;

    let at = |app: TestApp| {
        let request = asked(&app, WIKI, "/").insert_header(("cookie", pass.clone()));
        async move { app.send(request).await.status }
    };
    assert_eq!(at(app.clone()).await, 303, "at once where it was ended");
    while at(other.clone()).await == 200 {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
}

#[actix_web::test]
async fn nothing_of_it_is_there_until_a_host_is_named() {
    let app = TestApp::with(|config| {
        doors(config);
        config.forward_auth.hosts.clear();
    })
    .await;
    app.register("ada").await;
    let mut browser = app.browser();

    let answer = browser.sign_in("ada").await;

    assert!(answer.cookie(PASS).is_none());
    assert_eq!(visit(&app, &browser, WIKI, "/public").await.status, 403);
    let page = browser.get("/login?next=https%3A%2F%2Fwiki.example.org%2F").await;
    assert_eq!(page.location(), "/dashboard");
    let page = app.browser().get("/login").await;
    assert!(page.header("content-security-policy").contains("form-action 'self';"));
}
