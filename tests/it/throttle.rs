//! Guessing is slow for strangers, and the person whose password is guessed notices nothing (D16, SECURITY 2.8).

use std::time::Duration;

use serde_json::json;
use vestibule::clock::Timestamp;

use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

async fn stage() -> TestApp {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register("ada").await;
    app.register("bob").await;
    app
}

/// A stranger's try from an address of its own.
async fn guess(app: &TestApp, address: &str, login: &str, password: &str) -> Answer {
    let document = json!({ "username": login, "password": password });
    let peer = format!("{address}:4000").parse().unwrap();
    app.send(app.request("POST", "/login").peer_addr(peer).set_json(document)).await
}

/// The address of the stranger with this number; each is in a network of its own.
fn address(number: usize) -> String {
    format!("10.{}.{}.7", number / 250, number % 250)
}

/// Holds the clock at this moment: a slow machine must not give anybody more time.
fn hold(app: &TestApp, moment: Timestamp) {
    app.pass(moment.seconds() - app.now().seconds());
}

fn seconds(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 429, "{}", answer.body);
    answer.header("retry-after").parse().unwrap()
}

async fn wrong(browser: &mut Browser, login: &str) -> Answer {
    browser.submit("/login", &[("login", login), ("password", OTHER_PASSWORD)]).await
}

#[actix_web::test]
async fn strangers_at_one_account_get_five_tries_and_then_wait_longer_each_time() {
    let app = stage().await;
    for login in ["ada", "nobody", "nobody@example.org"] {
        let (mut waits, mut statuses, mut moment) = (Vec::new(), Vec::new(), app.now());
        for number in 0..12 {
            hold(&app, moment);
            let first = guess(&app, &address(number), login, OTHER_PASSWORD).await;
            statuses.push(first.status);
            if first.status == 429 {
                waits.push(seconds(&first));
                moment = moment + Duration::from_secs(seconds(&first).unsigned_abs());
                hold(&app, moment);
                let next = guess(&app, &address(100 + number), login, OTHER_PASSWORD).await;
                assert_eq!(next.status, 401, "Retry-After is true");
            }
        }

        assert_eq!(statuses, [[401; 5].as_slice(), &[429; 7]].concat(), "{login}");
        // A second may end between two tries.
        let expected = [1, 2, 4, 8, 16, 30, 30];
        assert!(
            waits.iter().zip(expected).all(|(wait, most)| (most - 1..=most).contains(wait)),
            "{login}: {waits:?}"
        );
    }
}

#[actix_web::test]
async fn until_the_wait_is_over_even_the_right_password_is_not_looked_at() {
    let app = stage().await;
    for number in 0..8 {
        guess(&app, &address(number), "ada", OTHER_PASSWORD).await;
        app.pass(30);
    }
    guess(&app, &address(20), "ada", OTHER_PASSWORD).await;

    let wait = seconds(&guess(&app, &address(21), "ada", PASSWORD).await);
    app.pass(wait - 10);
    let early = guess(&app, &address(22), "ada", PASSWORD).await;
    app.pass(10);
    let then = guess(&app, &address(23), "ada", PASSWORD).await;

    assert_eq!((early.status, then.status), (429, 200));
}

