//! Who passes which door, and what the application behind it is told.

use serde_json::json;
use vestibule::credentials::scope::Scope;
use vestibule::flows::caller::Caller;
use vestibule::flows::revoke_api_key;
use vestibule::models::Role;

use super::{asked, asked_by_nginx, doors, join, pass_of, signed_in, visit};
use crate::api_keys::key;
use crate::forgot::proven;
use crate::support::TestApp;
use crate::totp::enrolled;

#[actix_web::test]
async fn the_rules_of_a_path_decide_and_then_those_of_its_host() {
    let app = TestApp::with(doors).await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    join(&app, &ada, "staff").await;
    join(&app, &bob, "staffing").await;
    let people = [app.browser(), signed_in(&app, "bob").await, signed_in(&app, "ada").await];

    for (host, target, statuses) in [
        ("wiki.example.org", "/", [303, 200, 200]),
        ("wiki.example.org", "/page?next=/admin", [303, 200, 200]),
        ("wiki.example.org", "/public", [200, 200, 200]),
        ("wiki.example.org", "/public/style.css", [200, 200, 200]),
        ("wiki.example.org", "/publican", [303, 200, 200]),
        ("wiki.example.org", "/admin", [303, 403, 200]),
        ("wiki.example.org", "/admin/users?x=/public", [303, 403, 200]),
        ("wiki.example.org", "/administrator", [303, 200, 200]),
        // What may mean `/admin` behind the door is let in where `/admin` is.
        ("wiki.example.org", "/public/../admin", [303, 403, 200]),
        ("wiki.example.org", "/public/%2e%2e/admin", [303, 403, 200]),
        ("wiki.example.org", "/public%2f..%2fadmin", [303, 403, 200]),
        ("wiki.example.org", "/public/..;/admin", [303, 403, 200]),
        ("wiki.example.org", "//admin", [303, 403, 200]),
        ("wiki.example.org", "/public/%c0%ae%c0%ae/admin", [303, 403, 200]),
        ("wiki.example.org", "/public/%2e%c0%af/admin", [303, 403, 200]),
        ("wiki.example.org", "/admin.", [303, 403, 200]),
        ("wiki.example.org", "/admin%20/users", [303, 403, 200]),
        ("wiki.example.org", "/%61dmin", [303, 403, 200]),
        ("wiki.example.org", "/ADMIN", [303, 403, 200]),
        ("wiki.example.org", "/PUBLIC", [303, 403, 200]),
        // A second factor, and who has none is led to add one.
        ("workshop.example.org:8443", "/", [303, 403, 303]),
        ("workshop.example.org:8443", "/vault", [303, 303, 303]),
        // No host of ours, whoever asks.
        ("workshop.example.org", "/", [403, 403, 403]),
        ("other.example.org", "/public", [403, 403, 403]),
        ("login.example.org", "/", [403, 403, 403]),
        ("wiki.example.org.evil.test", "/public", [403, 403, 403]),
    ] {
        for (person, status) in people.iter().zip(statuses) {
            let answer = visit(&app, person, host, target).await;
            assert_eq!(answer.status, status, "{host}{target}: {}", answer.body);
            let nginx = asked_by_nginx(&app, host, target).insert_header(("cookie", pass_of(person)));
            let nginx = app.send(nginx).await;
            assert_eq!(nginx.status, if status == 303 { 401 } else { status }, "nginx: {host}{target}");
            assert_eq!(nginx.location(), answer.location());
        }
    }
}

