//! Guessing around the budgets of `throttle.rs`: many tries at once, at other doors, under a borrowed address.

use futures_util::future::join_all;
use serde_json::json;
use vestibule::models::Role;

use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp};

async fn stage() -> TestApp {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register_as("ada", "ada@example.org", Role::User).await;
    app
}

/// The statuses of as many tries at the same moment, each from the address that `at` names.
async fn at_once(
    app: &TestApp,
    tries: usize,
    at: impl Fn(usize) -> String,
    login: impl Fn(usize) -> String,
) -> Vec<u16> {
    let tries = (0..tries).map(|number| {
        let document = json!({ "username": login(number), "password": format!("guess number {number}") });
        let peer = format!("{}:4000", at(number)).parse().unwrap();
        app.send(app.request("POST", "/login").peer_addr(peer).set_json(document))
    });
    join_all(tries).await.iter().map(|answer| answer.status).collect()
}

fn count(statuses: &[u16], wanted: u16) -> usize {
    statuses.iter().filter(|status| **status == wanted).count()
}

#[actix_web::test]
async fn of_fifty_strangers_at_one_account_at_once_five_are_looked_at() {
    let app = stage().await;

    let statuses = at_once(&app, 50, |number| format!("10.0.{number}.7"), |_| "ada".to_owned()).await;

    // The clock goes on meanwhile, and lets one or two more in.
    assert!((5..=7).contains(&count(&statuses, 401)), "{statuses:?}");
    assert_eq!(count(&statuses, 401) + count(&statuses, 429), 50);
}

#[actix_web::test]
async fn of_fifty_tries_at_once_from_one_network_ten_are_looked_at() {
    let app = stage().await;

    let statuses = at_once(&app, 50, |_| "203.0.113.5".to_owned(), |number| format!("name{number}")).await;

    assert!((10..=12).contains(&count(&statuses, 401)), "{statuses:?}");
    assert_eq!(count(&statuses, 401) + count(&statuses, 429), 50);
}

#[actix_web::test]
async fn of_fifty_tries_at_once_from_a_known_device_ten_are_looked_at() {
    let app = stage().await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    ada.submit("/logout", &[]).await;

    let tries = (0..50).map(|number| {
        let mut copy = ada.clone();
        async move {
            copy.submit("/login", &[("login", "ada"), ("password", &format!("guess {number}"))]).await.status
        }
    });
    let statuses = join_all(tries).await;

    assert_eq!((count(&statuses, 422), count(&statuses, 429)), (10, 40), "{statuses:?}");
}

#[actix_web::test]
async fn whoever_claims_anothers_address_is_no_known_device_of_theirs() {
    let app = stage().await;
    let document = json!({ "username": "mallory", "email": "ada@example.org", "password": OTHER_PASSWORD });
    assert_eq!(app.program().post("/register", &document).await.status, 200);

    // Mallory signs in to an account of her own as often as she likes, and gets a device cookie each time.
    for _ in 0..3 {
        let mut mallory = app.browser();
        mallory.submit("/login", &[("login", "mallory"), ("password", OTHER_PASSWORD)]).await;
        assert!(mallory.cookies.contains_key("vestibule-device"));
        mallory.submit("/logout", &[]).await;
        for number in 0..9 {
            let guess = format!("guess {number}");
            mallory.submit("/login", &[("login", "ada@example.org"), ("password", &guess)]).await;
        }
        mallory.submit("/login", &[("login", "ada@example.org"), ("password", PASSWORD)]).await;
        let who = mallory.get("/api/session").await;

        assert!(!who.body.contains("\"ada\""), "her last guess was right, and was looked at");
    }
}

#[actix_web::test]
async fn whoever_claims_anothers_address_pays_back_her_own_tries_only() {
    let app = stage().await;
    let document = json!({ "username": "mallory", "email": "ada@example.org", "password": OTHER_PASSWORD });
    assert_eq!(app.program().post("/register", &document).await.status, 200);
    let mut looked_at = 0;

    for round in 0..15 {
        let home = |number| format!("10.{round}.{number}.7");
        let guesses = at_once(&app, 4, home, |_| "ada@example.org".to_owned()).await;
        looked_at += count(&guesses, 401);
        // Her own password, under the address that she claims: a success, and strangers' failures stay.
        let document = json!({ "username": "ada@example.org", "password": OTHER_PASSWORD });
        let peer = format!("10.{round}.200.7:4000").parse().unwrap();
        app.send(app.request("POST", "/login").peer_addr(peer).set_json(document)).await;
    }

    assert!((4..=10).contains(&looked_at), "{looked_at}");
}