#[actix_web::test]
async fn after_a_hundred_failures_in_a_row_strangers_wait_a_day() {
    let app = stage().await;
    let mut looked_at = 0;

    let wait = loop {
        let answer = guess(&app, &address(looked_at), "ada", OTHER_PASSWORD).await;
        match answer.status {
            401 => looked_at += 1,
            _ if seconds(&answer) > 60 => break seconds(&answer),
            _ => app.pass(seconds(&answer)),
        }
        assert!(looked_at <= 100);
    };

    assert_eq!(looked_at, 100);
    assert!((86_390..=86_400).contains(&wait), "{wait}");
    assert_eq!(guess(&app, &address(999), "ada", PASSWORD).await.status, 429);
    app.pass(wait);
    assert_eq!(guess(&app, &address(998), "ada", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn an_attacker_with_many_addresses_gets_at_most_130_tries_an_hour() {
    let app = stage().await;
    let (start, mut looked_at, mut sent) = (app.now(), 0, 0);

    while app.now().since(start).as_secs() < 3600 && looked_at < 1000 {
        let answer = guess(&app, &address(sent), "ada", OTHER_PASSWORD).await;
        sent += 1;
        match answer.status {
            401 => looked_at += 1,
            _ => app.pass(seconds(&answer)),
        }
    }

    assert!((90..=130).contains(&looked_at), "{looked_at} of {sent}");
}

#[actix_web::test]
async fn the_owners_browser_signs_in_at_first_try_while_strangers_hammer_the_account() {
    let app = stage().await;
    let mut ada = app.browser();
    assert_eq!(ada.sign_in("ada").await.status, 303);
    ada.submit("/logout", &[]).await;
    assert!(ada.token().is_empty() && ada.cookies.contains_key("vestibule-device"));

    for number in 0..200 {
        guess(&app, &address(number), "ada", &format!("guess number {number}")).await;
        if number % 4 == 0 {
            app.pass(30);
        }
    }

    assert_eq!(guess(&app, &address(500), "ada", PASSWORD).await.status, 429);
    assert_eq!(ada.sign_in("ada").await.status, 303);
    // Her success is hers: it does not open the door to the others.
    assert_eq!(guess(&app, &address(501), "ada", PASSWORD).await.status, 429);
}

#[actix_web::test]
async fn a_known_device_has_ten_tries_in_five_minutes() {
    let app = stage().await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    ada.submit("/logout", &[]).await;

    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(wrong(&mut ada, "ada").await.status);
    }
    let refused = ada.sign_in("ada").await;
    let wait = seconds(&refused);
    app.pass(wait);

    assert_eq!(statuses, [[422; 10].as_slice(), &[429]].concat());
    assert!((290..=300).contains(&wait), "{wait}");
    assert_eq!(
        guess(&app, &address(0), "ada", PASSWORD).await.status,
        200,
        "strangers have a budget of their own"
    );
    assert_eq!(ada.sign_in("ada").await.status, 303);
}

#[actix_web::test]
async fn a_device_cookie_that_is_not_this_accounts_counts_for_nothing() {
    let app = stage().await;
    let (mut ada, mut bob) = (app.browser(), app.browser());
    ada.sign_in("ada").await;
    bob.sign_in("bob").await;
    let of = |browser: &Browser| browser.cookies["vestibule-device"].clone();
    let (of_ada, of_bob) = (of(&ada), of(&bob));
    for number in 0..11 {
        guess(&app, &address(number), "ada", OTHER_PASSWORD).await;
        app.pass(if number < 10 { 30 } else { 0 });
    }
    let parts: Vec<&str> = of_ada.split('.').collect();
    let parts_of_bob: Vec<&str> = of_bob.split('.').collect();
    let forged = [
        of_bob.clone(),
        String::new(),
        "x".to_owned(),
        "..".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{of_ada}.x"),
        format!("{}.{}.{}", parts_of_bob[0], parts[1], parts_of_bob[2]),
        format!("{}.{}.{}", parts_of_bob[0], parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(43)),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{of_ada}; vestibule-device={of_bob}"),
    ];

    for (number, cookie) in forged.into_iter().enumerate() {
        let mut thief = app.browser();
        thief.address = address(50 + number);
        thief.cookies.insert("vestibule-device".to_owned(), cookie.clone());
        assert_eq!(thief.sign_in("ada").await.status, 429, "{cookie}");
    }
    let mut ada_again = app.browser();
    ada_again.cookies.insert("vestibule-device".to_owned(), of_ada);
    assert_eq!(ada_again.sign_in("ada").await.status, 303);
}

#[actix_web::test]
async fn a_network_gets_ten_tries_at_once_and_then_ten_a_minute() {
    let app = stage().await;
    let tries = |count: usize, from: usize| {
        let app = app.clone();
        async move {
            let mut looked_at = 0;
            for number in from..from + count {
                let answer = guess(&app, "203.0.113.5", &format!("name{number}"), OTHER_PASSWORD).await;
                looked_at += usize::from(answer.status == 401);
            }
            looked_at
        }
    };

    let at_once = tries(30, 0).await;
    let wait = seconds(&guess(&app, "203.0.113.5", "name99", OTHER_PASSWORD).await);
    app.pass(60);
    let after_a_minute = tries(30, 100).await;

    assert!((10..=12).contains(&at_once), "{at_once}");
    assert!((1..=6).contains(&wait), "{wait}");
    assert!((10..=12).contains(&after_a_minute), "{after_a_minute}");
    assert_eq!(guess(&app, "203.0.113.6", "name1", OTHER_PASSWORD).await.status, 401, "a neighbour");
}

#[actix_web::test]
async fn sixty_quick_posts_are_mostly_refused() {
    let app = stage().await;
    let mut refused = 0;

    for number in 0..60 {
        let login = ["ada", "bob", "nobody"][number % 3];
        refused += usize::from(guess(&app, "203.0.113.5", login, &number.to_string()).await.status == 429);
    }

    assert!(refused >= 45, "{refused}");
}

#[actix_web::test]
async fn one_wrong_password_over_and_over_costs_a_network_little() {
    let app = stage().await;
    // A mail program with an old password, every seven seconds, and its owner behind the same address.
    for _ in 0..60 {
        guess(&app, "203.0.113.5", "nobody", OTHER_PASSWORD).await;
        app.pass(7);
    }

    let mut looked_at = 0;
    for number in 0..9 {
        let answer = guess(&app, "203.0.113.5", &format!("name{number}"), OTHER_PASSWORD).await;
        looked_at += usize::from(answer.status == 401);
    }

    assert_eq!(looked_at, 9);
}

#[actix_web::test]
async fn an_ipv6_network_is_a_home_and_not_an_address() {
    let app = stage().await;

    let mut looked_at = 0;
    for number in 0..30 {
        let home = format!("[2001:db8:1:2:{number:x}::{number:x}]");
        let answer = guess(&app, &home, &format!("name{number}"), OTHER_PASSWORD).await;
        looked_at += usize::from(answer.status == 401);
    }

    assert!((10..=12).contains(&looked_at), "{looked_at}");
    assert_eq!(guess(&app, "[2001:db8:1:3::1]", "name1", OTHER_PASSWORD).await.status, 401, "next door");
}

#[actix_web::test]
async fn a_success_pays_the_failures_back() {
    let app = stage().await;

    for _ in 0..4 {
        for _ in 0..4 {
            assert_eq!(guess(&app, "203.0.113.5", "ada", OTHER_PASSWORD).await.status, 401);
            app.pass(10);
        }
        assert_eq!(guess(&app, "203.0.113.5", "ada", PASSWORD).await.status, 200);
    }
    for _ in 0..40 {
        assert_eq!(guess(&app, "203.0.113.5", "ada", PASSWORD).await.status, 200, "signing in is free");
    }
}
