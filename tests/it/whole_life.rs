//! One person's life, through every deed there is: what it leaves, and what it must not leave anywhere.

use std::collections::BTreeSet;

use serde_json::json;
use vestibule::models::EventKind::{self, *};
use vestibule::models::{Event, MailKind};
use vestibule::secret::{from_base64url, to_base64url};

use crate::change_email::NEW;
use crate::forgot::{self, ADDRESS};
use crate::guards::{HEARD, listen};
use crate::not_me;
use crate::restore_email::right;
use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::verify_email::{code, find, letter, path};

const PASSWORDS: [&str; 5] = [
    PASSWORD,
    OTHER_PASSWORD,
    "eleven copper kettles hum at dawn",
    "nobody counts the green umbrellas",
    "a slow river under wooden stars",
];

/// Ada, and whatever nobody else may ever read.
struct Life {
    app: TestApp,
    browser: Browser,
    secrets: BTreeSet<String>,
}

impl Life {
    async fn get(&mut self, path: &str) -> Answer {
        let answer = self.browser.get(path).await;
        self.keep_cookies();
        answer
    }

    /// Does something that must work.
    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.browser.submit(path, fields).await;
        assert!([200, 303].contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
        assert!(!answer.location().starts_with("/reauth") && !answer.location().contains("next="), "{path}");
        self.keep_cookies();
        answer
    }

    fn keep_cookies(&mut self) {
        for value in self.browser.cookies.values() {
            self.secrets.insert(value.clone());
            // The signature of a token alone would be a find.
            self.secrets.extend(value.rsplit_once('.').map(|(_, signature)| signature.to_owned()));
        }
    }

    /// Opens a link and keeps its token.
    async fn open(&mut self, link: &str) {
        self.secrets.insert(link.rsplit_once('/').unwrap().1.to_owned());
        assert_eq!(self.get(link).await.status, 303);
    }

    async fn type_code(&mut self, email: &str) {
        let code = code(&self.app, email).await;
        let text = letter(&self.app, MailKind::VerifyEmail, email).await;
        self.secrets.insert(path(&text, "/verify-email/").rsplit_once('/').unwrap().1.to_owned());
        self.secrets.extend([code.clone(), code.replace(' ', "")]);
        assert_eq!(self.submit("/account/email/code", &[("code", &code)]).await.location(), "/account/email");
    }

    async fn sign_in(&mut self, password: &str) {
        let fields = [("login", "ada"), ("password", password), ("stay_signed_in", "yes")];
        assert_eq!(self.submit("/login", &fields).await.location(), "/dashboard");
    }

    async fn reset(&mut self, password: &str) {
        let fields = [("username", "ada"), ("password", password)];
        assert_eq!(self.submit("/reset", &fields).await.location(), "/login");
    }

    /// A program signs in, goes on once, and leaves.
    async fn run_a_program(&mut self, password: &str) {
        let mut program = self.app.program();
        let login = program.post("/login", &json!({ "username": "ada", "password": password })).await;
        let spent = login.json()["refresh_token"].clone();
        let next = program.post("/api/token", &json!({ "refresh_token": spent })).await;
        for answer in [&login, &next] {
            for member in ["token", "refresh_token"] {
                let token = answer.json()[member].as_str().unwrap().to_owned();
                self.secrets.extend(token.rsplit_once('.').map(|(_, signature)| signature.to_owned()));
                self.secrets.insert(token);
            }
        }
        program.token = next.json()["token"].as_str().map(str::to_owned);
        assert_eq!(program.send(self.app.request("POST", "/logout")).await.status, 200);
    }
}

