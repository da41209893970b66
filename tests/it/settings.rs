//! `/account/settings`: what one may choose for oneself.

use vestibule::models::User;

use crate::schema::dump;
use crate::support::{Browser, TestApp};

async fn stage() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    (app, ada)
}

async fn row(app: &TestApp, name: &'static str) -> User {
    app.ask(move |conn| User::find_by_username(conn, name)).await.unwrap()
}

async fn name(browser: &mut Browser, name: &str) -> crate::support::Answer {
    browser.submit("/account/settings/name", &[("display_name", name)]).await
}

async fn zone(browser: &mut Browser, zone: &str) -> crate::support::Answer {
    browser.submit("/account/settings/time-zone", &[("time_zone", zone)]).await
}

async fn events(app: &TestApp) -> usize {
    dump(app).await.matches("settings_changed").count()
}

#[actix_web::test]
async fn the_account_begins_with_the_settings_and_strangers_sign_in_first() {
    let (app, mut ada) = stage().await;

    let home = ada.get("/account").await;
    assert_eq!((home.status, home.location()), (303, "/account/settings"));
    let page = ada.follow(home).await;
    assert_eq!(page.status, 200);
    for way in ["email", "password", "sessions", "activity", "export", "close"] {
        assert!(page.body.contains(&format!("<a href=\"/account/{way}\">")), "{way}");
    }
    assert!(page.body.contains("href=\"/account/settings\" aria-current=\"page\""));
    for path in ["/account", "/account/settings"] {
        let answer = app.browser().get(path).await;
        assert!(answer.status == 303 && answer.location().starts_with("/login?next="), "{path}");
    }
}

#[actix_web::test]
async fn a_name_is_used_on_every_page_at_once_and_can_be_taken_back() {
    let (app, mut ada) = stage().await;
    ada.get("/dashboard").await;

    let answer = name(&mut ada, "  Ada Lovelace ").await;

    assert_eq!((answer.status, answer.location()), (303, "/account/settings"));
    let page = ada.follow(answer).await.body;
    assert!(page.contains("Your name is saved.") && page.contains("value=\"Ada Lovelace\""));
    let dashboard = ada.get("/dashboard").await.body;
    assert!(dashboard.contains("<h1>Hello, Ada Lovelace</h1>") && dashboard.contains("Settings changed"));
    assert!(dashboard.contains("Signed in as </span>Ada Lovelace"));
    assert!(dashboard.contains("<strong>ada</strong>"), "the username is still told");
    assert_eq!(events(&app).await, 1);
    name(&mut ada, "Ada Lovelace").await;
    assert_eq!(events(&app).await, 1, "nothing was changed");

    name(&mut ada, " ").await;
    assert!(ada.get("/dashboard").await.body.contains("<h1>Hello, ada</h1>"));
    assert_eq!((row(&app, "ada").await.display_name, events(&app).await), (None, 2));
}

#[actix_web::test]
async fn a_name_that_cannot_be_is_refused_and_given_back_to_be_mended() {
    let (app, mut ada) = stage().await;
    name(&mut ada, "Ada").await;
    let before = dump(&app).await;

    for typed in [
        "a".repeat(65),
        "😀".repeat(65),
        "Ada\u{202e}eeb".to_owned(),
        "Ada\nLovelace".to_owned(),
        "\u{0}".to_owned(),
    ] {
        let answer = name(&mut ada, &typed).await;

        assert_eq!(answer.status, 422, "{typed:?}");
        assert!(answer.body.contains("<title>Error: Settings"), "{typed:?}");
        assert!(
            answer.body.contains("id=\"display_name-error\"")
                && answer.body.contains("href=\"#display_name\"")
        );
        assert!(!typed.contains('a') || answer.body.contains(&typed), "{typed:?}");
    }
    assert_eq!(dump(&app).await, before);
    for typed in ["a".repeat(64), "😀".repeat(64)] {
        assert_eq!(name(&mut ada, &typed).await.status, 303);
        assert_eq!(row(&app, "ada").await.display_name, Some(typed));
    }
}

#[actix_web::test]
async fn a_name_full_of_html_is_only_a_name() {
    let (_app, mut ada) = stage().await;

    name(&mut ada, "\"><script>alert(1)</script>").await;

    for path in ["/dashboard", "/account/settings", "/logout", "/reauth"] {
        let page = ada.get(path).await.body;
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("&#60;script&#62;alert(1)"), "{path}");
    }
}

