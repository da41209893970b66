//! Passkeys: added, signed in with, renamed, removed.

use serde_json::{Value, json};
use vestibule::clock::Timestamp;
use vestibule::models::{EventKind, Passkey, RecoveryCode, Session, User};

use crate::forgot::proven;
use crate::schema::dump;
use crate::support::{Answer, Authenticator, Browser, PASSWORD, TestApp};
use crate::verify_email::events;

/// What the server asks for at `path`.
pub async fn question(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.fetch(path, &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Sends what a device says to `question`.
pub async fn answer(browser: &mut Browser, path: &str, question: &Value, credential: &str) -> Answer {
    let ceremony = question["ceremony"].as_str().unwrap();
    browser.submit(path, &[("ceremony", ceremony), ("credential", credential)]).await
}

/// Adds the passkey of `device` for whoever is signed in here.
pub async fn add(browser: &mut Browser, device: &mut Authenticator) -> Answer {
    let asked = question(browser, "/account/passkeys/options").await;
    let credential = device.create(&asked["publicKey"]);
    answer(browser, "/account/passkeys", &asked, &credential).await
}

/// Signs in by the passkey of `device`.
pub async fn sign_in(browser: &mut Browser, device: &mut Authenticator) -> Answer {
    let asked = question(browser, "/login/passkey/options").await;
    let credential = device.sign(&asked["publicKey"]);
    answer(browser, "/login/passkey", &asked, &credential).await
}

/// The passkeys of `user`.
pub async fn passkeys(app: &TestApp, user: &User) -> Vec<Passkey> {
    let id = user.id.clone();
    app.ask(move |conn| Passkey::list(conn, &id)).await
}

/// Ada, her browser, and a device with a passkey of hers.
pub async fn stage(app: &TestApp) -> (User, Browser, Authenticator) {
    let ada = proven(app, "ada", "ada@example.org").await;
    let (mut browser, mut device) = (app.browser(), Authenticator::new());
    browser.sign_in("ada").await;
    let added = add(&mut browser, &mut device).await;
    assert_eq!((added.status, added.location()), (303, "/account/recovery-codes"), "{}", added.body);
    (ada, browser, device)
}

pub async fn amr(app: &TestApp, user: &User) -> Vec<String> {
    let (id, now, long_ago) = (user.id.clone(), app.now(), Timestamp::from_seconds(0));
    let live = app.ask(move |conn| Session::list_live(conn, &id, now, long_ago)).await;
    live.into_iter().map(|session| session.amr).collect()
}

#[actix_web::test]
async fn the_first_one_brings_recovery_codes_ends_other_sessions_and_its_owner_is_told() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", "ada@example.org").await;
    let (mut browser, mut elsewhere) = (app.browser(), app.browser());
    browser.sign_in("ada").await;
    elsewhere.sign_in("ada").await;
    let stolen = browser.clone();
    assert!(browser.get("/account/passkeys").await.body.contains("You have no passkey yet."));
    let asked = question(&mut browser, "/account/passkeys/options").await;
    let options = &asked["publicKey"];
    assert_eq!((&options["rp"]["id"], &options["user"]["name"]), (&json!("localhost"), &json!("ada")));
    let wanted =
        json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&options["authenticatorSelection"][name], value, "{options}");
    }
    let algorithms: Vec<_> =
        options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].clone()).collect();
    assert!(
        algorithms.contains(&json!(-7)) && algorithms.contains(&json!(-257)),
        "{algorithms:?}: Windows Hello signs by RSA"
    );
    let mut device = Authenticator::new();
    let credential = device.create(options);

    let added = answer(&mut browser, "/account/passkeys", &asked, &credential).await;

    assert_eq!((added.status, added.location()), (303, "/account/recovery-codes"), "{}", added.body);
    let shown = browser.get("/account/recovery-codes").await.body;
    assert!(shown.contains("Add a second one in case you lose this device."), "{shown}");
    let id = ada.id.clone();
    assert_eq!(app.ask(move |conn| RecoveryCode::list(conn, &id)).await.len(), 10);
    assert_eq!(elsewhere.get("/dashboard").await.status, 303, "signed out elsewhere");
    assert_eq!(stolen.clone().get("/dashboard").await.status, 303, "a copy from before is worth nothing");
    assert_eq!(amr(&app, &ada).await, ["pwd hwk user mfa"]);
    let row = passkeys(&app, &ada).await.remove(0);
    assert!(row.name.starts_with("Firefox on Linux, ") && row.aaguid.is_none() && !row.is_synced, "{row:?}");
    let mails = app.mails().await;
    assert!(mails[0].1.text.contains("Something new to sign in with was added"), "{}", mails[0].1.text);
    assert!(mails[0].1.text.contains("the passkey “Firefox on Linux"), "{}", mails[0].1.text);
    let added = events(&app, &ada.id).await.into_iter().find(|event| event.kind == EventKind::FactorAdded);
    assert_eq!(added.unwrap().detail.as_deref(), Some("passkey"));
}

