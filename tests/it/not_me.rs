//! "This was not me": the link in the mail about a sign-in.

use futures_util::future::join_all;
use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;
use vestibule::flows::reset_password::issue_link;
use vestibule::models::{Event, EventKind, RevokedBecause, Session, User};

use crate::account_sessions::is_out_within_a_second;
use crate::forgot::{send, signs_in};
use crate::new_device::{house, stranger, warnings};
use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

/// Ada at her desk, a thief who knows her password, and the link that she gets.
async fn burgled() -> (TestApp, User, Browser, Browser, String) {
    let (app, ada, desk) = house().await;
    let mut thief = stranger(&app, "curl/8.5.0", "203.0.113.9");
    thief.sign_in("ada").await;
    let link = links(&app).await.remove(0);
    (app, ada, desk, thief, link)
}

/// The links of all mails, the newest first.
pub async fn links(app: &TestApp) -> Vec<String> {
    let links = warnings(app).await.into_iter().map(|text| {
        let (_, rest) = text.split_once("/not-me/").expect("a link");
        format!("/not-me/{}", rest.split_whitespace().next().unwrap())
    });
    links.collect()
}

async fn reset_token(app: &TestApp, user: &User) -> String {
    let token = issue_link(&app.vestibule, user, &Caller::operator(), app.now()).await;
    token.unwrap().expose().to_owned()
}

async fn press(browser: &mut Browser) -> Answer {
    browser.submit("/not-me", &[]).await
}

async fn events(app: &TestApp, user: &User) -> Vec<Event> {
    let id = user.id.clone();
    app.ask(move |conn| Event::list_latest(conn, &id, 100)).await
}

fn is_gone(answer: &Answer) -> bool {
    answer.status == 410
        && answer.body.contains("This link has been used or has expired.")
        && answer.body.contains("<a class=\"button primary\" href=\"/forgot\">Choose a new password</a>")
}

#[actix_web::test]
async fn the_button_ends_every_session_voids_the_password_and_leads_to_a_new_one() {
    let (app, ada, mut desk, mut thief, link) = burgled().await;
    let elsewhere = app.another_node().await;
    let mut copy = elsewhere.browser();
    copy.cookies = thief.cookies.clone();
    assert_eq!(copy.get("/dashboard").await.status, 200);
    let mut phone = app.browser();

    let opened = phone.get(&link).await;
    let page = phone.get("/not-me").await;
    let untouched = thief.get("/dashboard").await.status;
    let done = press(&mut phone).await;
    let form = phone.follow(done.clone()).await;

    assert_eq!((opened.status, opened.location(), untouched), (303, "/not-me", 200));
    for words in ["Was this you?", "<strong>ada</strong>", "curl", "203.0.113.9", "everybody is signed out"] {
        assert!(page.body.contains(words), "{words}");
    }
    assert_eq!((page.status, done.status, done.location()), (200, 303, "/reset"));
    assert!(
        form.body.contains("Everybody is signed out of your account") && form.body.contains("new password")
    );
    assert!(is_out_within_a_second(&mut copy).await);
    for browser in [&mut thief, &mut desk] {
        assert_eq!(browser.get("/dashboard").await.status, 303);
    }
    assert!(!signs_in(&app, "ada", PASSWORD).await);
    assert_eq!(thief.sign_in("ada").await.status, 422, "not on a device that is known by now either");
    assert_eq!(send(&mut phone, OTHER_PASSWORD).await.location(), "/login");
    assert!(signs_in(&app, "ada", OTHER_PASSWORD).await);

    let events = events(&app, &ada).await;
    let disowned = events.iter().find(|event| event.kind == EventKind::LoginDisowned).unwrap();
    let id = disowned.session_id.clone().unwrap();
    let session = app.ask(move |conn| Session::find(conn, &id)).await.unwrap();
    assert_eq!(
        (session.user_agent.as_str(), session.revoked_because),
        ("curl/8.5.0", Some(RevokedBecause::Disowned))
    );
    assert_eq!((disowned.actor.as_str(), disowned.address.as_str()), ("stranger", "192.0.2.7"));
}

#[actix_web::test]
async fn a_second_sign_in_of_the_thief_that_nobody_was_told_of_ends_too() {
    let (app, _, _, _, link) = burgled().await;
    let mut again = stranger(&app, "curl/8.5.0", "203.0.113.9");
    again.sign_in("ada").await;
    assert_eq!(warnings(&app).await.len(), 1);

    let mut phone = app.browser();
    phone.get(&link).await;
    press(&mut phone).await;

    assert_eq!(again.get("/dashboard").await.status, 303);
}

#[actix_web::test]
async fn twenty_prefetches_change_nothing_and_the_click_after_them_works() {
    let (app, _, _, mut thief, link) = burgled().await;
    let before = dump(&app).await;

    for method in ["GET", "HEAD"].repeat(10) {
        assert_eq!(app.send(app.request(method, &link)).await.status, 303);
        let mut scanner = app.browser();
        scanner.get(&link).await;
        assert_eq!(scanner.send(app.request(method, "/not-me")).await.status, 200);
    }

    assert_eq!((dump(&app).await == before, thief.get("/dashboard").await.status), (true, 200));
    let mut phone = app.browser();
    phone.get(&link).await;
    assert_eq!(press(&mut phone).await.location(), "/reset");
}

#[actix_web::test]
async fn the_same_link_fifty_times_at_once_works_once() {
    let (app, ada, _, _, link) = burgled().await;
    let mut browsers: Vec<Browser> = (0..50).map(|_| app.browser()).collect();
    for browser in &mut browsers {
        browser.get(&link).await;
    }

    let answers = join_all(browsers.iter_mut().map(press)).await;

    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(303), count(410)), (1, 49));
    let events = events(&app, &ada).await;
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::LoginDisowned).count(), 1);
}

