//! Two deeds on one account at the same moment, at two nodes: each is done whole or not at all, whichever comes first.

use futures_util::future::{join, join3};
use serde_json::json;
use vestibule::flows::caller::Caller;
use vestibule::flows::reset_password::issue_link;
use vestibule::models::{EventKind, MailKind, Session, User};

use crate::change_email::{self, NEW, ask, change};
use crate::forgot::{self, ADDRESS, signs_in};
use crate::new_device::{house, stranger};
use crate::not_me;
use crate::refresh::exchange;
use crate::restore_email::right;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::verify_email::{code, events, find, type_code};

const ROUNDS: usize = 5;
const THIRD_PASSWORD: &str = "eleven copper kettles hum at dawn";

/// Ada, two nodes, and her browser at the first.
async fn stage() -> (TestApp, TestApp, Browser) {
    let (app, ada) = change_email::stage().await;
    let there = app.another_node().await;
    (app, there, ada)
}

/// The same cookies at another node.
fn moved(browser: &Browser, node: &TestApp) -> Browser {
    let mut moved = node.browser();
    moved.cookies.clone_from(&browser.cookies);
    moved
}

/// A browser at `node` that has opened a link of the operator's.
async fn resetting(app: &TestApp, node: &TestApp, user: &User) -> Browser {
    let token = issue_link(&app.vestibule, user, &Caller::operator(), app.now()).await.unwrap();
    let mut browser = node.browser();
    assert_eq!(browser.get(&format!("/reset/{}", token.expose())).await.status, 303);
    browser
}

async fn change_password(browser: &mut Browser, new: &str) -> Answer {
    let fields = [("current_password", PASSWORD), ("password", new), ("end_others", "yes")];
    browser.submit("/account/password", &fields).await
}

async fn count(app: &TestApp, user: &User, kind: EventKind) -> usize {
    events(app, &user.id).await.into_iter().filter(|event| event.kind == kind).count()
}

async fn live(app: &TestApp, user: &User) -> usize {
    let (id, now) = (user.id.clone(), app.now());
    let long_ago = vestibule::clock::Timestamp::from_seconds(0);
    app.ask(move |conn| Session::list_live(conn, &id, now, long_ago)).await.len()
}

#[actix_web::test]
async fn of_two_changes_of_address_by_two_sessions_at_most_the_one_that_was_proven_is_done() {
    for _ in 0..ROUNDS {
        let (app, there, mut ada) = stage().await;
        let mut phone = there.browser();
        phone.sign_in("ada").await;

        let asked = join(ask(&mut ada, NEW), ask(&mut phone, "phone@example.net")).await;
        assert_eq!((asked.0.status, asked.1.status), (303, 303));
        let mails = app.mails().await;
        let mut mails = mails.iter().filter(|mail| mail.0.kind == MailKind::VerifyEmail);
        let email = mails.next().unwrap().0.recipient.clone();
        assert!(mails.next().is_none(), "the second question takes the place of the first");
        let code = code(&app, &email).await;
        let done = join(type_code(&mut ada, &code), type_code(&mut phone, &code)).await;

        let user = find(&app, "ada").await;
        assert_eq!(user.email, Some(email), "{done:?}");
        let changed =
            [&done.0, &done.1].iter().filter(|answer| answer.location() == "/account/email").count();
        assert_eq!((changed, count(&app, &user, EventKind::EmailChanged).await), (1, 1), "{done:?}");
        assert_eq!(live(&app, &user).await, 1, "the other one is out");
    }
}

#[actix_web::test]
async fn of_a_change_and_a_reset_of_the_password_at_once_one_is_done() {
    for _ in 0..ROUNDS {
        let (app, there, mut ada) = stage().await;
        let user = find(&app, "ada").await;
        let mut resetting = resetting(&app, &there, &user).await;

        let (changed, reset) =
            join(change_password(&mut ada, OTHER_PASSWORD), forgot::send(&mut resetting, THIRD_PASSWORD))
                .await;

        let (changed, reset) = (changed.location() == "/dashboard", reset.location() == "/login");
        assert!(changed != reset, "changed {changed}, reset {reset}");
        for (password, works) in [(OTHER_PASSWORD, changed), (THIRD_PASSWORD, reset), (PASSWORD, false)] {
            assert_eq!(signs_in(&app, "ada", password).await, works, "{password}");
        }
        let counted = [EventKind::PasswordChanged, EventKind::PasswordReset];
        let counted = [count(&app, &user, counted[0]).await, count(&app, &user, counted[1]).await];
        assert_eq!(counted, [usize::from(changed), usize::from(reset)]);
    }
}

