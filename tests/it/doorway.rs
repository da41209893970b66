//! The doorway around routes of somebody else's.

use actix_web::cookie::Cookie;
use actix_web::middleware::from_fn;
use actix_web::test::{self, TestRequest};
use actix_web::web::{Data, get, post, scope};
use actix_web::{App, HttpResponse};
use vestibule::Vestibule;
use vestibule::clock::Clock;
use vestibule::web::extract::CurrentUser;
use vestibule::web::{doorway, service};

use crate::support::{Answer, PASSWORD, Place, TestApp};

async fn shop() -> &'static str {
    "Open to everybody."
}

async fn orders(current: CurrentUser) -> String {
    format!("The orders of {}", current.user.username)
}

async fn buy(current: CurrentUser) -> HttpResponse {
    HttpResponse::Created().body(current.user.username.clone())
}

/// Their app, as its `main` would build it, and its answer to one request.
async fn ask(vestibule: &Vestibule, request: TestRequest) -> Answer {
    let guarded = scope("/mine").wrap(from_fn(doorway));
    let guarded = guarded.route("/orders", get().to(orders)).route("/buy", post().to(buy));
    let app = App::new()
        .app_data(Data::new(vestibule.clone()))
        .route("/shop", get().to(shop))
        .service(guarded)
        .service(service(vestibule));
    let app = test::init_service(app).await;
    let request = request.peer_addr("192.0.2.7:50000".parse().unwrap()).to_request();
    Answer::of(test::call_service(&app, request).await).await
}

fn browse(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("accept", "text/html"))
}

fn send(path: &str) -> TestRequest {
    TestRequest::post().uri(path).insert_header(("sec-fetch-site", "same-origin"))
}

/// An instance with one user, and the token they signed in with at the front door of that app.
async fn open(place: &Place) -> (Vestibule, Cookie<'static>) {
    let vestibule = Vestibule::open_at(TestApp::config(place), Clock::default()).unwrap();
    let form = [("username", "ada"), ("password", PASSWORD)];
    let signed_in = ask(&vestibule, send("/register").set_form(form)).await;
    (vestibule, signed_in.cookie("vestibule").unwrap())
}

#[actix_web::test]
async fn their_pages_ask_who_it_is_and_ours_answer() {
    let place = Place::new();
    let (vestibule, token) = open(&place).await;

    let everybody = ask(&vestibule, browse("/shop")).await;
    let stranger = ask(&vestibule, browse("/mine/orders?page=2")).await;
    let form = ask(&vestibule, browse(stranger.location())).await;
    let ada = ask(&vestibule, browse("/mine/orders").cookie(token.clone())).await;
    let dashboard = ask(&vestibule, browse("/dashboard").cookie(token)).await;

    assert_eq!((everybody.status, everybody.body.as_str()), (200, "Open to everybody."));
    assert_eq!((stranger.status, stranger.location()), (303, "/login?next=%2Fmine%2Forders%3Fpage%3D2"));
    assert!(form.body.contains("Sign in to go on to /mine/orders."));
    assert_eq!((ada.status, ada.body.as_str()), (200, "The orders of ada"));
    assert!(dashboard.body.contains("Hello, ada"));
    assert_eq!(ask(&vestibule, browse("/nowhere")).await.status, 404);
}

#[actix_web::test]
async fn their_routes_take_tokens_and_tell_programs_in_json() {
    let place = Place::new();
    let (vestibule, token) = open(&place).await;
    let with = |token: &str| {
        let request = TestRequest::get().uri("/mine/orders");
        request.insert_header(("authorization", format!("Bearer {token}")))
    };

    let good = ask(&vestibule, with(token.value())).await;
    let bad = ask(&vestibule, with("a.b.c")).await;
    let json = TestRequest::get().uri("/mine/orders").insert_header(("accept", "application/json"));
    let none = ask(&vestibule, json).await;

    assert_eq!((good.status, good.body.as_str()), (200, "The orders of ada"));
    assert_eq!((bad.status, bad.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
    assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(none.json()["error"], "Please sign in.");
}

#[actix_web::test]
async fn their_pages_renew_the_token_half_way_and_lose_it_at_sign_out() {
    let place = Place::new();
    let (vestibule, token) = open(&place).await;

    let early = ask(&vestibule, browse("/mine/orders").cookie(token.clone())).await;
    vestibule.clock.jump(1800);
    let renewed = ask(&vestibule, browse("/mine/orders").cookie(token.clone())).await;
    let fresh = renewed.cookie("vestibule").unwrap();
    let out = ask(&vestibule, send("/logout").cookie(fresh.clone())).await;

    assert!(early.cookies().is_empty() && fresh.value() != token.value());
    assert_eq!((out.status, out.location()), (303, "/login"));
    for dead in [token, fresh] {
        assert_eq!(ask(&vestibule, browse("/mine/orders").cookie(dead)).await.status, 303);
    }
}

#[actix_web::test]
async fn their_deeds_are_safe_from_other_sites() {
    let place = Place::new();
    let (vestibule, token) = open(&place).await;
    let forged = |site| {
        TestRequest::post().uri("/mine/buy").insert_header(("sec-fetch-site", site)).cookie(token.clone())
    };

    let ours = ask(&vestibule, send("/mine/buy").cookie(token.clone())).await;

    assert_eq!((ours.status, ours.body.as_str()), (201, "ada"));
    for site in ["cross-site", "same-site", "nonsense"] {
        assert_eq!(ask(&vestibule, forged(site)).await.status, 403, "{site}");
    }
    assert_eq!(ask(&vestibule, send("/mine/buy")).await.status, 401);
}
