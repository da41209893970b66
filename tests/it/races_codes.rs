//! One code in many hands at the same moment, at two nodes: it signs in once.
//!
//! A few rounds each time; `VESTIBULE_TEST_ROUNDS=100` tries as many.

use futures_util::future::join_all;
use vestibule::flows::caller::Caller;
use vestibule::flows::recovery_codes;
use vestibule::models::{Event, EventKind, User};

use crate::second_factor::house;
use crate::second_factor_api::{challenge, send};
use crate::support::{TestApp, rounds};
use crate::totp::Phone;

const TOGETHER: usize = 50;
/// A challenge takes five tries, and is late after 15 min.
const ROUNDS_OF_CHALLENGES: usize = 4;

/// Sends one code with each of these challenges, at both nodes at once; how many are in.
async fn race(nodes: &[&TestApp; 2], challenges: &[String], kind: &str, code: &str) -> usize {
    let sent =
        challenges.iter().enumerate().map(|(number, token)| send(nodes[number % 2], token, kind, code));
    let answers = join_all(sent).await;
    for answer in &answers {
        assert!([200, 401].contains(&answer.status), "{} {}", answer.status, answer.body);
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

/// As many challenges as there are hands; or one, in all of them.
async fn challenges(app: &TestApp, is_one: bool) -> Vec<String> {
    if is_one {
        return vec![challenge(app).await; TOGETHER];
    }
    let mut all = Vec::new();
    for _ in 0..TOGETHER {
        all.push(challenge(app).await);
    }
    all
}

pub async fn sign_ins(app: &TestApp, ada: &User) -> usize {
    let id = ada.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 100_000)).await;
    events.iter().filter(|event| event.kind == EventKind::LoggedIn).count()
}

/// A code that was not used yet.
struct Codes {
    phone: Phone,
    paper: Vec<String>,
}

impl Codes {
    async fn next(&mut self, app: &TestApp, ada: &User, kind: &str) -> String {
        if kind == "code" {
            app.pass(30);
            return self.phone.code(app.now());
        }
        if self.paper.is_empty() {
            let made =
                recovery_codes::make_new(&app.vestibule, &ada.id, &Caller::operator(), app.now()).await;
            self.paper = made.unwrap().iter().map(|code| code.expose()).collect();
        }
        self.paper.pop().unwrap()
    }
}

async fn each_code_signs_in_once(kind: &str, is_one: bool) {
    let app = TestApp::new().await;
    let (ada, phone, paper, _) = house(&app).await;
    let there = app.another_node().await;
    let (mut codes, mut held) = (Codes { phone, paper }, Vec::new());
    let before = sign_ins(&app, &ada).await;
    for round in 0..rounds() {
        if is_one || round % ROUNDS_OF_CHALLENGES == 0 {
            held = challenges(&app, is_one).await;
        }
        let code = codes.next(&app, &ada, kind).await;

        assert_eq!(race(&[&app, &there], &held, kind, &code).await, 1, "round {round}");
    }
    assert_eq!(sign_ins(&app, &ada).await - before, rounds());
}

#[actix_web::test]
async fn a_code_of_the_app_in_fifty_hands_with_one_challenge_signs_in_once() {
    each_code_signs_in_once("code", true).await;
}

#[actix_web::test]
async fn a_code_of_the_app_in_fifty_hands_with_fifty_challenges_signs_in_once() {
    each_code_signs_in_once("code", false).await;
}

#[actix_web::test]
async fn a_recovery_code_in_fifty_hands_with_one_challenge_signs_in_once() {
    each_code_signs_in_once("recovery_code", true).await;
}

#[actix_web::test]
async fn a_recovery_code_in_fifty_hands_with_fifty_challenges_signs_in_once() {
    each_code_signs_in_once("recovery_code", false).await;
}
