//! How many codes may be guessed: five at a sign-in, ten at an account in a quarter of an hour, and none of them at the
//! expense of its owner's own devices.

use crate::forgot::{ADDRESS, proven};
use crate::new_device::stranger;
use crate::second_factor::{house, type_code, type_paper};
use crate::second_factor_api::{challenge, send};
use crate::support::{Browser, TestApp};
use crate::totp::{Phone, enrol};

/// Somebody who knows Ada's password, and guesses; each time from somewhere else.
struct Thief {
    app: TestApp,
    browser: Browser,
    tries: u8,
}

impl Thief {
    fn at(app: &TestApp) -> Self {
        Self { app: app.clone(), browser: app.browser(), tries: 0 }
    }

    /// One more guess, of either kind; its status.
    async fn guess(&mut self) -> u16 {
        if self.tries.is_multiple_of(4) {
            self.browser = stranger(&self.app, "curl/8.5.0", &format!("203.0.113.{}", self.tries));
            assert_eq!(self.browser.sign_in("ada").await.location(), "/login/totp");
        }
        self.tries += 1;
        match self.tries % 2 {
            0 => type_code(&mut self.browser, "000000").await.status,
            _ => type_paper(&mut self.browser, "2222-2222-2222-2222").await.status,
        }
    }
}

async fn stage() -> (TestApp, Phone, Vec<String>, Browser) {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    let (_, phone, codes, owner) = house(&app).await;
    (app, phone, codes, owner)
}

#[actix_web::test]
async fn ten_wrong_codes_in_a_quarter_of_an_hour_are_all_whatever_the_kind_the_sign_in_and_the_node() {
    let (app, phone, codes, _) = stage().await;
    let there = app.another_node().await;
    let (mut here, mut elsewhere) = (Thief::at(&app), Thief::at(&there));
    for round in 0..10 {
        let thief = if round % 2 == 0 { &mut here } else { &mut elsewhere };
        assert_eq!(thief.guess().await, 422, "{round}");
    }

    let mut last = stranger(&app, "curl/8.5.0", "198.51.100.1");
    last.sign_in("ada").await;
    let page = type_code(&mut last, &phone.code(app.now())).await;
    let by_json = send(&there, &challenge(&there).await, "recovery_code", &codes[0]).await;

    assert_eq!((page.status, by_json.status), (429, 429), "not even the right one is looked at");
    assert!(
        page.body.contains("Too many tries. Try again in 15 minutes.") && page.body.contains("name=\"code\"")
    );
    for answer in [&page, &by_json] {
        let wait: i64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=15 * 60).contains(&wait), "{wait}");
    }
    app.pass(15 * 60);
    let mut later = stranger(&app, "curl/8.5.0", "198.51.100.2");
    later.sign_in("ada").await;
    assert_eq!(type_code(&mut later, &phone.code(app.now())).await.location(), "/dashboard");
}

#[actix_web::test]
async fn no_quarter_of_an_hour_has_more_than_ten_wherever_it_begins() {
    let (app, _, _, _) = stage().await;
    let mut thief = Thief::at(&app);
    assert_eq!(thief.guess().await, 422);
    app.pass(14 * 60);
    for _ in 0..9 {
        thief.tries = thief.tries.next_multiple_of(4);
        assert_eq!(thief.guess().await, 422);
    }

    app.pass(2 * 60);
    thief.tries = thief.tries.next_multiple_of(4);

    assert_eq!(thief.guess().await, 429, "sixteen minutes after the first, two after the tenth");
}

#[actix_web::test]
async fn a_stranger_who_knows_the_password_cannot_shut_the_owner_out_of_a_browser_of_theirs() {
    let (app, phone, _, mut owner) = stage().await;
    owner.submit("/logout", &[]).await;
    let mut thief = Thief::at(&app);
    for _ in 0..10 {
        assert_eq!(thief.guess().await, 422);
    }
    assert_eq!(thief.guess().await, 429);

    assert_eq!(owner.sign_in("ada").await.location(), "/login/totp");
    assert_eq!(type_code(&mut owner, "000000").await.status, 422, "it has a budget of its own");
    assert_eq!(type_code(&mut owner, &phone.code(app.now())).await.location(), "/dashboard");
}

#[actix_web::test]
async fn a_device_of_the_owner_has_ten_too_and_right_codes_cost_nothing() {
    let (app, phone, _, mut owner) = stage().await;
    for _ in 0..12 {
        app.pass(60);
        owner.submit("/logout", &[]).await;
        owner.sign_in("ada").await;
        let done = type_code(&mut owner, &phone.code(app.now())).await;
        assert_eq!(done.location(), "/dashboard", "{}", done.body);
    }
    owner.submit("/logout", &[]).await;
    for wrong in 0..10 {
        if wrong % 4 == 0 {
            owner.sign_in("ada").await;
        }
        assert_eq!(type_code(&mut owner, "000000").await.status, 422, "{wrong}");
    }

    app.pass(30);
    assert_eq!(type_code(&mut owner, &phone.code(app.now())).await.status, 429);
    let mut other = stranger(&app, "curl/8.5.0", "198.51.100.1");
    other.sign_in("ada").await;
    assert_eq!(type_code(&mut other, &phone.code(app.now())).await.location(), "/dashboard");
}

#[actix_web::test]
async fn cookies_that_a_thief_collected_before_there_was_a_second_step_are_worth_no_tries_at_it() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    proven(&app, "ada", ADDRESS).await;
    let mut hoard = Vec::new();
    for number in 0..3 {
        let mut thief = stranger(&app, "curl/8.5.0", &format!("203.0.113.{number}"));
        assert_eq!(thief.sign_in("ada").await.status, 303);
        thief.submit("/logout", &[]).await;
        hoard.push(thief);
    }
    app.pass(60);
    let mut owner = app.browser();
    owner.sign_in("ada").await;
    enrol(&app, &mut owner).await;

    let mut looked_at = 0;
    for thief in &mut hoard {
        for number in 0..10 {
            if number % 4 == 0 {
                assert_eq!(thief.sign_in("ada").await.location(), "/login/totp");
            }
            looked_at += usize::from(type_code(thief, "000000").await.status == 422);
        }
    }

    assert_eq!(looked_at, 10, "as many as any stranger has, however many cookies there are");
}
