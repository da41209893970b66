//! A new password, by a link from the mail.

use std::collections::BTreeSet;

use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;
use vestibule::flows::reset_password::issue_link;
use vestibule::id::UserId;
use vestibule::models::{Event, EventKind, MailKind, Role, User};

use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

pub const ADDRESS: &str = "ada@example.org";

pub async fn ask(browser: &mut Browser, email: &str) -> Answer {
    browser.submit("/forgot", &[("email", email)]).await
}

pub async fn send(browser: &mut Browser, password: &str) -> Answer {
    browser.submit("/reset", &[("password", password)]).await
}

pub async fn signs_in(app: &TestApp, login: &str, password: &str) -> bool {
    app.browser().submit("/login", &[("login", login), ("password", password)]).await.status == 303
}

/// The paths of the links in the latest mail with any.
async fn links(app: &TestApp) -> Vec<String> {
    let mails = app.mails().await;
    let latest = mails.iter().find(|mail| mail.0.kind == MailKind::ResetPassword).expect("there is a mail");
    let home = format!("{}/reset/", app.vestibule.config.public_url());
    let lines = latest.1.text.lines().filter_map(|line| line.strip_prefix(&home));
    lines.map(|token| format!("/reset/{token}")).collect()
}

pub async fn link(app: &TestApp) -> String {
    let [link] = links(app).await.try_into().unwrap();
    link
}

/// Registers somebody, and makes the address theirs.
pub async fn proven(app: &TestApp, name: &str, email: &str) -> User {
    let user = app.register_as(name, email, Role::User).await;
    app.execute(&format!("UPDATE users SET email_verified_at = 1 WHERE id = '{}'", user.id)).await;
    user
}

async fn find(app: &TestApp, id: &UserId) -> User {
    let id = id.clone();
    app.ask(move |conn| User::find(conn, &id)).await.unwrap()
}

#[actix_web::test]
async fn the_mailed_link_sets_a_new_password_once_ends_every_session_and_the_person_is_told() {
    let app = TestApp::new().await;
    let ada = app.register_as("ada", ADDRESS, Role::User).await;
    let mut phone = app.browser();
    phone.sign_in("ada").await;
    let mut browser = app.browser();
    assert!(browser.get("/login").await.body.contains("<a href=\"/forgot\">Forgot your password?</a>"));
    assert_eq!(browser.get("/forgot").await.status, 200);

    let asked = ask(&mut browser, " Ada@Example.org ").await;
    let told = browser.get("/forgot/sent").await;
    let link = link(&app).await;
    let opened = browser.get(&link).await;
    let form = browser.get("/reset").await;
    let done = send(&mut browser, OTHER_PASSWORD).await;

    assert_eq!((asked.status, asked.location()), (303, "/forgot/sent"));
    assert!(
        told.body.contains("If <strong>Ada@Example.org</strong> has an account, a message is on its way.")
    );
    assert_eq!((opened.status, opened.location()), (303, "/reset"));
    assert!(form.body.contains("For the account <strong>ada</strong>"));
    assert_eq!((done.status, done.location()), (303, "/login"));
    assert_eq!(phone.get("/dashboard").await.status, 303);
    assert!(signs_in(&app, "ada", OTHER_PASSWORD).await && !signs_in(&app, "ada", PASSWORD).await);
    for gone in [browser.get("/reset").await, browser.get(&link).await, send(&mut browser, PASSWORD).await] {
        assert_eq!(gone.status, 410);
        assert!(gone.body.contains("<a class=\"button primary\" href=\"/forgot\">Send a new link</a>"));
    }
    let mails = app.mails().await;
    let [(notice, changed), (mail, letter)] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!((mail.recipient.as_str(), notice.recipient.as_str()), (ADDRESS, ADDRESS));
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("ada") && part.contains(&link) && part.contains("192.0.2.7"), "{part}");
    }
    assert!(changed.subject.contains("was changed") && changed.text.contains("192.0.2.7"));
    assert!(changed.text.contains("http://localhost:8080/forgot"));
    assert!(
        find(&app, &ada.id).await.email_verified_at.is_some(),
        "who reads the mail has proven the address"
    );
}

