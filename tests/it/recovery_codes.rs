//! Recovery codes: shown until they are saved, used once each, made anew.

use vestibule::models::{Event, EventKind, MailKind, RecoveryCode, User};

use crate::forgot::proven;
use crate::support::{Answer, Browser, PASSWORD, TestApp};
use crate::totp::{codes, enrol, enrolled};

const PAGE: &str = "/account/recovery-codes";

/// Proves anew who it is, by password and this code.
async fn confirm(browser: &mut Browser, code: &str) -> Answer {
    browser.submit("/reauth", &[("username", "ada"), ("password", PASSWORD), ("code", code)]).await
}

async fn events(app: &TestApp, user: &User, kind: EventKind) -> usize {
    let id = user.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 99)).await;
    events.iter().filter(|event| event.kind == kind).count()
}

#[actix_web::test]
async fn they_are_shown_until_they_are_saved_and_to_nobody_else() {
    let app = TestApp::new().await;
    app.register("ada").await;
    app.register("bob").await;
    let (mut browser, _, theirs) = enrolled(&app, "ada").await;

    let again = browser.get(PAGE).await;
    let reminded = browser.get("/account/totp").await.body;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let (_, of_bob) = enrol(&app, &mut bob).await;
    // Bob gets hold of Ada's browser, with what it keeps.
    let flow = browser.cookies.keys().find(|name| name.contains("flow")).unwrap().clone();
    bob.cookies.insert(flow.clone(), browser.cookies[&flow].clone());
    let seen_by_bob = bob.get(PAGE).await.body;
    let file_for_bob = bob.submit("/account/recovery-codes/download", &[]).await;
    browser.submit("/account/recovery-codes/saved", &[]).await;
    let later = browser.get(PAGE).await.body;

    assert_eq!((codes(&again.body), again.header("cache-control")), (theirs.clone(), "no-store"));
    assert!(reminded.contains("You have not said yet that you saved your recovery codes."));
    assert!(codes(&seen_by_bob).is_empty() && of_bob.len() == 10);
    assert_eq!((file_for_bob.status, file_for_bob.location()), (303, PAGE));
    assert!(codes(&later).is_empty() && later.contains("10 of 10 left, made on <time"), "{later}");
    assert!(!browser.get("/account/totp").await.body.contains("You have not said yet"));
    assert_eq!(browser.submit("/account/recovery-codes/download", &[]).await.location(), PAGE);
}

#[actix_web::test]
async fn the_file_has_the_codes_whose_they_are_where_and_when_and_nothing_else() {
    let app =
        TestApp::with(|config| config.server.public_url = Some("http://localhost:8080".to_owned())).await;
    app.register("ada").await;
    let (mut browser, _, theirs) = enrolled(&app, "ada").await;

    let file = browser.submit("/account/recovery-codes/download", &[]).await;

    let lines: Vec<_> = file.body.lines().collect();
    assert_eq!(lines[0], "Recovery codes of ada at localhost:8080");
    assert!(lines[1].starts_with("Made on ") && lines[1].ends_with(" UTC. Each works once."), "{}", lines[1]);
    assert_eq!((lines[2], &lines[3..]), ("", &theirs.iter().map(String::as_str).collect::<Vec<_>>()[..]));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"vestibule-recovery-codes.txt\"");
    assert_eq!(
        (file.header("cache-control"), file.header("content-type")),
        ("no-store", "text/plain; charset=utf-8")
    );
}

#[actix_web::test]
async fn new_ones_void_the_old_ones_stand_in_the_trail_and_are_told_by_mail() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", "ada@example.org").await;
    let (mut browser, _, old) = enrolled(&app, "ada").await;

    let made = browser.submit(PAGE, &[]).await;
    let new = codes(&browser.follow(made).await.body);

    assert!(new.len() == 10 && !new.iter().any(|code| old.contains(code)));
    assert_eq!(events(&app, &ada, EventKind::RecoveryCodesMade).await, 1);
    let (mail, letter) = app.mails().await.remove(0);
    assert_eq!(mail.kind, MailKind::FactorsChanged);
    assert!(letter.text.contains("new recovery codes, in place of the old ones."), "{}", letter.text);
    assert_eq!(confirm(&mut browser, &old[0]).await.status, 422);
    assert_eq!(confirm(&mut browser, &new[0]).await.status, 303);
    app.pass(21 * 60);
    assert_eq!(browser.submit(PAGE, &[]).await.location(), "/reauth?next=%2Faccount%2Frecovery-codes");
    assert_eq!(events(&app, &ada, EventKind::RecoveryCodesMade).await, 1);
}

#[actix_web::test]
async fn nobody_has_any_without_a_factor() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    let (shown, made) = (browser.get(PAGE).await, browser.submit(PAGE, &[]).await);

    assert_eq!((shown.location(), made.location()), ("/account/totp", PAGE));
    assert!(app.ask(move |conn| RecoveryCode::list(conn, &ada.id)).await.is_empty());
}

#[actix_web::test]
async fn what_waits_to_be_saved_says_so_when_newer_ones_have_voided_it() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (mut browser, _, old) = enrolled(&app, "ada").await;
    let mut other_window = browser.clone();
    other_window.submit(PAGE, &[]).await;

    let page = browser.get(PAGE).await.body;
    let file = browser.submit("/account/recovery-codes/download", &[]).await;

    assert!(codes(&page).is_empty() && !old.iter().any(|code| page.contains(code)));
    assert!(page.contains("those that were to be shown here are void. Please make new ones"), "{page}");
    assert_eq!(file.status, 303);
    assert_eq!(codes(&other_window.get(PAGE).await.body).len(), 10);
}

#[actix_web::test]
async fn each_works_once_and_its_owner_is_told_how_many_are_left_and_when_to_make_new_ones() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", "ada@example.org").await;
    let (mut browser, _, theirs) = enrolled(&app, "ada").await;
    browser.submit("/account/recovery-codes/saved", &[]).await;

    for (number, code) in theirs.iter().enumerate() {
        let used = confirm(&mut browser, &format!(" {} ", code.to_uppercase().replace('-', " "))).await;
        assert_eq!(used.status, 303, "{number}");
        assert_eq!(confirm(&mut browser, code).await.status, 422, "twice: {number}");
        let (mail, letter) = app.mails().await.remove(0);
        assert_eq!(mail.kind, MailKind::RecoveryCodeUsed);
        let words = match 9 - number {
            0 => "There are none left.".to_owned(),
            1 => "There is one left.".to_owned(),
            left => format!("There are {left} left."),
        };
        for text in [&letter.text, &letter.html] {
            assert!(text.contains(&words), "{text}");
            assert!(
                text.contains("192.0.2.7") && text.contains("ada") && !text.contains(code.as_str()),
                "{text}"
            );
            assert_eq!(text.contains("make new ones"), number >= 7, "{number}: {text}");
        }
        // No more than ten notices of a kind leave in an hour; these are as many.
        let page = browser.get("/account/totp").await.body;
        assert!(page.contains(&format!("{} of 10 recovery codes are left", 9 - number)), "{page}");
        assert_eq!(page.contains("Make new ones"), number >= 7, "{number}");
    }

    assert_eq!(events(&app, &ada, EventKind::RecoveryCodeUsed).await, 10);
    assert!(browser.get(PAGE).await.body.contains("0 of 10 left, made on"));
}
