//! Groups: who is in one is told by tokens, asked for by guards, and over everywhere when it ends.

use std::time::Duration;

use actix_web::rt::time::sleep;
use actix_web::web::{ServiceConfig, get};
use futures_util::future::join;
use serde_json::{Value, json};
use vestibule::clock::Stopwatch;
use vestibule::flows::caller::Caller;
use vestibule::flows::groups::{self, GroupError, MOST_GROUPS};
use vestibule::flows::{administer_user, delete_account, last_way_in};
use vestibule::id::UserId;
use vestibule::models::{Event, EventKind, Membership, User};
use vestibule::web::extract::{GroupName, InGroup};

use crate::enrolment::add_passkey;
use crate::nodes::until_remembering;
use crate::support::{PASSWORD, Program, TestApp, rounds};

struct Editors;

impl GroupName for Editors {
    const NAME: &'static str = "editors";
}

async fn drafts(editor: InGroup<Editors>) -> String {
    format!("drafts of {}", editor.user.username)
}

fn routes(config: &mut ServiceConfig) {
    config.route("/drafts", get().to(drafts));
}

/// An instance with the group `editors`, and Ada and Bob in no group.
async fn stage() -> (TestApp, User, User) {
    let app = TestApp::mounting(|_| (), routes).await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    create(&app, "editors").await.unwrap();
    (app, ada, bob)
}

async fn create(app: &TestApp, name: &str) -> Result<(), GroupError> {
    groups::create(&app.vestibule, name, &Caller::operator(), app.now()).await.map(drop)
}

async fn add(app: &TestApp, name: &str, user: &UserId) -> Result<bool, GroupError> {
    groups::add(&app.vestibule, name, user, &Caller::operator(), app.now()).await
}

async fn remove(app: &TestApp, name: &str, user: &UserId) -> Result<bool, GroupError> {
    groups::remove(&app.vestibule, name, user, &Caller::operator(), app.now()).await
}

async fn delete(app: &TestApp, name: &str) -> Result<usize, GroupError> {
    groups::delete(&app.vestibule, name, &Caller::operator(), app.now()).await
}

/// What the row of `user` says, and what their memberships do.
async fn told(app: &TestApp, user: &UserId) -> (String, Vec<String>) {
    let id = user.clone();
    let told = app.ask(move |conn| Ok((User::find(conn, &id)?.unwrap(), Membership::list_of(conn, &id)?)));
    let (user, memberships) = told.await;
    (user.groups, memberships.into_iter().map(|row| row.group_name).collect())
}

/// The `groups` claim of a token.
fn claim(program: &Program) -> Value {
    let body = program.token.as_deref().unwrap().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice::<Value>(&vestibule::secret::from_base64url(&body).unwrap()).unwrap()["groups"]
        .clone()
}

async fn signed_in(app: &TestApp, name: &str) -> Program {
    let mut program = app.program();
    assert_eq!(program.log_in(name).await.status, 200);
    program
}

#[actix_web::test]
async fn a_token_names_the_groups_in_order_from_when_it_is_next_issued() {
    let (app, ada, _) = stage().await;
    create(&app, "a.team").await.unwrap();
    assert_eq!(claim(&signed_in(&app, "ada").await), json!([]));

    assert!(add(&app, "editors", &ada.id).await.unwrap() && add(&app, "a.team", &ada.id).await.unwrap());
    let in_both = signed_in(&app, "ada").await;
    assert_eq!(claim(&in_both), json!(["a.team", "editors"]));
    assert_eq!(in_both.get("/api/session").await.json()["groups"], json!(["a.team", "editors"]));

    assert!(remove(&app, "a.team", &ada.id).await.unwrap());
    assert_eq!(claim(&signed_in(&app, "ada").await), json!(["editors"]));
    assert_eq!(told(&app, &ada.id).await, ("editors".to_owned(), vec!["editors".to_owned()]));
}

#[actix_web::test]
async fn the_guard_lets_in_whoever_is_in_the_group_now_whatever_the_token_says() {
    let (app, ada, _) = stage().await;
    until_remembering(&app).await;
    let (ada_before, bob) = (signed_in(&app, "ada").await, signed_in(&app, "bob").await);
    let stranger = app.program().get("/drafts").await;
    assert_eq!((stranger.status, ada_before.get("/drafts").await.status), (401, 403));

    add(&app, "editors", &ada.id).await.unwrap();
    let ada_after = signed_in(&app, "ada").await;

    for program in [&ada_before, &ada_after] {
        let answer = program.get("/drafts").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, "drafts of ada"),
            "a remembered one, and a new one"
        );
    }
    let refused = bob.get("/drafts").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error"], "You are signed in as bob, who may not see this.");
    assert!(app.vestibule.verified.len() >= 3);

    remove(&app, "editors", &ada.id).await.unwrap();
    for program in [&ada_before, &ada_after] {
        assert_eq!(program.get("/drafts").await.status, 403, "its claim says otherwise, and is remembered");
    }
}