#[actix_web::test]
async fn times_are_shown_on_the_clocks_of_the_chosen_zone() {
    let (app, mut ada) = stage().await;
    // 22 Nov 2026, 14:32 UTC, is 23:32 in Tokyo.
    app.pass(1_795_357_920 - app.now().seconds());
    ada.sign_in("ada").await;
    assert!(ada.get("/account/settings").await.body.contains("22 Nov 2026, 14:32 UTC"));

    let answer = zone(&mut ada, "Asia/Tokyo").await;

    assert!(ada.follow(answer).await.body.contains("Your time zone is saved."));
    let page = ada.get("/account/settings").await.body;
    assert!(page.contains("22 Nov 2026, 23:32 JST") && page.contains("<option selected>Asia/Tokyo</option>"));
    assert!(ada.get("/dashboard").await.body.contains("JST"));
    zone(&mut ada, "America/St_Johns").await;
    assert!(ada.get("/account/settings").await.body.contains("22 Nov 2026, 11:02 NST"));
    zone(&mut ada, "").await;
    assert_eq!((row(&app, "ada").await.time_zone, events(&app).await), (None, 3));
}

#[actix_web::test]
async fn a_zone_that_is_none_is_refused() {
    let (app, mut ada) = stage().await;
    zone(&mut ada, "Europe/Rome").await;

    for typed in
        ["Europe/Atlantis", "europe/rome", "../../../etc/passwd", "<b>", "Europe/Rome\u{0}", "+01:00", "UTC0"]
    {
        let answer = zone(&mut ada, typed).await;

        assert_eq!(answer.status, 422, "{typed}");
        assert!(answer.body.contains("We do not know that time zone. Choose one from the list."));
        assert!(answer.body.contains("<option selected>Europe/Rome</option>"), "{typed}");
    }
    assert_eq!(row(&app, "ada").await.time_zone.as_deref(), Some("Europe/Rome"));
    assert_eq!(zone(&mut ada, "US/Eastern").await.status, 303);
    let page = ada.get("/account/settings").await.body;
    assert!(
        page.contains("<optgroup label=\"Elsewhere\">")
            && page.contains("<option selected>US/Eastern</option>")
    );
}

#[actix_web::test]
async fn what_one_person_sets_changes_nothing_for_another() {
    let (app, mut ada) = stage().await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;

    name(&mut ada, "The Countess").await;
    zone(&mut ada, "Asia/Tokyo").await;

    let bob_row = row(&app, "bob").await;
    assert_eq!((bob_row.display_name, bob_row.time_zone), (None, None));
    for path in ["/dashboard", "/account/settings"] {
        let page = bob.get(path).await.body;
        assert!(!page.contains("Countess") && !page.contains("JST"), "{path}");
    }
}

#[actix_web::test]
async fn what_was_typed_waits_while_its_owner_signs_in_again_and_for_nobody_else() {
    let (app, mut ada) = stage().await;
    app.register("bob").await;
    app.pass(13 * 3600);

    let answer = name(&mut ada, "Ada Lovelace").await;

    assert_eq!((answer.status, answer.location()), (303, "/login?next=%2Faccount%2Fsettings"));
    assert_eq!(row(&app, "ada").await.display_name, None, "nothing is done behind their back");
    let mut thief = ada.clone();
    ada.get("/login?next=%2Faccount%2Fsettings").await;
    let answer = ada.sign_in("ada").await;
    assert!(ada.follow(answer).await.body.contains("value=\"Ada Lovelace\""));
    thief.get("/login?next=%2Faccount%2Fsettings").await;
    let answer = thief.sign_in("bob").await;
    assert!(!thief.follow(answer).await.body.contains("Ada Lovelace"));
}

#[actix_web::test]
async fn a_form_with_fields_that_are_not_there_is_refused() {
    let (app, mut ada) = stage().await;
    let before = dump(&app).await;

    for (path, fields) in [
        ("name", vec![("display_name", "Ada"), ("role", "admin")]),
        ("name", vec![("display_name", "Ada"), ("display_name", "Bob")]),
        ("name", vec![]),
        ("time-zone", vec![("time_zone", "Asia/Tokyo"), ("user", "bob")]),
        ("theme", vec![("theme", "dark"), ("x", "y")]),
    ] {
        let answer = ada.submit(&format!("/account/settings/{path}"), &fields).await;
        assert_eq!(answer.status, 400, "{path} {fields:?}");
    }
    assert_eq!(dump(&app).await, before);
}
