//! All that an app of somebody else's has of its own beside ours: administrators, an API, errors, mail, a second instance.

use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::error::ErrorConflict;
use actix_web::middleware::from_fn;
use actix_web::test::{self, TestRequest};
use actix_web::web::{Data, delete, get, post, scope, to};
use actix_web::{App, HttpResponse};
use vestibule::clock::Clock;
use vestibule::flows::caller::Caller;
use vestibule::flows::{administer_user, carry_mail};
use vestibule::models::Role;
use vestibule::web::extract::{Admin, BearerUser, CurrentUser, Reauthenticated};
use vestibule::web::{doorway, not_found, service};
use vestibule::{Config, Vestibule};

use crate::enrolment::nobody_has_to;
use crate::support::{Answer, PASSWORD, Place, TestApp};

async fn notes(who: CurrentUser) -> String {
    format!("The notes of {}", who.user.username)
}

async fn figures(who: Admin) -> String {
    format!("The figures, for {}", who.user.username)
}

async fn add(who: BearerUser) -> HttpResponse {
    HttpResponse::Created().body(who.user.username.to_string())
}

async fn forget(_: Reauthenticated) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

async fn lend() -> actix_web::Result<&'static str> {
    Err(ErrorConflict("Somebody else has the pencil."))
}

async fn nothing() -> HttpResponse {
    HttpResponse::NotFound().body("There is no such note.")
}

/// Their app, as its `main` would build it, and its answer to one request.
async fn ask(vestibule: &Vestibule, request: TestRequest) -> Answer {
    let door = || from_fn(doorway);
    let app = App::new()
        .app_data(Data::new(vestibule.clone()))
        .route("/notes", get().to(notes).wrap(door()))
        .route("/admin", get().to(figures).wrap(door()))
        .route("/api/notes", post().to(add).wrap(door()))
        .route("/api/notes", delete().to(forget).wrap(door()))
        .route("/pencil", get().to(lend).wrap(door()))
        .service(service(vestibule))
        .default_service(to(nothing));
    answer(&test::init_service(app).await, request).await
}

async fn answer<S, B>(app: &S, request: TestRequest) -> Answer
where
    S: actix_web::dev::Service<
            actix_http::Request,
            Response = actix_web::dev::ServiceResponse<B>,
            Error = actix_web::Error,
        >,
    B: actix_web::body::MessageBody,
{
    let request = request.peer_addr("192.0.2.7:50000".parse().unwrap()).to_request();
    Answer::of(test::call_service(app, request).await).await
}

fn open(place: &Place, change: impl FnOnce(&mut Config)) -> Vestibule {
    let mut config = TestApp::config(place);
    change(&mut config);
    Vestibule::open_at(config, Clock::standing_at(Clock::default().now())).unwrap()
}

fn browse(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("accept", "text/html"))
}

fn send(path: &str) -> TestRequest {
    TestRequest::post().uri(path).insert_header(("sec-fetch-site", "same-origin"))
}

fn program(method: &str, path: &str, token: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).method(method.parse().unwrap());
    request.insert_header(("authorization", format!("Bearer {token}")))
}

/// Somebody new, and the token that they have in a cookie.
async fn register(vestibule: &Vestibule, name: &str) -> Cookie<'static> {
    let form = [("username", name), ("password", PASSWORD)];
    ask(vestibule, send("/register").set_form(form)).await.cookie("vestibule").unwrap()
}

async fn make_admin(vestibule: &Vestibule, name: &str) {
    let user = administer_user::find(vestibule, name).await.unwrap().unwrap();
    let now = vestibule.clock.now();
    administer_user::set_role(vestibule, &user, Role::Admin, &Caller::operator(), now).await.unwrap();
}

#[actix_web::test]
async fn their_administration_is_open_to_administrators_of_ours() {
    let place = Place::new();
    let vestibule = open(&place, nobody_has_to);
    let token = register(&vestibule, "ada").await;

    let stranger = ask(&vestibule, browse("/admin")).await;
    let user = ask(&vestibule, browse("/admin").cookie(token.clone())).await;
    make_admin(&vestibule, "ada").await;
    let admin = ask(&vestibule, browse("/admin").cookie(token)).await;

    assert_eq!((stranger.status, stranger.location()), (303, "/login?next=%2Fadmin"));
    assert!(user.status == 403 && user.body.contains("You are signed in as ada, who may not see this."));
    assert_eq!((admin.status, admin.body.as_str()), (200, "The figures, for ada"));
}

#[actix_web::test]
async fn their_administrators_add_a_second_factor_first_where_ours_must() {
    let place = Place::new();
    let vestibule = open(&place, |_| ());
    let token = register(&vestibule, "ada").await;
    make_admin(&vestibule, "ada").await;

    for path in ["/admin", "/notes"] {
        let led = ask(&vestibule, browse(path).cookie(token.clone())).await;
        assert_eq!((led.status, led.location()), (303, "/account/totp"), "{path}");
    }
    let told = ask(&vestibule, program("POST", "/api/notes", token.value())).await;
    assert_eq!((told.status, told.json()["error"].as_str()), (403, Some("second_factor_enrolment_required")));
}

