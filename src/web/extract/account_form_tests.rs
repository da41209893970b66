//! A page whose deed needs a fresh proof, and somebody who takes their time in front of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::cookie::Cookie;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest};
use secrecy::SecretString;
use serde::Deserialize;

use super::{AccountForm, Context, Fields, Reauthenticated};
use crate::clock::Clock;
use crate::config::Config;
use crate::flows::caller::Caller;
use crate::flows::register::{self, NewAccount};
use crate::id::UserId;
use crate::models::Role;
use crate::vestibule::Vestibule;
use crate::web::doorway;
use crate::web::flow_state::{self, FlowState};

const PAGE: &str = "/paint";
const PASSWORD: &str = "correct horse battery staple";
const NOTHING: &str = "{}";

#[derive(Deserialize)]
struct Paint {
    colour: String,
    secret: String,
}

impl Fields for Paint {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        vec![("colour", &self.colour)]
    }
}

async fn show(request: HttpRequest, context: Context, current: Reauthenticated) -> String {
    let kept = FlowState::of(&request).take_kept(PAGE, &current.user.id, context.now);
    serde_json::to_string(&kept).unwrap()
}

async fn submit(AccountForm { current, fields }: AccountForm<Paint>) -> String {
    assert_eq!(fields.secret, "hush");
    format!("{} paints it {}", current.user.username, fields.colour)
}

/// Somebody's browser in front of a house with that page.
struct Window {
    vestibule: Vestibule,
    dir: PathBuf,
    cookies: BTreeMap<String, String>,
}

/// An answer: its status, where it leads, what it says.
type Answer = (u16, String, String);

impl Window {
    /// With Ada in front of it, who has just signed in; there is a Bob, too.
    async fn of_ada() -> Self {
        let dir = std::env::temp_dir().join(format!("vestibule-form-{}", UserId::new()));
        let mut config = Config::default();
        config.server.data_dir.clone_from(&dir);
        config.passwords.hash_memory_kib = 64;
        config.passwords.hash_passes = 1;
        config.throttle.enabled = false;
        let vestibule = Vestibule::open_at(config, Clock::standing_at(Clock::default().now())).unwrap();
        for name in ["ada", "bob"] {
            let (username, password) = (name.to_owned(), SecretString::from(PASSWORD));
            let account = NewAccount { username, email: String::new(), password, role: Role::User };
            let now = vestibule.clock.now();
            register::with_password(&vestibule, account, &Caller::operator(), now).await.unwrap();
        }
        let mut window = Self { vestibule, dir, cookies: BTreeMap::new() };
        assert_eq!(window.sign_in("ada").await.1, "/dashboard");
        window
    }

