//! Mounted into an Actix app of somebody else's, beside its own routes.

use actix_web::cookie::Cookie;
use actix_web::test::{self, TestRequest};
use actix_web::web::{Data, get, post};
use actix_web::{App, HttpResponse};
use vestibule::Vestibule;
use vestibule::clock::Clock;
use vestibule::flows::deliver_mail;
use vestibule::web::extract::{CurrentUser, Reauthenticated};
use vestibule::web::service;

use crate::support::{Answer, PASSWORD, Place, TestApp};

async fn shop() -> &'static str {
    "Open to everybody."
}

async fn orders(current: CurrentUser) -> String {
    format!("The orders of {}", current.user.username)
}

async fn buy(current: Reauthenticated) -> HttpResponse {
    HttpResponse::Created().body(current.user.username.clone())
}

/// Their app, as its `main` would build it, and its answer to one request.
async fn ask(vestibule: &Vestibule, request: TestRequest) -> Answer {
    let app = App::new()
        .app_data(Data::new(vestibule.clone()))
        .route("/shop", get().to(shop))
        .route("/orders", get().to(orders))
        .route("/buy", post().to(buy))
        .service(service(vestibule));
    let app = test::init_service(app).await;
    let request = request.peer_addr("192.0.2.7:50000".parse().unwrap()).to_request();
    Answer::of(test::call_service(&app, request).await).await
}

/// An instance with one user, and the token they signed in with at the front door of that app.
async fn open(place: &Place) -> (Vestibule, Cookie<'static>) {
    let vestibule = Vestibule::open_at(TestApp::config(place), Clock::default()).unwrap();
    let form = [("username", "ada"), ("password", PASSWORD)];
    let signed_in = ask(&vestibule, post_to("/register").set_form(form)).await;
    (vestibule, signed_in.cookie("vestibule").unwrap())
}

fn get_at(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("accept", "text/html"))
}

fn post_to(path: &str) -> TestRequest {
    TestRequest::post().uri(path).insert_header(("sec-fetch-site", "same-origin"))
}

#[actix_web::test]
async fn their_pages_know_who_signed_in_at_ours() {
    let place = Place::new();
    let (vestibule, token) = open(&place).await;

    let everybody = ask(&vestibule, get_at("/shop")).await;
    let stranger = ask(&vestibule, get_at("/orders")).await;
    let ada = ask(&vestibule, get_at("/orders").cookie(token.clone())).await;
    let bought = ask(&vestibule, post_to("/buy").cookie(token.clone())).await;
    let dashboard = ask(&vestibule, get_at("/dashboard").cookie(token)).await;

    assert_eq!((everybody.status, everybody.body.as_str()), (200, "Open to everybody."));
    assert_eq!((stranger.status, stranger.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(stranger.json()["error"], "Please sign in.");
    assert_eq!((ada.status, ada.body.as_str()), (200, "The orders of ada"));
    assert_eq!((bought.status, bought.body.as_str()), (201, "ada"));
    assert!(dashboard.body.contains("Hello, ada"));
    assert_eq!(ask(&vestibule, get_at("/nowhere")).await.status, 404);
    assert_eq!(ask(&vestibule, get_at("/login")).await.status, 200);
}

#[actix_web::test]
async fn their_routes_take_tokens_as_long_as_the_session_lives() {
    let place = Place::new();
    let (vestibule, token) = open(&place).await;
    let with = |token: &str| {
        let request = TestRequest::get().uri("/orders");
        request.insert_header(("authorization", format!("Bearer {token}")))
    };

    let good = ask(&vestibule, with(token.value())).await;
    let bad = ask(&vestibule, with("a.b.c")).await;
    ask(&vestibule, post_to("/logout").cookie(token.clone())).await;
    let dead = ask(&vestibule, with(token.value())).await;
    let cookie = ask(&vestibule, get_at("/orders").cookie(token)).await;

    assert_eq!((good.status, good.body.as_str()), (200, "The orders of ada"));
    for refused in [bad, dead, cookie] {
        assert_eq!(
            (refused.status, refused.header("www-authenticate")),
            (401, "Bearer error=\"invalid_token\"")
        );
    }
}

#[actix_web::test]
async fn a_guard_in_an_app_without_the_instance_lets_nobody_in() {
    let place = Place::new();
    let (vestibule, token) = open(&place).await;
    let forgetful = App::new().route("/orders", get().to(orders)).service(service(&vestibule));
    let forgetful = test::init_service(forgetful).await;

    let answer = test::call_service(&forgetful, get_at("/orders").cookie(token).to_request()).await;
    let answer = Answer::of(answer).await;

    assert_eq!((answer.status, answer.says("ada")), (500, false));
}

#[actix_web::test]
async fn no_page_offers_a_mail_until_somebody_carries_it() {
    let place = Place::new();
    let (vestibule, _) = open(&place).await;

    let before = ask(&vestibule, get_at("/login")).await;
    let asked = ask(&vestibule, get_at("/forgot")).await;
    deliver_mail::run(&vestibule, vestibule.clock.now()).await.unwrap();
    let after = ask(&vestibule, get_at("/login")).await;

    assert!(before.body.contains("Ask your administrator for a reset link.") && asked.status == 404);
    assert!(after.body.contains("href=\"/forgot\""));
}