#[actix_web::test]
async fn an_account_that_is_closed_while_its_address_changes_is_closed_and_nobody_is_in_it() {
    for _ in 0..ROUNDS {
        let (app, there, mut ada) = stage().await;
        ask(&mut ada, NEW).await;
        let code = code(&app, NEW).await;
        let mut closing = moved(&ada, &there);

        let (changed, closed) =
            join(type_code(&mut ada, &code), closing.submit("/account/close", &[("confirmation", "ada")]))
                .await;

        let user = find(&app, "ada").await;
        let is_changed = changed.location() == "/account/email";
        assert_eq!(user.email.as_deref(), Some(if is_changed { NEW } else { ADDRESS }));
        assert_eq!(count(&app, &user, EventKind::EmailChanged).await, usize::from(is_changed));
        let is_closed = user.closed_at.is_some();
        assert!(is_closed || is_changed, "one at least: {} {}", changed.status, closed.status);
        assert_eq!(count(&app, &user, EventKind::AccountClosed).await, usize::from(is_closed));
        assert_eq!(live(&app, &user).await, usize::from(!is_closed));
    }
}

#[actix_web::test]
async fn a_thief_who_changes_the_password_while_they_are_disowned_has_nothing_of_it() {
    for _ in 0..ROUNDS {
        let (app, ada, _) = house().await;
        let there = app.another_node().await;
        let mut thief = stranger(&there, "curl/8.5.0", "203.0.113.9");
        thief.sign_in("ada").await;
        let mut phone = app.browser();
        phone.get(&not_me::links(&app).await[0]).await;

        let (pressed, _) =
            join(phone.submit("/not-me", &[]), change_password(&mut thief, THIRD_PASSWORD)).await;

        assert_eq!(pressed.location(), "/reset");
        let user = find(&app, "ada").await;
        assert!(user.password_hash.is_none());
        assert_eq!((live(&app, &user).await, count(&app, &ada, EventKind::LoginDisowned).await), (0, 1));
        for password in [PASSWORD, THIRD_PASSWORD] {
            assert!(!signs_in(&app, "ada", password).await, "{password}");
        }
        assert_eq!(forgot::send(&mut phone, OTHER_PASSWORD).await.location(), "/login");
        assert!(signs_in(&app, "ada", OTHER_PASSWORD).await);
    }
}

#[actix_web::test]
async fn a_pair_that_is_renewed_while_its_session_is_signed_out_is_worth_nothing() {
    for _ in 0..ROUNDS {
        let (app, there, _) = stage().await;
        let login = app.program().post("/login", &json!({ "username": "ada", "password": PASSWORD })).await;
        let text = |answer: &Answer, member: &str| answer.json()[member].as_str().unwrap().to_owned();
        let (token, refresh) = (text(&login, "token"), text(&login, "refresh_token"));
        let mut leaving = app.program();
        leaving.token = Some(token);

        let leave = leaving.send(app.request("POST", "/logout"));
        let (left, next) = join(leave, exchange(&there, &refresh)).await;

        assert_eq!(left.status, 200);
        assert!([200, 401].contains(&next.status), "{}", next.body);
        assert_eq!(exchange(&app, &refresh).await.status, 401);
        if next.status == 200 {
            assert_eq!(exchange(&there, &text(&next, "refresh_token")).await.status, 401);
            let mut program = app.program();
            program.token = Some(text(&next, "token"));
            assert_eq!(program.get("/api/session").await.status, 401);
        }
    }
}

/// Each takes the row of the user before those of links: in another order PostgreSQL would find them waiting for each
/// other, and answer one of them with an error.
#[actix_web::test]
async fn a_reset_and_an_address_that_is_put_back_at_once_do_not_wait_for_each_other_for_ever() {
    for _ in 0..ROUNDS {
        let (app, there, mut ada) = stage().await;
        change(&app, &mut ada, NEW).await;
        let user = find(&app, "ada").await;
        let (mut undoing, mut resetting) = (there.browser(), resetting(&app, &app, &user).await);
        undoing.get(&right(&app, ADDRESS).await).await;
        let mut copy = moved(&resetting, &there);

        let (back, first, second) = join3(
            undoing.submit("/restore-email", &[]),
            forgot::send(&mut resetting, OTHER_PASSWORD),
            forgot::send(&mut copy, THIRD_PASSWORD),
        )
        .await;

        assert_eq!(back.location(), "/reset", "{}", back.body);
        for reset in [&first, &second] {
            assert!([303, 410].contains(&reset.status), "{}", reset.body);
        }
        assert!(first.status == 410 || second.status == 410, "one link, one password");
        let user = find(&app, "ada").await;
        assert_eq!((user.email.as_deref(), user.password_hash.is_none()), (Some(ADDRESS), true));
        assert_eq!(live(&app, &user).await, 0);
        assert_eq!(forgot::send(&mut undoing, PASSWORD).await.location(), "/login");
    }
}