#[actix_web::test]
async fn the_application_is_told_who_it_is_and_never_by_the_client() {
    let app = TestApp::with(doors).await;
    let ada = proven(&app, "ada", "ada@example.org").await;
    app.register_as("bob", "bob@example.org", Role::User).await;
    join(&app, &ada, "staff").await;
    join(&app, &ada, "cooks").await;
    let (mut hers, his) = (signed_in(&app, "ada").await, signed_in(&app, "bob").await);
    hers.submit("/account/settings/name", &[("display_name", "Ada Émile 李")]).await;

    for (browser, target, told) in [
        (&hers, "/", ["ada", "ada@example.org", "Ada Émile 李", "cooks,staff"]),
        (&his, "/", ["bob", "", "bob", ""]),
        (&his, "/public", ["bob", "", "bob", ""]),
        (&app.browser(), "/public", ["", "", "", ""]),
    ] {
        let mut request = asked(&app, "wiki.example.org", target).insert_header(("cookie", pass_of(browser)));
        for name in ["remote-user", "remote-email", "remote-name", "remote-groups", "remote_user"] {
            request = request.insert_header((name, "mallory"));
        }
        let answer = app.send(request).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        let names = ["remote-user", "remote-email", "remote-name", "remote-groups"];
        for (name, value) in names.iter().zip(told) {
            let values: Vec<_> = answer.headers.get_all(*name).map(|value| value.as_bytes()).collect();
            assert_eq!(values, [value.as_bytes()], "{name}");
        }
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[actix_web::test]
async fn a_second_factor_counts_only_where_this_session_has_seen_it() {
    let app = TestApp::with(doors).await;
    let ada = proven(&app, "ada", "ada@example.org").await;
    join(&app, &ada, "staff").await;
    let (mut browser, phone, _) = enrolled(&app, "ada").await;
    let host = "workshop.example.org:8443";
    app.pass(30);
    let mut other = app.browser();
    other.sign_in("ada").await;
    let fields = [("code", &*phone.code(app.now())), ("trust_browser", "yes")];
    assert_eq!(other.submit("/login/totp", &fields).await.status, 303);
    assert_eq!(visit(&app, &other, host, "/").await.status, 200, "two steps");

    // In a browser that is trusted with the second step, nobody was asked for it.
    other.submit("/logout", &[]).await;
    assert_eq!(other.sign_in("ada").await.location(), "/dashboard");
    let led = visit(&app, &other, host, "/x?y=z").await;
    let way = "https://login.example.org/reauth?next=https%3A%2F%2Fworkshop.example.org%3A8443%2Fx%3Fy%3Dz";
    assert_eq!((led.status, led.location()), (303, way));
    let script = asked(&app, host, "/x").insert_header(("cookie", pass_of(&other)));
    let script = app.send(script.insert_header(("accept", "application/json"))).await;
    assert_eq!(script.status, 403, "{}", script.body);
    let page = other.get(&way["https://login.example.org".len()..]).await;
    assert!(page.body.contains("to go on to workshop.example.org:8443."), "{}", page.body);
    app.pass(30);
    let fields = [("password", crate::support::PASSWORD), ("code", &*phone.code(app.now()))];
    let done = other.submit("/reauth", &fields).await;
    assert_eq!((done.status, done.location()), (303, "https://workshop.example.org:8443/x?y=z"));
    assert_eq!(visit(&app, &other, host, "/x?y=z").await.status, 200);

    // Out of the group, the factor alone does not do; and whoever takes it away is led to add one.
    browser.cookies = other.cookies.clone();
    app.execute("UPDATE users SET groups = ''").await;
    assert_eq!(visit(&app, &browser, host, "/").await.status, 403);
    assert_eq!(visit(&app, &browser, host, "/vault").await.status, 200);
    app.execute("UPDATE users SET second_factor_since = NULL").await;
    app.execute("UPDATE sessions SET amr = 'pwd'").await;
    let led = visit(&app, &browser, host, "/vault").await;
    let way = "https://login.example.org/account/totp?next=https%3A%2F%2Fworkshop.example.org%3A8443%2Fvault";
    assert_eq!((led.status, led.location()), (303, way));
}

#[actix_web::test]
async fn whoever_has_to_have_a_second_factor_passes_no_door_before_they_do() {
    let app = TestApp::with(|config| {
        doors(config);
        config.second_factor.require = vestibule::config::Require::Everyone;
    })
    .await;
    app.register("ada").await;
    let browser = signed_in(&app, "ada").await;

    let led = visit(&app, &browser, "wiki.example.org", "/").await;
    let script = asked(&app, "wiki.example.org", "/").insert_header(("cookie", pass_of(&browser)));
    let script = app.send(script.insert_header(("accept", "*/*"))).await;
    let public = visit(&app, &browser, "wiki.example.org", "/public").await;

    let way = "https://login.example.org/account/totp?next=https%3A%2F%2Fwiki.example.org%2F";
    assert_eq!((led.status, led.location()), (303, way));
    assert_eq!(script.status, 403);
    assert_eq!(script.json()["error"], "second_factor_enrolment_required");
    assert_eq!((public.status, public.header("remote-user")), (200, ""), "as anybody");
}

#[actix_web::test]
async fn a_program_passes_by_its_token_unless_its_browser_has_a_cookie_that_says_otherwise() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    app.register("bob").await;
    let mut program = app.program();
    program.log_in("ada").await;
    let browser = signed_in(&app, "bob").await;
    let plain = || asked(&app, "wiki.example.org", "/api").insert_header(("accept", "*/*"));
    let bearer = |token: &str| plain().insert_header(("authorization", format!("Bearer {token}")));
    let token = program.token.clone().unwrap();

    let hers = app.send(bearer(&token)).await;
    let posted = bearer(&token).insert_header(("x-forwarded-method", "POST"));
    let posted = app.send(posted).await;
    // Scripts of the application may send it a token of its own.
    let his = app.send(bearer("of-the-application").insert_header(("cookie", pass_of(&browser)))).await;

    assert_eq!((hers.status, hers.header("remote-user")), (200, "ada"));
    assert_eq!((posted.status, posted.header("remote-user")), (200, "ada"));
    assert_eq!((his.status, his.header("remote-user")), (200, "bob"));
    for broken in ["", "x", &token[..token.len() - 2]] {
        assert_eq!(app.send(bearer(broken)).await.status, 401, "{broken}");
    }
    program.send(app.request("POST", "/logout")).await;
    assert_eq!(app.send(bearer(&token)).await.status, 401);
}

#[actix_web::test]
async fn envoy_asks_with_the_request_itself() {
    let app = TestApp::with(doors).await;
    app.register("ada").await;
    let browser = signed_in(&app, "ada").await;
    let asked = |method: &str, target: &str| {
        app.request(method, &format!("/auth/envoy{target}"))
            .insert_header(("host", "wiki.example.org"))
            .insert_header(("x-forwarded-proto", "https"))
            .insert_header(("accept", "text/html"))
            // It comes from a page of the wiki, which is another site to us.
            .insert_header(("origin", "https://wiki.example.org"))
            .insert_header(("sec-fetch-site", "same-origin"))
            .insert_header(("cookie", pass_of(&browser)))
    };

    for (method, target, status) in [
        ("GET", "/", 200),
        ("POST", "/page?x=y", 200),
        ("DELETE", "/page", 200),
        ("OPTIONS", "/page", 200),
        ("GET", "/admin", 403),
        ("GET", "/public/../admin", 403),
        ("GET", "/public/%2e%2e/admin", 403),
        ("GET", "//admin", 403),
    ] {
        let answer = app.send(asked(method, target)).await;
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.body);
    }
    let stranger = asked("GET", "/a%20b?c=d").insert_header(("cookie", "a=b"));
    let led = app.send(stranger).await;
    let way = "https://login.example.org/login?next=https%3A%2F%2Fwiki.example.org%2Fa%2520b%3Fc%3Dd";
    assert_eq!((led.status, led.location()), (303, way));
    assert_eq!(app.send(asked("GET", "").insert_header(("cookie", "a=b"))).await.status, 404);
    let posted = app.send(asked("POST", "/page").insert_header(("cookie", "a=b"))).await;
    assert_eq!(posted.status, 401);
    assert_eq!(posted.json()["status"], json!(401));
}

