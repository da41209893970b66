//! The headers of every answer, whatever its status and whoever asks (SECURITY 2.3, 2.5).

use std::collections::BTreeSet;

use actix_web::cookie::SameSite;
use actix_web::test::TestRequest;
use vestibule::flows::caller::Caller;
use vestibule::flows::{reset_password, set_up};
use vestibule::web::entries;

use crate::support::{Answer, Browser, PASSWORD, TestApp};

const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), publickey-credentials-get=(self), \
         publickey-credentials-create=(self)",
    ),
];

/// An instance on https or on plain http, and what its cookies are called.
async fn stage(is_https: bool) -> (TestApp, &'static str) {
    let app = TestApp::with(|config| {
        config.throttle.enabled = true;
        config.server.public_url = is_https.then(|| "https://login.example.org".to_owned());
    });
    let app = app.await;
    app.register("ada").await;
    (app, if is_https { "__Host-vestibule" } else { "vestibule" })
}

/// Every path there is, with requests to it that succeed and requests that fail, and a few that reach no path.
async fn sweep(app: &TestApp) -> Vec<(String, Answer)> {
    let setup = set_up::issue_link(&app.vestibule, app.now()).await.unwrap().unwrap();
    let ada = app.ask(|conn| vestibule::models::User::find_by_username(conn, "ada")).await.unwrap();
    let reset =
        reset_password::issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    let mut signed_in = app.browser();
    let mut answers = vec![("POST /login".to_owned(), signed_in.sign_in("ada").await)];
    let page = signed_in.get("/dashboard").await.body;
    let assets = page.split("\"/static/").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let mut paths: Vec<String> = assets.map(|name| format!("/static/{name}")).collect();
    for path in entries().iter().map(|entry| entry.path).collect::<BTreeSet<_>>() {
        let filled = path.replace("{name}", "x").replace("{id}", "x");
        let token = if path.starts_with("/setup") { setup.expose() } else { reset.expose() };
        paths.extend([filled.replace("{token}", token), filled.replace("{token}", "x")]);
    }
    paths.extend(["/nothing", "/static/", "/.env"].map(str::to_owned));
    for path in paths {
        for (who, browser) in [("signed in", &signed_in), ("stranger", &app.browser())] {
            for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
                let sites: &[&str] =
                    if method == "POST" { &["same-origin", "cross-site"] } else { &["same-origin"] };
                for site in sites {
                    let request = app.request(method, &path).insert_header(("sec-fetch-site", *site));
                    let request = request.insert_header(("origin", "https://evil.test"));
                    let answer = browser.clone().send(request).await;
                    answers.push((format!("{method} {path}, {site}, {who}"), answer));
                }
            }
            let program = app.request("GET", &path).insert_header(("authorization", "Bearer nonsense"));
            answers.push((format!("GET {path} by a program"), app.send(program).await));
        }
    }
    for request in failures(app) {
        answers
            .push(("a failure".to_owned(), app.send(request.insert_header(("accept", "text/html"))).await));
    }
    for request in failures(app) {
        answers.push(("a failure".to_owned(), app.send(request).await));
    }
    for _ in 0..20 {
        let wrong = [("login", "ada"), ("password", "wrong")];
        answers.push(("POST /login, wrong".to_owned(), app.browser().submit("/login", &wrong).await));
    }
    answers
}

/// One request for each way to fail that the paths alone do not show.
fn failures(app: &TestApp) -> Vec<TestRequest> {
    let post = |kind: &str, body: String| {
        let request = app.request("POST", "/register").insert_header(("content-type", kind.to_owned()));
        request.set_payload(body)
    };
    let form = "application/x-www-form-urlencoded";
    vec![
        post(form, "%zz".to_owned()),
        post(form, "x".repeat(20_000)),
        post("text/plain", "x".to_owned()),
        post(form, "username=a&password=b".to_owned()),
        post(form, format!("username=ada&password={PASSWORD}").replace(' ', "+")),
        post("application/json", format!("{{\"username\":\"ada\",\"password\":\"{PASSWORD}\"}}")),
        post("application/json", "{\"username\":\"a\",\"password\":\"b\"}".to_owned()),
    ]
}

