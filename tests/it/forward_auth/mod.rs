//! Forward-auth: reverse proxies ask us who may come in to the applications behind them.

mod bounds;
mod leading;
mod passing;
mod returning;

use actix_web::test::TestRequest;
use serde_json::json;
use vestibule::Config;
use vestibule::flows::caller::Caller;
use vestibule::flows::groups::{self, GroupError};
use vestibule::models::User;

use crate::enrolment::nobody_has_to;
use crate::support::{Answer, Browser, TestApp};

const PASS: &str = "__Secure-vestibule-forward";
const WIKI: &str = "wiki.example.org";

/// Settings with a wiki that everybody signed in may read, and a workshop for few.
pub fn doors(config: &mut Config) {
    nobody_has_to(config);
    config.server.public_url = Some("https://login.example.org".to_owned());
    config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    config.forward_auth = serde_json::from_value(json!({
        "cookie_domain": "example.org",
        "hosts": [
            { "host": WIKI, "rules": [
                { "path": "/public", "allow": "public" },
                { "path": "/admin", "allow": "group:staff" },
            ] },
            { "host": "workshop.example.org:8443", "allow": ["group:staff", "second-factor"], "rules": [
                { "path": "/vault", "allow": "second-factor" },
            ] },
        ],
    }))
    .unwrap();
    let mut broken = config.check();
    broken.retain(|rule| !rule.key.starts_with("passwords."));
    assert_eq!(broken, []);
}

/// What Caddy asks when a browser opens a page behind it.
fn asked(app: &TestApp, host: &str, target: &str) -> TestRequest {
    app.request("GET", "/auth/forward")
        .insert_header(("accept", "text/html,application/xhtml+xml"))
        .insert_header(("x-forwarded-method", "GET"))
        .insert_header(("x-forwarded-proto", "https"))
        .insert_header(("x-forwarded-host", host))
        .insert_header(("x-forwarded-uri", target))
}

/// What nginx asks.
fn asked_by_nginx(app: &TestApp, host: &str, target: &str) -> TestRequest {
    app.request("GET", "/auth/nginx")
        .insert_header(("accept", "text/html,application/xhtml+xml"))
        .insert_header(("x-original-method", "GET"))
        .insert_header(("x-original-url", format!("https://{host}{target}")))
}

/// The cookie that this browser sends to hosts beside ours.
fn pass_of(browser: &Browser) -> String {
    format!("{PASS}={}", browser.cookies.get(PASS).map_or("", String::as_str))
}

/// What becomes of a browser that opens a page of a guarded host.
async fn visit(app: &TestApp, browser: &Browser, host: &str, target: &str) -> Answer {
    app.send(asked(app, host, target).insert_header(("cookie", pass_of(browser)))).await
}

/// A browser in which somebody is signed in.
async fn signed_in(app: &TestApp, name: &str) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.sign_in(name).await.status, 303);
    browser
}

/// Puts somebody into a group, which is made if there is none of its name.
async fn join(app: &TestApp, user: &User, group: &str) {
    let operator = Caller::operator();
    match groups::create(&app.vestibule, group, &operator, app.now()).await {
        Ok(_) | Err(GroupError::Taken(_)) => {}
        Err(error) => panic!("{error}"),
    }
    assert!(groups::add(&app.vestibule, group, &user.id, &operator, app.now()).await.unwrap());
}
