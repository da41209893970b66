//! `/account/export`: everything that we hold about somebody, for themselves.

use std::collections::BTreeSet;

use serde_json::Value;
use vestibule::models::Role;

use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, TestApp};

const ADDRESS: &str = "Ada@example.org";

async fn stage() -> (TestApp, Browser) {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register_as("ada", ADDRESS, Role::User).await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    (app, ada)
}

async fn export(browser: &mut Browser) -> Answer {
    browser.submit("/account/export", &[]).await
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[actix_web::test]
async fn the_file_is_for_its_owner_and_for_no_cache() {
    let (app, mut ada) = stage().await;
    assert_eq!(ada.get("/account/export").await.status, 200);

    let answer = export(&mut ada).await;

    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let day = &app.now().to_string()[..10];
    let name = format!("attachment; filename=\"vestibule-ada-{day}.json\"");
    assert_eq!(answer.header("content-disposition"), name);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let file = answer.json();
    assert_eq!((&file["format"], &file["version"]), (&"vestibule-export".into(), &1.into()));
    assert_eq!(file["exported_at"], app.now().to_string());
    assert_eq!(file["events"].as_array().unwrap().last().unwrap()["kind"], "data_exported");
}

#[actix_web::test]
async fn all_that_happened_is_in_it_and_no_secret() {
    let (app, mut ada) = stage().await;
    app.execute("UPDATE users SET email_verified_at = 1").await;
    app.browser().submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    app.browser().submit("/forgot", &[("email", ADDRESS)]).await;
    let mails = app.mails().await;
    let link = mails[0].1.text.split("/reset/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    app.browser().submit("/forgot", &[("email", ADDRESS)]).await;
    ada.submit("/reauth", &[("password", crate::support::PASSWORD)]).await;

    let answer = export(&mut ada).await;
    let file = answer.json();

    let user = &file["user"];
    assert_eq!((&user["username"], &user["email"]), (&"ada".into(), &ADDRESS.into()));
    assert_eq!(user["has_password"], true);
    assert!(user["password_changed_at"].as_str().unwrap().ends_with('Z'));
    let sessions = file["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "live and ended: {sessions:?}");
    assert!(sessions.iter().any(|session| session["revoked_because"] == "replaced"));
    assert_eq!((&sessions[0]["address"], &sessions[0]["how"]), (&"192.0.2.7".into(), &"pwd".into()));
    let kinds: Vec<_> = file["events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    let all =
        ["registered", "logged_in", "login_failed", "reset_link_issued", "reauthenticated", "data_exported"];
    assert_eq!(kinds, all);
    assert_eq!(file["links"][0]["purpose"], "reset_password");
    assert_eq!(file["mails"][0]["kind"], "reset_password");
    assert_eq!(file["reset_requests"][0]["email"], "ada@example.org");
    assert!(!file["revocation_notices"].as_array().unwrap().is_empty());
    let counted = file["failed_tries"].as_array().unwrap();
    assert!(
        counted.iter().any(|counter| counter["what"] == "mails_asked_for" && counter["failures"] == 2),
        "{counted:?}"
    );

    let rows = dump(&app).await;
    let digests = rows.lines().filter_map(|row| row.strip_prefix("one_time_tokens: "));
    let digest =
        digests.map(|row| row.split(['\'', '(', ',']).find(|part| part.len() > 20).unwrap()).next().unwrap();
    for secret in ["argon2", "$", &link, digest, &ada.token(), "sealed"] {
        assert!(!answer.body.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn every_column_about_a_person_is_in_it() {
    let (_app, mut ada) = stage().await;
    let file = export(&mut ada).await.json();
    // What is left out, and why.
    let left_out = [
        ("users", "password_hash", "a secret; `has_password` tells that it is there"),
        ("sessions", "status_index", "ours; which bit of a public list says that it has ended"),
        ("one_time_tokens", "digest", "a secret"),
        ("one_time_tokens", "mail_id", "ours; the mail is told by itself"),
        ("email_proofs", "code_digest", "a secret"),
        ("email_proofs", "link_digest", "a secret"),
        ("email_proofs", "mail_id", "ours; the mail is told by itself"),
        ("outbox", "sealed", "may hold a link"),
        ("outbox", "send_after", "ours"),
        ("outbox", "last_error", "ours"),
        ("totp_factors", "sealed_secret", "a secret"),
        ("passkeys", "sealed_credential", "ours; the key is public, and the passkey is told"),
        ("recovery_codes", "digest", "a secret"),
        ("api_keys", "digest", "a secret"),
        ("login_challenges", "digest", "a secret"),
        ("login_challenges", "password_digest", "a secret"),
    ];
    // Our tables, their parts, and what some columns are called there.
    let parts = [
        ("users", "user"),
        ("sessions", "sessions"),
        ("events", "events"),
        ("one_time_tokens", "links"),
        ("email_proofs", "address_to_be_proven"),
        ("outbox", "mails"),
        ("reset_requests", "reset_requests"),
        ("revocations", "revocation_notices"),
        ("totp_factors", "authenticator_app"),
        ("passkeys", "passkeys"),
        ("recovery_codes", "recovery_codes"),
        ("memberships", "memberships"),
        ("api_keys", "api_keys"),
        ("login_challenges", "sign_ins_at_their_second_step"),
    ];
    let called = [
        ("username_folded", "username_as_compared"),
        ("username_skeleton", "username_as_compared"),
        ("email_folded", "email_as_compared mailed_to email"),
        ("amr", "how"),
        ("email", "email about_address"),
        ("session_id", "session_id about_session"),
        ("revoked_at", "revoked_at at"),
    ];
    let source =
        [include_str!("../../src/flows/export_data.rs"), include_str!("../../src/flows/export_factors.rs")]
            .concat();

    for table in include_str!("../../src/db/schema.rs").split("diesel::table! {").skip(1) {
        let (table, rest) = table.trim().split_once(" (").unwrap();
        let columns = rest.split_once("{\n").unwrap().1.split_once('}').unwrap().0;
        let columns: Vec<_> =
            columns.lines().filter_map(|line| Some(line.trim().split_once(" -> ")?.0)).collect();
        let is_personal =
            |column: &&str| ["user_id", "email", "email_folded", "recipient", "username"].contains(column);
        if !columns.iter().any(is_personal) {
            continue;
        }
        let part = parts.iter().find(|(name, _)| *name == table);
        let part = part.unwrap_or_else(|| panic!("the export says nothing of {table}")).1;
        assert!(file.get(part).is_some(), "{part}");
        for column in columns {
            let is_owner = column == "user_id" && table != "users";
            let is_left_out = left_out.iter().any(|(of, name, _)| *of == table && *name == column);
            let names = called.iter().find(|(name, _)| *name == column).map_or(column, |(_, names)| names);
            let is_told = names.split(' ').any(|name| source.contains(&format!("\"{name}\":")));
            assert!(is_owner || is_left_out || is_told, "the export does not tell {table}.{column}");
        }
    }
    let all = [
        "user",
        "sessions",
        "events",
        "links",
        "address_to_be_proven",
        "mails",
        "reset_requests",
        "revocation_notices",
        "failed_tries",
        "authenticator_app",
        "passkeys",
        "recovery_codes",
        "sign_ins_at_their_second_step",
        "memberships",
        "api_keys",
    ];
    assert_eq!(keys(&file), all.into_iter().chain(["format", "version", "exported_at"]).collect());
    let words = include_str!("../../docs/retention.md");
    assert!(
        all.iter().all(|part| words.contains(&format!("`{part}`"))),
        "docs/retention.md names every part"
    );
}

#[actix_web::test]
async fn of_an_address_that_is_only_claimed_it_tells_nothing_whoever_else_has_it() {
    for has_an_owner in [false, true] {
        let (app, mut ada) = stage().await;
        if has_an_owner {
            crate::forgot::proven(&app, "owner", ADDRESS).await;
        }
        app.browser().submit("/forgot", &[("email", ADDRESS)]).await;
        app.mails().await;

        let file = export(&mut ada).await.json();

        assert_eq!((&file["mails"], &file["reset_requests"]), (&Value::Array(vec![]), &Value::Array(vec![])));
        let counted: Vec<_> =
            file["failed_tries"].as_array().unwrap().iter().map(|row| &row["what"]).collect();
        assert!(
            !counted.iter().any(|what| *what == "mails_asked_for" || *what == "sign_in_by_email"),
            "{counted:?}"
        );
    }
}

#[actix_web::test]
async fn nothing_of_anybody_else_is_in_it_even_with_the_same_address() {
    let (app, mut ada) = stage().await;
    let bob = app.register_as("bob", ADDRESS, Role::User).await;
    let mut other = app.browser();
    other.address = "198.51.100.9".to_owned();
    other.user_agent = "Bob's own browser".to_owned();
    other.sign_in("bob").await;
    app.browser().submit("/forgot", &[("email", ADDRESS)]).await;
    app.mails().await;

    let file = export(&mut ada).await;

    for trace in ["bob", bob.id.as_str(), "198.51.100.9", "Bob's"] {
        assert!(!file.body.contains(trace), "{trace}");
    }
    assert_eq!(file.json()["mails"], serde_json::json!([]), "whose they are, nobody has proven");
}

#[actix_web::test]
async fn a_long_history_is_read_a_page_at_a_time_and_is_whole() {
    let (app, mut ada) = stage().await;
    for count in [498, 1, 1, 1, 9_500] {
        let id = app.ask(|conn| vestibule::models::User::find_by_username(conn, "ada")).await.unwrap().id;
        app.execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO events (id, at, kind, user_id, actor, request_id, address, user_agent) \
             SELECT 'e{count}-' || i || '-' || (SELECT count(*) FROM events), 1000 + i / 7, 'logged_in', '{id}', '{id}', '', '', '' FROM n"
        ))
        .await;
        let rows = dump(&app).await;
        let expected = rows.lines().filter(|row| row.starts_with("events: ")).count() + 1;

        let file = export(&mut ada).await.json();

        let events = file["events"].as_array().unwrap();
        let ids: BTreeSet<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!((events.len(), ids.len()), (expected, expected));
        assert!(events.is_sorted_by_key(|event| event["at"].as_str().unwrap().to_owned()));
    }
}

#[actix_web::test]
async fn it_needs_a_fresh_proof_and_a_button() {
    let (app, mut ada) = stage().await;
    let before = dump(&app).await;
    app.pass(20 * 60 + 1);

    let (page, answer) = (ada.get("/account/export").await, export(&mut ada).await);

    assert_eq!((page.status, page.location()), (303, "/reauth?next=%2Faccount%2Fexport"));
    assert_eq!((answer.status, answer.location()), (303, "/reauth?next=%2Faccount%2Fexport"));
    let stranger = export(&mut app.browser()).await;
    assert_eq!((stranger.status, stranger.location()), (303, "/login?next=%2Faccount%2Fexport"));
    assert!(!dump(&app).await.contains("data_exported") && !before.contains("data_exported"));
}

#[actix_web::test]
async fn the_name_of_the_file_is_plain_whatever_the_username_is() {
    let (app, _) = stage().await;
    app.register("аделаида").await;
    let mut browser = app.browser();
    browser.sign_in("аделаида").await;

    let answer = export(&mut browser).await;

    let name = answer.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"vestibule---------"), "{name}");
}

#[actix_web::test]
async fn factors_are_told_as_facts_and_nothing_that_would_prove_them() {
    let (app, mut ada) = stage().await;
    let (_, codes) = crate::totp::enrol(&app, &mut ada).await;
    let user = app.ask(|conn| vestibule::models::User::find_by_username(conn, "ada")).await.unwrap();
    crate::enrolment::add_passkey(&app, &user, "desk", app.now()).await;
    app.browser().sign_in("ada").await;

    let answer = export(&mut ada).await;

    let file = answer.json();
    assert!(file["user"]["second_factor_since"].as_str().unwrap().ends_with('Z'));
    assert!(file["authenticator_app"][0]["confirmed_at"].as_str().unwrap().ends_with('Z'));
    let passkey = &file["passkeys"][0];
    assert_eq!((&passkey["name"], &passkey["is_synced"]), (&"desk".into(), &false.into()));
    assert_eq!(file["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(file["sign_ins_at_their_second_step"].as_array().unwrap().len(), 1);
    for (table, secret) in
        [("recovery_codes", "digest"), ("totp_factors", "sealed_secret"), ("passkeys", "sealed")]
    {
        assert!(!answer.body.contains(secret), "{table}");
    }
    let row = app.ask(move |conn| vestibule::models::RecoveryCode::list(conn, &user.id)).await.remove(0);
    assert!(!answer.body.contains(&row.digest) && codes.iter().all(|code| !answer.body.contains(code)));
}
