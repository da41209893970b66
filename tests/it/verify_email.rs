//! The address of one's account: proven by a code or a link, and by nobody else.

use futures_util::future::{join, join_all};
use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;
use vestibule::id::UserId;
use vestibule::models::{Event, EventKind, MailKind, Role, User};

use crate::forgot::{self, ADDRESS, proven};
use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

/// Somebody who has registered with `email`, at their browser.
pub async fn newcomer(app: &TestApp, name: &str, email: &str) -> Browser {
    let mut browser = app.browser();
    let form = [("username", name), ("email", email), ("password", PASSWORD)];
    assert_eq!(browser.submit("/register", &form).await.location(), "/dashboard");
    browser
}

/// The words of the latest mail of this kind to `email`.
pub async fn letter(app: &TestApp, kind: MailKind, email: &str) -> String {
    let mails = app.mails().await;
    let latest = mails.iter().find(|mail| mail.0.kind == kind && mail.0.recipient == email);
    latest.unwrap_or_else(|| panic!("no {kind:?} to {email} in {mails:?}")).1.text.clone()
}

/// The code in the latest mail to `email`, as it stands there.
pub async fn code(app: &TestApp, email: &str) -> String {
    let text = letter(app, MailKind::VerifyEmail, email).await;
    text.lines().find_map(|line| line.strip_prefix("    ")).expect("a code").to_owned()
}

/// The path of the link in the words of a mail.
pub fn path(text: &str, start: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("http://localhost:8080").filter(|p| p.starts_with(start)));
    line.unwrap_or_else(|| panic!("no {start} in {text}")).to_owned()
}

pub async fn link(app: &TestApp, email: &str) -> String {
    path(&letter(app, MailKind::VerifyEmail, email).await, "/verify-email/")
}

pub async fn type_code(browser: &mut Browser, code: &str) -> Answer {
    browser.submit("/account/email/code", &[("code", code)]).await
}

pub async fn find(app: &TestApp, name: &'static str) -> User {
    app.ask(move |conn| User::find_by_username(conn, name)).await.unwrap()
}

/// What has happened to somebody, newest first.
pub async fn events(app: &TestApp, id: &UserId) -> Vec<Event> {
    let id = id.clone();
    app.ask(move |conn| Event::list_latest(conn, &id, 50)).await
}

async fn is_proven(app: &TestApp, name: &'static str) -> bool {
    find(app, name).await.email_verified_at.is_some()
}

#[actix_web::test]
async fn whoever_registers_with_an_address_proves_it_by_the_mailed_code() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", "Ada@Example.org").await;
    let mut phone = app.browser();
    phone.sign_in("ada").await;

    let welcome = ada.get("/dashboard").await;
    let page = ada.get("/account/email").await;
    let code = code(&app, "Ada@Example.org").await;
    let done = type_code(&mut ada, &format!(" {code}\t")).await;
    let after = ada.get("/account/email").await;

    assert!(welcome.body.contains("We sent a message to Ada@Example.org"));
    assert!(welcome.body.contains("<a href=\"/account/email\">Confirm your address</a>"));
    assert!(page.body.contains("inputmode=\"numeric\" autocomplete=\"one-time-code\""));
    assert!(code.len() == 9 && code.replace(' ', "").bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    assert_eq!((done.status, done.location()), (303, "/account/email"));
    assert!(after.body.contains("Your e-mail address is confirmed.") && after.body.contains(">Confirmed<"));
    assert!(!after.body.contains("id=\"code\""));
    assert!(ada.get("/dashboard").await.body.contains("E-mail address confirmed"));
    assert_eq!(phone.get("/dashboard").await.status, 200, "it is the same address: nobody is signed out");
    let events = events(&app, &find(&app, "ada").await.id).await;
    let event = events.iter().find(|event| event.kind == EventKind::EmailVerified).unwrap();
    assert_eq!(event.address, "192.0.2.7");
    assert_eq!(type_code(&mut ada, &code).await.status, 422, "a code is used up");
}

