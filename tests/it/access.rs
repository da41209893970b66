//! `docs/access.md`: who may do what, route by route, and that each answers everybody as it says (ASVS 8.1.1, 8.2.1).
//!
//! A new route has no row and fails; the row to write is in the message. How its path is filled in, and what its
//! form sends, `routes::Stage` knows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use actix_web::http::Method;
use vestibule::web::{Entry, entries};

use crate::routes::Stage;
use crate::support::Answer;

const EVERYBODY: &str = "everybody";
const SIGNED_IN: &str = "whoever is signed in";
const PROVEN: &str = "whoever proved themselves lately";
const ADMINISTRATORS: &str = "administrators";
const BY_TOKEN: &str = "whoever shows a token";
const BY_PROXY: &str = "proxies that we trust";
const BY_REFRESH: &str = "whoever has a refresh token";
const BY_CHALLENGE: &str = "whoever has a challenge";
const BY_LINK: &str = "whoever has the link";
const BY_COOKIE: &str = "whoever has the cookie for it";
const DEVELOPERS: &str = "developers on their own machine";

/// What signs out whoever does it.
const WAYS_OUT: [&str; 2] = ["`/account/close` | POST", "`/sessions/end-all` | POST"];

/// A row of the page: who may, and the answers to a stranger, a user and an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    who_may: String,
    answers: [String; 3],
}

fn rows() -> BTreeMap<String, Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("| `/")?.strip_suffix(" |"));
    let rows = lines.map(|line| line.split(" | ").map(str::trim).collect::<Vec<_>>());
    rows.map(|cells| {
        let [path, method, who_may, stranger, user, admin] = cells[..] else {
            panic!("six cells: {cells:?}")
        };
        let answers = [stranger, user, admin].map(str::to_owned);
        (format!("`/{path} | {method}"), Row { who_may: who_may.to_owned(), answers })
    })
    .collect()
}

fn name(entry: &Entry) -> String {
    format!("`{}` | {}", entry.path, entry.method)
}

/// An answer, as the page tells it: where it leads without what follows the question mark.
fn told(answer: &Answer) -> String {
    match answer.location().split_once('?') {
        _ if answer.location().is_empty() => answer.status.to_string(),
        None => format!("{} `{}`", answer.status, answer.location()),
        Some((way, _)) => format!("{} `{way}?…`", answer.status),
    }
}

/// Whether whoever got it has to be somebody else, or to prove it.
fn is_refusal(answer: &str) -> bool {
    ["401", "403", "303 `/login?…`", "303 `/reauth?…`"].contains(&answer)
}

/// What this route answers to each, as our own pages would ask it.
async fn ask(entry: &Entry, stage: &Stage) -> [String; 3] {
    let mut answers = Vec::new();
    for person in 0..3 {
        // Asking changes nothing; what somebody does must not show in the answer to the next one.
        let mut fresh = None;
        let stage = match entry.method {
            Method::GET => stage,
            _ => fresh.insert(Stage::new().await),
        };
        let path = stage.paths(entry.path).swap_remove(0);
        let request = match entry.method {
            Method::GET => stage.app.request("GET", &path),
            _ => stage.deed(&path).insert_header(("sec-fetch-site", "same-origin")),
        };
        answers.push(told(&stage.people[person].1.clone().send(request).await));
    }
    answers.try_into().unwrap()
}

#[actix_web::test]
async fn each_route_answers_everybody_as_the_table_says() {
    let (mut rows, mut faults, stage) = (rows(), Vec::new(), Stage::new().await);
    for entry in entries() {
        let answers = ask(&entry, &stage).await;
        let row = rows.remove(&name(&entry));
        if row.as_ref().map(|row| &row.answers) != Some(&answers) {
            let who_may = row.map_or("?".to_owned(), |row| row.who_may);
            faults.push(format!("| {} | {who_may} | {} |", name(&entry), answers.join(" | ")));
        }
    }

    assert!(faults.is_empty(), "these are the lines that docs/access.md should have:\n{}", faults.join("\n"));
    assert!(rows.is_empty(), "there are no such routes: {:?}", rows.keys());
}