#[actix_web::test]
async fn it_signs_in_alone_and_the_page_says_when() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    let page = browser.get("/account/passkeys").await.body;
    assert!(page.contains("not used yet") && page.contains("On one device only"), "{page}");
    let asked = question(&mut app.browser(), "/login/passkey/options").await;
    let options = &asked["publicKey"];
    assert_eq!(
        (&options["allowCredentials"], &options["userVerification"]),
        (&json!([]), &json!("required"))
    );
    assert_eq!((&options["rpId"], asked.get("mediation")), (&json!("localhost"), None));
    let mut phone = app.browser();
    phone.get("/login?next=/account/sessions").await;

    let done = sign_in(&mut phone, &mut device).await;

    assert_eq!((done.status, done.location()), (303, "/account/sessions"), "{}", done.body);
    assert_eq!(phone.get("/dashboard").await.status, 200);
    assert!(!phone.cookies.contains_key("vestibule-refresh"));
    assert!(amr(&app, &ada).await.contains(&"hwk user mfa".to_owned()));
    let row = passkeys(&app, &ada).await.remove(0);
    assert_eq!((row.sign_count, row.last_used_at), (1, Some(app.now())));
    assert!(browser.get("/account/passkeys").await.body.contains("last used"));
    assert!(browser.get("/account/activity").await.body.contains("Signed in with a passkey"));
    assert!(sign_in(&mut phone, &mut device).await.location() == "/dashboard", "and again");
}

#[actix_web::test]
async fn whoever_ticks_the_box_stays_signed_in_and_the_session_before_ends() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    let asked = question(&mut browser, "/login/passkey/options").await;
    let (ceremony, credential) = (asked["ceremony"].as_str().unwrap(), device.sign(&asked["publicKey"]));
    let fields = [("ceremony", ceremony), ("credential", &credential), ("stay_signed_in", "yes")];

    assert_eq!(browser.submit("/login/passkey", &fields).await.status, 303);

    assert!(browser.cookies.contains_key("vestibule-refresh"));
    assert_eq!(amr(&app, &ada).await, ["hwk user mfa"], "one session, in place of the other");
}

#[actix_web::test]
async fn a_synced_one_of_a_known_maker_has_its_name_and_the_next_one_a_number() {
    let app = TestApp::new().await;
    let (ada, mut browser, _) = stage(&app).await;
    for _ in 0..2 {
        let mut device = Authenticator { is_synced: true, counts: false, ..Authenticator::new() };
        device.aaguid = *uuid::Uuid::parse_str("d548826e-79b4-db40-a3d8-11116f7e8349").unwrap().as_bytes();
        let added = add(&mut browser, &mut device).await;
        assert_eq!((added.status, added.location()), (303, "/account/passkeys"), "{}", added.body);
        sign_in(&mut app.browser(), &mut device).await;
        assert_eq!(sign_in(&mut app.browser(), &mut device).await.status, 303, "it does not count");
    }

    let rows = passkeys(&app, &ada).await;
    let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names[1..], ["Bitwarden", "Bitwarden (2)"]);
    assert!(rows[1].is_synced && browser.get("/account/passkeys").await.body.contains("Synced"));
    assert!(amr(&app, &ada).await.contains(&"swk user mfa".to_owned()));
}

