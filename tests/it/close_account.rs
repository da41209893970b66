//! `/account/close`: the way out, and the way back.

use std::time::Duration;

use vestibule::flows::caller::Caller;
use vestibule::flows::{delete_account, housekeeping, reset_password};
use vestibule::models::{Purpose, Role, User};

use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

pub const A_WEEK: i64 = 7 * 24 * 3600;

pub async fn stage() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.register_as("ada", "ada@example.org", Role::User).await;
    app.execute("UPDATE users SET email_verified_at = 1").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    (app, ada)
}

pub async fn close(browser: &mut Browser, name: &str) -> Answer {
    browser.submit("/account/close", &[("confirmation", name)]).await
}

pub async fn row(app: &TestApp, name: &'static str) -> Option<User> {
    app.ask(move |conn| User::find_by_username(conn, name)).await
}

#[actix_web::test]
async fn the_page_says_what_goes_and_when() {
    let (app, mut ada) = stage().await;

    let page = ada.get("/account/close").await;

    assert_eq!(page.status, 200);
    let until = (app.now() + Duration::from_hours(7 * 24)).in_words();
    for words in
        [&until, "signed out everywhere", "Type your username, ada,", "username is free again", "365 days"]
    {
        assert!(page.body.contains(words), "{words}");
    }
    app.pass(10 * 60 + 1);
    let late = ada.get("/account/close").await;
    assert_eq!((late.status, late.location()), (303, "/reauth?next=%2Faccount%2Fclose"));
}

#[actix_web::test]
async fn another_name_than_ones_own_closes_nothing() {
    let (app, mut ada) = stage().await;
    app.register("bob").await;
    let before = dump(&app).await;

    for name in ["", " ", "ad", "adaa", "bob", "ada@example.org", "ada\u{0}"] {
        let answer = close(&mut ada, name).await;

        assert_eq!(answer.status, 422, "{name:?}");
        assert!(answer.body.contains("That is not your username. Type it as it stands above."), "{name:?}");
        assert!(answer.body.contains("<title>Error: Close your account"));
    }
    assert_eq!(dump(&app).await, before);
    assert_eq!(close(&mut ada, " ADA ").await.status, 303, "as sign-in reads it");
}

#[actix_web::test]
async fn it_needs_a_fresh_proof_and_what_was_typed_waits_for_it() {
    let (app, mut ada) = stage().await;
    app.pass(20 * 60 + 1);

    let answer = close(&mut ada, "ada").await;

    assert_eq!((answer.status, answer.location()), (303, "/reauth?next=%2Faccount%2Fclose"));
    assert_eq!(row(&app, "ada").await.unwrap().closed_at, None);
    ada.follow(answer).await;
    let answer = ada.submit("/reauth", &[("password", PASSWORD)]).await;
    assert!(ada.follow(answer).await.body.contains("value=\"ada\""));
    assert_eq!(close(&mut ada, "ada").await.status, 303);
    let stranger = close(&mut app.browser(), "ada").await;
    assert_eq!((stranger.status, stranger.location()), (303, "/login?next=%2Faccount%2Fclose"));
}

#[actix_web::test]
async fn every_copied_cookie_and_token_is_refused_at_once_here_and_on_another_node() {
    let (app, mut ada) = stage().await;
    let other = app.another_node().await;
    let (mut phone, program) = (app.browser(), app.program());
    phone.sign_in("ada").await;
    let token =
        program.post("/login", &serde_json::json!({ "username": "ada", "password": PASSWORD })).await.json();
    let token = token["token"].as_str().unwrap().to_owned();
    let mut thief = ada.clone();
    for browser in [&mut ada, &mut phone, &mut thief] {
        assert_eq!(browser.get("/dashboard").await.status, 200, "remembered");
    }
    let bears = |app: &TestApp| {
        let request =
            app.request("GET", "/api/session").insert_header(("authorization", format!("Bearer {token}")));
        let app = app.clone();
        async move { app.send(request).await.status }
    };
    let cookie = ada.token();
    let shows = |app: &TestApp| {
        let request =
            app.request("GET", "/dashboard").insert_header(("cookie", format!("vestibule={cookie}")));
        let app = app.clone();
        async move { app.send(request.insert_header(("accept", "text/html"))).await.status }
    };
    assert_eq!((bears(&app).await, bears(&other).await, shows(&other).await), (200, 200, 200));

    let answer = close(&mut ada, "ada").await;

    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(answer.cookie("vestibule").unwrap().value().is_empty());
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert_eq!((bears(&app).await, shows(&app).await), (401, 303));
    for browser in [&mut phone, &mut thief] {
        assert_eq!(browser.get("/dashboard").await.location(), "/login?next=%2Fdashboard");
        assert_eq!(close(browser, "ada").await.location(), "/login?next=%2Faccount%2Fclose");
    }
    let mut waited = Duration::ZERO;
    while bears(&other).await == 200 || shows(&other).await == 200 {
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        waited += Duration::from_millis(50);
        assert!(waited < Duration::from_secs(1), "another node still lets them in");
    }
    let rows = dump(&app).await;
    assert_eq!(
        rows.matches("account_closed").count(),
        3 + 1 + 1,
        "three sessions, one event, one mail: {rows}"
    );
}

