//! API keys: made on a page, shown once, and what they open.

use actix_web::web::{ServiceConfig, get};
use futures_util::future::join_all;
use serde_json::json;
use vestibule::credentials::api_key::ApiKey;
use vestibule::credentials::scope::Scope;
use vestibule::flows::caller::Caller;
use vestibule::flows::create_api_key::{self, CreateApiKeyError, DAYS, Made, NewKey};
use vestibule::flows::{housekeeping, keep};
use vestibule::id::UserId;
use vestibule::models::{self, Event, EventKind, MailKind, User};
use vestibule::web::entries;
use vestibule::web::extract::{Admin, Apps, BearerUser, CurrentUser, Program};

use crate::forgot::{ADDRESS, proven};
use crate::schema::dump;
use crate::support::{Answer, Browser, TestApp};

pub const PAGE: &str = "/account/api-keys";
const A_DAY: i64 = 24 * 60 * 60;

fn routes(config: &mut ServiceConfig) {
    config.route(
        "/app",
        get().to(|who: Program<Apps>| async move { format!("app of {}", who.user().username) }),
    );
    config.route("/current", get().to(|_: CurrentUser| async { "current" }));
    config.route("/bearer", get().to(|_: BearerUser| async { "bearer" }));
    config.route("/admin", get().to(|_: Admin| async { "admin" }));
    config.route(
        "/perhaps",
        get().to(|who: Option<CurrentUser>| async move { who.map_or("nobody", |_| "somebody") }),
    );
}

/// Ada with a proven address and a browser, beside an application of somebody else's.
pub async fn stage() -> (TestApp, User, Browser) {
    let app = TestApp::mounting(|config| config.throttle.enabled = true, routes).await;
    let ada = proven(&app, "ada", ADDRESS).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    (app, ada, browser)
}

/// A key of `user`'s, as an operator makes it.
pub async fn key(app: &TestApp, user: &UserId, name: &str, scopes: &[Scope]) -> Made {
    let new = NewKey { name: name.to_owned(), scopes: scopes.to_vec(), days: 90 };
    create_api_key::by_operator(&app.vestibule, user, new, &Caller::operator(), app.now()).await.unwrap()
}

pub async fn rows(app: &TestApp, user: &UserId) -> Vec<models::ApiKey> {
    let id = user.clone();
    app.ask(move |conn| models::ApiKey::list(conn, &id)).await
}

pub async fn show(app: &TestApp, key: &str, path: &str) -> Answer {
    let mut program = app.program();
    program.token = Some(key.to_owned());
    program.send(app.request("GET", path).insert_header(("accept", "application/json"))).await
}

/// The key on a page that has just made one.
fn shown(page: &Answer) -> Option<String> {
    let (_, rest) = page.body.split_once("id=\"key\">")?;
    Some(rest.split('<').next().unwrap().to_owned())
}

fn form<'a>(name: &'a str, days: &'a str) -> [(&'a str, &'a str); 3] {
    [("name", name), ("read_account", "yes"), ("days", days)]
}

#[actix_web::test]
async fn a_key_is_made_on_the_page_shown_once_and_is_nowhere_after_that() {
    let (app, ada, mut browser) = stage().await;
    let empty = browser.get(PAGE).await;
    assert!(empty.body.contains("You have no API key.") && empty.body.contains("Make the key"));

    let made = browser.submit(PAGE, &form("backup script", "30")).await;

    assert_eq!((made.status, made.header("cache-control")), (200, "no-store"));
    let key = shown(&made).expect("the key");
    assert!(key.starts_with("vst_") && key.len() == 52, "{key}");
    assert!(!made.cookies().iter().any(|cookie| cookie.value().contains(&key)));
    let page = browser.get(PAGE).await;
    assert!(page.body.contains("backup script") && page.body.contains("Read who you are"));
    assert!(page.body.contains("not used yet") && page.body.contains("in 30 days"));
    assert!(shown(&page).is_none() && !page.body.contains(&key));
    let digest = rows(&app, &ada.id).await[0].digest.clone();
    let (secret, row) = (&key[4..], dump(&app).await);
    assert!(!row.contains(secret) && row.contains(&digest));
    let export = browser.submit("/account/export", &[]).await;
    let told = &export.json()["api_keys"][0];
    assert_eq!((&told["name"], &told["scopes"]), (&"backup script".into(), &"account:read".into()));
    assert!(!export.body.contains(&digest) && !export.body.contains(secret));
    for (_, letter) in app.mails().await {
        assert!(!letter.text.contains(secret) && !letter.html.contains(secret));
    }
    assert!(!format!("{:?}", rows(&app, &ada.id).await).contains(&digest));
}