#[actix_web::test]
async fn a_code_may_be_mistyped_four_times_and_then_a_new_one_is_needed() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", ADDRESS).await;
    let right = code(&app, ADDRESS).await;
    let wrong = if right.starts_with('0') { "1234 5678" } else { "0234 5678" };

    for _ in 0..4 {
        let again = type_code(&mut ada, wrong).await;
        assert_eq!(again.status, 422);
        assert!(again.body.contains("id=\"code-error\"") && !again.body.contains(wrong));
    }
    let last = type_code(&mut ada, wrong).await;
    let late = type_code(&mut ada, &right).await;

    for void in [last, late] {
        assert_eq!(void.status, 422);
        assert!(void.body.contains("Ask for a new code.") && !void.body.contains("id=\"code\""));
    }
    assert!(!is_proven(&app, "ada").await);
    app.pass(60);
    assert_eq!(ada.submit("/account/email/resend", &[]).await.status, 303);
    let new = code(&app, ADDRESS).await;
    assert_eq!(type_code(&mut ada, &new).await.status, 303);
    assert!(is_proven(&app, "ada").await);
}

#[actix_web::test]
async fn a_new_code_voids_the_one_before_and_there_is_one_a_minute() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", ADDRESS).await;
    let (old, old_link) = (code(&app, ADDRESS).await, link(&app, ADDRESS).await);

    app.pass(50);
    let early = ada.submit("/account/email/resend", &[]).await;
    app.pass(10);
    let sent = ada.submit("/account/email/resend", &[]).await;

    assert_eq!((early.status, early.header("retry-after"), sent.status), (429, "10", 303));
    assert_eq!(ada.get(&old_link).await.status, 410);
    let new = code(&app, ADDRESS).await;
    assert_ne!(new, old);
    assert_eq!(type_code(&mut ada, &old).await.status, 422);
    assert_eq!(type_code(&mut ada, &new).await.status, 303);
}

#[actix_web::test]
async fn code_and_link_work_for_ten_minutes_from_when_their_mail_leaves() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", ADDRESS).await;
    app.pass(1800);
    let (right, path) = (code(&app, ADDRESS).await, link(&app, ADDRESS).await);

    app.pass(9 * 60);
    assert_eq!(ada.get(&path).await.status, 303);
    assert_eq!(ada.get("/verify-email").await.status, 200);
    app.pass(61);

    let gone = [ada.get(&path).await, ada.get("/verify-email").await, ada.submit("/verify-email", &[]).await];
    assert_eq!(gone.map(|answer| answer.status), [410; 3]);
    assert_eq!(type_code(&mut ada, &right).await.status, 422);
    assert!(!is_proven(&app, "ada").await);
}

#[actix_web::test]
async fn the_link_needs_the_button_and_the_account_that_asked() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", ADDRESS).await;
    let mut eve = newcomer(&app, "eve", "eve@example.org").await;
    let link = link(&app, ADDRESS).await;
    let mut stranger = app.browser();
    let before = dump(&app).await;

    for method in ["GET", "HEAD"].repeat(10) {
        assert_eq!(app.send(app.request(method, &link)).await.status, 303);
    }
    assert_eq!(stranger.get(&link).await.location(), "/verify-email");
    let asked = stranger.get("/verify-email").await;
    let pressed = stranger.submit("/verify-email", &[]).await;
    eve.get(&link).await;
    let theirs = [eve.get("/verify-email").await, eve.submit("/verify-email", &[]).await];

    assert_eq!(dump(&app).await, before);
    assert_eq!((asked.status, pressed.status), (200, 401));
    assert!(
        asked.body.contains("href=\"/login?next=%2Fverify-email\"")
            && asked.body.contains("href=\"/forgot\"")
    );
    assert!(!asked.says("ada"), "nobody is told whose it is");
    for answer in theirs {
        assert_eq!(answer.status, 410);
        assert!(answer.body.contains("for another account") && answer.body.contains("href=\"/logout\""));
        assert!(!answer.body.contains("ada"));
    }

    assert_eq!(stranger.get("/login?next=%2Fverify-email").await.status, 200);
    let back = stranger.sign_in("ada").await;
    assert_eq!(back.location(), "/verify-email");
    assert!(stranger.get("/verify-email").await.body.contains(ADDRESS));
    let done = stranger.submit("/verify-email", &[]).await;
    assert_eq!((done.status, done.location()), (303, "/account/email"));
    assert!(is_proven(&app, "ada").await);
    for used in [ada.get(&link).await, stranger.submit("/verify-email", &[]).await] {
        assert_eq!(used.status, 410);
        assert!(used.body.contains("href=\"/account/email\""));
    }
    assert_eq!(ada.get(&format!("{link}x")).await.status, 410);
}

