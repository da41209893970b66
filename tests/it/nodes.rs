//! Several nodes on one database: whatever one of them says holds for all.

use std::time::Duration;

use actix_web::rt::time::sleep;
use vestibule::clock::Stopwatch;
use vestibule::flows::caller::Caller;
use vestibule::flows::{administer_user, end_session};
use vestibule::models::{RevokedBecause, Role};

use crate::enrolment::nobody_has_to;
use crate::support::{PASSWORD, TestApp};

pub async fn until_remembering(app: &TestApp) {
    for _ in 0..500 {
        if app.vestibule.verified.is_current() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("revocations are not read");
}

#[actix_web::test]
async fn a_token_of_one_node_is_good_at_the_others_and_dead_at_all_within_a_second() {
    let first = TestApp::new().await;
    let (second, third) = (first.another_node().await, first.another_node().await);
    first.register("ada").await;
    let mut ada = first.program();
    ada.log_in("ada").await;
    let at = |app: &TestApp| {
        let mut there = app.program();
        there.token = ada.token.clone();
        there
    };
    for app in [&first, &second, &third] {
        until_remembering(app).await;
        assert_eq!(at(app).get("/api/session").await.status, 200);
        assert_eq!(app.vestibule.verified.len(), 1);
    }

    let ended = Stopwatch::start();
    assert_eq!(at(&second).send(second.request("POST", "/logout")).await.status, 200);

    assert_eq!(at(&second).get("/api/session").await.status, 401, "at once where it was ended");
    for app in [&first, &third] {
        while at(app).get("/api/session").await.status == 200 {
            sleep(Duration::from_millis(20)).await;
        }
        // Half a second between two readings, and as much again for a machine that is busy.
        assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    }
}

#[actix_web::test]
async fn who_guesses_at_several_nodes_has_one_budget() {
    let first = TestApp::with(|config| config.throttle.enabled = true).await;
    let second = first.another_node().await;
    first.register("ada").await;

    let mut statuses = Vec::new();
    for number in 0..12 {
        let app = if number % 2 == 0 { &first } else { &second };
        let guess = [("login", "ada"), ("password", &*format!("guess {number}"))];
        statuses.push(app.browser().submit("/login", &guess).await.status);
    }

    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 7, "{statuses:?}");
}

#[actix_web::test]
async fn what_is_registered_at_one_node_signs_in_at_another() {
    let first = TestApp::new().await;
    let second = first.another_node().await;
    first.register("ada").await;

    let signed_in = second.browser().submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await;

    assert_eq!(signed_in.status, 303);
}

#[actix_web::test]
async fn what_a_slow_request_ended_is_over_everywhere_too() {
    let first = TestApp::new().await;
    let second = first.another_node().await;
    let (ada, bob) = (first.register("ada").await, first.register("bob").await);
    let mut program = second.program();
    program.log_in("ada").await;
    until_remembering(&second).await;
    let session = program.get("/api/session").await.json()["session"].as_str().unwrap().into();
    let (caller, began) = (Caller::operator(), first.now());

    // While its body came in, somebody else's notice was written and read.
    first.pass(300);
    let because = RevokedBecause::Operator;
    end_session::all_but(&first.vestibule, &bob.id, None, because, &caller, first.now()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(program.get("/api/session").await.status, 200);
    end_session::one(&first.vestibule, &ada.id, &session, because, &caller, began).await.unwrap();

    sleep(Duration::from_secs(1)).await;
    assert_eq!(program.get("/api/session").await.status, 401);
}

#[actix_web::test]
async fn a_role_that_changes_at_one_node_counts_at_another_within_a_second() {
    let first = TestApp::with(nobody_has_to).await;
    let second = first.another_node().await;
    let ada = first.register("ada").await;
    let mut there = second.program();
    there.log_in("ada").await;
    until_remembering(&second).await;
    let role = async || there.get("/api/session").await.json()["role"].as_str().unwrap().to_owned();
    assert_eq!((role().await.as_str(), second.vestibule.verified.len()), ("user", 1));

    for (to, name) in [(Role::Admin, "admin"), (Role::User, "user")] {
        let user = administer_user::find(&first.vestibule, ada.username.as_str()).await.unwrap().unwrap();
        let changed = Stopwatch::start();
        administer_user::set_role(&first.vestibule, &user, to, &Caller::operator(), first.now())
            .await
            .unwrap();

        // Half a second between two readings, and as much again for a machine that is busy.
        while role().await != name {
            assert!(changed.elapsed() < Duration::from_secs(1), "still not {name}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}
