//! Another address for one's account: it counts once it is proven, and everybody who has to know is told.

use std::time::Duration;

use actix_web::rt::time::sleep;
use futures_util::future::join;
use vestibule::clock::Stopwatch;
use vestibule::models::{EventKind, MailKind, Role};

use crate::forgot::{self, ADDRESS, proven};
use crate::support::{Answer, Browser, PASSWORD, Program, TestApp};
use crate::verify_email::{code, events, find, letter, link, type_code};

pub const NEW: &str = "Countess@Example.net";

/// Ada has proven [`ADDRESS`] and sits at her browser.
pub async fn stage() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    proven(&app, "ada", ADDRESS).await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    (app, ada)
}

pub async fn ask(browser: &mut Browser, email: &str) -> Answer {
    browser.submit("/account/email", &[("email", email)]).await
}

/// Changes the address from asking to the code.
pub async fn change(app: &TestApp, browser: &mut Browser, email: &str) -> Answer {
    assert_eq!(ask(browser, email).await.status, 303);
    let code = code(app, email).await;
    type_code(browser, &code).await
}

#[actix_web::test]
async fn a_change_is_proven_at_the_new_address_told_to_both_and_signs_everybody_else_out() {
    let (app, mut ada) = stage().await;
    let other = app.another_node().await;
    let (mut thief, mut phone) = (ada.clone(), app.browser());
    let (mut program, mut away) = (app.program(), Program::new(other.clone()));
    phone.sign_in("ada").await;
    program.log_in("ada").await;
    away.token = program.token.clone();
    assert_eq!(away.get("/protected").await.status, 200, "the other node has seen it");
    let reset = {
        forgot::ask(&mut app.browser(), ADDRESS).await;
        forgot::link(&app).await
    };

    let asked = ask(&mut ada, NEW).await;
    let page = ada.get("/account/email").await;
    let meanwhile = find(&app, "ada").await;
    let notice = letter(&app, MailKind::EmailChangeAsked, ADDRESS).await;
    let code = code(&app, NEW).await;
    let done = type_code(&mut ada, &code).await;

    assert_eq!((asked.status, asked.location()), (303, "/account/email"));
    assert!(page.body.contains(&format!("We sent a code to <strong>{NEW}</strong>")));
    assert_eq!(meanwhile.email.as_deref(), Some(ADDRESS), "nothing changes by asking");
    assert!(notice.contains("Somebody asked for another e-mail address") && !notice.contains("Countess"));
    assert!(notice.contains("http://localhost:8080/forgot") && notice.contains("192.0.2.7"));
    assert_eq!((done.status, done.location()), (303, "/account/email"));
    let after = ada.get("/account/email").await;
    assert!(after.body.contains(NEW) && after.body.contains("You are signed out everywhere else."));
    let user = find(&app, "ada").await;
    assert_eq!(user.email.as_deref(), Some(NEW));
    assert_eq!(user.email_folded.as_deref(), Some("countess@example.net"));
    assert!(user.email_verified_at.is_some());

    for mut gone in [thief.clone(), phone] {
        assert_eq!(gone.get("/dashboard").await.status, 303);
    }
    assert_eq!(thief.get("/account/email").await.status, 303, "a copy of this very session, too");
    assert_eq!(program.get("/protected").await.status, 403);
    let changed = Stopwatch::start();
    while away.get("/protected").await.status == 200 {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(changed.elapsed() < Duration::from_secs(1), "at the other node: {:?}", changed.elapsed());
    assert_eq!(app.browser().get(&reset).await.status, 410);
    let told = letter(&app, MailKind::EmailChanged, NEW).await;
    let replaced = letter(&app, MailKind::EmailReplaced, ADDRESS).await;
    assert!(
        told.contains("This is the e-mail address of your account ada") && !told.contains("/restore-email/")
    );
    assert!(replaced.contains("http://localhost:8080/restore-email/") && replaced.contains("7 days"));
    let happened: Vec<EventKind> = events(&app, &user.id).await.into_iter().map(|event| event.kind).collect();
    assert!(happened.contains(&EventKind::EmailChangeAsked) && happened.contains(&EventKind::EmailChanged));
    assert!(forgot::signs_in(&app, NEW, PASSWORD).await && !forgot::signs_in(&app, ADDRESS, PASSWORD).await);
}

#[actix_web::test]
async fn a_change_by_the_link_is_a_change_as_well() {
    let (app, mut ada) = stage().await;
    let mut thief = ada.clone();
    ask(&mut ada, NEW).await;
    let link = link(&app, NEW).await;

    ada.get(&link).await;
    let page = ada.get("/verify-email").await;
    let done = ada.submit("/verify-email", &[]).await;

    assert!(page.body.contains(NEW) && page.body.contains("signed out everywhere else"));
    assert_eq!((done.status, done.location()), (303, "/account/email"));
    assert_eq!((ada.get("/dashboard").await.status, thief.get("/dashboard").await.status), (200, 303));
}

#[actix_web::test]
async fn to_ask_for_another_address_needs_a_fresh_proof_and_what_was_typed_is_kept() {
    let (app, mut ada) = stage().await;
    app.pass(21 * 60);

    let refused = ask(&mut ada, NEW).await;
    let again = ada.get("/reauth?next=%2Faccount%2Femail").await;
    let proof = ada.submit("/reauth", &[("password", PASSWORD)]).await;
    let page = ada.get("/account/email").await;

    assert_eq!(refused.location(), "/reauth?next=%2Faccount%2Femail");
    assert_eq!((again.status, proof.location()), (200, "/account/email"));
    assert!(page.body.contains(&format!("value=\"{NEW}\"")));
    assert!(app.mails().await.is_empty());
    assert_eq!(ask(&mut ada, NEW).await.status, 303);
}

#[actix_web::test]
async fn a_code_from_the_mail_is_no_proof_of_who_somebody_is() {
    let (app, mut ada) = stage().await;
    ask(&mut ada, NEW).await;
    app.pass(21 * 60);
    let code = code(&app, NEW).await;

    let done = type_code(&mut ada, &code).await;

    assert_eq!(done.location(), "/account/email");
    assert_eq!(ada.get("/dashboard").await.status, 200);
    assert_eq!(ask(&mut ada, "third@example.net").await.location(), "/reauth?next=%2Faccount%2Femail");
}

#[actix_web::test]
async fn what_is_no_other_address_is_refused_beside_its_field() {
    let (app, mut ada) = stage().await;

    for (email, words) in [("nowhere", "exactly one @"), ("ADA@example.org", "That is your address already.")]
    {
        let again = ask(&mut ada, email).await;
        assert_eq!(again.status, 422, "{email}");
        assert!(again.body.contains(words) && again.body.contains("id=\"email-error\""), "{email}");
        assert!(again.body.contains(&format!("value=\"{email}\"")));
    }
    let evil = ask(&mut ada, "\"><svg onload=1>@example.org").await;
    assert!(evil.status == 422 && !evil.body.contains("<svg onload"));
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn a_second_question_voids_the_first_and_cancelling_voids_both() {
    let (app, mut ada) = stage().await;
    ask(&mut ada, NEW).await;
    let (first, first_link) = (code(&app, NEW).await, link(&app, NEW).await);

    ask(&mut ada, "second@example.net").await;
    let second = code(&app, "second@example.net").await;

    assert_eq!(ada.get(&first_link).await.status, 410);
    assert_eq!(type_code(&mut ada, &first).await.status, 422);
    assert_eq!(ada.submit("/account/email/cancel", &[]).await.status, 303);
    assert_eq!(type_code(&mut ada, &second).await.status, 422);
    assert!(!ada.get("/account/email").await.body.contains("second@example.net"));
    assert_eq!(find(&app, "ada").await.email.as_deref(), Some(ADDRESS));
}

#[actix_web::test]
async fn of_two_changes_at_once_at_most_the_one_that_was_proven_takes_effect() {
    let (app, mut ada) = stage().await;
    let mut phone = app.browser();
    phone.sign_in("ada").await;

    let asked = join(ask(&mut ada, NEW), ask(&mut phone, "phone@example.net")).await;
    assert_eq!((asked.0.status, asked.1.status), (303, 303));
    let mails = app.mails().await;
    let codes: Vec<_> = mails.iter().filter(|mail| mail.0.kind == MailKind::VerifyEmail).collect();
    let [(winner, letter)] = codes[..] else { panic!("{codes:?}") };
    let code = letter.text.lines().find_map(|line| line.strip_prefix("    ")).unwrap();
    let (mut again, mut there) = (ada.clone(), phone.clone());
    let done = join(type_code(&mut again, code), type_code(&mut there, code)).await;

    let user = find(&app, "ada").await;
    assert_eq!(user.email, Some(winner.recipient.clone()));
    let count = [&done.0, &done.1].iter().filter(|answer| answer.location() == "/account/email").count();
    assert_eq!(count, 1, "{done:?}");
    let changes = events(&app, &user.id).await;
    assert_eq!(changes.iter().filter(|event| event.kind == EventKind::EmailChanged).count(), 1);
}

#[actix_web::test]
async fn an_address_that_is_somebody_elses_looks_like_any_other_and_never_counts() {
    let (app, mut ada) = stage().await;
    proven(&app, "bob", "bob@example.org").await;
    let mut carl = app.browser();
    app.register("carl").await;
    carl.sign_in("carl").await;

    let taken = ask(&mut ada, "bob@example.org").await;
    let free = ask(&mut carl, "new@example.org").await;
    let pages = [ada.get("/account/email").await, carl.get("/account/email").await];

    assert_eq!((taken.status, taken.location()), (free.status, free.location()));
    for (page, email) in pages.iter().zip(["bob@example.org", "new@example.org"]) {
        assert!(page.body.contains(&format!("We sent a message to {email}. Type the code")), "{}", page.body);
        assert!(page.body.contains("id=\"code\""));
    }
    let letter = letter(&app, MailKind::EmailTaken, "bob@example.org").await;
    assert!(letter.contains("your account bob") && !letter.contains("ada"));
    assert_eq!(app.mails().await.iter().filter(|mail| mail.0.kind == MailKind::VerifyEmail).count(), 1);
    for _ in 0..5 {
        assert_eq!(type_code(&mut ada, "0000 0000").await.status, 422);
    }
    assert_eq!(find(&app, "ada").await.email.as_deref(), Some(ADDRESS));
}

#[actix_web::test]
async fn a_person_has_five_mails_an_hour_wherever_they_go() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;

    let mut statuses = Vec::new();
    for number in 0..6 {
        statuses.push(ask(&mut ada, &format!("ada{number}@example.net")).await.status);
    }

    assert_eq!(statuses, [303, 303, 303, 303, 303, 429]);
}

#[actix_web::test]
async fn an_unproven_address_is_told_nothing_and_gets_no_right() {
    let app = TestApp::new().await;
    app.register_as("ada", ADDRESS, Role::User).await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;

    assert_eq!(change(&app, &mut ada, NEW).await.status, 303);

    let to: Vec<String> = app.mails().await.into_iter().map(|mail| mail.0.recipient).collect();
    assert_eq!(to, [NEW, NEW]);
    assert_eq!(find(&app, "ada").await.email.as_deref(), Some(NEW));
}

#[actix_web::test]
async fn after_a_change_the_next_sign_in_gives_the_hash_the_salt_of_the_new_address() {
    let (app, mut ada) = stage().await;
    app.register_as("claimant", NEW, Role::User).await;
    assert_eq!(change(&app, &mut ada, NEW).await.status, 303);
    let salt = async |name| {
        let hash = find(&app, name).await.password_hash.unwrap();
        hash.rsplit_once('$').unwrap().0.to_owned()
    };
    assert_ne!(salt("ada").await, salt("claimant").await);

    assert!(forgot::signs_in(&app, "ada", PASSWORD).await);

    assert_eq!(salt("ada").await, salt("claimant").await, "one computation for all who claim it");
    assert!(forgot::signs_in(&app, NEW, PASSWORD).await);
}