#[actix_web::test]
async fn twenty_prefetches_of_a_mailed_link_change_nothing() {
    let app = TestApp::new().await;
    app.register_as("ada", ADDRESS, Role::User).await;
    ask(&mut app.browser(), ADDRESS).await;
    let link = link(&app).await;
    let before = dump(&app).await;

    for method in ["GET", "HEAD"].repeat(10) {
        assert_eq!(app.send(app.request(method, &link)).await.status, 303);
    }

    assert_eq!(dump(&app).await, before);
    let mut browser = app.browser();
    browser.get(&link).await;
    assert_eq!(send(&mut browser, OTHER_PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn every_address_gets_the_same_answer() {
    let app = TestApp::new().await;
    let gone = app.register_as("gone", "gone@example.org", Role::User).await;
    disable(&app.vestibule, &gone, &Caller::operator(), app.now()).await.unwrap();
    app.register_as("ada", "ada1@example.org", Role::User).await;
    proven(&app, "bob", "ada2@example.org").await;
    let mut answers = BTreeSet::new();

    for email in ["ada1@example.org", "ada2@example.org", "gone@example.org", "none@example.org"] {
        let mut browser = app.browser();
        let asked = ask(&mut browser, email).await;
        let told = browser.get("/forgot/sent").await;
        let names: Vec<String> = asked.headers.keys().map(ToString::to_string).collect();
        let nonce = told.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let length = asked.header("set-cookie").len() - email.len();
        let page = told.body.replace(email, "…").replace(&nonce, "…");
        answers.insert((asked.status, names, length > 0, asked.body, told.status, page));
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    let to: Vec<String> = app.mails().await.into_iter().map(|mail| mail.0.recipient).collect();
    assert_eq!(to, ["ada2@example.org", "ada1@example.org"]);
}

#[actix_web::test]
async fn until_the_worker_looks_a_known_and_an_unknown_address_leave_the_same_row() {
    let app = TestApp::new().await;
    proven(&app, "ada", ADDRESS).await;
    let rows = async |email: &str| {
        let before = dump(&app).await;
        ask(&mut app.browser(), email).await;
        let after = dump(&app).await;
        let new: Vec<String> =
            after.lines().filter(|row| !before.contains(*row)).map(str::to_owned).collect();
        assert_eq!(new.len(), 1, "{new:?}");
        new[0].split(':').next().unwrap().to_owned()
    };

    assert_eq!(
        (rows(ADDRESS).await, rows("eve@example.org").await),
        ("reset_requests".into(), "reset_requests".into())
    );

    assert_eq!(app.deliver().await, 1);
    assert!(!dump(&app).await.contains("reset_requests: "));
}

#[actix_web::test]
async fn whoever_reads_the_mail_decides_over_all_who_claim_its_address() {
    let app = TestApp::new().await;
    let eve = app.register_as("eve", ADDRESS, Role::User).await;
    let ada = app.register_as("ada", "Ada@example.org", Role::User).await;
    let mut early = app.browser();
    early.sign_in("eve").await;

    ask(&mut app.browser(), ADDRESS).await;
    let links = links(&app).await;
    let (mut first, mut second) = (app.browser(), app.browser());
    first.get(&links[0]).await;
    second.get(&links[1]).await;
    let forms = (first.get("/reset").await.body, second.get("/reset").await.body);
    let won = send(&mut first, OTHER_PASSWORD).await;
    let lost = send(&mut second, "a quiet lamp beside the old canal").await;

    assert!(
        forms.0.contains("<strong>ada</strong>") && forms.1.contains("<strong>eve</strong>"),
        "the latest first"
    );
    assert_eq!((won.status, lost.status), (303, 410));
    let (ada, eve) = (find(&app, &ada.id).await, find(&app, &eve.id).await);
    assert!(ada.email_verified_at.is_some() && eve.email_verified_at.is_none());
    assert_eq!(
        early.get("/dashboard").await.status,
        200,
        "eve keeps what is hers: the name without the address"
    );
    assert!(signs_in(&app, ADDRESS, OTHER_PASSWORD).await);
    assert!(signs_in(&app, ADDRESS, PASSWORD).await, "into her own account: she is not told whose it is");
    ask(&mut app.browser(), ADDRESS).await;
    assert_eq!(self::links(&app).await.len(), 1, "from now on the mail is for one account");
}

#[actix_web::test]
async fn nobody_who_claims_an_address_sees_that_somebody_asked_by_it() {
    let app = TestApp::new().await;
    let eve = app.register_as("eve", ADDRESS, Role::User).await;
    let bob = proven(&app, "bob", "bob@example.org").await;

    ask(&mut app.browser(), ADDRESS).await;
    ask(&mut app.browser(), "bob@example.org").await;
    app.deliver().await;

    let asked = async |user: User| {
        let events = app.ask(move |conn| Event::list_latest(conn, &user.id, 20)).await;
        events.iter().any(|event| event.kind == EventKind::ResetLinkIssued && event.address == "192.0.2.7")
    };
    assert!(!asked(eve).await && asked(bob).await);
}

#[actix_web::test]
async fn the_time_of_a_link_begins_when_its_mail_leaves() {
    let app = TestApp::new().await;
    app.register_as("ada", ADDRESS, Role::User).await;
    ask(&mut app.browser(), ADDRESS).await;
    app.pass(20 * 60);
    let link = link(&app).await;
    let mut browser = app.browser();
    browser.get(&link).await;

    app.pass(9 * 60);
    let early = browser.get("/reset").await;
    app.pass(70);
    let (late, sent) = (browser.get("/reset").await, send(&mut browser, OTHER_PASSWORD).await);

    assert_eq!((early.status, late.status, sent.status), (200, 410, 410));
    assert!(signs_in(&app, "ada", PASSWORD).await);
}

#[actix_web::test]
async fn a_new_link_voids_the_old_one_and_so_do_a_new_password_and_a_new_address() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", ADDRESS).await;
    let mail = async || {
        ask(&mut app.browser(), ADDRESS).await;
        link(&app).await
    };
    let opens = async |link: &str| app.browser().get(link).await.status == 303;

    let old = mail().await;
    let new = mail().await;
    assert!(!opens(&old).await && opens(&new).await);

    let operators = issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    assert!(!opens(&new).await);
    let newest = mail().await;
    let operators = format!("/reset/{}", operators.expose());
    assert!(
        opens(&operators).await && opens(&newest).await,
        "a stranger's question voids no operator's link"
    );
    let mut browser = app.browser();
    browser.get(&newest).await;
    assert_eq!(send(&mut browser, OTHER_PASSWORD).await.status, 303);
    assert!(!opens(&newest).await && !opens(&operators).await);

    let last = mail().await;
    assert!(opens(&last).await);
    app.execute("UPDATE users SET email = 'x@example.org', email_folded = 'x@example.org'").await;
    assert!(!opens(&last).await);
}

#[actix_web::test]
async fn a_mail_whose_links_are_void_before_it_leaves_stays() {
    let app = TestApp::new().await;
    let ada = app.register_as("ada", ADDRESS, Role::User).await;
    let flow = vestibule::flows::forgot_password::answer_requests;
    ask(&mut app.browser(), ADDRESS).await;
    flow(&app.vestibule, app.now()).await.unwrap();
    issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();

    assert_eq!(app.deliver().await, 0);
    assert!(dump(&app).await.contains("its links were used or replaced"));
}

#[actix_web::test]
async fn a_person_gets_five_mails_an_hour_and_nobody_is_told_so() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register_as("ada", ADDRESS, Role::User).await;
    for number in 0..8 {
        let mut browser = app.browser();
        browser.address = format!("203.0.113.{number}");
        assert_eq!(ask(&mut browser, ADDRESS).await.status, 303);
        app.deliver().await;
    }
    assert_eq!(app.mails().await.len(), 5);

    app.pass(3601);
    ask(&mut app.browser(), ADDRESS).await;

    assert_eq!(app.mails().await.len(), 6);
}

#[actix_web::test]
async fn a_network_may_ask_twenty_times_an_hour_whatever_the_address() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    let mut browser = app.browser();
    for number in 0..20 {
        app.pass(60);
        assert_eq!(ask(&mut browser, &format!("{number}@example.org")).await.status, 303, "{number}");
    }
    app.pass(60);

    let refused = ask(&mut browser, "one-more@example.org").await;

    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 2000);
    let mut other = app.browser();
    other.address = "203.0.113.1".to_owned();
    assert_eq!(ask(&mut other, ADDRESS).await.status, 303);
}