#[actix_web::test]
async fn its_owner_is_told_by_mail_and_in_the_trail() {
    let (app, ada, mut browser) = stage().await;

    browser.submit(PAGE, &form("see https://evil.test/x", "7")).await;

    let mails = app.mails().await;
    let (_, letter) = mails.iter().find(|mail| mail.0.kind == MailKind::ApiKeyCreated).expect("a mail");
    assert_eq!(letter.subject, "A new API key for your account at Vestibule");
    assert!(letter.text.contains("Read who you are") && letter.text.contains("192.0.2.7"), "{}", letter.text);
    assert!(
        letter.text.contains(&format!("{PAGE}\n")) && !letter.text.contains("evil.test"),
        "{}",
        letter.text
    );
    let (id, row) = (ada.id.clone(), rows(&app, &ada.id).await.remove(0));
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 1)).await;
    assert_eq!(
        (events[0].kind, events[0].detail.as_deref()),
        (EventKind::ApiKeyCreated, Some(row.id.as_str()))
    );
    assert_eq!((events[0].actor.as_str(), events[0].session_id.is_some()), (ada.id.as_str(), true));
    assert!(browser.get("/account/activity").await.body.contains("API key made"));
}

#[actix_web::test]
async fn what_is_wrong_with_a_form_is_said_and_what_was_typed_stays() {
    let (app, ada, mut browser) = stage().await;
    browser.submit(PAGE, &form("first", "7")).await;

    for (fields, words) in [
        (vec![("name", "  "), ("apps", "yes"), ("days", "7")], "Give the key a name"),
        (vec![("name", "a\u{202e}b"), ("apps", "yes"), ("days", "7")], "characters that cannot be shown"),
        (vec![("name", "second"), ("days", "30")], "Choose what the key may do."),
        (vec![("name", "second"), ("apps", "yes"), ("days", "31")], "Choose how long the key works"),
        (vec![("name", "second"), ("apps", "yes"), ("days", "")], "Choose how long the key works"),
        (vec![("name", " first "), ("apps", "yes"), ("days", "365")], "There is a key of that name already."),
    ] {
        let answer = browser.submit(PAGE, &fields).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(answer.body.contains(words) && answer.body.contains("aria-invalid"), "{fields:?}");
        assert!(answer.body.contains(&format!("value=\"{}\"", fields[0].1)), "{fields:?}");
        assert!(shown(&answer).is_none());
    }
    assert_eq!(browser.submit(PAGE, &[("name", "x"), ("days", "7"), ("scopes", "all")]).await.status, 400);
    assert_eq!(rows(&app, &ada.id).await.len(), 1);
}

#[actix_web::test]
async fn making_one_needs_a_fresh_proof_and_the_name_waits() {
    let (app, ada, mut browser) = stage().await;
    app.pass(20 * 60 + 1);

    let asked = browser.submit(PAGE, &form("backup", "365")).await;

    assert_eq!((asked.status, asked.location()), (303, "/reauth?next=%2Faccount%2Fapi-keys"));
    assert!(rows(&app, &ada.id).await.is_empty());
    browser.submit("/reauth", &[("password", crate::support::PASSWORD)]).await;
    let page = browser.get(PAGE).await;
    assert!(page.body.contains("value=\"backup\"") && page.body.contains("<option value=\"365\" selected>"));
    assert!(shown(&browser.submit(PAGE, &form("backup", "365")).await).is_some());
    let stranger = app.browser().submit(PAGE, &form("mine", "7")).await;
    assert_eq!((stranger.status, stranger.location()), (303, "/login?next=%2Faccount%2Fapi-keys"));
}

