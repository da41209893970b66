//! The undo for takeovers: whoever reads the mail at the former address puts it back.

use futures_util::future::join_all;
use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;
use vestibule::models::{EventKind, MailKind};

use crate::change_email::{NEW, ask, change, stage};
use crate::forgot::{self, ADDRESS, proven};
use crate::schema::dump;
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::verify_email::{code, events, find, letter, newcomer, path, type_code};

/// The path of the latest right that was mailed to `email`.
pub async fn right(app: &TestApp, email: &str) -> String {
    path(&letter(app, MailKind::EmailReplaced, email).await, "/restore-email/")
}

/// Opens a link and presses its button.
async fn restore(app: &TestApp, link: &str) -> (Browser, crate::support::Answer) {
    let mut browser = app.browser();
    browser.get(link).await;
    let done = browser.submit("/restore-email", &[]).await;
    (browser, done)
}

#[actix_web::test]
async fn the_former_address_comes_back_everybody_is_out_and_a_new_password_is_chosen() {
    let (app, mut thief) = stage().await;
    assert_eq!(change(&app, &mut thief, NEW).await.status, 303);
    assert_eq!(ask(&mut thief, "third@example.net").await.status, 303);
    let pending = code(&app, "third@example.net").await;
    let mut program = app.program();
    program.log_in("ada").await;
    app.execute("UPDATE users SET closed_at = 1").await;
    let link = right(&app, ADDRESS).await;
    let mut ada = app.browser();

    let opened = ada.get(&link).await;
    let page = ada.get("/restore-email").await;
    let done = ada.submit("/restore-email", &[]).await;

    assert_eq!((opened.status, opened.location()), (303, "/restore-email"));
    assert!(page.body.contains(&format!("<strong>{ADDRESS}</strong>")) && !page.body.contains(NEW));
    assert_eq!((done.status, done.location()), (303, "/reset"));
    let user = find(&app, "ada").await;
    assert_eq!((user.email.as_deref(), user.closed_at), (Some(ADDRESS), None));
    assert!(user.email_verified_at.is_some() && user.password_hash.is_none());
    assert_eq!(thief.get("/dashboard").await.status, 303);
    assert_eq!(program.get("/protected").await.status, 403);
    assert_eq!(type_code(&mut thief, &pending).await.status, 303, "to sign-in: what was pending is void");
    for login in ["ada", ADDRESS, NEW] {
        assert!(!forgot::signs_in(&app, login, PASSWORD).await, "frozen until there is a new password");
    }

    let form = ada.get("/reset").await;
    assert!(form.body.contains("For the account <strong>ada</strong>"));
    assert_eq!(forgot::send(&mut ada, OTHER_PASSWORD).await.location(), "/login");
    assert!(forgot::signs_in(&app, ADDRESS, OTHER_PASSWORD).await);
    let (back, gone) = (
        letter(&app, MailKind::EmailRestored, ADDRESS).await,
        letter(&app, MailKind::EmailRestored, NEW).await,
    );
    assert!(back.contains("again") && back.contains("/forgot"));
    assert!(
        gone.contains("any\nmore") && !gone.contains("/restore-email/") && !gone.contains("/forgot"),
        "{gone}"
    );
    let happened = events(&app, &user.id).await;
    assert!(happened.iter().any(|event| event.kind == EventKind::EmailRestored && event.actor == "stranger"));
    for used in
        [ada.get(&link).await, ada.get("/restore-email").await, ada.submit("/restore-email", &[]).await]
    {
        assert_eq!(used.status, 410);
        assert!(used.body.contains("href=\"/login\""));
    }
}

#[actix_web::test]
async fn twenty_prefetches_change_nothing_and_a_tampered_link_opens_nothing() {
    let (app, mut ada) = stage().await;
    change(&app, &mut ada, NEW).await;
    let link = right(&app, ADDRESS).await;
    let before = dump(&app).await;

    for method in ["GET", "HEAD"].repeat(10) {
        assert_eq!(app.send(app.request(method, &link)).await.status, 303);
    }
    let mut browser = app.browser();
    browser.get(&link).await;
    browser.get("/restore-email").await;
    for other in
        [format!("{link}x"), link.replace("/restore-email/", "/reset/"), "/restore-email/".to_owned() + "x"]
    {
        assert_eq!(app.browser().get(&other).await.status, 410, "{other}");
    }
    assert_eq!(app.browser().submit("/restore-email", &[]).await.status, 410);

    assert_eq!(dump(&app).await, before);
    assert!(!before.contains(link.trim_start_matches("/restore-email/")));
    assert_eq!(browser.submit("/restore-email", &[]).await.location(), "/reset");
}