#[actix_web::test]
async fn of_fifty_who_use_one_link_at_once_one_succeeds() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", ADDRESS).await;
    let link = link(&app, ADDRESS).await;
    ada.get(&link).await;
    let mut copies: Vec<Browser> = (0..50).map(|_| ada.clone()).collect();

    let answers = join_all(copies.iter_mut().map(|copy| copy.submit("/verify-email", &[]))).await;

    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(303), count(410)), (1, 49));
    let proofs = events(&app, &find(&app, "ada").await.id).await;
    assert_eq!(proofs.iter().filter(|event| event.kind == EventKind::EmailVerified).count(), 1);
}

#[actix_web::test]
async fn of_two_accounts_that_prove_one_address_one_has_it() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", ADDRESS).await;
    let first = code(&app, ADDRESS).await;
    let mut eve = newcomer(&app, "eve", ADDRESS).await;
    let second = code(&app, ADDRESS).await;

    let answers = join(type_code(&mut ada, &first), type_code(&mut eve, &second)).await;

    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    let loser = if answers.0.status == 422 { answers.0 } else { answers.1 };
    assert!(loser.body.contains("Another account has proven this address meanwhile."));
    assert_ne!(is_proven(&app, "ada").await, is_proven(&app, "eve").await);
}

#[actix_web::test]
async fn the_owner_of_an_address_is_told_once_an_hour_and_the_newcomer_not_at_all() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    proven(&app, "ada", ADDRESS).await;
    let mut eve = newcomer(&app, "eve", "Ada@Example.org").await;
    let mut bob = newcomer(&app, "bob", "bob@example.org").await;

    let letter = letter(&app, MailKind::EmailTaken, ADDRESS).await;
    let pages = [eve.get("/account/email").await, bob.get("/account/email").await];
    let tries = [type_code(&mut eve, "1234 5678").await, type_code(&mut bob, "x").await];

    assert!(letter.contains("your account ada") && !letter.contains("eve"), "{letter}");
    let plain = |answer: &Answer| {
        let nonce = answer.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let body =
            answer.body.replace(&nonce, "").replace("Ada@Example.org", "…").replace("bob@example.org", "…");
        (answer.status, body.replace("eve", "bob"))
    };
    assert_eq!(plain(&pages[0]), plain(&pages[1]));
    assert_eq!(plain(&tries[0]), plain(&tries[1]));
    assert_eq!(tries[0].status, 422);
    newcomer(&app, "eve2", ADDRESS).await;
    let count = async || app.mails().await.iter().filter(|mail| mail.0.kind == MailKind::EmailTaken).count();
    assert_eq!(count().await, 1);
    app.pass(3601);
    newcomer(&app, "eve3", ADDRESS).await;
    assert_eq!(count().await, 2);
    let codes = app.mails().await.into_iter().filter(|mail| mail.0.kind == MailKind::VerifyEmail);
    assert!(codes.map(|mail| mail.0.recipient).all(|recipient| recipient == "bob@example.org"));
}

#[actix_web::test]
async fn one_address_gets_five_codes_an_hour_whoever_asks_and_a_reset_link_besides() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    for number in 0..7 {
        let mut browser = app.browser();
        browser.address = format!("203.0.113.{number}");
        let name = format!("claimant{number}");
        let form = [("username", name.as_str()), ("email", ADDRESS), ("password", PASSWORD)];
        let answer = browser.submit("/register", &form).await;
        assert_eq!((answer.status, answer.location()), (303, "/dashboard"));
    }

    forgot::ask(&mut app.browser(), ADDRESS).await;

    let mails = app.mails().await;
    let count = |kind| mails.iter().filter(|mail| mail.0.kind == kind).count();
    assert_eq!((count(MailKind::VerifyEmail), count(MailKind::ResetPassword)), (5, 1));
}