#[actix_web::test]
async fn what_is_no_address_is_said_beside_the_field_and_sends_nothing() {
    let app = TestApp::new().await;
    app.register_as("ada", ADDRESS, Role::User).await;
    for email in
        ["", "ada", "ada@example.org\r\nBcc: eve@example.org", "ada@example.org,eve@example.org", "a@b\0.c"]
    {
        let refused = ask(&mut app.browser(), email).await;

        assert_eq!(refused.status, 422, "{email}");
        assert!(refused.body.contains("id=\"email-error\"") && refused.body.contains("<title>Error: "));
    }
    assert_eq!(app.deliver().await, 0);
    assert_eq!(app.browser().get("/forgot/sent").await.location(), "/forgot");
}

#[actix_web::test]
async fn where_no_mail_arrives_there_is_no_such_page_and_no_way_to_it() {
    let https = |config: &mut vestibule::Config| config.server.public_url = Some("https://a.example".into());
    for app in [
        TestApp::with(https).await,
        TestApp::with(|config| config.registration.email = vestibule::config::EmailField::Hidden).await,
    ] {
        let mut browser = app.browser();
        let login = browser.get("/login").await;
        assert!(
            login.body.contains("Ask your administrator for a reset link.")
                && !login.body.contains("/forgot")
        );
        for path in ["/forgot", "/forgot/sent"] {
            assert_eq!(browser.get(path).await.status, 404, "{path}");
        }
        assert!(!browser.get("/reset/none").await.body.contains("/forgot"));
    }
}

