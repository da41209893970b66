//! Two-step sign-in with an authenticator app: on and off.

use futures_util::future::join_all;
use vestibule::clock::Timestamp;
use vestibule::credentials::totp::TotpSecret;
use vestibule::id::PasskeyId;
use vestibule::models::{Event, EventKind, Passkey, RecoveryCode, TotpFactor, User};

use crate::forgot::proven;
use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

/// What an app would have read from the page.
pub struct Phone(TotpSecret);

impl Phone {
    /// Scans the page.
    pub fn scan(page: &str) -> Self {
        let bytes = totp_rs::Secret::try_from_base32(Self::key(page).replace(' ', "")).unwrap();
        Self(TotpSecret::from_bytes(bytes.as_bytes()).unwrap())
    }

    /// What whoever cannot scan types.
    pub fn key(page: &str) -> String {
        page.split("id=\"key\">").nth(1).expect("a key").split('<').next().unwrap().to_owned()
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

/// Somebody who has it on: their browser, their phone, their codes.
pub async fn enrolled(app: &TestApp, name: &str) -> (Browser, Phone, Vec<String>) {
    let mut browser = app.browser();
    browser.sign_in(name).await;
    let (phone, codes) = enrol(app, &mut browser).await;
    (browser, phone, codes)
}

async fn confirm(app: &TestApp, browser: &mut Browser, phone: &Phone) -> Answer {
    browser.submit("/account/totp", &[("code", &phone.code(app.now()))]).await
}

/// The codes on a page.
pub fn codes(page: &str) -> Vec<String> {
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
    assert!(
        !codes.iter().any(|code| later.contains(code)) && later.contains("10 of 10 left, made on"),
        "{later}"
    );
    let mails = app.mails().await;
    let told = &mails[0].1.text;
    assert!(told.contains("Something new to sign in with was added to your account ada"), "{told}");
    assert!(told.contains("an authenticator app.\n\nSigning in takes two steps, or a passkey."), "{told}");
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
    let key = |page: &str| page.split("id=\"key\">").nth(1).unwrap()[..39].to_owned();
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
    let told = app.mails().await[0].1.text.clone();
    assert!(told.contains("was taken away from your account ada"), "{told}");
    assert!(
        told.contains("your authenticator app.\n\nFrom now on your password alone signs you in."),
        "{told}"
    );
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
    let paths = ["begin", "cancel", "remove"].map(|deed| format!("/account/totp/{deed}"));
    for path in paths.iter().map(String::as_str).chain(["/account/recovery-codes"]) {
        let answer = browser.submit(path, &[]).await;
        assert!(answer.location().starts_with("/reauth?next=%2Faccount%2F"), "{path} {}", answer.location());
        let stranger = app.browser().submit(path, &[]).await;
        assert!(stranger.location().starts_with("/login"), "{path} {}", stranger.location());
    }
    let typed = browser.submit("/account/totp", &[("code", "000000")]).await;
    assert_eq!(typed.location(), "/reauth?next=%2Faccount%2Ftotp");
    assert!(factor(&app, &ada).await.unwrap().confirmed_at.is_none());
}

#[actix_web::test]
async fn a_key_that_was_cancelled_is_forgotten_and_one_that_counts_is_not() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    browser.submit("/account/totp/begin", &[]).await;
    let shown = Phone::scan(&browser.get("/account/totp").await.body);

    let cancelled = browser.submit("/account/totp/cancel", &[]).await;

    assert_eq!((cancelled.status, cancelled.location()), (303, "/account/totp"));
    assert!(factor(&app, &ada).await.is_none());
    assert_eq!(confirm(&app, &mut browser, &shown).await.location(), "/account/totp");
    enrol(&app, &mut browser).await;
    browser.submit("/account/totp/cancel", &[]).await;
    assert!(factor(&app, &ada).await.unwrap().confirmed_at.is_some());
    let again = confirm(&app, &mut browser, &shown).await;
    assert_eq!((again.status, again.location()), (303, "/account/totp"));
    assert!(browser.get("/account/totp").await.body.contains("Two-step sign-in is on already."));
}

#[actix_web::test]
async fn of_fifty_who_confirm_with_one_code_at_once_one_turns_it_on() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    browser.submit("/account/totp/begin", &[]).await;
    let code = Phone::scan(&browser.get("/account/totp").await.body).code(app.now());

    let answers = join_all((0..50).map(|_| {
        let (mut copy, code) = (browser.clone(), code.clone());
        async move { copy.submit("/account/totp", &[("code", &code)]).await }
    }));
    let answers = answers.await;

    let done = answers.iter().filter(|answer| answer.location() == "/account/recovery-codes").count();
    assert_eq!((done, answers.iter().filter(|answer| answer.status == 303).count()), (1, 50));
    let id = ada.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 99)).await;
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::FactorAdded).count(), 1);
    assert_eq!(app.ask(move |conn| RecoveryCode::list(conn, &ada.id)).await.len(), 10);
}