/// From registering to coming back after all.
async fn live_on(life: &mut Life) {
    let [first, second, third, fourth, fifth] = PASSWORDS;
    life.secrets.extend(PASSWORDS.map(str::to_owned));
    life.submit("/register", &[("username", "ada"), ("email", ADDRESS), ("password", first)]).await;
    life.type_code(ADDRESS).await;
    life.submit("/logout", &[]).await;
    life.sign_in(first).await;
    life.run_a_program(first).await;
    life.app.pass(3700);
    assert_eq!(life.get("/dashboard").await.status, 200, "renewed on the way");

    life.submit("/forgot", &[("email", ADDRESS)]).await;
    let link = forgot::link(&life.app).await;
    life.open(&link).await;
    life.reset(second).await;
    life.sign_in(second).await;
    let fields = [("current_password", second), ("password", third), ("end_others", "yes")];
    life.submit("/account/password", &fields).await;

    life.submit("/account/email", &[("email", NEW)]).await;
    life.type_code(NEW).await;
    let link = right(&life.app, ADDRESS).await;
    life.open(&link).await;
    assert_eq!(life.submit("/restore-email", &[]).await.location(), "/reset");
    life.reset(fourth).await;

    let mut thief = life.app.browser();
    (thief.user_agent, thief.address) = ("wget/1".to_owned(), "203.0.113.9".to_owned());
    thief.submit("/login", &[("login", "ada"), ("password", fourth)]).await;
    life.secrets.extend(thief.cookies.into_values());
    let link = not_me::links(&life.app).await.remove(0);
    life.open(&link).await;
    assert_eq!(life.submit("/not-me", &[]).await.location(), "/reset");
    life.reset(fifth).await;

    life.sign_in(fifth).await;
    life.submit("/account/settings/name", &[("display_name", "Ada Lovelace")]).await;
    life.submit("/account/settings/time-zone", &[("time_zone", "Europe/London")]).await;
    life.submit("/reauth", &[("password", fifth)]).await;
    life.submit("/account/export", &[]).await;
    life.submit("/account/close", &[("confirmation", "ada")]).await;
    life.app.pass(3600);
    life.sign_in(fifth).await;
}

/// The same secret as a database or a program might write it.
fn shapes(secret: &str) -> Vec<String> {
    let mut shapes = vec![secret.to_owned()];
    let raw = from_base64url(secret).filter(|bytes| bytes.len() >= 32);
    for bytes in raw.into_iter().chain([secret.as_bytes().to_vec()]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let base64 = to_base64url(&bytes);
        shapes.extend([hex.to_uppercase(), hex, base64.replace('-', "+").replace('_', "/"), base64]);
    }
    shapes
}

/// What is to stand in the activity, from the first to the last.
const STORY: &[EventKind] = &[
    Registered,
    EmailVerified,
    LoggedOut,
    LoggedIn,
    LoggedIn,
    LoggedOut,
    ResetLinkIssued,
    PasswordReset,
    LoggedIn,
    PasswordChanged,
    EmailChangeAsked,
    EmailChanged,
    EmailRestored,
    PasswordReset,
    LoggedIn,
    LoginDisowned,
    PasswordReset,
    LoggedIn,
    SettingsChanged,
    SettingsChanged,
    Reauthenticated,
    DataExported,
    AccountClosed,
    AccountReopened,
    LoggedIn,
];

#[actix_web::test]
async fn a_whole_life_leaves_its_story_and_no_secret_in_the_database_the_log_or_anybody_elses_export() {
    listen(log::LevelFilter::Trace);
    let app = TestApp::new().await;
    forgot::proven(&app, "bob", "bob@example.org").await;
    let mut life = Life { browser: app.browser(), app: app.clone(), secrets: BTreeSet::new() };

    live_on(&mut life).await;

    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let export = bob.submit("/account/export", &[]).await.body;
    let said = HEARD.0.lock().unwrap().join("\n");
    let places = [("the database", dump(&app).await), ("the log", said), ("Bob's export", export)];
    assert!(life.secrets.len() > 40, "{}", life.secrets.len());
    for (place, text) in &places {
        assert!(text.len() > 500, "{place}: {text}");
        for shape in life.secrets.iter().filter(|secret| secret.len() >= 8).flat_map(|secret| shapes(secret))
        {
            assert!(!text.contains(&shape), "{shape} in {place}: {text}");
        }
    }
    let export = &places[2].1;
    assert!(["\"ada\"", ADDRESS, NEW, "Lovelace"].iter().all(|words| !export.contains(words)), "{export}");
    assert!(export.contains("bob@example.org"));

    let id = find(&app, "ada").await.id;
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 100)).await;
    let story = events
        .iter()
        .rev()
        .map(|event| event.kind)
        .filter(|kind| ![NewDevice, SessionRevoked].contains(kind));
    assert_eq!(story.collect::<Vec<_>>(), STORY);
}