#[actix_web::test]
async fn the_goodbye_says_until_when_and_so_does_the_mail() {
    let (app, mut ada) = stage().await;
    let until = (app.now() + Duration::from_hours(7 * 24)).in_words();

    let answer = close(&mut ada, "ada").await;

    let page = ada.follow(answer).await.body;
    assert!(
        page.contains(&format!("Your account is closed. Sign in before {until} if you want to keep it.")),
        "{page}"
    );
    let mails = app.mails().await;
    let (mail, letter) = &mails[0];
    assert_eq!((mails.len(), mail.recipient.as_str()), (1, "ada@example.org"));
    assert_eq!(letter.subject, "Your account for Vestibule is closed");
    for part in [&letter.text, &letter.html] {
        for words in
            [until.as_str(), "http://localhost:8080/login", "http://localhost:8080/forgot", "192.0.2.7"]
        {
            assert!(part.contains(words), "{words}: {part}");
        }
    }
}

#[actix_web::test]
async fn an_address_that_nobody_has_proven_gets_no_mail_and_a_former_one_that_may_be_restored_does() {
    let (app, mut ada) = stage().await;
    app.execute("UPDATE users SET email_verified_at = NULL").await;
    let (id, now) = (row(&app, "ada").await.unwrap().id, app.now().seconds());
    for (name, address, ends, used) in [
        ("a", "Former@example.net", now + 1, "NULL"),
        ("b", "used@example.net", now + 1, "1"),
        ("c", "over@example.net", now, "NULL"),
    ] {
        app.execute(&format!(
            "INSERT INTO one_time_tokens (digest, purpose, user_id, created_at, expires_at, used_at, email_folded, email) \
             VALUES ('{name}', 'restore_email', '{id}', 1, {ends}, {used}, lower('{address}'), '{address}')"
        ))
        .await;
    }

    close(&mut ada, "ada").await;

    let recipients: Vec<_> = app.mails().await.into_iter().map(|(mail, _)| mail.recipient).collect();
    assert_eq!(recipients, ["Former@example.net"]);
    let kept = app.ask(move |conn| vestibule::models::OneTimeToken::list(conn, &id)).await;
    assert!(
        kept.iter().any(|link| link.digest == "a" && link.purpose == Purpose::RestoreEmail),
        "a thief cannot close it away"
    );
}

#[actix_web::test]
async fn signing_in_opens_it_again_on_the_page_and_by_json() {
    for by_json in [false, true] {
        let (app, mut ada) = stage().await;
        close(&mut ada, "ada").await;
        app.pass(A_WEEK - 1);

        if by_json {
            let credentials = serde_json::json!({ "username": "ada", "password": PASSWORD });
            assert_eq!(app.program().post("/login", &credentials).await.status, 200);
        } else {
            let answer = ada.sign_in("ada@example.org").await;
            let page = ada.follow(answer).await;
            assert!(page.status == 200 && page.body.contains("Welcome back. Your account is open again."));
            assert!(page.body.contains("Account opened again") && page.body.contains("Account closed"));
        }

        assert_eq!(row(&app, "ada").await.unwrap().closed_at, None);
        let mails = app.mails().await;
        let told = |subject: &str| mails.iter().filter(|(_, letter)| letter.subject == subject).count();
        assert_eq!(told("Your account for Vestibule is open again"), 1, "{mails:?}");
        app.pass(2 * A_WEEK);
        housekeeping::run(&app.vestibule, app.now()).await.unwrap();
        assert!(row(&app, "ada").await.is_some());
        let answer = ada.sign_in("ada").await;
        assert!(!ada.follow(answer).await.body.contains("Welcome back"), "once");
    }
}