#[actix_web::test]
async fn the_owner_of_a_claimed_address_signs_in_at_first_try_all_the_same() {
    let app = stage().await;
    app.execute("DELETE FROM users").await;
    let document = json!({ "username": "mallory", "email": "ada@example.org", "password": OTHER_PASSWORD });
    assert_eq!(app.program().post("/register", &document).await.status, 200);
    app.register_as("ada", "ada@example.org", Role::User).await;
    let mut ada = app.browser();
    ada.sign_in("ada@example.org").await;
    ada.submit("/logout", &[]).await;

    at_once(&app, 50, |number| format!("10.0.{number}.7"), |_| "ada@example.org".to_owned()).await;

    assert_eq!(ada.sign_in("ada@example.org").await.status, 303);
    assert!(ada.get("/dashboard").await.body.contains("Hello, ada"));
}

#[actix_web::test]
async fn new_accounts_come_ten_at_once_from_a_network() {
    let app = stage().await;
    let mut statuses = Vec::new();

    for number in 0..15 {
        let document = json!({ "username": format!("name{number}"), "password": PASSWORD });
        let peer = "203.0.113.5:4000".parse().unwrap();
        let answer = app.send(app.request("POST", "/register").peer_addr(peer).set_json(document)).await;
        if answer.status == 429 {
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            assert!(
                (1..=6).contains(&wait)
                    && answer.json()["error"].as_str().unwrap().starts_with("Too many tries.")
            );
        }
        statuses.push(answer.status);
    }

    assert!((10..=12).contains(&count(&statuses, 200)), "{statuses:?}");
    assert_eq!(count(&statuses, 200) + count(&statuses, 429), 15);
}

#[actix_web::test]
async fn whoever_has_somebodys_session_cannot_guess_at_the_confirmation_either() {
    let app = stage().await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    let mut thief = ada.clone();
    thief.cookies.remove("vestibule-device");

    let (mut by_device, mut by_thief) = (Vec::new(), Vec::new());
    for number in 0..12 {
        let password = format!("guess {number}");
        by_device.push(ada.submit("/reauth", &[("password", &password)]).await.status);
        by_thief.push(thief.submit("/reauth", &[("password", &password)]).await.status);
    }

    assert_eq!((count(&by_device, 422), count(&by_device, 429)), (10, 2));
    assert!((5..=9).contains(&count(&by_thief, 422)), "{by_thief:?}");
}

#[actix_web::test]
async fn a_person_who_has_to_wait_is_told_until_when_and_keeps_the_form() {
    let app = stage().await;
    for round in 0..9 {
        at_once(&app, 5, |number| format!("10.{round}.{number}.7"), |_| "ada".to_owned()).await;
        app.pass(if round < 8 { 30 } else { 0 });
    }

    let page = app.browser().submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await;

    assert_eq!(page.status, 429);
    assert!(page.body.contains("Too many tries. Try again in") && page.body.contains("UTC"));
    assert!(page.body.contains("value=\"ada\"") && !page.body.contains(PASSWORD));
    assert!(page.header("retry-after").parse::<u32>().unwrap() >= 1);
}

#[actix_web::test]
async fn budgets_are_shared_by_all_nodes_and_outlive_a_restart() {
    let app = stage().await;
    let other = TestApp::with(|config| {
        config.server.data_dir = app.vestibule.config.data_dir().to_owned();
        config.database.url = app.vestibule.config.database.url.clone();
        config.throttle.enabled = true;
    });
    let other = other.await;

    let here = at_once(&app, 4, |number| format!("10.0.{number}.7"), |_| "ada".to_owned()).await;
    let there = at_once(&other, 10, |number| format!("10.1.{number}.7"), |_| "ada".to_owned()).await;

    assert_eq!(here, [401; 4]);
    assert!((1..=3).contains(&count(&there, 401)), "{there:?}");
}

#[actix_web::test]
async fn a_throttle_that_is_off_slows_nobody_down() {
    let app = TestApp::new().await;
    app.register("ada").await;

    for _ in 0..2 {
        let statuses = at_once(&app, 10, |_| "203.0.113.5".to_owned(), |_| "ada".to_owned()).await;
        assert_eq!(statuses, [401; 10]);
    }
}
