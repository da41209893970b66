//! The table of routes: what answers to what, that asking changes nothing, and that nobody else can send our forms.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use vestibule::flows::caller::Caller;
use vestibule::flows::{reset_password, set_up};
use vestibule::models::{Role, Session};
use vestibule::web::{Entry, entries};

use crate::enrolment::nobody_has_to;
use crate::forgot::{ADDRESS, proven};
use crate::new_device::stranger;
use crate::not_me::links;
use crate::schema::dump;
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::{change_email, restore_email, verify_email};

/// An application with people in it, each at a browser of theirs, and live links.
pub struct Stage {
    pub app: TestApp,
    pub people: Vec<(&'static str, Browser)>,
    setup: String,
    reset: String,
    not_me: String,
    verify: String,
    restore: String,
    session: String,
    asset: String,
}

impl Stage {
    pub async fn new() -> Self {
        let app = TestApp::with(nobody_has_to).await;
        let setup = set_up::issue_link(&app.vestibule, app.now()).await.unwrap().unwrap();
        let ada = proven(&app, "ada", ADDRESS).await;
        app.register_as("root", "", Role::Admin).await;
        let (mut user, mut admin) = (app.browser(), app.browser());
        user.sign_in("ada").await;
        let (verify, restore) = Self::mailed(&app, &mut user).await;
        let reset = reset_password::issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await;
        admin.sign_in("root").await;
        stranger(&app, "curl/8.5.0", "203.0.113.9").sign_in("ada").await;
        let not_me = links(&app).await.remove(0).replace("/not-me/", "");
        let page = user.get("/dashboard").await.body;
        let asset = page.split("/static/vestibule.").nth(1).unwrap().split('"').next().unwrap();
        let (now, long_ago) = (app.now(), vestibule::clock::Timestamp::from_seconds(0));
        let sessions = app.ask(move |conn| Session::list_live(conn, &ada.id, now, long_ago)).await;
        Self {
            people: vec![("a stranger", app.browser()), ("a user", user), ("an administrator", admin)],
            setup: setup.expose().to_owned(),
            reset: reset.unwrap().expose().to_owned(),
            not_me,
            verify,
            restore,
            session: sessions[0].id.to_string(),
            asset: format!("vestibule.{asset}"),
            app,
        }
    }

    /// The links in mails about the address of `user`, who has changed it once and is about to do so again.
    async fn mailed(app: &TestApp, user: &mut Browser) -> (String, String) {
        for (number, email) in ["a@example.org", "b@example.org", "c@example.org"].into_iter().enumerate() {
            assert_eq!(change_email::ask(user, email).await.status, 303);
            let code = verify_email::code(app, email).await;
            if number < 2 {
                assert_eq!(verify_email::type_code(user, &code).await.status, 303);
            }
        }
        let verify = verify_email::link(app, "c@example.org").await;
        let restore = restore_email::right(app, "a@example.org").await;
        (verify.replace("/verify-email/", ""), restore.replace("/restore-email/", ""))
    }

    /// The paths of a route, its parts filled in with what is there and with what is not.
    pub fn paths(&self, pattern: &str) -> Vec<String> {
        let fill = |part: &str, values: [&str; 2]| -> Vec<String> {
            values.iter().map(|value| pattern.replace(part, value)).collect()
        };
        match pattern {
            "/setup/{token}" => fill("{token}", [&self.setup, "nothing"]),
            "/reset/{token}" => fill("{token}", [&self.reset, "nothing"]),
            "/not-me/{token}" => fill("{token}", [&self.not_me, "nothing"]),
            "/verify-email/{token}" => fill("{token}", [&self.verify, "nothing"]),
            "/restore-email/{token}" => fill("{token}", [&self.restore, "nothing"]),
            "/dev/mailbox/{id}" => vec![pattern.replace("{id}", "nothing")],
            "/sessions/{id}/end" => fill("{id}", [&self.session, "nothing"]),
            "/account/passkeys/{id}/rename"
            | "/account/passkeys/{id}/remove"
            | "/account/api-keys/{id}/revoke" => {
                vec![pattern.replace("{id}", "nothing")]
            }
            "/static/{name}" => fill("{name}", [&self.asset, "nothing"]),
            "/auth/envoy/{path:.*}" => vec!["/auth/envoy/page".to_owned()],
            other if other.contains('{') => panic!("what fills {other}?"),
            other => vec![other.to_owned()],
        }
    }