#[actix_web::test]
async fn it_is_renamed_within_reason() {
    let app = TestApp::new().await;
    let (ada, mut browser, _) = stage(&app).await;
    let id = passkeys(&app, &ada).await.remove(0).id;
    let path = format!("/account/passkeys/{id}/rename");

    assert_eq!(browser.submit(&path, &[("name", " My <b>laptop</b> ")]).await.status, 303);
    assert!(browser.get("/account/passkeys").await.body.contains("My &#60;b&#62;laptop"));
    for (typed, words) in [
        ("", "Give the passkey a name"),
        (&"x".repeat(65), "That name is too long."),
        ("a\u{202e}b", "characters that cannot be shown"),
    ] {
        let refused = browser.submit(&path, &[("name", typed)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains(words) && refused.body.contains("aria-invalid"), "{}", refused.body);
    }
    assert_eq!(passkeys(&app, &ada).await[0].name, "My <b>laptop</b>");
}

#[actix_web::test]
async fn one_that_is_removed_opens_nothing_and_its_owner_is_told() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    let id = passkeys(&app, &ada).await.remove(0).id;
    let mut phone = app.browser();
    sign_in(&mut phone, &mut device).await;

    let removed = browser.submit(&format!("/account/passkeys/{id}/remove"), &[]).await;

    assert_eq!((removed.status, removed.location()), (303, "/account/passkeys"), "{}", removed.body);
    assert_eq!(phone.get("/dashboard").await.status, 303, "signed out where it signed in");
    let refused = sign_in(&mut phone, &mut device).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("That passkey is not known here."), "{}", refused.body);
    let forget = format!("data-unknown-passkey=\"{}\" data-rp-id=\"localhost\"", device.credential_id());
    assert!(refused.body.contains(&forget), "its device may forget it: {}", refused.body);
    assert!(app.mails().await[0].1.text.contains("was taken away from"));
    let id = ada.id.clone();
    assert!(app.ask(move |conn| RecoveryCode::list(conn, &id)).await.is_empty(), "it was the last factor");
    assert_eq!(app.browser().sign_in("ada").await.location(), "/dashboard", "the password alone will do");
}

#[actix_web::test]
async fn the_last_way_in_is_not_removed_and_the_page_says_why() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    app.execute(&format!("UPDATE users SET password_hash = NULL WHERE id = '{}'", ada.id)).await;
    let id = passkeys(&app, &ada).await.remove(0).id;
    let path = format!("/account/passkeys/{id}/remove");

    let refused = browser.submit(&path, &[]).await;

    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("This is the only way you can sign in."), "{}", refused.body);
    assert_eq!(sign_in(&mut browser, &mut device).await.status, 303);
    assert_eq!(add(&mut browser, &mut Authenticator::new()).await.status, 303);
    assert_eq!(browser.submit(&path, &[]).await.status, 303, "with another one it may go");
}

#[actix_web::test]
async fn somebody_elses_is_not_there() {
    let app = TestApp::new().await;
    let (ada, ..) = stage(&app).await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let row = passkeys(&app, &ada).await.remove(0);

    for id in [row.id.as_str(), "01890000-0000-7000-8000-000000000000", "%00"] {
        let renamed = bob.submit(&format!("/account/passkeys/{id}/rename"), &[("name", "mine")]).await;
        let removed = bob.submit(&format!("/account/passkeys/{id}/remove"), &[]).await;
        assert_eq!((renamed.status, removed.status), (404, 404), "{id}");
    }
    assert_eq!(passkeys(&app, &ada).await, [row]);
}

