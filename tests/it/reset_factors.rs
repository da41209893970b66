//! An operator takes somebody's factors away.

use vestibule::flows::caller::Caller;
use vestibule::flows::reset_factors::{MOST_REASON_CHARS, Reset, ResetFactorsError, by_operator};
use vestibule::models::{Event, EventKind, LoginChallenge, MailKind, Passkey, RecoveryCode, User};

use crate::enrolment::add_passkey;
use crate::forgot::{ADDRESS, proven, signs_in};
use crate::schema::dump;
use crate::support::{Browser, PASSWORD, TestApp};
use crate::totp::enrol;
use crate::verify_email::letter;

async fn stage() -> (TestApp, User, Browser) {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", ADDRESS).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    enrol(&app, &mut browser).await;
    (app, ada, browser)
}

async fn reset(app: &TestApp, user: &User, reason: &str) -> Result<Reset, ResetFactorsError> {
    by_operator(&app.vestibule, user, reason, &Caller::operator(), app.now()).await
}

#[actix_web::test]
async fn all_factors_go_everybody_is_out_and_the_owner_is_told_why() {
    let (app, ada, mut browser) = stage().await;
    add_passkey(&app, &ada, "desk", app.now()).await;
    let other = app.another_node().await;
    let mut copy = other.browser();
    copy.cookies.clone_from(&browser.cookies);
    assert_eq!(copy.get("/dashboard").await.status, 200);
    app.browser().sign_in("ada").await;

    let done = reset(&app, &ada, " Telephone lost: see www.evil.example ").await.unwrap();

    assert_eq!(done, Reset { app: true, passkeys: 1, recovery_codes: 10, sessions: 1 });
    let id = ada.id.clone();
    let left = app
        .ask(move |conn| {
            let (passkeys, codes) = (Passkey::list(conn, &id)?.len(), RecoveryCode::list(conn, &id)?.len());
            Ok((
                passkeys,
                codes,
                LoginChallenge::list_of(conn, &id, 9)?.len(),
                User::find(conn, &id)?.unwrap(),
            ))
        })
        .await;
    assert_eq!((left.0, left.1, left.2, left.3.second_factor_since), (0, 0, 0, None));
    assert!(left.3.factors_changed_at.is_some(), "trusted browsers are trusted no more");
    assert_eq!(browser.get("/dashboard").await.status, 303);
    actix_web::rt::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(copy.get("/dashboard").await.status, 303, "at another node, too");
    assert!(signs_in(&app, "ada", PASSWORD).await);
    browser.sign_in("ada").await;
    assert_eq!(browser.get("/dashboard").await.status, 200, "by the password alone");
    let id = ada.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 100)).await;
    let event = events.iter().find(|event| event.kind == EventKind::FactorsReset).unwrap();
    assert_eq!(event.detail.as_deref(), Some("Telephone lost: see www.evil.example"));
    assert_eq!(event.actor, "operator");
    let mail = letter(&app, MailKind::FactorsReset, ADDRESS).await;
    assert!(mail.contains("Telephone lost\u{2024} see www\u{2024}evil\u{2024}example"), "{mail}");
}

#[actix_web::test]
async fn it_takes_a_reason_in_one_line() {
    let (app, ada, _) = stage().await;
    let before = dump(&app).await;

    for reason in ["", "  ", "one\ntwo", "\u{1b}[31m", &"x".repeat(MOST_REASON_CHARS + 1)] {
        assert!(matches!(reset(&app, &ada, reason).await, Err(ResetFactorsError::Reason)), "{reason:?}");
    }

    assert_eq!(dump(&app).await, before);
    assert!(reset(&app, &ada, &"x".repeat(MOST_REASON_CHARS)).await.unwrap().any());
}

#[actix_web::test]
async fn passkeys_that_are_the_only_way_in_stay_until_there_is_a_password() {
    let (app, ada, _) = stage().await;
    add_passkey(&app, &ada, "desk", app.now()).await;
    app.execute("UPDATE users SET password_hash = NULL").await;
    let before = dump(&app).await;

    assert!(matches!(reset(&app, &ada, "lost").await, Err(ResetFactorsError::OnlyWayIn)));

    assert_eq!(dump(&app).await, before);
}

#[actix_web::test]
async fn where_there_is_nothing_to_take_nothing_happens() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let before = dump(&app).await;

    assert_eq!(reset(&app, &ada, "lost").await.unwrap(), Reset::default());

    assert_eq!(dump(&app).await, before);
    assert_eq!(browser.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn of_an_account_that_is_deleted_no_factor_is_left() {
    let (app, ada, _) = stage().await;
    add_passkey(&app, &ada, "desk", app.now()).await;
    app.browser().sign_in("ada").await;
    let tables = ["totp_factors", "passkeys", "recovery_codes", "login_challenges"];
    let has = |rows: &str, table: &str| rows.lines().any(|row| row.starts_with(&format!("{table}: ")));
    let before = dump(&app).await;

    let (caller, now) = (Caller::operator(), app.now());
    assert!(
        vestibule::flows::delete_account::by_operator(&app.vestibule, &ada.id, &caller, now).await.unwrap()
    );

    let after = dump(&app).await;
    for table in tables {
        assert!(has(&before, table) && !has(&after, table), "{table}");
    }
}