/// The 22 characters of the nonce in a policy for pages.
fn nonce(answer: &Answer) -> &str {
    let policy = answer.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).unwrap_or_default().split('\'').next().unwrap();
    let expected = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    assert_eq!(policy, expected);
    assert_eq!(nonce.len(), 22, "128 bits");
    nonce
}

/// What scripts of any site may read.
const PUBLIC: [&str; 4] = [
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/token-status",
    "/openapi.json",
];

fn check(what: &str, answer: &Answer, is_https: bool) {
    // Where these decide, the answer says so.
    let decided = if what.starts_with("POST") { "Sec-Fetch-Site, Origin" } else { answer.header("vary") };
    assert_eq!(answer.header("vary"), decided, "{what}");
    let what = format!("{what}: {}", answer.status);
    let count = |name: &str| answer.headers.get_all(name).count();
    for (name, value) in ALWAYS {
        assert_eq!((answer.header(name), count(name)), (value, 1), "{what}: {name}");
    }
    // What proxies pass on would be said of the application's host.
    let hsts = if is_https && !what.contains(" /auth/") { "max-age=63072000; includeSubDomains" } else { "" };
    assert_eq!(answer.header("strict-transport-security"), hsts, "{what}");
    for name in answer.headers.keys().map(|name| name.as_str()) {
        let is_leak = ["server", "x-powered-by", "x-xss-protection", "x-aspnet-version"].contains(&name);
        assert!(!is_leak, "{what}: {name}");
        let is_for_all =
            name == "access-control-allow-origin" && PUBLIC.iter().any(|path| what.contains(path));
        assert!(is_for_all || !name.starts_with("access-control-"), "{what}: {name}");
        assert!(name == "set-cookie" || count(name) == 1, "{what}: {name} twice");
    }
    assert_eq!(answer.header("x-request-id").len(), 36, "{what}");
    let kind = answer.header("content-type");
    if kind.starts_with("text/html") {
        let nonces: BTreeSet<_> =
            answer.body.split("nonce=\"").skip(1).map(|rest| rest.get(..22).unwrap()).collect();
        assert_eq!(nonces, BTreeSet::from([nonce(answer)]), "{what}");
        assert!(!answer.body.contains("eyJ0eX"), "{what}: no token in a page");
    } else {
        let policy = "default-src 'none'; frame-ancestors 'none'";
        assert_eq!(answer.header("content-security-policy"), policy, "{what}");
    }
    if !answer.body.is_empty() {
        let kinds = ["text/html; charset=utf-8", "text/plain; charset=utf-8", "text/css; charset=utf-8"];
        let others = [
            "text/javascript; charset=utf-8",
            "image/svg+xml; charset=utf-8",
            "image/png",
            "application/json",
            "application/jwk-set+json",
            "application/statuslist+jwt",
            "text/event-stream",
            "text/csv; charset=utf-8",
        ];
        assert!(
            kinds.contains(&kind) || others.contains(&kind) || kind == "application/problem+json",
            "{what}: {kind}"
        );
    }
    let named = match kind {
        "application/problem+json" => answer.json()["request_id"].as_str().unwrap_or(&what).to_owned(),
        kind if kind.starts_with("text/html") && answer.body.contains("Request <code>") => {
            answer.body.split("Request <code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
        }
        _ => answer.header("x-request-id").to_owned(),
    };
    assert_eq!(named, answer.header("x-request-id"), "{what}");
}

#[actix_web::test]
async fn every_answer_bears_every_header() {
    for is_https in [false, true] {
        let (app, _) = stage(is_https).await;

        let answers = sweep(&app).await;

        for (what, answer) in &answers {
            check(what, answer, is_https);
        }
        let statuses: BTreeSet<u16> = answers.iter().map(|(_, answer)| answer.status).collect();
        let all = [200, 303, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429];
        assert!(all.iter().all(|status| statuses.contains(status)), "{statuses:?}");
    }
}

#[actix_web::test]
async fn nothing_personal_is_kept_in_a_cache_and_files_are_kept_for_ever() {
    let (app, _) = stage(false).await;

    for (what, answer) in sweep(&app).await {
        let expected = match (answer.status, what.split([' ', ',']).nth(1).unwrap_or_default()) {
            (200, path) if path.starts_with("/static/") => "public, max-age=31536000, immutable",
            (200, "/robots.txt" | "/favicon.ico") => "public, max-age=3600",
            (200, "/.well-known/jwks.json" | "/.well-known/oauth-authorization-server" | "/openapi.json") => {
                "public, max-age=300"
            }
            (200, "/.well-known/token-status") => "public, max-age=1",
            _ => "no-store",
        };
        assert_eq!(answer.header("cache-control"), expected, "{what}: {}", answer.status);
        if expected != "no-store" {
            assert!(answer.cookies().is_empty(), "{what}");
        }
    }
}

#[actix_web::test]
async fn a_nonce_and_a_request_id_are_used_once() {
    let (app, _) = stage(false).await;
    let (mut nonces, mut ids) = (BTreeSet::new(), BTreeSet::new());

    for _ in 0..20 {
        for path in ["/login", "/nothing"] {
            let answer = app.browser().get(path).await;
            nonces.insert(nonce(&answer).to_owned());
            ids.insert(answer.header("x-request-id").to_owned());
        }
    }
    let chosen = app.request("GET", "/login").insert_header(("x-request-id", "mine"));

    assert_eq!((nonces.len(), ids.len()), (40, 40));
    assert_ne!(app.send(chosen).await.header("x-request-id"), "mine");
}

#[actix_web::test]
async fn cookies_have_one_job_each_and_no_more_reach_than_it_needs() {
    for is_https in [false, true] {
        let (app, prefix) = stage(is_https).await;
        let mut browser = app.browser();
        let mut seen = BTreeSet::new();

        let wander = wander(&mut browser).await;

        for cookie in wander.iter().flat_map(Answer::cookies) {
            let name = cookie.name().strip_prefix(prefix).unwrap_or_else(|| panic!("{cookie}")).to_owned();
            let days = cookie.max_age().map(|age| age.whole_seconds());
            let (same_site, age) = match name.as_str() {
                "" if cookie.value().is_empty() => (SameSite::Lax, Some(0)),
                "" => (SameSite::Lax, None),
                "-refresh" if cookie.value().is_empty() => (SameSite::Lax, Some(0)),
                "-refresh" => (SameSite::Lax, Some(30 * 86_400)),
                "-flow" if cookie.value().is_empty() => (SameSite::Lax, Some(0)),
                "-flow" => (SameSite::Lax, Some(3600)),
                "-device" => (SameSite::Strict, Some(180 * 86_400)),
                _ => panic!("{cookie}"),
            };
            assert_eq!((cookie.same_site(), days), (Some(same_site), age), "{cookie}");
            assert_eq!((cookie.path(), cookie.domain()), (Some("/"), None), "{cookie}");
            assert_eq!(cookie.http_only(), Some(true), "{cookie}");
            assert_eq!(cookie.secure().unwrap_or(false), is_https, "{cookie}");
            assert!(cookie.name().len() + cookie.value().len() <= 1024, "{cookie}");
            seen.insert(name);
        }
        assert_eq!(seen, ["", "-device", "-flow", "-refresh"].map(str::to_owned).into());
    }
}

/// A visit with everything that sets cookies.
async fn wander(browser: &mut Browser) -> Vec<Answer> {
    let mut answers = vec![browser.get("/login?next=/dashboard").await];
    let account = [("username", "longest-name-that-is-32-letters-"), ("password", PASSWORD)];
    answers.push(browser.submit("/register", &account).await);
    answers.push(browser.get("/dashboard").await);
    answers.push(browser.submit("/session/renew", &[]).await);
    answers.push(browser.submit("/reauth", &[("password", PASSWORD)]).await);
    answers.push(browser.submit("/logout", &[]).await);
    answers.push(browser.get("/login").await);
    answers.push(browser.sign_in("ada").await);
    let stay = [("login", "ada"), ("password", PASSWORD), ("stay_signed_in", "yes")];
    answers.push(browser.submit("/login", &stay).await);
    answers
}

#[actix_web::test]
async fn signing_out_clears_what_the_browser_keeps_of_us_and_nothing_of_the_neighbours() {
    let (app, _) = stage(false).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    let out = browser.submit("/logout", &[]).await;

    assert_eq!(out.header("clear-site-data"), "\"cache\", \"storage\"");
    for cookie in ["vestibule", "vestibule-refresh"] {
        assert_eq!(out.cookie(cookie).unwrap().max_age().unwrap().whole_seconds(), 0, "{cookie}");
    }
}