    async fn send(&mut self, request: TestRequest) -> Answer {
        let page = web::resource(PAGE).route(web::get().to(show)).route(web::post().to(submit));
        let page = page.wrap(flow_state::middleware(&self.vestibule)).wrap(from_fn(doorway));
        let app = App::new().app_data(Data::new(self.vestibule.clone())).service(page);
        let app = init_service(app.service(crate::web::service(&self.vestibule))).await;
        let cookies = self.cookies.iter().map(|(name, value)| Cookie::new(name, value));
        let request = cookies.fold(request, |request, cookie| request.cookie(cookie.into_owned()));
        let response = try_call_service(&app, request.to_request()).await.unwrap().into_parts().1;
        for cookie in response.cookies() {
            match cookie.value() {
                "" => drop(self.cookies.remove(cookie.name())),
                value => drop(self.cookies.insert(cookie.name().to_owned(), value.to_owned())),
            }
        }
        let location = response.headers().get(header::LOCATION);
        let location = location.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body()).await.unwrap();
        (status, location, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path).insert_header((header::ACCEPT, "text/html"))).await
    }

    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = TestRequest::post().uri(path).insert_header(("sec-fetch-site", "same-origin"));
        self.send(request.insert_header((header::ACCEPT, "text/html")).set_form(fields)).await
    }

    async fn sign_in(&mut self, login: &str) -> Answer {
        self.submit("/login", &[("login", login), ("password", PASSWORD)]).await
    }

    async fn paint(&mut self, colour: &str) -> Answer {
        self.submit(PAGE, &[("colour", colour), ("secret", "hush")]).await
    }

    /// Sends the form a minute too late, and is asked.
    async fn paint_too_late(&mut self, colour: &str) {
        self.pass(21);
        assert_eq!(self.paint(colour).await, (303, "/reauth?next=%2Fpaint".to_owned(), String::new()));
        assert!(self.get("/reauth?next=%2Fpaint").await.2.contains("once more to go on to /paint."));
    }

    fn pass(&self, minutes: u64) {
        self.vestibule.clock.jump(i64::try_from(Duration::from_mins(minutes).as_secs()).unwrap());
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

#[actix_web::test]
async fn a_form_is_taken_for_twenty_minutes_from_a_page_that_is_shown_for_ten() {
    let mut ada = Window::of_ada().await;

    assert_eq!(ada.get(PAGE).await.2, NOTHING);
    ada.pass(19);
    assert_eq!(ada.get(PAGE).await.1, "/reauth?next=%2Fpaint");
    assert_eq!(ada.paint("blue").await, (200, String::new(), "ada paints it blue".to_owned()));
}

#[actix_web::test]
async fn after_that_it_waits_with_what_was_typed_and_without_what_is_secret() {
    let mut ada = Window::of_ada().await;

    ada.paint_too_late("sea \u{1f30a} \"green\"").await;
    let wrong = ada.submit("/reauth", &[("password", "gingham-zeppelin")]).await;
    let proven = ada.submit("/reauth", &[("password", PASSWORD)]).await;

    assert_eq!((wrong.0, proven.0, proven.1.as_str()), (422, 303, PAGE));
    let shown = ada.get(PAGE).await;
    assert_eq!((shown.0, shown.2.as_str()), (200, "{\"colour\":\"sea \u{1f30a} \\\"green\\\"\"}"));
    assert_eq!(ada.get(PAGE).await.2, NOTHING, "once");
    assert_eq!(ada.paint("green").await.2, "ada paints it green", "the button is hers to press");
}

#[actix_web::test]
async fn whoever_has_to_sign_in_comes_back_to_it_too_and_nobody_else_does() {
    for (name, seen) in [("ada", "{\"colour\":\"green\"}"), ("bob", NOTHING)] {
        let mut window = Window::of_ada().await;
        window.pass(60);

        let sent = window.paint("green").await;
        window.get(&sent.1).await;
        let signed_in = window.sign_in(name).await;

        assert_eq!((sent.1.as_str(), signed_in.1.as_str()), ("/login?next=%2Fpaint", PAGE));
        assert_eq!(window.get(PAGE).await.2, seen, "{name}");
    }
}

#[actix_web::test]
async fn who_signs_out_instead_leaves_nothing_behind() {
    let mut window = Window::of_ada().await;
    window.paint_too_late("green").await;

    window.submit("/logout", &[]).await;
    window.sign_in("ada").await;

    assert_eq!(window.get(PAGE).await.2, NOTHING);
}

#[actix_web::test]
async fn it_waits_no_longer_than_ten_minutes() {
    for (minutes, seen) in [(10, "{\"colour\":\"green\"}"), (11, NOTHING)] {
        let mut ada = Window::of_ada().await;
        ada.paint_too_late("green").await;
        ada.pass(minutes);

        ada.submit("/reauth", &[("password", PASSWORD)]).await;

        assert_eq!(ada.get(PAGE).await.2, seen, "{minutes}");
    }
}

#[actix_web::test]
async fn what_a_cookie_cannot_hold_is_typed_again_and_breaks_nothing() {
    for (colour, is_kept) in [
        ("x".repeat(700), true),
        ("x".repeat(1100), false),
        ("\"".repeat(700), false),
        ("\u{1}".repeat(700), false),
    ] {
        let mut ada = Window::of_ada().await;
        ada.paint_too_late("an earlier one").await;

        ada.paint(&colour).await;
        ada.submit("/reauth", &[("password", PASSWORD)]).await;

        let cookie = ada.cookies.get("vestibule-flow").map_or(0, String::len);
        assert!(cookie < 3000, "{cookie}");
        let shown = ada.get(PAGE).await;
        assert_eq!((shown.0, shown.2 != NOTHING), (200, is_kept), "{}", colour.len());
    }
}

#[actix_web::test]
async fn programs_are_told_and_nothing_waits_for_them() {
    let mut ada = Window::of_ada().await;
    let token = ada.cookies.remove("vestibule").unwrap();
    ada.cookies.clear();
    ada.pass(21);

    let request = TestRequest::post().uri(PAGE).insert_header((header::ACCEPT, "application/json"));
    let request = request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")));
    let told = ada.send(request.set_form([("colour", "green"), ("secret", "hush")])).await;

    assert!(told.0 == 401 && told.2.contains("urn:vestibule:problem:reauthentication-required"), "{told:?}");
    assert!(ada.cookies.is_empty());
}
