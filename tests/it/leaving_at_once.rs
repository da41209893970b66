//! Several who leave, come back and keep house at the same moment.

use std::time::Duration;

use vestibule::clock::Timestamp;
use vestibule::flows::caller::Caller;
use vestibule::flows::{close_account, housekeeping, login};
use vestibule::models::{Role, Session, User};

use crate::close_account::{A_WEEK, close, row, stage};
use crate::enrolment::nobody_has_to;
use crate::schema::dump;
use crate::support::{PASSWORD, TestApp};

async fn session_of(app: &TestApp, user: &User) -> Session {
    let (user, now) = (user.id.clone(), app.now());
    app.ask(move |conn| Session::list_live(conn, &user, now, Timestamp::from_seconds(0))).await.remove(0)
}

#[actix_web::test]
async fn the_last_administrator_stays_and_of_two_who_leave_at_once_one_does() {
    let app = TestApp::with(nobody_has_to).await;
    let root = app.register_as("root", "", Role::Admin).await;
    let mut browser = app.browser();
    browser.sign_in("root").await;
    let before = dump(&app).await;

    let answer = close(&mut browser, "root").await;

    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("You are the last administrator. Make somebody else an administrator first.")
    );
    assert_eq!(dump(&app).await, before);

    for _ in 0..5 {
        app.execute("UPDATE users SET closed_at = NULL; DELETE FROM users WHERE username <> 'root'").await;
        let second = app.register_as("second", "", Role::Admin).await;
        app.execute("UPDATE sessions SET revoked_at = 1").await;
        for name in ["root", "second"] {
            app.browser().sign_in(name).await;
        }
        let (one, two) = (session_of(&app, &root).await, session_of(&app, &second).await);
        let (other, caller) = (app.another_node().await, Caller::operator());
        let (here, there) = tokio::join!(
            close_account::by_owner(&app.vestibule, &one, "root", &caller, app.now()),
            close_account::by_owner(&other.vestibule, &two, "second", &caller, app.now()),
        );
        assert_eq!(
            [here.is_ok(), there.is_ok()].iter().filter(|left| **left).count(),
            1,
            "{here:?} {there:?}"
        );
        assert!(app.ask(User::has_admin).await);
    }
    app.execute(
        "UPDATE users SET closed_at = NULL; UPDATE users SET disabled_at = 1 WHERE username <> 'root'",
    )
    .await;
    browser.sign_in("root").await;
    assert_eq!(close(&mut browser, "root").await.status, 422, "somebody disabled is no administrator");
}

#[actix_web::test]
async fn closing_twice_is_closing_once() {
    let (app, _) = stage().await;
    let ada = row(&app, "ada").await.unwrap();
    let (session, caller) = (session_of(&app, &ada).await, Caller::operator());

    let other = app.another_node().await;
    let (one, two) = tokio::join!(
        close_account::by_owner(&app.vestibule, &session, "ada", &caller, app.now()),
        close_account::by_owner(&other.vestibule, &session, "ada", &caller, app.now()),
    );

    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(app.mails().await.len(), 1);
}

#[actix_web::test]
async fn a_deletion_at_the_moment_of_a_sign_in_is_whole_or_not_at_all() {
    for round in 0..8 {
        let (app, mut ada) = stage().await;
        close(&mut ada, "ada").await;
        let other = app.another_node().await;
        // Housekeeping on a node whose clock is a second ahead, at the last moment.
        app.pass(A_WEEK - 1);
        let attempt = login::Attempt {
            login: "ada".to_owned(),
            password: PASSWORD.into(),
            replaces: None,
            stay: login::Stay::WhileActive,
            trust: None,
        };
        let (caller, now) = (Caller::operator(), app.now());
        let (signed_in, kept) =
            tokio::join!(login::with_password(&app.vestibule, attempt, &caller, now), async {
                // So that now one comes first and now the other.
                actix_web::rt::time::sleep(Duration::from_millis(round)).await;
                housekeeping::run(&other.vestibule, now + Duration::from_secs(1)).await
            },);
        kept.unwrap();

        let (user, rows) = (row(&app, "ada").await, dump(&app).await);
        match signed_in {
            Ok(login::Outcome::SignedIn(done)) => {
                assert_eq!(user.map(|user| user.closed_at), Some(None));
                assert!(
                    rows.contains(done.session.id.as_str()) && !rows.contains("account_deleted"),
                    "{rows}"
                );
            }
            Ok(login::Outcome::SecondFactor(_)) => panic!("she has no second factor"),
            Err(error) => {
                assert!(matches!(error, login::LoginError::InvalidCredentials), "{error}");
                assert!(user.is_none() && !rows.contains("account_reopened"), "{rows}");
            }
        }
    }
}
