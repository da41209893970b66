//! Housekeeping: what is kept for how long, and what is left of whoever has gone.

use std::fs;
use std::time::{Duration, SystemTime};

use vestibule::flows::caller::Caller;
use vestibule::flows::housekeeping;
use vestibule::models::Role;

use crate::schema::dump;
use crate::support::{Browser, OTHER_PASSWORD, TestApp};

const A_DAY: i64 = 24 * 3600;

/// Keeps house, beside the thread that does so on its own when it starts.
async fn keep_house(app: &TestApp) {
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
}

async fn close(browser: &mut Browser, name: &str) {
    let answer = browser.submit("/account/close", &[("confirmation", name)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[actix_web::test]
async fn nothing_of_a_person_is_left_once_the_time_to_come_back_is_over() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    let ada = app.register_as("ada", "Ada@example.org", Role::User).await;
    app.register("bob").await;
    app.execute("UPDATE users SET email_verified_at = 1 WHERE username = 'ada'").await;
    let mut browser = app.browser();
    browser.address = "203.0.113.77".to_owned();
    browser.user_agent = "Ada's engine".to_owned();
    browser.submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    browser.sign_in("ada@example.org").await;
    browser.submit("/account/settings/name", &[("display_name", "The Countess")]).await;
    app.browser().submit("/forgot", &[("email", "Ada@example.org")]).await;
    app.deliver().await;
    // What Ada did to others, as an administrator would.
    let bob = app.ask(|conn| vestibule::models::User::find_by_username(conn, "bob")).await.unwrap();
    let caller = Caller { address: "203.0.113.77".parse().ok(), ..Caller::operator() }.known_as(&ada.id);
    let event = caller.event(vestibule::models::EventKind::UserEnabled, Some(&bob.id), app.now());
    app.ask(move |conn| event.insert(conn)).await;
    close(&mut browser, "ada").await;
    app.pass(7 * A_DAY - 1);
    keep_house(&app).await;
    assert!(dump(&app).await.contains(ada.id.as_str()), "not a second before");
    let kinds = |rows: &str| rows.lines().filter(|row| row.starts_with("events: ")).count();
    let before = kinds(&dump(&app).await);
    app.browser().submit("/forgot", &[("email", "Ada@example.org")]).await;

    app.pass(1);
    keep_house(&app).await;

    let rows = dump(&app).await;
    for trace in
        [ada.id.as_str(), "ada@", "Ada@", "Ada's", "Countess", "example.org", "203.0.113.77", "engine"]
    {
        assert!(!rows.contains(trace), "{trace} in {rows}");
    }
    // As a word: the hex digits of an id may spell it.
    let mut words = rows.split(|letter: char| !letter.is_alphanumeric());
    assert!(!words.any(|word| word.eq_ignore_ascii_case("ada")), "{rows}");
    assert_eq!(kinds(&rows), before + 1, "what happened stays");
    assert_eq!(rows.matches("account_deleted").count(), 1);
    assert!(rows.contains("logged_in") && rows.contains("login_failed") && rows.contains("bob"));
    let to_bob: Vec<_> = rows.lines().filter(|row| row.contains("user_enabled")).collect();
    assert!(
        to_bob.len() == 1 && to_bob[0].contains(bob.id.as_str()) && to_bob[0].contains("deleted"),
        "{to_bob:?}"
    );

    let again = app.register("ada").await;
    assert_ne!(again.id, ada.id, "the name is free, the id is not");
    assert!(app.browser().sign_in("ada").await.status == 303);
}

#[actix_web::test]
async fn an_address_that_others_have_too_keeps_its_mails_and_its_counters() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register_as("mallory", "ada@example.org", Role::User).await;
    app.register_as("ada", "ada@example.org", Role::User).await;
    app.execute("UPDATE users SET email_verified_at = 1 WHERE username = 'ada'").await;
    let mut mallory = app.browser();
    mallory.sign_in("mallory").await;
    close(&mut mallory, "mallory").await;
    app.pass(7 * A_DAY);
    for _ in 0..3 {
        app.browser().submit("/login", &[("login", "ada@example.org"), ("password", OTHER_PASSWORD)]).await;
    }
    app.browser().submit("/forgot", &[("email", "ada@example.org")]).await;
    let counters = |rows: &str| {
        rows.lines().filter(|row| row.starts_with("login_failures: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = dump(&app).await;

    keep_house(&app).await;

    let after = dump(&app).await;
    assert!(!after.contains("mallory"));
    let lost: Vec<_> = counters(&before).into_iter().filter(|row| !counters(&after).contains(row)).collect();
    assert!(lost.len() <= 1, "at most what was counted about the name that is gone: {lost:?}");
    assert_eq!(app.mails().await.len(), 1, "Ada has her link");
}

#[actix_web::test]
async fn many_who_left_go_one_by_one_and_nobody_else_does() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    for count in [99, 100, 101, 0] {
        let insert = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO users (id, username, username_folded, username_skeleton, role, created_at, closed_at) \
             SELECT 'u' || i, 'u' || i, 'u' || i, 'u' || i, 'user', 1, 1 FROM n"
        );
        if count > 0 {
            app.execute(&insert).await;
        }
        keep_house(&app).await;
        assert_eq!(dump(&app).await.matches("users: ").count(), 1, "{count}");
    }
    assert!(app.ask(move |conn| vestibule::models::User::find(conn, &ada.id)).await.is_some());
}

#[actix_web::test]
async fn what_happened_is_forgotten_after_a_year() {
    let app = TestApp::new().await;
    app.register("ada").await;
    app.pass(365 * A_DAY);
    keep_house(&app).await;
    assert!(dump(&app).await.contains("registered"), "a year is not over before it is");

    app.pass(1);
    keep_house(&app).await;

    assert!(!dump(&app).await.contains("registered"));
}

#[actix_web::test]
async fn each_kind_of_row_is_kept_for_its_time_and_not_a_second_longer() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.register("ada").await.id, app.register("bob").await.id);
    let kinds = [
        (
            30 * A_DAY,
            "sessions VALUES ('{key}', '{user}', 1, 1, 1, {at}, 'pwd', '', '', NULL, NULL, NULL, '', NULL)",
        ),
        (A_DAY, "login_failures VALUES ('{key}', 1, 1, {at})"),
        (A_DAY / 24, "revocations VALUES ('{key}', '{user}', NULL, {at})"),
        (
            A_DAY,
            "one_time_tokens (digest, purpose, created_at, expires_at) VALUES ('{key}', 'set_up', 1, {at})",
        ),
        (A_DAY, "reset_requests VALUES ('{key}', '', {at}, '', '', '')"),
        (A_DAY, "email_proofs VALUES ('{key}', '{user}', '', '', NULL, NULL, NULL, 'mail', 0, 1, {at})"),
    ];
    for (index, (kept_for, row)) in kinds.iter().enumerate() {
        for (key, user, age) in [("young", &ada, *kept_for), ("old", &bob, kept_for + 1)] {
            let (key, at) = (format!("{key}-{index}."), (app.now().seconds() - age).to_string());
            let row = row.replace("{key}", &key).replace("{user}", user.as_str()).replace("{at}", &at);
            app.execute(&format!("INSERT INTO {row}")).await;
        }
    }

    keep_house(&app).await;

    let rows = dump(&app).await;
    for (index, (_, kind)) in kinds.iter().enumerate() {
        assert!(rows.contains(&format!("young-{index}.")), "a second too early: {kind}");
        assert!(!rows.contains(&format!("old-{index}.")), "too late: {kind}");
    }
}