#[actix_web::test]
async fn nothing_tells_a_stranger_that_an_account_is_closed() {
    let (app, mut ada) = stage().await;
    app.register("bob").await;
    close(&mut ada, "ada").await;
    let same = |answer: Answer| {
        let body = answer.body.replace("bob", "ada");
        (
            answer.status,
            body.split("nonce=\"")
                .map(|part| part.split_once('"').map_or(part, |(_, rest)| rest).to_owned())
                .collect::<Vec<_>>(),
        )
    };

    for path in ["/login", "/register", "/forgot"] {
        let mut answers = Vec::new();
        for name in ["ada", "bob"] {
            let fields: Vec<(&str, &str)> = match path {
                "/login" => vec![("login", name), ("password", OTHER_PASSWORD)],
                "/register" => vec![("username", name), ("email", ""), ("password", PASSWORD)],
                _ => vec![("email", if name == "ada" { "ada@example.org" } else { "bob@example.org" })],
            };
            answers.push(same(app.browser().submit(path, &fields).await));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
    assert!(row(&app, "ada").await.unwrap().closed_at.is_some(), "a wrong password opens nothing");
}

#[actix_web::test]
async fn a_reset_link_works_and_does_not_open_it() {
    let (app, mut ada) = stage().await;
    close(&mut ada, "ada").await;
    let user = row(&app, "ada").await.unwrap();
    let link =
        reset_password::issue_link(&app.vestibule, &user, &Caller::operator(), app.now()).await.unwrap();

    ada.get(&format!("/reset/{}", link.expose())).await;
    let answer = ada.submit("/reset", &[("username", "ada"), ("password", OTHER_PASSWORD)]).await;

    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(row(&app, "ada").await.unwrap().closed_at.is_some());
    assert_eq!(ada.sign_in("ada").await.status, 422, "the old password");
    let answer = ada.submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    assert!(ada.follow(answer).await.body.contains("Welcome back"));
}

#[actix_web::test]
async fn links_from_before_are_void_and_whoever_was_disabled_meanwhile_stays_out() {
    let (app, mut ada) = stage().await;
    let user = row(&app, "ada").await.unwrap();
    let link =
        reset_password::issue_link(&app.vestibule, &user, &Caller::operator(), app.now()).await.unwrap();

    close(&mut ada, "ada").await;

    assert_eq!(app.browser().get(&format!("/reset/{}", link.expose())).await.status, 410);
    app.execute("UPDATE users SET disabled_at = 1").await;
    assert_eq!(ada.sign_in("ada").await.status, 422);
    assert!(row(&app, "ada").await.unwrap().closed_at.is_some());
}

#[actix_web::test]
async fn when_the_time_is_over_signing_in_is_as_if_nobody_were_there() {
    let (app, mut ada) = stage().await;
    close(&mut ada, "ada").await;
    app.pass(A_WEEK);

    let answer = ada.sign_in("ada").await;

    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("That name and password do not go together."));
    assert!(row(&app, "ada").await.unwrap().closed_at.is_some(), "until housekeeping comes");
}

#[actix_web::test]
async fn an_operator_deletes_at_once_and_nobody_is_let_in_any_more() {
    let (app, mut ada) = stage().await;
    assert_eq!(ada.get("/dashboard").await.status, 200);
    let id = row(&app, "ada").await.unwrap().id;

    assert!(delete_account::by_operator(&app.vestibule, &id, &Caller::operator(), app.now()).await.unwrap());

    assert_eq!(ada.get("/dashboard").await.status, 303);
    assert_eq!(ada.sign_in("ada").await.status, 422);
    assert!(!delete_account::by_operator(&app.vestibule, &id, &Caller::operator(), app.now()).await.unwrap());
    app.pass(2 * 3600);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
    assert!(!dump(&app).await.contains(id.as_str()));
}