#[actix_web::test]
async fn a_key_opens_what_its_scopes_say_and_nothing_else() {
    let (app, ada, _) = stage().await;
    let reads = key(&app, &ada.id, "reads", &[Scope::ReadAccount]).await;
    let opens = key(&app, &ada.id, "opens", &[Scope::Apps]).await;
    let both = key(&app, &ada.id, "both", &Scope::ALL).await;

    let session = show(&app, reads.key.expose(), "/api/session").await;
    assert_eq!(session.status, 200);
    let told = session.json();
    assert_eq!((&told["user"], &told["username"]), (&ada.id.as_str().into(), &"ada".into()));
    let named = json!({
        "id": reads.row.id, "name": "reads", "scopes": ["account:read"],
        "created_at": app.now().seconds(), "expires_at": app.now().seconds() + 90 * A_DAY,
    });
    assert_eq!(told["api_key"], named);
    assert!(told.get("session").is_none() && told.get("amr").is_none() && !session.body.contains(ADDRESS));
    assert_eq!(show(&app, reads.key.expose(), "/protected").await.json()["message"], "Access granted");
    assert_eq!(show(&app, opens.key.expose(), "/app").await.body, "app of ada");
    for path in ["/api/session", "/protected", "/app"] {
        assert_eq!(show(&app, both.key.expose(), path).await.status, 200, "{path}");
    }

    for (made, path, needed) in [
        (&reads, "/app", "apps"),
        (&opens, "/api/session", "account:read"),
        (&opens, "/protected", "account:read"),
    ] {
        let refused = show(&app, made.key.expose(), path).await;
        assert_eq!((refused.status, &refused.json()["error"]), (403, &"insufficient_scope".into()), "{path}");
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"");
        assert_eq!(refused.header("www-authenticate"), challenge);
    }
    for path in ["/current", "/bearer", "/admin"] {
        let refused = show(&app, both.key.expose(), path).await;
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(refused.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    }
    assert_eq!(show(&app, both.key.expose(), "/perhaps").await.body, "nobody");
}

#[actix_web::test]
async fn a_key_opens_no_page_does_no_deed_and_makes_no_key() {
    let (app, ada, _) = stage().await;
    let made = key(&app, &ada.id, "both", &Scope::ALL).await;
    let open = ["/api/session", "/protected"];
    let as_stranger = app.browser();
    let header = ("authorization", format!("Bearer {}", made.key.expose()));
    let mut tried = 0;
    for entry in
        entries().into_iter().filter(|entry| !entry.path.contains('{') && !open.contains(&entry.path))
    {
        let ask = || {
            app.request(entry.method.as_str(), entry.path).insert_header(("sec-fetch-site", "same-origin"))
        };
        let form = |request: actix_web::test::TestRequest| match entry.method.as_str() {
            "POST" => request.set_form(form("mine", "7")),
            _ => request,
        };
        let stranger = as_stranger.clone().send(form(ask())).await;
        let before = rows(&app, &ada.id).await.len();
        let program = as_stranger.clone().send(form(ask()).insert_header(header.clone())).await;

        if entry.path == "/logout" && entry.method == "POST" {
            // It ends nothing, and nobody is to believe that it does.
            assert_eq!(program.status, 403);
            continue;
        }
        let at_most = |answer: &Answer| (answer.status, answer.location().to_owned());
        assert_eq!(at_most(&program), at_most(&stranger), "{} {}", entry.method, entry.path);
        assert_eq!(rows(&app, &ada.id).await.len(), before);
        tried += 1;
    }
    assert!(tried > 40);
    // Nor beside a browser's cookie, which it comes before.
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let refused = browser.send(app.request("GET", PAGE).insert_header(header)).await;
    assert_eq!(refused.status, 303);
}