#[actix_web::test]
async fn of_fifty_who_use_one_right_at_once_one_succeeds() {
    let (app, mut ada) = stage().await;
    change(&app, &mut ada, NEW).await;
    let mut browser = app.browser();
    browser.get(&right(&app, ADDRESS).await).await;
    let mut copies: Vec<Browser> = (0..50).map(|_| browser.clone()).collect();

    let answers = join_all(copies.iter_mut().map(|copy| copy.submit("/restore-email", &[]))).await;

    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(303), count(410)), (1, 49));
}

#[actix_web::test]
async fn a_thief_who_changes_twice_does_not_take_the_first_owners_right() {
    let (app, mut thief) = stage().await;
    change(&app, &mut thief, NEW).await;
    app.pass(5);
    change(&app, &mut thief, "third@example.net").await;
    let (owners, thiefs) = (right(&app, ADDRESS).await, right(&app, NEW).await);
    let (_, back) = restore(&app, &thiefs).await;
    assert_eq!((back.status, find(&app, "ada").await.email.as_deref()), (303, Some(NEW)));

    let (mut ada, done) = restore(&app, &owners).await;

    assert_eq!(done.location(), "/reset");
    assert_eq!(find(&app, "ada").await.email.as_deref(), Some(ADDRESS));
    assert_eq!(forgot::send(&mut ada, OTHER_PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn rights_that_were_given_later_are_void_once_an_earlier_one_is_used() {
    let (app, mut thief) = stage().await;
    change(&app, &mut thief, NEW).await;
    app.pass(5);
    change(&app, &mut thief, "third@example.net").await;
    let (owners, thiefs) = (right(&app, ADDRESS).await, right(&app, NEW).await);

    assert_eq!(restore(&app, &owners).await.1.status, 303);

    assert_eq!(app.browser().get(&thiefs).await.status, 410);
    assert_eq!(find(&app, "ada").await.email.as_deref(), Some(ADDRESS));
}

#[actix_web::test]
async fn the_right_lasts_seven_days_from_when_its_mail_leaves() {
    const DAY: i64 = 24 * 60 * 60;
    let (app, mut ada) = stage().await;
    change(&app, &mut ada, NEW).await;
    app.pass(2 * DAY);
    let link = right(&app, ADDRESS).await;

    app.pass(7 * DAY - 5);
    let early = app.browser().get(&link).await;
    app.pass(6);
    let late = app.browser().get(&link).await;

    assert_eq!((early.status, late.status), (303, 410));
}

#[actix_web::test]
async fn nothing_comes_back_to_a_disabled_account_nor_an_address_that_is_somebody_elses_by_now() {
    let (app, mut ada) = stage().await;
    change(&app, &mut ada, NEW).await;
    let link = right(&app, ADDRESS).await;
    let mut opened = app.browser();
    opened.get(&link).await;

    let mut bob = newcomer(&app, "bob", ADDRESS).await;
    let theirs = code(&app, ADDRESS).await;
    assert_eq!(type_code(&mut bob, &theirs).await.status, 303);
    assert_eq!(opened.submit("/restore-email", &[]).await.status, 410);
    assert_eq!(find(&app, "ada").await.email.as_deref(), Some(NEW));

    app.execute("DELETE FROM users WHERE username = 'bob'").await;
    let user = find(&app, "ada").await;
    disable(&app.vestibule, &user, &Caller::operator(), app.now()).await.unwrap();
    assert_eq!(opened.submit("/restore-email", &[]).await.status, 410);
    assert!(find(&app, "ada").await.password_hash.is_some());
}

#[actix_web::test]
async fn after_it_other_accounts_with_the_address_are_as_they_were() {
    let (app, mut ada) = stage().await;
    proven(&app, "bob", "bob@example.org").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    change(&app, &mut ada, NEW).await;

    restore(&app, &right(&app, ADDRESS).await).await;

    assert_eq!(bob.get("/dashboard").await.status, 200);
    assert!(forgot::signs_in(&app, "bob@example.org", PASSWORD).await);
}