    /// A request that would do something, if it were let in.
    pub fn deed(&self, path: &str) -> TestRequest {
        let body = match path {
            "/register" | "/setup" => format!("username=mallory&password={PASSWORD}"),
            "/login" => format!("login=ada&password={PASSWORD}"),
            "/reset" | "/reauth" | "/account/password/set" => format!("password={PASSWORD}"),
            "/account/password" => format!("current_password={PASSWORD}&password={OTHER_PASSWORD}"),
            "/forgot" | "/account/email" => "email=ada%40example.org".to_owned(),
            "/login/totp" | "/login/recovery-code" => "code=000000".to_owned(),
            "/account/email/code" => "code=12345678".to_owned(),
            "/account/totp" => "code=123456".to_owned(),
            "/account/settings/name" => "display_name=Ada".to_owned(),
            "/account/settings/time-zone" => "time_zone=Asia%2FTokyo".to_owned(),
            "/account/settings/theme" => "theme=dark".to_owned(),
            "/account/close" => "confirmation=ada".to_owned(),
            "/login/passkey" | "/reauth/passkey" | "/account/passkeys" => {
                "ceremony=x&credential=x".to_owned()
            }
            "/account/api-keys" => "name=mine&apps=yes&days=7".to_owned(),
            "/account/passkeys/nothing/rename" => "name=Mine".to_owned(),
            _ => String::new(),
        };
        // What scripts of ours ask by.
        if path.ends_with("/options") {
            return self
                .app
                .request("POST", path)
                .insert_header(("content-type", "application/json"))
                .set_payload("{}");
        }
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.app.request("POST", path).insert_header(kind).set_payload(body.replace(' ', "+"))
    }
}

fn of(method: &Method) -> Vec<&'static str> {
    entries().iter().filter(|entry| entry.method == *method).map(|entry| entry.path).collect()
}

