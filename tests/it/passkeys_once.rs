//! What is asked of a passkey is answered once: of many who bring one answer at the same moment one is served.

use futures_util::future::join_all;
use vestibule::flows::housekeeping;
use vestibule::models::{EventKind, User};

use crate::passkeys::{answer, passkeys, question, stage};
use crate::races_codes::sign_ins;
use crate::support::{Answer, Authenticator, Browser, TestApp, rounds};
use crate::verify_email::events;

const AT_ONCE: usize = 50;
/// An account has room for ten.
const ROUNDS: usize = 3;

/// The same answer, brought by many at two nodes at once.
async fn bring(
    browsers: &mut [Browser],
    path: &str,
    asked: &serde_json::Value,
    credential: &str,
) -> Vec<Answer> {
    join_all(browsers.iter_mut().map(|browser| answer(browser, path, asked, credential))).await
}

async fn count(app: &TestApp, user: &User, kind: EventKind) -> usize {
    events(app, &user.id).await.into_iter().filter(|event| event.kind == kind).count()
}

fn served(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.cookie("vestibule").is_some()).count()
}

#[actix_web::test]
async fn of_many_who_sign_in_by_one_answer_at_once_one_is_let_in() {
    // A device that does not count, too: then nothing but the question itself is used up.
    for counts in [true, false] {
        let app = TestApp::new().await;
        let there = app.another_node().await;
        let (ada, _, mut device) = stage(&app).await;
        device.counts = counts;
        for round in 1..=rounds() {
            let asked = question(&mut app.browser(), "/login/passkey/options").await;
            let credential = device.sign(&asked["publicKey"]);
            let node = |index| if index % 2 == 0 { app.browser() } else { there.browser() };
            let mut browsers: Vec<_> = (0..AT_ONCE).map(node).collect();

            let answers = bring(&mut browsers, "/login/passkey", &asked, &credential).await;

            assert_eq!(served(&answers), 1, "round {round}");
            assert_eq!(sign_ins(&app, &ada).await, round + 1);
            assert_eq!(count(&app, &ada, EventKind::PasskeyCloned).await, 0, "nobody is warned for nothing");
        }
    }
}

#[actix_web::test]
async fn of_many_who_prove_themselves_or_add_by_one_answer_at_once_one_is_served() {
    let app = TestApp::new().await;
    let there = app.another_node().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    for round in 0..ROUNDS {
        for (path, options) in [
            ("/reauth/passkey", "/reauth/passkey/options"),
            ("/account/passkeys", "/account/passkeys/options"),
        ] {
            let asked = question(&mut browser, options).await;
            let credential = match path {
                "/account/passkeys" => Authenticator::new().create(&asked["publicKey"]),
                _ => device.sign(&asked["publicKey"]),
            };
            let copy = |index| {
                let mut copy = if index % 2 == 0 { app.browser() } else { there.browser() };
                copy.cookies.clone_from(&browser.cookies);
                copy
            };
            let mut browsers: Vec<_> = (0..AT_ONCE).map(copy).collect();

            let answers = bring(&mut browsers, path, &asked, &credential).await;

            assert_eq!(served(&answers), 1, "{path}");
            let winner = answers.iter().position(|answer| answer.cookie("vestibule").is_some());
            browser.cookies.clone_from(&browsers[winner.unwrap()].cookies);
        }
        assert_eq!(passkeys(&app, &ada).await.len(), round + 2);
        assert_eq!(count(&app, &ada, EventKind::Reauthenticated).await, round + 1);
    }
}

#[actix_web::test]
async fn an_answer_that_was_taken_is_known_to_a_node_whose_clock_is_behind_too() {
    let app = TestApp::new().await;
    let (_, _, mut device) = stage(&app).await;
    device.counts = false;
    let asked = question(&mut app.browser(), "/login/passkey/options").await;
    let credential = device.sign(&asked["publicKey"]);
    let taken = answer(&mut app.browser(), "/login/passkey", &asked, &credential).await;
    assert_eq!(taken.location(), "/dashboard");

    app.pass(5 * 60 + 1);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
    app.pass(-30);

    assert_eq!(answer(&mut app.browser(), "/login/passkey", &asked, &credential).await.status, 422);
}
