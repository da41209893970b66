//! A token that was found good is remembered, and forgotten the moment it must be.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::sleep;
use diesel::connection::SimpleConnection as _;
use vestibule::clock::Timestamp;
use vestibule::db::Error;
use vestibule::flows::administer_user;
use vestibule::flows::caller::Caller;
use vestibule::models::{Revocation, Role, Session};
use vestibule::secret::sha256;
use vestibule::verified_tokens::{Authenticated, VerifiedTokens};

use crate::enrolment::nobody_has_to;
use crate::support::{Program, TestApp};

/// Somebody signed in, whose token is remembered.
async fn stage() -> (TestApp, Program) {
    let app = TestApp::with(nobody_has_to).await;
    app.register("ada").await;
    let mut ada = app.program();
    ada.log_in("ada").await;
    until("revocations are read", || app.vestibule.verified.is_current()).await;
    assert_eq!(ada.get("/api/session").await.status, 200);
    assert_eq!(app.vestibule.verified.len(), 1);
    (app, ada)
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("in vain: {what}");
}

/// What another process does: this one is not told.
fn elsewhere(app: &TestApp, sql: &str) {
    app.vestibule.db.connect().unwrap().batch_execute(sql).unwrap();
}

#[actix_web::test]
async fn a_remembered_token_asks_no_database() {
    let (app, ada) = stage().await;

    elsewhere(&app, "ALTER TABLE sessions RENAME TO elsewhere");

    assert_eq!(ada.get("/api/session").await.status, 200);
    assert_eq!(ada.get("/protected").await.status, 200);
    let mut stranger = app.program();
    stranger.token = Some(format!("{}x", ada.token.clone().unwrap()));
    assert_eq!(stranger.get("/api/session").await.status, 401, "another token is not that one");
}

#[actix_web::test]
async fn what_another_process_ends_is_over_within_a_second() {
    let (app, ada) = stage().await;
    let (session, now) = (ada.get("/api/session").await.json()["session"].clone(), app.now());

    app.vestibule
        .db
        .write(move |conn| {
            let id = session.as_str().unwrap().into();
            let found = Session::find(conn, &id)?.unwrap();
            conn.batch_execute("UPDATE sessions SET revoked_at = 1, revoked_because = 'operator'")?;
            Ok::<_, Error>(Revocation::insert(conn, &found.user_id, Some(&id), now)?)
        })
        .await
        .unwrap();

    sleep(Duration::from_secs(1)).await;
    assert_eq!(ada.get("/api/session").await.status, 401);
}

#[actix_web::test]
async fn a_notice_that_was_committed_late_is_heeded_too() {
    let (app, ada) = stage().await;
    let user = ada.get("/api/session").await.json()["user"].as_str().unwrap().to_owned();

    elsewhere(
        &app,
        &format!(
            "UPDATE sessions SET revoked_at = 1, revoked_because = 'operator';
             INSERT INTO revocations (id, user_id, revoked_at) VALUES ('late', '{user}', {})",
            app.now().seconds() - 9
        ),
    );

    sleep(Duration::from_secs(1)).await;
    assert_eq!(ada.get("/api/session").await.status, 401);
}

#[actix_web::test]
async fn another_role_counts_with_the_next_request() {
    let (app, ada) = stage().await;
    assert_eq!(ada.get("/api/session").await.json()["role"], "user");
    let user = app.ask(|conn| vestibule::models::User::find_by_username(conn, "ada")).await.unwrap();

    let (caller, now) = (Caller::operator(), app.now());
    administer_user::set_role(&app.vestibule, &user, Role::Admin, &caller, now).await.unwrap();

    assert_eq!(ada.get("/api/session").await.json()["role"], "admin");
}

#[actix_web::test]
async fn no_memory_outlives_the_token_or_the_session_or_goes_before_them() {
    let (app, ada) = stage().await;
    let claims = ada.get("/api/session").await.json();
    let left = claims["token_expires_at"].as_i64().unwrap() - app.now().seconds();

    app.pass(left + 29);
    assert_eq!(ada.get("/api/session").await.status, 200, "within the leeway");
    app.pass(1);
    assert_eq!(ada.get("/api/session").await.status, 401, "beyond it");
    app.pass(-left - 30 - 60);
    assert_eq!(
        ada.get("/api/session").await.status,
        401,
        "a token from the future, after the clock went back"
    );
    app.pass(60);
    assert_eq!(ada.get("/api/session").await.status, 200);
}

/// Somebody, as the database would tell.
async fn who() -> (TestApp, Arc<Authenticated>, [u8; 32]) {
    let (app, ada) = stage().await;
    let token = sha256(ada.token.unwrap().as_bytes());
    let who = Arc::clone(app.vestibule.verified.find(&token).unwrap().who());
    (app, who, token)
}

#[actix_web::test]
async fn what_was_asked_before_a_revocation_and_answered_after_it_does_not_count() {
    let (_app, who, token) = who().await;
    let memory = VerifiedTokens::new(100, Duration::from_mins(1));
    memory.note_reading(memory.moment());

    let watched = memory.watch(&who.user.id);
    memory.forget(&who.user.id);
    memory.remember(token, watched, Arc::clone(&who));
    assert!(memory.find(&token).is_none());

    let watched = memory.watch(&who.user.id);
    memory.tidy();
    memory.remember(token, watched, Arc::clone(&who));
    assert!(memory.find(&token).is_some());
    memory.forget(&who.user.id);
    assert!(memory.find(&token).is_none());
}

#[actix_web::test]
async fn without_news_of_revocations_nothing_remembered_counts() {
    let (_app, who, token) = who().await;
    let memory = VerifiedTokens::new(100, Duration::from_millis(200));
    let remember = || memory.remember(token, memory.watch(&who.user.id), Arc::clone(&who));

    remember();
    assert!(memory.find(&token).is_none(), "before the first reading");
    memory.note_reading(memory.moment());
    remember();
    assert!(memory.find(&token).is_some());
    sleep(Duration::from_millis(250)).await;
    assert!(memory.find(&token).is_none(), "too long after the last one");
}

#[actix_web::test]
async fn the_memory_has_a_ceiling() {
    let (_app, who, _) = who().await;
    let memory = VerifiedTokens::new(100, Duration::from_mins(1));
    memory.note_reading(memory.moment());

    for number in 0..1000_u32 {
        memory.remember(sha256(&number.to_be_bytes()), memory.watch(&who.user.id), Arc::clone(&who));
    }

    assert!((50..=100).contains(&memory.len()), "{}", memory.len());
}

#[actix_web::test]
async fn of_many_requests_in_a_minute_one_is_noted() {
    let (app, who, token) = who().await;
    let (now, minute) = (app.now(), Duration::from_mins(1));
    let entry = app.vestibule.verified.find(&token).unwrap();

    let later = Timestamp::from_seconds(who.session.last_seen_at.seconds() + 60);
    assert!(!entry.is_to_be_noted(now, minute));
    assert!(entry.is_to_be_noted(later, minute));
    assert!(!entry.is_to_be_noted(later, minute));
}