#[actix_web::test]
async fn where_no_mail_arrives_nothing_is_promised() {
    let app = TestApp::with(|config| config.registration.email = vestibule::config::EmailField::Hidden).await;
    app.register_as("ada", ADDRESS, Role::User).await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;

    for page in ["/dashboard", "/account/settings"] {
        assert!(!ada.get(page).await.body.contains("/account/email"), "{page}");
    }
    assert_eq!(ada.get("/account/email").await.status, 404);
    assert_eq!(ada.submit("/account/email/resend", &[]).await.status, 404);
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn whoever_an_operator_registered_asks_for_the_code_themselves() {
    let app = TestApp::new().await;
    app.register_as("ada", ADDRESS, Role::User).await;
    app.register("bob").await;
    assert!(app.mails().await.is_empty());
    let (mut ada, mut bob) = (app.browser(), app.browser());
    ada.sign_in("ada").await;
    bob.sign_in("bob").await;
    // Long after: to prove what one has needs no password again.
    app.pass(3000);

    assert!(ada.get("/account/email").await.body.contains("Send me a code"));
    assert_eq!(ada.submit("/account/email/resend", &[]).await.status, 303);
    let code = code(&app, ADDRESS).await;
    assert_eq!(type_code(&mut ada, &code).await.status, 303);

    let nothing = bob.submit("/account/email/resend", &[]).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.body.contains("There is no address to confirm."));
}

#[actix_web::test]
async fn what_a_disabled_user_has_yet_to_prove_stays_unproven() {
    let app = TestApp::new().await;
    let mut ada = newcomer(&app, "ada", ADDRESS).await;
    let code = code(&app, ADDRESS).await;

    let user = find(&app, "ada").await;
    disable(&app.vestibule, &user, &Caller::operator(), app.now()).await.unwrap();
    let refused = type_code(&mut ada, &code).await;

    assert_eq!((refused.status, refused.location()), (303, "/login?next=%2Faccount%2Femail"));
    assert!(!is_proven(&app, "ada").await);
}

#[actix_web::test]
async fn whoever_steals_the_tables_finds_neither_code_nor_link() {
    let app = TestApp::new().await;
    newcomer(&app, "ada", ADDRESS).await;
    let (code, link) = (code(&app, ADDRESS).await, link(&app, ADDRESS).await);

    let stolen = dump(&app).await;

    assert!(stolen.contains("email_proofs: "));
    for secret in [code.clone(), code.replace(' ', ""), link.trim_start_matches("/verify-email/").to_owned()]
    {
        assert!(!stolen.contains(&secret), "{secret}");
    }
}

#[actix_web::test]
async fn an_attacker_who_registered_with_a_victims_address_has_nothing_once_the_victim_proves_it() {
    let app = TestApp::new().await;
    // Mallory waits behind an account in Ada's name, and asked to have it moved to herself.
    let mut mallory = newcomer(&app, "adas-account", ADDRESS).await;
    assert_eq!(mallory.submit("/account/email", &[("email", "mallory@example.org")]).await.status, 303);
    let hers = link(&app, "mallory@example.org").await;
    let mut ada = app.browser();

    forgot::ask(&mut ada, ADDRESS).await;
    let reset = path(&letter(&app, MailKind::ResetPassword, ADDRESS).await, "/reset/");
    ada.get(&reset).await;
    assert_eq!(forgot::send(&mut ada, OTHER_PASSWORD).await.status, 303);

    assert_eq!(mallory.get("/dashboard").await.status, 303, "her session is over");
    assert!(!forgot::signs_in(&app, ADDRESS, PASSWORD).await, "her password opens nothing");
    assert!(forgot::signs_in(&app, ADDRESS, OTHER_PASSWORD).await);
    assert_eq!(mallory.get(&hers).await.status, 410, "what she asked for is void");
}

#[actix_web::test]
async fn an_account_of_ones_own_takes_the_address_from_an_attackers_claim() {
    let app = TestApp::new().await;
    newcomer(&app, "mallory", ADDRESS).await;
    let mut ada = app.browser();
    let form = [("username", "ada"), ("email", ADDRESS), ("password", OTHER_PASSWORD)];
    ada.submit("/register", &form).await;
    let code = code(&app, ADDRESS).await;
    assert_eq!(type_code(&mut ada, &code).await.status, 303);

    let mut mallory = app.browser();
    mallory.sign_in(ADDRESS).await;
    let page = mallory.get("/dashboard").await;

    assert!(
        page.body.contains("Hello, mallory"),
        "her own password opens her own account, and tells her nothing"
    );
    forgot::ask(&mut app.browser(), ADDRESS).await;
    let letter = letter(&app, MailKind::ResetPassword, ADDRESS).await;
    assert!(letter.contains("For the account ada") && !letter.contains("mallory"));
}