#[actix_web::test]
async fn nobody_adds_or_removes_one_without_a_fresh_proof() {
    let app = TestApp::new().await;
    let (ada, mut browser, _) = stage(&app).await;
    let asked = question(&mut browser, "/account/passkeys/options").await;
    let credential = Authenticator::new().create(&asked["publicKey"]);
    let id = passkeys(&app, &ada).await.remove(0).id;
    app.pass(21 * 60);

    assert_eq!(browser.get("/account/passkeys").await.location(), "/reauth?next=%2Faccount%2Fpasskeys");
    assert!(browser.get("/reauth?next=/account/passkeys").await.body.contains("to change your passkeys"));
    assert_eq!(browser.fetch("/account/passkeys/options", &json!({})).await.status, 401);
    for (path, fields) in [
        ("/account/passkeys".to_owned(), vec![("ceremony", "x"), ("credential", credential.as_str())]),
        (format!("/account/passkeys/{id}/remove"), vec![]),
    ] {
        let asked = browser.submit(&path, &fields).await;
        assert!(asked.location().starts_with("/reauth?next="), "{path} {}", asked.location());
        assert!(app.browser().submit(&path, &fields).await.location().starts_with("/login"), "{path}");
    }
    assert_eq!(passkeys(&app, &ada).await.len(), 1);
}

#[actix_web::test]
async fn an_account_has_room_for_ten() {
    let app = TestApp::new().await;
    let (ada, mut browser, _) = stage(&app).await;
    for _ in 1..9 {
        assert_eq!(add(&mut browser, &mut Authenticator::new()).await.status, 303);
    }
    // Two ask while there is room for one.
    let asked = question(&mut browser, "/account/passkeys/options").await;
    assert_eq!(asked["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 9);
    assert_eq!(add(&mut browser, &mut Authenticator::new()).await.status, 303);

    let refused = browser.fetch("/account/passkeys/options", &json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.body.contains("You have 10 passkeys, and there is room for no more."),
        "{}",
        refused.body
    );
    let credential = Authenticator::new().create(&asked["publicKey"]);
    let late = answer(&mut browser, "/account/passkeys", &asked, &credential).await;
    assert_eq!(late.status, 422, "it was asked for in the session before: {}", late.body);
    assert_eq!(passkeys(&app, &ada).await.len(), 10);
    assert!(browser.get("/account/passkeys").await.body.contains("there is room for no more"));
}

#[actix_web::test]
async fn a_program_signs_in_with_one() {
    let app = TestApp::new().await;
    let (_, _, mut device) = stage(&app).await;
    let program = app.program();
    let asked = program.post("/login/passkey/options", &json!({})).await.json();
    let document = json!({ "ceremony": asked["ceremony"], "credential": device.sign(&asked["publicKey"]) });

    let done = program.post("/api/login/passkey", &document).await;
    let again = program.post("/api/login/passkey", &document).await;

    assert_eq!(done.status, 200, "{}", done.body);
    let mut signed_in = app.program();
    signed_in.token = done.json()["token"].as_str().map(str::to_owned);
    assert_eq!(signed_in.get("/protected").await.status, 200);
    assert!(done.json()["refresh_token"].is_string());
    assert_eq!(again.status, 401, "{}", again.body);
}

#[actix_web::test]
async fn where_browsers_come_by_an_address_there_are_none_and_the_pages_say_so() {
    let app =
        TestApp::with(|config| config.server.public_url = Some("http://127.0.0.1:8080".to_owned())).await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await;

    assert!(browser.get("/account/passkeys").await.body.contains("There can be no passkeys here"));
    assert_eq!(browser.fetch("/account/passkeys/options", &json!({})).await.status, 409);
    let mut stranger = app.browser();
    assert_eq!(stranger.fetch("/login/passkey/options", &json!({})).await.status, 409);
    assert!(!stranger.get("/login").await.body.contains("Sign in with a passkey"));
}

#[actix_web::test]
async fn a_dump_holds_no_public_key_and_no_word_of_a_question() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    sign_in(&mut browser, &mut device).await;

    let stolen = dump(&app).await;

    assert!(!stolen.contains("EC_EC2") && !stolen.contains("SECP256R1") && !stolen.contains("\"challenge\""));
    let row = passkeys(&app, &ada).await.remove(0);
    let seals = &app.vestibule.passkey_seals;
    let place = |user: &str, id: &str| format!("passkeys.credential {user} {id}");
    assert!(seals.open(&row.sealed_credential, &place(ada.id.as_str(), &row.credential_id)).is_some());
    assert!(seals.open(&row.sealed_credential, &place("another", &row.credential_id)).is_none());
}
