//! What each deed ends, in one table: at once where it was done, within a second at a node that remembered it, and
//! nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::rt::time::sleep;
use serde_json::json;
use vestibule::clock::Stopwatch;
use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;

use crate::change_email::{NEW, ask, change};
use crate::forgot::{self, ADDRESS, proven};
use crate::nodes::until_remembering;
use crate::not_me;
use crate::refresh::exchange;
use crate::restore_email::right;
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::verify_email::{code, find, type_code};

/// Each deed; whether its own browser goes on; who else does, of [`Held`].
const DEEDS: [(&str, bool, &[&str]); 10] = [
    ("change the password", true, &[]),
    ("reset the password by a link", false, &[]),
    ("change the address", true, &[]),
    ("put the former address back", false, &[]),
    ("say that a sign-in was not me", false, &[]),
    ("an operator disables the account", false, &[]),
    ("close the account", false, &[]),
    ("sign out everywhere", false, &[]),
    // The session itself goes on as it is, and so does a copy of its cookie.
    ("sign out everywhere else", true, &["copy"]),
    // It ends the session that was copied, not those that were not.
    ("use a spent refresh token again", true, &["copy", "other", "remembered"]),
];

/// What is held against Ada's account before the deed.
struct Held {
    /// Cookies: a copy of those of the browser that does the deed, another browser's, and what a browser that stays
    /// signed in has left after it was closed.
    cookies: BTreeMap<&'static str, BTreeMap<String, String>>,
    bearer: String,
    /// The program's, and the one that it has spent for it.
    refresh: String,
    spent: String,
}

impl Held {
    /// Whoever is let in by this node. Refresh tokens come last: they go on by being used.
    async fn who_is_in(&self, app: &TestApp, names: &[&'static str]) -> Vec<&'static str> {
        let mut who = Vec::new();
        for name in names {
            let status = match *name {
                "bearer" => {
                    let mut program = app.program();
                    program.token = Some(self.bearer.clone());
                    program.get("/api/session").await.status
                }
                "refresh" => exchange(app, &self.refresh).await.status,
                _ => {
                    let mut browser = app.browser();
                    browser.cookies.clone_from(&self.cookies[name]);
                    browser.get("/dashboard").await.status
                }
            };
            assert!([200, 303, 401].contains(&status), "{name}: {status}");
            if status == 200 {
                who.push(*name);
            }
        }
        who
    }
}

async fn hold(app: &TestApp, acting: &Browser) -> Held {
    let (mut other, mut remembered) = (app.browser(), app.browser());
    other.sign_in("ada").await;
    let fields = [("login", "ada"), ("password", PASSWORD), ("stay_signed_in", "yes")];
    remembered.submit("/login", &fields).await;
    remembered.cookies.remove("vestibule");
    assert!(remembered.cookies.contains_key("vestibule-refresh"));
    let login = app.program().post("/login", &json!({ "username": "ada", "password": PASSWORD })).await;
    let spent = login.json()["refresh_token"].as_str().unwrap().to_owned();
    let next = exchange(app, &spent).await.json();
    let text = |member: &str| next[member].as_str().unwrap().to_owned();
    let cookies = [("copy", acting), ("other", &other), ("remembered", &remembered)];
    let cookies = cookies.map(|(name, browser)| (name, browser.cookies.clone()));
    Held { cookies: cookies.into(), bearer: text("token"), refresh: text("refresh_token"), spent }
}

/// What has to be there before the others come: a link, a code.
async fn prepare(deed: &str, app: &TestApp, acting: &mut Browser) {
    if deed == "put the former address back" {
        change(app, acting, NEW).await;
    }
}

/// Does it; everything that is slow and no part of it comes before.
async fn act(deed: &str, app: &TestApp, acting: &mut Browser, held: &Held) -> Stopwatch {
    let mut elsewhere = app.browser();
    match deed {
        "reset the password by a link" => {
            forgot::ask(&mut elsewhere, ADDRESS).await;
            elsewhere.get(&forgot::link(app).await).await;
        }
        "change the address" => assert_eq!(ask(acting, NEW).await.status, 303),
        "put the former address back" => drop(elsewhere.get(&right(app, ADDRESS).await).await),
        "say that a sign-in was not me" => drop(elsewhere.get(&not_me::links(app).await[0]).await),
        "use a spent refresh token again" => app.pass(11),
        _ => (),
    }
    let code = if deed == "change the address" { code(app, NEW).await } else { String::new() };
    let began = Stopwatch::start();
    let status = match deed {
        "change the password" => {
            let fields =
                [("current_password", PASSWORD), ("password", OTHER_PASSWORD), ("end_others", "yes")];
            acting.submit("/account/password", &fields).await.status
        }
        "reset the password by a link" => forgot::send(&mut elsewhere, OTHER_PASSWORD).await.status,
        "change the address" => type_code(acting, &code).await.status,
        "put the former address back" => elsewhere.submit("/restore-email", &[]).await.status,
        "say that a sign-in was not me" => elsewhere.submit("/not-me", &[]).await.status,
        "an operator disables the account" => {
            let ada = find(app, "ada").await;
            disable(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
            303
        }
        "close the account" => acting.submit("/account/close", &[("confirmation", "ada")]).await.status,
        "sign out everywhere" => acting.submit("/sessions/end-all", &[]).await.status,
        "sign out everywhere else" => acting.submit("/sessions/end-others", &[]).await.status,
        _ => exchange(app, &held.spent).await.status - 401 + 303,
    };
    assert_eq!(status, 303, "{deed}");
    began
}

#[actix_web::test]
async fn each_deed_ends_what_the_table_says_here_at_once_and_elsewhere_within_a_second() {
    for (deed, acting_goes_on, others) in DEEDS {
        let app = TestApp::new().await;
        let there = app.another_node().await;
        proven(&app, "ada", ADDRESS).await;
        let mut acting = app.browser();
        acting.sign_in("ada").await;
        prepare(deed, &app, &mut acting).await;
        let held = hold(&app, &acting).await;
        let remembered = ["copy", "other", "bearer"];
        until_remembering(&there).await;
        for node in [&app, &there] {
            assert_eq!(held.who_is_in(node, &remembered).await, remembered, "{deed}");
        }

        let began = act(deed, &app, &mut acting, &held).await;

        let all = ["copy", "other", "bearer", "refresh", "remembered"];
        assert_eq!(held.who_is_in(&app, &all).await, others, "{deed}");
        assert_eq!(acting.get("/dashboard").await.status == 200, acting_goes_on, "{deed}");
        // Half a second between two readings, and as much again for a machine that is busy.
        while held.who_is_in(&there, &remembered).await.len()
            > others.iter().filter(|o| remembered.contains(o)).count()
        {
            assert!(began.elapsed() < Duration::from_secs(1), "{deed}: {:?}", began.elapsed());
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(held.who_is_in(&there, &all).await, others, "{deed}");
    }
}