#[actix_web::test]
async fn what_is_no_key_of_ours_is_refused_as_any_bad_token_and_soon_not_looked_at() {
    let (app, ada, _) = stage().await;
    let made = key(&app, &ada.id, "good", &Scope::ALL).await;
    let good = made.key.expose();
    let unknown = ApiKey::generate();
    let mistyped = format!("{}A", &good[..51]);
    let shouted = good.to_uppercase();
    for text in [unknown.expose(), &mistyped, "vst_", "vst_x", &good[..20], &format!("{good}x")] {
        let (api, tutorial) = (show(&app, text, "/api/session").await, show(&app, text, "/protected").await);
        assert_eq!((api.status, tutorial.status), (401, 403), "{text}");
        assert_eq!(api.header("www-authenticate"), "Bearer error=\"invalid_token\"");
        assert!(!api.body.contains(text.trim_start_matches("vst_")) || text.len() < 8);
    }
    assert_eq!(show(&app, &shouted, "/api/session").await.status, 401);

    let most = app.vestibule.config.throttle.bad_tokens_per_minute;
    let mut statuses = Vec::new();
    for _ in 0..=most {
        statuses.push(show(&app, unknown.expose(), "/api/session").await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(show(&app, good, "/api/session").await.status, 200, "a good one is no guess");
}

#[actix_web::test]
async fn it_ends_when_it_was_said_to_and_is_forgotten_a_month_later() {
    for days in DAYS {
        let (app, ada, mut browser) = stage().await;
        let new = NewKey { name: "k".to_owned(), scopes: Scope::ALL.to_vec(), days };
        let caller = Caller::operator();
        let made = create_api_key::by_operator(&app.vestibule, &ada.id, new, &caller, app.now());
        let made = made.await.unwrap();
        crate::nodes::until_remembering(&app).await;
        assert_eq!(show(&app, made.key.expose(), "/api/session").await.status, 200);
        app.pass(i64::from(days) * A_DAY - 1);
        assert_eq!(show(&app, made.key.expose(), "/api/session").await.status, 200);
        app.pass(1);

        assert_eq!(
            show(&app, made.key.expose(), "/api/session").await.status,
            401,
            "though it is remembered"
        );

        browser.sign_in("ada").await;
        assert!(browser.get(PAGE).await.body.contains("Expired"));
        assert!(shown(&browser.submit(PAGE, &form("k", "7")).await).is_some(), "its name is free");
        housekeeping::run(&app.vestibule, app.now()).await.unwrap();
        assert_eq!(rows(&app, &ada.id).await.len(), 2);
        app.pass(30 * A_DAY + 1);
        housekeeping::run(&app.vestibule, app.now()).await.unwrap();
        assert_eq!(rows(&app, &ada.id).await.len(), 1, "the other one expired later");
    }
}

#[actix_web::test]
async fn its_last_use_is_noted_to_the_minute_and_in_memory_first() {
    let (app, ada, mut browser) = stage().await;
    crate::nodes::until_remembering(&app).await;
    let made = key(&app, &ada.id, "k", &Scope::ALL).await;
    let last_used = async || rows(&app, &ada.id).await[0].last_used_at;
    let start = app.now();
    let mut noted = Vec::new();
    for seconds in [0, 30, 29, 1] {
        app.pass(seconds);
        assert_eq!(show(&app, made.key.expose(), "/protected").await.status, 200);
        keep::write_last_seen(&app.vestibule).await.unwrap();
        noted.push(last_used().await.unwrap().since(start).as_secs());
    }
    assert_eq!(noted, [0, 0, 0, 60]);
    assert!(app.vestibule.verified_keys.len() == 1 && !app.vestibule.verified_keys.is_empty());
    assert!(browser.get(PAGE).await.body.contains("last used"));
}

#[actix_web::test]
async fn of_twenty_hands_that_make_keys_at_once_ten_get_one_and_no_two_the_same_name() {
    let (app, ada, mut browser) = stage().await;
    let nodes = [app.clone(), app.another_node().await];
    let make = |number: usize| {
        let (node, id) = (nodes[number % 2].clone(), ada.id.clone());
        async move {
            let new = NewKey { name: format!("key {}", number / 2), scopes: vec![Scope::Apps], days: 7 };
            create_api_key::by_operator(&node.vestibule, &id, new, &Caller::operator(), node.now()).await
        }
    };

    // Each name twice, and two names too many.
    let made = join_all((0..24).map(make)).await;

    let count =
        |is: fn(&Result<Made, CreateApiKeyError>) -> bool| made.iter().filter(|made| is(made)).count();
    assert_eq!(count(|made| made.is_ok()), 10);
    assert_eq!(
        count(|made| matches!(made, Err(CreateApiKeyError::TooMany | CreateApiKeyError::SameName))),
        14
    );
    let names: std::collections::BTreeSet<_> =
        rows(&app, &ada.id).await.into_iter().map(|row| row.name).collect();
    assert_eq!(names.len(), 10);
    let page = browser.get(PAGE).await;
    assert!(page.body.contains("there is room for no more") && !page.body.contains("Make the key<"));
    let refused = browser.submit(PAGE, &form("eleventh", "7")).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("Nobody can have more than 10 keys at once."));
}