#[actix_web::test]
async fn a_program_passes_by_an_api_key_that_may_open_applications_until_it_is_revoked() {
    let app = TestApp::with(doors).await;
    let ada = app.register("ada").await;
    let made = key(&app, &ada.id, "backup", &[Scope::Apps]).await;
    let reads = key(&app, &ada.id, "reader", &[Scope::ReadAccount]).await;
    let ask = async |secret: &str, target: &str| {
        let bearer = ("authorization", format!("Bearer {secret}"));
        let nginx = asked_by_nginx(&app, "wiki.example.org", target).insert_header(bearer.clone());
        let nginx = app.send(nginx).await;
        let answer = app.send(asked(&app, "wiki.example.org", target).insert_header(bearer)).await;
        (nginx.status, answer.status, answer.header("remote-user").to_owned())
    };
    let (good, other) = (made.key.expose().to_owned(), reads.key.expose().to_owned());

    assert_eq!(ask(&good, "/").await, (200, 200, "ada".to_owned()));
    assert_eq!(ask(&good, "/admin").await, (403, 403, String::new()));
    assert_eq!(ask(&other, "/").await, (403, 403, String::new()));
    assert_eq!(ask(&other, "/public").await, (200, 200, String::new()), "everybody may, whatever they bring");
    join(&app, &ada, "staff").await;
    assert_eq!(ask(&good, "/admin").await, (200, 200, "ada".to_owned()));

    let operator = Caller::operator();
    revoke_api_key::by_operator(&app.vestibule, &made.row.id, None, &operator, app.now()).await.unwrap();
    assert_eq!(ask(&good, "/").await, (401, 303, String::new()));
}