#[actix_web::test]
async fn a_membership_that_changes_at_one_node_counts_at_another_within_a_second() {
    let (first, ada, _) = stage().await;
    let second = first.another_node().await;
    let there = signed_in(&second, "ada").await;
    until_remembering(&second).await;
    let told = async || there.get("/api/session").await.json()["groups"].clone();
    assert_eq!(told().await, json!([]));

    for is_in in [true, false] {
        let changed = Stopwatch::start();
        match is_in {
            true => add(&first, "editors", &ada.id).await.unwrap(),
            false => remove(&first, "editors", &ada.id).await.unwrap(),
        };
        let expected = if is_in { json!(["editors"]) } else { json!([]) };
        // Half a second between two readings, and as much again for a machine that is busy.
        while told().await != expected {
            assert!(changed.elapsed() < Duration::from_secs(1), "still not {expected}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[actix_web::test]
async fn what_is_done_twice_or_to_nobody_is_said_plainly_and_leaves_one_line_each() {
    let (app, ada, bob) = stage().await;

    assert!(matches!(create(&app, "editors").await, Err(GroupError::Taken(name)) if name == "editors"));
    assert!(matches!(create(&app, "Editors").await, Err(GroupError::Name(_))));
    assert!(add(&app, "editors", &ada.id).await.unwrap());
    assert!(!add(&app, "editors", &ada.id).await.unwrap(), "she was in it before");
    assert!(!remove(&app, "editors", &bob.id).await.unwrap(), "he was not");
    assert!(matches!(add(&app, "nobody", &ada.id).await, Err(GroupError::NoSuchGroup(_))));
    assert!(matches!(remove(&app, "nobody", &ada.id).await, Err(GroupError::NoSuchGroup(_))));
    assert!(matches!(add(&app, "editors", &UserId::from("x")).await, Err(GroupError::NoSuchUser)));
    assert!(matches!(delete(&app, "nobody").await, Err(GroupError::NoSuchGroup(_))));
    assert!(remove(&app, "editors", &ada.id).await.unwrap());

    let id = ada.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 10)).await;
    let lines: Vec<_> = events.iter().map(|event| (event.kind, event.detail.as_deref())).collect();
    let expected = [
        (EventKind::GroupLeft, Some("editors")),
        (EventKind::GroupJoined, Some("editors")),
        (EventKind::Registered, Some("user")),
    ];
    assert_eq!(lines, expected);
    assert!(events.iter().take(2).all(|event| event.actor == "operator"));
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let page = browser.get("/account/activity").await;
    assert!(
        page.body.contains("Added to the group editors")
            && page.body.contains("Taken out of the group editors")
    );
}

#[actix_web::test]
async fn a_group_that_goes_takes_all_memberships_with_it_however_many_there_are() {
    let (app, ada, bob) = stage().await;
    create(&app, "other").await.unwrap();
    for (name, user) in [("editors", &ada), ("editors", &bob), ("other", &ada)] {
        add(&app, name, &user.id).await.unwrap();
    }
    // More than leave at once.
    app.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 230) \
         INSERT INTO users (id, username, username_folded, username_skeleton, role, created_at, groups) \
         SELECT 'crowd' || i, 'crowd' || i, 'crowd' || i, 'crowd' || i, 'user', 1, 'editors' FROM n; \
         INSERT INTO memberships (user_id, group_name, since) SELECT id, 'editors', 1 FROM users WHERE id LIKE 'crowd%'",
    )
    .await;
    let program = signed_in(&app, "ada").await;
    assert_eq!(program.get("/drafts").await.status, 200);

    assert_eq!(delete(&app, "editors").await.unwrap(), 232);

    assert_eq!(program.get("/drafts").await.status, 403);
    assert_eq!(told(&app, &ada.id).await, ("other".to_owned(), vec!["other".to_owned()]));
    for user in [bob.id, UserId::from("crowd230")] {
        assert_eq!(told(&app, &user).await, (String::new(), vec![]));
    }
    create(&app, "editors").await.unwrap();
    assert_eq!(program.get("/drafts").await.status, 403, "another group of the same name is empty");
}

#[actix_web::test]
async fn a_user_who_goes_takes_their_memberships_with_them_and_the_group_stays() {
    let (app, ada, bob) = stage().await;
    add(&app, "editors", &ada.id).await.unwrap();
    add(&app, "editors", &bob.id).await.unwrap();

    delete_account::by_operator(&app.vestibule, &ada.id, &Caller::operator(), app.now()).await.unwrap();

    let members = groups::members(&app.vestibule, "editors", &UserId::from(""), 10).await.unwrap();
    assert_eq!(members.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["bob"]);
    let listed = groups::list(&app.vestibule, "", 10).await.unwrap();
    assert_eq!(
        listed.iter().map(|(group, count)| (group.name.as_str(), *count)).collect::<Vec<_>>(),
        [("editors", 1)]
    );
}

