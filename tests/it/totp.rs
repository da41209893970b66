//! Two-step sign-in with an authenticator app: on and off.

use vestibule::clock::Timestamp;
use vestibule::credentials::totp::TotpSecret;
use vestibule::models::{RecoveryCode, TotpFactor, User};

use crate::forgot::proven;
use crate::schema::dump;
use crate::support::{Answer, Browser, TestApp};

/// What an app would have read from the page.
pub struct Phone(TotpSecret);

impl Phone {
    /// Scans the page.
    pub fn scan(page: &str) -> Self {
        let key = page.split("<code class=\"key\">").nth(1).expect("a key").split('<').next().unwrap();
        let bytes = totp_rs::Secret::try_from_base32(key.replace(' ', "")).unwrap();
        Self(TotpSecret::from_bytes(bytes.as_bytes()).unwrap())
    }

    pub fn code(&self, now: Timestamp) -> String {
        self.0.code(now)
    }
}

/// Turns it on for whoever is signed in here; their phone, and the recovery codes.
pub async fn enrol(app: &TestApp, browser: &mut Browser) -> (Phone, Vec<String>) {
    assert_eq!(browser.submit("/account/totp/begin", &[]).await.status, 303);
    let phone = Phone::scan(&browser.get("/account/totp").await.body);
    let done = confirm(app, browser, &phone).await;
    assert_eq!((done.status, done.location()), (303, "/account/recovery-codes"), "{}", done.body);
    let page = browser.get("/account/recovery-codes").await.body;
    (phone, codes(&page))
}

async fn confirm(app: &TestApp, browser: &mut Browser, phone: &Phone) -> Answer {
    browser.submit("/account/totp", &[("code", &phone.code(app.now()))]).await
}

fn codes(page: &str) -> Vec<String> {
    page.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

async fn factor(app: &TestApp, user: &User) -> Option<TotpFactor> {
    let id = user.id.clone();
    app.ask(move |conn| TotpFactor::find(conn, &id)).await
}

#[actix_web::test]
async fn it_is_turned_on_by_a_code_of_the_key_that_was_shown_and_brings_ten_recovery_codes_once() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", "ada@example.org").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let (mut elsewhere, stolen) = (app.browser(), browser.clone());
    elsewhere.sign_in("ada").await;
    assert!(browser.get("/account/totp").await.body.contains("It is off."));

    let (_, codes) = enrol(&app, &mut browser).await;

    let on = browser.get("/account/totp").await.body;
    assert!(on.contains("It has been on since") && on.contains("10 of 10 recovery codes are left"), "{on}");
    assert_eq!(codes.len(), 10);
    assert_eq!(elsewhere.get("/dashboard").await.status, 303, "signed out elsewhere");
    assert_eq!(stolen.clone().get("/dashboard").await.status, 303, "a copy from before is worth nothing");
    assert_eq!(browser.get("/dashboard").await.status, 200);
    let file = browser.submit("/account/recovery-codes/download", &[]).await;
    assert!(file.header("content-disposition").starts_with("attachment;"));
    assert!(codes.iter().all(|code| file.body.contains(code)), "{}", file.body);
    browser.submit("/account/recovery-codes/saved", &[]).await;
    let later = browser.get("/account/recovery-codes").await.body;
    assert!(!codes.iter().any(|code| later.contains(code)) && later.contains("10 of 10 are left"), "{later}");
    let mails = app.mails().await;
    assert!(mails[0].1.text.contains("was turned on for your account ada"), "{}", mails[0].1.text);
    assert!(factor(&app, &ada).await.unwrap().confirmed_at.is_some());
}

#[actix_web::test]
async fn until_a_code_was_typed_the_key_counts_for_nothing_and_stays_the_same() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    browser.submit("/account/totp/begin", &[]).await;
    let shown = browser.get("/account/totp").await.body;

    let wrong = browser.submit("/account/totp", &[("code", "000000")]).await;
    browser.submit("/account/totp/begin", &[]).await;
    let again = browser.get("/account/totp").await.body;

    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("That code is not right. Codes change every 30 seconds"), "{}", wrong.body);
    let key = |page: &str| page.split("<code class=\"key\">").nth(1).unwrap()[..39].to_owned();
    assert_eq!(key(&shown), key(&again));
    assert_eq!(key(&wrong.body), key(&shown));
    assert!(factor(&app, &ada).await.unwrap().confirmed_at.is_none());
    app.pass(31 * 60);
    browser.sign_in("ada").await;
    let late = confirm(&app, &mut browser, &Phone::scan(&shown)).await;
    assert_eq!((late.status, late.location()), (303, "/account/totp"));
    assert!(browser.get("/account/totp").await.body.contains("This took too long."));
}

#[actix_web::test]
async fn it_is_turned_off_with_its_codes_and_the_person_is_told() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", "ada@example.org").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    enrol(&app, &mut browser).await;
    let id = ada.id.clone();

    let off = browser.submit("/account/totp/remove", &[]).await;

    assert_eq!((off.status, off.location()), (303, "/account/totp"));
    assert!(browser.get("/account/totp").await.body.contains("It is off."));
    assert!(factor(&app, &ada).await.is_none());
    assert!(app.ask(move |conn| RecoveryCode::list(conn, &id)).await.is_empty());
    assert!(app.mails().await[0].1.text.contains("was turned off"));
    assert_eq!(browser.submit("/account/totp/remove", &[]).await.status, 303);
}

#[actix_web::test]
async fn nobody_changes_it_without_a_fresh_proof_or_sees_the_key() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    browser.submit("/account/totp/begin", &[]).await;
    app.pass(21 * 60);

    for path in ["/account/totp", "/account/recovery-codes"] {
        assert!(browser.get(path).await.location().starts_with("/reauth?next="), "{path}");
    }
    for path in ["/account/totp/begin", "/account/totp/remove", "/account/recovery-codes"] {
        let answer = browser.submit(path, &[]).await;
        assert!(answer.location().starts_with("/reauth?next=%2Faccount%2F"), "{path} {}", answer.location());
        let stranger = app.browser().submit(path, &[]).await;
        assert!(stranger.location().starts_with("/login"), "{path} {}", stranger.location());
    }
    assert!(factor(&app, &ada).await.unwrap().confirmed_at.is_none());
}

#[actix_web::test]
async fn a_dump_holds_no_key_and_no_code_and_a_secret_moved_to_another_row_does_not_open() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let mut codes_of = Vec::new();
    let mut keys = Vec::new();
    for name in ["ada", "bob"] {
        let mut browser = app.browser();
        browser.sign_in(name).await;
        let (phone, codes) = enrol(&app, &mut browser).await;
        codes_of.extend(codes);
        keys.push(phone);
    }

    let stolen = dump(&app).await.to_lowercase();

    for code in &codes_of {
        assert!(!stolen.contains(code) && !stolen.contains(&code.replace('-', "")), "{code}");
    }
    for phone in &keys {
        let hex: String = phone.0.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!stolen.contains(&hex));
        assert!(!stolen.contains(&phone.0.in_groups().replace(' ', "").to_lowercase()));
    }
    let sealed = |factor: TotpFactor| (factor.sealed_secret, factor.user_id);
    let (of_ada, of_bob) =
        (sealed(factor(&app, &ada).await.unwrap()), sealed(factor(&app, &bob).await.unwrap()));
    let place = |user| format!("totp_factors.sealed_secret {user}");
    assert!(app.vestibule.totp_secrets.open(&of_ada.0, &place(&of_ada.1)).is_some());
    assert!(app.vestibule.totp_secrets.open(&of_ada.0, &place(&of_bob.1)).is_none());
}