#[actix_web::test]
async fn a_stranger_whose_address_somebody_claims_gets_no_notices() {
    let app = TestApp::new().await;
    let eve = app.register_as("eve", ADDRESS, Role::User).await;
    let bob = proven(&app, "bob", "bob@example.org").await;

    for user in [eve, bob] {
        let token = issue_link(&app.vestibule, &user, &Caller::operator(), app.now()).await.unwrap();
        let mut browser = app.browser();
        browser.get(&format!("/reset/{}", token.expose())).await;
        assert_eq!(send(&mut browser, OTHER_PASSWORD).await.status, 303);
    }

    let to: Vec<String> = app.mails().await.into_iter().map(|mail| mail.0.recipient).collect();
    assert_eq!(to, ["bob@example.org"]);
}

#[actix_web::test]
async fn whoever_steals_the_tables_cannot_use_the_links_that_wait_in_them() {
    let app = TestApp::new().await;
    app.register_as("ada", ADDRESS, Role::User).await;
    ask(&mut app.browser(), ADDRESS).await;
    vestibule::flows::forgot_password::answer_requests(&app.vestibule, app.now()).await.unwrap();
    let waiting = dump(&app).await;
    let link = link(&app).await;
    let sent = dump(&app).await;

    let token = link.trim_start_matches("/reset/");
    let hex: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    for stolen in [waiting, sent] {
        assert!(stolen.contains("outbox: ") && !stolen.contains(token), "{stolen}");
        assert!(!stolen.to_lowercase().contains(&hex));
    }
}