#[actix_web::test]
async fn ten_wrong_codes_in_a_quarter_of_an_hour_are_looked_at_and_the_page_says_when_to_come_back() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    browser.submit("/account/totp/begin", &[]).await;
    let phone = Phone::scan(&browser.get("/account/totp").await.body);

    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(browser.submit("/account/totp", &[("code", "000000")]).await.status);
    }
    let waiting = confirm(&app, &mut browser, &phone).await;

    assert_eq!((statuses, waiting.status), (vec![422; 10], 429));
    let wait: i64 = waiting.header("retry-after").parse().unwrap();
    assert!((1..=15 * 60).contains(&wait), "{wait}");
    assert!(
        waiting.body.contains("<title>Error: ")
            && waiting.body.contains("role=\"img\" aria-label=\"QR code\"")
    );
    assert_eq!(Phone::scan(&waiting.body).code(app.now()), phone.code(app.now()), "the same key");
    app.pass(wait);
    let done = confirm(&app, &mut browser, &phone).await;
    assert_eq!(done.location(), "/account/recovery-codes");
}

#[actix_web::test]
async fn with_another_phone_it_is_turned_off_and_on_again_and_the_page_says_so() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (mut browser, old_phone, old_codes) = enrolled(&app, "ada").await;

    let on = browser.get("/account/totp").await.body;
    let off = browser.submit("/account/totp/remove", &[]).await;
    let told = browser.follow(off).await.body;
    let (phone, codes) = enrol(&app, &mut browser).await;

    assert!(
        on.contains("Turn it off here, and set it up again with the new one. Your recovery codes are void"),
        "{on}"
    );
    assert!(told.contains("You can set it up with another phone now."), "{told}");
    assert_ne!(old_phone.code(app.now()), phone.code(app.now()));
    assert!(codes.len() == 10 && !codes.iter().any(|code| old_codes.contains(code)));
}

#[actix_web::test]
async fn whoever_has_a_passkey_already_has_codes_and_keeps_them_whatever_happens_to_the_app() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (mut browser, _, codes) = enrolled(&app, "ada").await;
    add_passkey(&app, &ada).await;
    browser.submit("/account/recovery-codes/saved", &[]).await;

    let off = browser.submit("/account/totp/remove", &[]).await;
    let told = browser.follow(off).await.body;
    browser.submit("/account/totp/begin", &[]).await;
    let pending = browser.get("/account/totp").await.body;
    app.pass(30);
    let on = confirm(&app, &mut browser, &Phone::scan(&pending)).await;
    let page = browser.follow(on).await.body;

    assert!(
        told.contains("Your passkeys and recovery codes stay.")
            && told.contains("You have no authenticator app.")
    );
    assert!(!pending.contains("Save recovery codes"));
    assert!(
        page.contains("Your recovery codes are those that you have.")
            && page.contains("10 of 10 recovery codes")
    );
    let digests = app.ask(move |conn| RecoveryCode::list(conn, &ada.id)).await;
    assert!(digests.len() == 10 && codes.len() == 10 && !codes.iter().any(|code| page.contains(code)));
}

/// As if they had one that nobody can use here.
pub async fn add_passkey(app: &TestApp, user: &User) {
    let (id, now) = (user.id.clone(), app.now());
    let passkey = Passkey {
        id: PasskeyId::new(),
        credential_id: format!("of {id}"),
        user_id: id,
        sealed_credential: Vec::new(),
        rp_id: "localhost".to_owned(),
        name: "Key ring".to_owned(),
        aaguid: None,
        is_synced: false,
        sign_count: 0,
        created_at: now,
        last_used_at: None,
        cloned_at: None,
    };
    let added = app.vestibule.db.write(move |conn| Ok::<_, vestibule::db::Error>(passkey.insert(conn)?));
    added.await.unwrap();
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

#[actix_web::test]
async fn a_key_that_a_thief_has_read_is_shown_to_nobody_once_the_thief_is_out() {
    for deed in ["others", "everybody", "that one", "another password", "a reset"] {
        let app = TestApp::new().await;
        let ada = crate::forgot::proven(&app, "ada", crate::forgot::ADDRESS).await;
        let (mut owner, mut thief) = (app.browser(), app.browser());
        owner.sign_in("ada").await;
        thief.sign_in("ada").await;
        thief.submit("/account/totp/begin", &[]).await;
        let read = Phone::key(&thief.get("/account/totp").await.body);
        app.pass(60);
        match deed {
            "others" => drop(owner.submit("/sessions/end-others", &[]).await),
            "everybody" => drop(owner.submit("/sessions/end-all", &[]).await),
            "that one" => {
                let session = crate::second_factor::live(&app, &ada).await;
                for session in session {
                    owner.submit(&format!("/sessions/{}/end", session.id), &[]).await;
                }
            }
            "another password" => {
                let fields =
                    [("current_password", PASSWORD), ("password", OTHER_PASSWORD), ("end_others", "yes")];
                assert_eq!(owner.submit("/account/password", &fields).await.status, 303);
            }
            _ => {
                crate::forgot::ask(&mut owner, crate::forgot::ADDRESS).await;
                let link = crate::forgot::link(&app).await;
                owner.get(&link).await;
                assert_eq!(crate::forgot::send(&mut owner, OTHER_PASSWORD).await.status, 303);
            }
        }
        assert!(thief.get("/account/totp").await.location().starts_with("/login"), "{deed}");

        let mut owner = app.browser();
        let password =
            if deed.ends_with("password") || deed.ends_with("reset") { OTHER_PASSWORD } else { PASSWORD };
        owner.submit("/login", &[("login", "ada"), ("password", password)]).await;
        owner.submit("/account/totp/begin", &[]).await;

        assert_ne!(Phone::key(&owner.get("/account/totp").await.body), read, "{deed}");
    }
}