#[actix_web::test]
async fn their_api_takes_tokens_and_for_what_matters_a_proof_of_today() {
    let place = Place::new();
    let vestibule = open(&place, |_| ());
    let token = register(&vestibule, "ada").await;
    let forgetting = || program("DELETE", "/api/notes", token.value());

    let added = ask(&vestibule, program("POST", "/api/notes", token.value())).await;
    let by_cookie = ask(&vestibule, send("/api/notes").cookie(token.clone())).await;
    let forgotten = ask(&vestibule, forgetting()).await;
    vestibule.clock.jump(30 * 60);
    let added_later = ask(&vestibule, program("POST", "/api/notes", token.value())).await;
    let late = ask(&vestibule, forgetting()).await;

    assert_eq!((added.status, added.body.as_str(), added_later.status), (201, "ada", 201));
    assert_eq!((by_cookie.status, by_cookie.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(forgotten.status, 204);
    let challenge = "Bearer error=\"insufficient_user_authentication\"";
    assert_eq!((late.status, late.header("www-authenticate")), (401, challenge));
}

#[actix_web::test]
async fn what_is_not_there_and_what_goes_wrong_is_told_in_their_words() {
    let place = Place::new();
    let vestibule = open(&place, |_| ());

    for path in ["/nowhere", "/notes/7", "/login/nowhere", "/static", "/sessions/1"] {
        let nothing = ask(&vestibule, browse(path)).await;
        assert_eq!((nothing.status, nothing.body.as_str()), (404, "There is no such note."), "{path}");
        assert_eq!(nothing.header("content-security-policy"), "", "{path}");
    }
    let conflict = ask(&vestibule, browse("/pencil")).await;
    assert_eq!((conflict.status, conflict.body.as_str()), (409, "Somebody else has the pencil."));
    for path in ["/static/nothing.css", "/%6Cogin"] {
        let ours = ask(&vestibule, browse(path)).await;
        assert_ne!(ours.header("content-security-policy"), "", "{path}");
    }
    assert_eq!(ask(&vestibule, send("/dashboard")).await.status, 405);
}

#[actix_web::test]
async fn an_app_without_words_of_its_own_may_have_ours() {
    let place = Place::new();
    let vestibule = open(&place, |_| ());
    let app = App::new().app_data(Data::new(vestibule.clone())).default_service(not_found());
    let app = test::init_service(app).await;

    let page = answer(&app, browse("/nowhere")).await;

    assert!(page.status == 404 && page.body.contains("No page of ours has this address."));
    assert_ne!(page.header("content-security-policy"), "");
}

#[actix_web::test]
async fn below_a_path_of_theirs_there_is_nothing_of_ours() {
    let place = Place::new();
    let vestibule = open(&place, |_| ());
    let app = App::new().service(scope("/door").service(service(&vestibule))).default_service(to(nothing));
    let app = test::init_service(app).await;

    for path in ["/door/login", "/door/", "/login"] {
        assert_eq!(answer(&app, browse(path)).await.body, "There is no such note.", "{path}");
    }
}

#[actix_web::test]
async fn two_instances_in_one_process_know_nothing_of_each_other() {
    let places = [Place::new(), Place::new()];
    let [first, second] = places.each_ref().map(|place| open(place, |_| ()));
    let token = register(&first, "ada").await;
    let with = |vestibule, token: &Cookie<'static>| {
        ask(vestibule, program("GET", "/notes", token.value())) // ours is not theirs
    };

    let there = with(&second, &token).await;
    let same_name = register(&second, "ada").await;
    let out = ask(&second, send("/logout").cookie(same_name.clone())).await;

    assert_eq!((there.status, there.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
    assert_eq!((out.status, with(&second, &same_name).await.status), (303, 401));
    assert_eq!(with(&first, &token).await.body, "The notes of ada");
}

#[actix_web::test]
async fn once_they_start_it_our_mail_leaves_by_itself() {
    let place = Place::new();
    let vestibule = open(&place, |_| ());
    let before = ask(&vestibule, browse("/forgot")).await;

    carry_mail::start(&vestibule).unwrap();
    carry_mail::start(&vestibule).unwrap();
    let after = ask(&vestibule, browse("/forgot")).await;
    let form = [("username", "ada"), ("password", PASSWORD), ("email", "ada@example.org")];
    ask(&vestibule, send("/register").set_form(form)).await;

    assert_eq!((before.status, after.status), (404, 200));
    let letters = place.dir().join("mail");
    for _ in 0..500 {
        if std::fs::read_dir(&letters).is_ok_and(|mut files| files.next().is_some()) {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no mail has left");
}