#[actix_web::test]
async fn much_is_forgotten_a_bit_at_a_time_and_all_of_it() {
    let app = TestApp::new().await;
    for count in [499, 500, 501, 2_345] {
        app.execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO events (id, at, kind, actor, request_id, address, user_agent) \
             SELECT 'e' || i, i, 'logged_in', 'x', '', '', '' FROM n"
        ))
        .await;

        keep_house(&app).await;

        assert!(!dump(&app).await.contains("events: "), "{count}");
    }
}

#[actix_web::test]
async fn files_of_mails_are_read_for_a_week_and_other_files_are_not_ours() {
    let app = TestApp::new().await;
    let folder = app.vestibule.config.data_dir().join("mail");
    fs::create_dir_all(&folder).unwrap();
    let age = |name: &str, seconds: i64| {
        let file = fs::File::create(folder.join(name)).unwrap();
        let at = u64::try_from(app.now().seconds() - seconds).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(at)).unwrap();
    };
    age("new.eml", 7 * A_DAY);
    age("old.eml", 7 * A_DAY + 1);
    age("old.draft", 7 * A_DAY + 1);
    age("notes.txt", 9 * A_DAY);
    fs::create_dir(folder.join("folder")).unwrap();

    keep_house(&app).await;

    let mut left: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["folder", "new.eml", "notes.txt"]);
    fs::remove_dir_all(&folder).unwrap();
    // Nothing there is no trouble.
    keep_house(&app).await;
}