#[actix_web::test]
async fn asking_changes_nothing_whoever_asks() {
    let stage = Stage::new().await;
    let before = dump(&stage.app).await;

    for pattern in of(&Method::GET) {
        for path in stage.paths(pattern) {
            for (who, browser) in &stage.people {
                for method in ["GET", "HEAD"] {
                    let answer = browser.clone().send(stage.app.request(method, &path)).await;

                    assert!(answer.status < 500 && answer.status != 405, "{method} {path} by {who}");
                    assert_eq!(dump(&stage.app).await, before, "{method} {path} by {who}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn what_another_site_sends_does_nothing() {
    let forgeries: [&[(&str, &str)]; 14] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8080")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "same-origin, same-origin")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("origin", "http://localhost:8081")],
        &[("origin", "https://localhost:8080")],
        &[("origin", "http://localhost:8080.evil.test")],
        &[("origin", "http://localhost:8080/")],
        &[("origin", "http://localhost:8080"), ("origin", "http://localhost:8080")],
        &[],
    ];
    let stage = Stage::new().await;
    let mut people = stage.people.clone();
    for (_, browser) in &mut people {
        browser.get(&format!("/setup/{}", stage.setup)).await;
        browser.get(&format!("/reset/{}", stage.reset)).await;
        browser.get(&format!("/verify-email/{}", stage.verify)).await;
        browser.get(&format!("/restore-email/{}", stage.restore)).await;
        assert!(browser.cookies.contains_key("vestibule-flow"));
    }
    let before = dump(&stage.app).await;

    for pattern in of(&Method::POST) {
        let path = &stage.paths(pattern)[0];
        for (who, browser) in &people {
            for forgery in forgeries {
                let deed = stage.deed(path);
                let deed = forgery.iter().fold(deed, |deed, header| deed.append_header(*header));
                let answer = browser.clone().send(deed).await;

                assert_eq!(answer.status, 403, "{path} by {who} with {forgery:?}");
                assert!(answer.body.contains("<h1>That came from somewhere else</h1>"), "{path} by {who}");
                assert!(answer.cookies().is_empty(), "{path} by {who} with {forgery:?}");
            }
        }
        assert_eq!(dump(&stage.app).await, before, "{path}");
    }
}

#[actix_web::test]
async fn the_same_deeds_from_our_own_pages_do_something() {
    for (path, who) in [
        ("/login", 0),
        ("/register", 0),
        ("/logout", 1),
        ("/reauth", 1),
        ("/account/password", 1),
        ("/reset", 0),
        ("/forgot", 0),
        ("/account/email", 1),
        ("/account/email/cancel", 1),
        ("/verify-email", 1),
        ("/restore-email", 0),
    ] {
        let stage = Stage::new().await;
        let mut browser = stage.people[who].1.clone();
        browser.get(&format!("/reset/{}", stage.reset)).await;
        browser.get(&format!("/verify-email/{}", stage.verify)).await;
        browser.get(&format!("/restore-email/{}", stage.restore)).await;
        let before = dump(&stage.app).await;

        let answer = browser.send(stage.deed(path).insert_header(("sec-fetch-site", "same-origin"))).await;

        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
        assert_ne!(dump(&stage.app).await, before, "{path}");
    }
}

#[actix_web::test]
async fn a_path_answers_to_its_own_methods_and_names_them() {
    let stage = Stage::new().await;
    let others = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"];

    let mut patterns: BTreeSet<_> = entries().iter().map(|entry| entry.path).collect();
    // That asks by the method of the request that it is about.
    assert!(patterns.remove("/auth/envoy/{path:.*}"));
    for pattern in patterns {
        let mut allowed = BTreeSet::new();
        for Entry { method, .. } in entries().iter().filter(|entry| entry.path == pattern) {
            allowed.insert(method.as_str().to_owned());
            if *method == Method::GET {
                allowed.insert("HEAD".to_owned());
            }
        }
        let path = &stage.paths(pattern)[0];
        for method in others.into_iter().filter(|method| !allowed.contains(*method)) {
            let request = stage.app.request(method, path).insert_header(("sec-fetch-site", "same-origin"));
            let answer = stage.app.send(request).await;

            assert_eq!(answer.status, 405, "{method} {path}");
            let named: BTreeSet<_> = answer.header("allow").split(", ").map(str::to_owned).collect();
            assert_eq!(named, allowed, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn head_is_answered_like_get() {
    let stage = Stage::new().await;

    for pattern in of(&Method::GET) {
        for path in stage.paths(pattern) {
            for (who, browser) in &stage.people {
                let get = browser.clone().send(stage.app.request("GET", &path)).await;
                let head = browser.clone().send(stage.app.request("HEAD", &path)).await;

                assert_eq!(head.status, get.status, "{path} by {who}");
                assert_eq!(head.location(), get.location(), "{path} by {who}");
                let names = |answer: &crate::support::Answer| -> BTreeSet<String> {
                    answer.headers.keys().map(|name| name.as_str().to_owned()).collect()
                };
                assert_eq!(names(&head), names(&get), "{path} by {who}");
            }
        }
    }
}

#[actix_web::test]
async fn what_is_not_there_is_not_there_for_anybody() {
    let stage = Stage::new().await;
    let paths = [
        "/nothing",
        "/login/",
        "/login/x",
        "//login",
        "/login//",
        "/LOGIN",
        "/login.html",
        "/login%2f",
        "/login;jsessionid=1",
        "/dashboard/",
        "/dashboard/x.css",
        "/dashboard.css",
        "/dashboard%0a",
        "/dashboard%00",
        "/account/x.css",
        "/protected/x.js",
        "/api",
        "/api/",
        "/api/session/",
        "/api/sessions",
        "/setup/",
        "/reset/",
        "/reset/a/b",
        "/sessions",
        "/sessions/",
        "/sessions//end",
        "/.git/HEAD",
        "/.env",
        "/.well-known/x",
        "/static",
        "/static/",
        "/static/vestibule.css",
        "/static/vestibule.0000000000000000.css",
        "/static/.",
        "/static/..",
        "/static/../Cargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "/static/..%2f..%2fCargo.toml",
        "/static/..%5cCargo.toml",
        "/static/%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/.vestibule.css",
        "/static/vestibule.css.map",
        "/favicon.svg",
        "/logo.svg",
        "/server-status",
        "/metrics",
        "/actuator/health",
        "/admin",
        "/debug/pprof",
        "/*",
        "/robots.txt/",
        "/favicon.ico/x",
        "/healthz/",
        "/readyz/x",
    ];

    for path in paths {
        for (who, browser) in &stage.people {
            let answer = browser.clone().get(path).await;

            assert_eq!(answer.status, 404, "{path} by {who}: {}", answer.location());
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
            assert!(
                !answer.body.contains(&stage.session) && !answer.body.contains("sha256"),
                "{path} by {who}"
            );
        }
    }
}

#[actix_web::test]
async fn a_page_by_another_name_is_no_other_page() {
    let stage = Stage::new().await;
    let mut browser = stage.people[1].1.clone();

    for path in
        ["/dashboard?x.css", "/dashboard?callback=alert", "/dashboard?format=json", "/dashboard#x.css"]
    {
        let answer = browser.get(path).await;

        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
    }
}