#[actix_web::test]
async fn nobody_is_in_more_groups_than_their_cookie_can_say() {
    let (app, ada, _) = stage().await;
    let names: Vec<_> = (0..=MOST_GROUPS).map(|number| format!("{number:0>32}")).collect();
    for name in &names {
        create(&app, name).await.unwrap();
    }
    for name in &names[..MOST_GROUPS] {
        assert!(add(&app, name, &ada.id).await.unwrap());
    }

    assert!(matches!(add(&app, &names[MOST_GROUPS], &ada.id).await, Err(GroupError::TooMany)));

    let mut browser = app.browser();
    browser.sign_in("ada").await;
    assert!(
        browser.token().len() < 3000,
        "{} bytes; a browser keeps 4096 of a cookie",
        browser.token().len()
    );
    assert_eq!(browser.get("/dashboard").await.status, 200);
    assert!(!add(&app, &names[0], &ada.id).await.unwrap(), "she is in that one");
    remove(&app, &names[0], &ada.id).await.unwrap();
    assert!(add(&app, &names[MOST_GROUPS], &ada.id).await.unwrap());
}

#[actix_web::test]
async fn whoever_joins_while_the_group_goes_is_in_it_or_not_and_their_row_says_which() {
    for _ in 0..rounds() * 5 {
        let (app, ada, bob) = stage().await;
        let there = app.another_node().await;
        add(&app, "editors", &bob.id).await.unwrap();

        let (joined, gone) = join(add(&there, "editors", &ada.id), delete(&app, "editors")).await;

        let gone = gone.unwrap();
        match joined {
            Ok(true) => assert_eq!(gone, 2),
            Err(GroupError::NoSuchGroup(_)) => assert_eq!(gone, 1),
            other => panic!("{other:?}"),
        }
        for user in [&ada, &bob] {
            assert_eq!(told(&app, &user.id).await, (String::new(), vec![]));
        }
    }
}

#[actix_web::test]
async fn somebody_who_goes_while_their_group_goes_holds_nobody_up() {
    for _ in 0..rounds() * 5 {
        let (app, ada, bob) = stage().await;
        let there = app.another_node().await;
        for user in [&ada, &bob] {
            add(&app, "editors", &user.id).await.unwrap();
        }

        let caller = Caller::operator();
        let leaving = delete_account::by_operator(&there.vestibule, &ada.id, &caller, app.now());
        let (left, gone) = join(leaving, delete(&app, "editors")).await;

        assert!(left.unwrap() && [1, 2].contains(&gone.unwrap()));
        assert_eq!(told(&app, &bob.id).await, (String::new(), vec![]));
    }
}

#[actix_web::test]
async fn of_twenty_who_change_one_membership_at_once_each_knows_what_it_did() {
    let (app, ada, _) = stage().await;
    let nodes = [app.clone(), app.another_node().await];

    let changes = (0..20).map(|number| {
        let (node, id) = (nodes[number % 2].clone(), ada.id.clone());
        async move {
            match number % 4 < 2 {
                true => i32::from(add(&node, "editors", &id).await.unwrap()),
                false => -i32::from(remove(&node, "editors", &id).await.unwrap()),
            }
        }
    });
    let net: i32 = futures_util::future::join_all(changes).await.into_iter().sum();

    let (row, memberships) = told(&app, &ada.id).await;
    assert_eq!(row, memberships.join(" "));
    assert_eq!(net, i32::try_from(memberships.len()).unwrap());
}

#[actix_web::test]
async fn whoever_is_in_a_group_that_needs_a_second_step_can_do_nothing_before_they_have_one() {
    let app = TestApp::with(|config| config.second_factor.require_groups = vec!["ops".to_owned()]).await;
    let (ada, user_of_none) = (app.register("ada").await, app.register("bob").await);
    create(&app, "ops").await.unwrap();
    let (mut browser, mut bob) = (app.browser(), app.browser());
    browser.sign_in("ada").await;
    bob.sign_in("bob").await;
    until_remembering(&app).await;
    assert_eq!(browser.get("/dashboard").await.status, 200);

    add(&app, "ops", &ada.id).await.unwrap();

    let led = browser.get("/dashboard").await;
    assert_eq!((led.status, led.location()), (303, "/account/totp"));
    let refused = signed_in(&app, "ada").await.get("/protected").await;
    assert_eq!((refused.status, &refused.json()["error"]), (403, &"second_factor_enrolment_required".into()));
    assert_eq!(bob.get("/dashboard").await.status, 200);

    let user = administer_user::find(&app.vestibule, "ada").await.unwrap().unwrap();
    add_passkey(&app, &user, "desk", app.now()).await;
    assert_eq!(browser.get("/dashboard").await.status, 200);
    // And the last of them stays, as long as she is in it.
    let in_it = administer_user::find(&app.vestibule, "ada").await.unwrap().unwrap();
    assert!(
        last_way_in::is_asked(&app.vestibule, &in_it)
            && !last_way_in::is_asked(&app.vestibule, &user_of_none)
    );
    remove(&app, "ops", &ada.id).await.unwrap();
    app.execute("DELETE FROM passkeys; UPDATE users SET second_factor_since = NULL").await;
    let again = app.browser().submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await;
    assert_eq!((again.status, again.location()), (303, "/dashboard"));
}