#[actix_web::test]
async fn used_expired_tampered_and_foreign_links_are_gone_and_show_a_way_on() {
    let (app, ada, _, _, link) = burgled().await;
    let reset = reset_token(&app, &ada).await;
    let mut phone = app.browser();
    phone.get(&link).await;

    let tampered = format!("{}x", &link[..link.len() - 1]);
    for path in [tampered.as_str(), "/not-me/x", "/not-me/%00", "/not-me", &format!("/not-me/{reset}")] {
        assert!(is_gone(&app.browser().get(path).await), "{path}");
    }
    assert!(is_gone(&press(&mut app.browser()).await), "without a link");
    assert_eq!(
        app.browser().get(&link.replace("/not-me/", "/reset/")).await.status,
        410,
        "it resets nothing"
    );
    app.pass(7 * 24 * 60 * 60 - 60);
    assert_eq!(app.browser().get(&link).await.status, 303);
    app.pass(120);
    for late in [app.browser().get(&link).await, phone.get("/not-me").await] {
        assert!(is_gone(&late));
    }

    let (app, _, _, _, link) = burgled().await;
    let mut phone = app.browser();
    phone.get(&link).await;
    let mut copy = phone.clone();
    press(&mut phone).await;
    for used in [
        app.browser().get(&link).await,
        copy.get("/not-me").await,
        press(&mut copy).await,
        press(&mut phone).await,
    ] {
        assert!(is_gone(&used));
    }
}

#[actix_web::test]
async fn its_time_begins_when_the_mail_leaves() {
    let (app, _, _) = house().await;
    stranger(&app, "curl/8.5.0", "203.0.113.9").sign_in("ada").await;

    app.pass(6 * 24 * 60 * 60);
    let link = links(&app).await.remove(0);
    app.pass(2 * 24 * 60 * 60);

    assert_eq!(app.browser().get(&link).await.status, 303);
}

#[actix_web::test]
async fn each_mail_has_a_link_of_its_own_that_no_later_one_voids() {
    let (app, _, _, _, first) = burgled().await;
    stranger(&app, "wget/1", "203.0.113.10").sign_in("ada").await;
    let second = links(&app).await.remove(0);
    assert_ne!(first, second);

    for link in [&first, &second] {
        let mut phone = app.browser();
        phone.get(link).await;
        assert_eq!(press(&mut phone).await.location(), "/reset");
    }
}

#[actix_web::test]
async fn a_thief_who_changes_the_password_first_is_put_out_all_the_same() {
    let (app, ada, _, mut thief, link) = burgled().await;
    thief.get(&format!("/reset/{}", reset_token(&app, &ada).await)).await;
    send(&mut thief, OTHER_PASSWORD).await;
    assert_eq!(thief.submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await.status, 303);

    let mut phone = app.browser();
    phone.get(&link).await;
    press(&mut phone).await;

    assert_eq!(thief.get("/dashboard").await.status, 303);
    assert!(!signs_in(&app, "ada", OTHER_PASSWORD).await);
}

#[actix_web::test]
async fn once_the_address_is_another_it_shuts_the_account_and_gives_nobody_a_new_password() {
    for change in ["email_folded = 'eve@example.org', email = 'eve@example.org'", "email_verified_at = NULL"]
    {
        let (app, _, _, mut thief, link) = burgled().await;
        app.execute(&format!("UPDATE users SET {change}")).await;

        let mut phone = app.browser();
        phone.get(&link).await;
        let done = press(&mut phone).await;

        assert_eq!((done.status, done.location()), (303, "/login"), "{change}");
        assert!(phone.follow(done).await.body.contains("Its e-mail address was changed since"));
        assert_eq!((thief.get("/dashboard").await.status, phone.get("/reset").await.status), (303, 410));
        assert!(!signs_in(&app, "ada", PASSWORD).await);
    }
}

#[actix_web::test]
async fn of_an_account_that_is_disabled_it_says_nothing_and_does_nothing() {
    let (app, ada, _, _, link) = burgled().await;
    let mut phone = app.browser();
    phone.get(&link).await;
    disable(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    let before = dump(&app).await;

    for answer in [app.browser().get(&link).await, phone.get("/not-me").await, press(&mut phone).await] {
        assert!(is_gone(&answer), "{}", answer.body);
        assert!(!answer.body.contains("<strong>ada"));
    }

    assert_eq!(dump(&app).await, before);
}

#[actix_web::test]
async fn another_sites_page_cannot_press_the_button() {
    let (app, _, _, mut thief, link) = burgled().await;
    let mut phone = app.browser();
    phone.get(&link).await;

    let request = app.request("POST", "/not-me").insert_header(("sec-fetch-site", "cross-site"));
    let forged = phone.send(request).await;

    assert_eq!((forged.status, thief.get("/dashboard").await.status), (403, 200));
}

#[actix_web::test]
async fn the_token_is_in_no_page_no_header_no_cookie_and_no_table() {
    let (app, _, _, _, link) = burgled().await;
    let token = link.trim_start_matches("/not-me/");
    let mut phone = app.browser();

    let opened = phone.get(&link).await;
    let page = phone.get("/not-me").await;
    assert!(!dump(&app).await.contains(token));
    let done = press(&mut phone).await;

    for answer in [opened, page, done] {
        assert!(!answer.body.contains(token) && !format!("{:?}", answer.headers).contains(token));
    }
    assert!(phone.cookies.values().all(|value| !value.contains(token)));
}