#[test]
fn the_answers_fit_who_may() {
    for (route, Row { who_may, answers }) in rows() {
        // The first page leads strangers to sign-in, and signing out leads there: that refuses nobody. The second step of
        // signing in leads whoever has not done the first to that one, whoever else they are.
        let is_way_out = [EVERYBODY, BY_COOKIE].contains(&&*who_may) || WAYS_OUT.contains(&route.as_str());
        let leads_on = |answer: &str| answer == "303 `/login`" && !is_way_out;
        let refused = answers.each_ref().map(|answer| is_refusal(answer) || leads_on(answer));
        let expected = match who_may.as_str() {
            EVERYBODY | BY_REFRESH | BY_CHALLENGE | BY_LINK | BY_COOKIE | DEVELOPERS => [false, false, false],
            SIGNED_IN | PROVEN => [true, false, false],
            ADMINISTRATORS => [true, true, false],
            BY_TOKEN | BY_PROXY => [true, true, true],
            other => panic!("{route}: who is “{other}”?"),
        };
        assert_eq!(refused, expected, "{route} is for {who_may}");
    }
}

#[actix_web::test]
async fn whoever_proved_themselves_long_ago_is_asked_again_where_the_table_says_and_nowhere_else() {
    let (rows, stage) = (rows(), Stage::new().await);
    stage.app.pass(21 * 60);
    let mut asked = 0;
    for entry in entries() {
        let is_for_proven = rows[&name(&entry)].who_may == PROVEN;
        // Of deeds those alone that are refused: others would leave nobody to ask.
        if entry.method != Method::GET && !is_for_proven {
            continue;
        }
        let path = stage.paths(entry.path).swap_remove(0);
        let request = match entry.method {
            Method::GET => stage.app.request("GET", &path),
            _ => stage.deed(&path).insert_header(("sec-fetch-site", "same-origin")),
        };
        let answer = told(&stage.people[1].1.clone().send(request).await);

        // A script is told so, and has its page lead the way.
        let is_told = entry.path.ends_with("/options") && answer == "401";
        let is_asked = answer == "303 `/reauth?…`" || is_told;
        assert_eq!(is_asked, is_for_proven, "{}: {answer}", name(&entry));
        asked += usize::from(is_for_proven);
    }
    assert!(asked >= 5, "{asked}");
}

#[actix_web::test]
async fn what_is_for_whoever_shows_a_token_opens_to_a_token() {
    for (route, row) in rows().into_iter().filter(|(_, row)| row.who_may == BY_TOKEN) {
        let (path, method) = route.split_once(" | ").unwrap();
        let stage = Stage::new().await;
        let mut ada = stage.app.program();
        ada.log_in("ada").await;

        let answer = ada.send(stage.app.request(method, path.trim_matches('`'))).await;

        assert_eq!(answer.status, 200, "{route}: {row:?}");
    }
}

#[actix_web::test]
async fn the_way_out_is_on_every_page_of_somebody_signed_in() {
    let stage = Stage::new().await;
    let mut seen = 0;
    for entry in entries().iter().filter(|entry| entry.method == Method::GET) {
        let path = stage.paths(entry.path).swap_remove(0);
        let [stranger, user, admin] = [0, 1, 2].map(|person| stage.people[person].1.clone());
        let is_private = stranger.clone().get(&path).await.location().starts_with("/login");
        for mut browser in [user, admin] {
            let answer = browser.get(&path).await;
            let is_page = answer.status == 200 && answer.header("content-type").starts_with("text/html");
            if is_page && is_private {
                let button = answer.body.split("<form method=\"post\" action=\"/logout\"").nth(1);
                assert!(button.is_some_and(|form| form.contains(">Sign out<")), "{path}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "{seen}");
}
