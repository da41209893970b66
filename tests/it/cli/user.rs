//! `vestibule user`

use super::{Folder, GOOD_PASSWORD};

#[test]
fn create_reads_the_password_from_standard_input_and_prints_the_id() {
    let folder = Folder::new();

    let id = folder.create("ada --email ada@example.org --role admin");

    let user = folder.run("user show ada --json").json();
    assert_eq!(user["id"], id);
    assert_eq!((&user["role"], &user["email"]), (&"admin".into(), &"ada@example.org".into()));
    assert_eq!((&user["sessions"], &user["disabled_at"]), (&0.into(), &serde_json::Value::Null));
    assert_eq!(folder.run(&format!("user show {id} --json")).json(), user);
}

#[test]
fn create_can_answer_in_json_and_never_with_the_hash() {
    let folder = Folder::new();

    let user = folder.run_with("user create ada --json", &format!("{GOOD_PASSWORD}\n")).json();

    assert_eq!((&user["username"], &user["role"]), (&"ada".into(), &"user".into()));
    assert!(user["created_at"].as_str().unwrap().ends_with('Z'));
    assert!(!user.to_string().contains("argon2"));
}

#[test]
fn a_taken_name_is_refused_with_the_plain_reason() {
    let folder = Folder::new();
    folder.create("ada");

    for name in ["ada", "ADA"] {
        let ran = folder.run_with(&format!("user create {name}"), GOOD_PASSWORD);

        assert!(ran.refused(1).starts_with("That username is taken"));
    }
}

#[test]
fn a_weak_password_is_refused_with_the_reason() {
    let folder = Folder::new();

    assert!(folder.run_with("user create ada", "short").refused(1).contains("at least 12 characters"));
    assert!(folder.run_with("user create ada", "").refused(1).starts_with("No password came in"));
    let all_at_once = folder.run_with("user create a! --email nowhere", "short").refused(1);
    assert!(all_at_once.contains("username") && all_at_once.contains("12"), "{all_at_once}");
    assert_eq!(folder.run("user list --json").json(), serde_json::json!([]));
}

#[test]
fn a_password_is_not_taken_from_a_flag_nor_repeated() {
    let ran = Folder::new().run("user create ada --password hunter2hunter2");

    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("unexpected argument '--password'"), "{ran:?}");
    assert!(!ran.err.contains("hunter2"));
}

#[test]
fn an_operator_may_give_a_reserved_name_while_registration_is_closed() {
    let folder = Folder::new().with_variable("VESTIBULE_REGISTRATION__MODE", "closed");

    folder.create("root");

    assert_eq!(folder.run("user show root --json").json()["username"], "root");
}

#[test]
fn list_goes_through_the_users_by_name() {
    let folder = Folder::new().with_tables();
    assert_eq!(folder.run("user list").done().lines().count(), 1);
    for name in ["cleo", "ada", "bert"] {
        folder.create(name);
    }

    let names = |line: &str| {
        let list = folder.run(line).json();
        list.as_array()
            .unwrap()
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("user list --json"), ["ada", "bert", "cleo"]);
    assert_eq!(names("user list --json --after ADA --limit 1"), ["bert"]);

    let page = folder.run("user list --limit 2");
    assert!(page.err.contains("--after bert"), "{page:?}");
    assert!(page.done().lines().nth(1).unwrap().starts_with("ada "));
    assert_eq!(folder.run("user list --limit 0").code, Some(2));
}

#[test]
fn disable_and_enable_can_be_said_twice() {
    let folder = Folder::new();
    folder.create("ada");

    for _ in 0..2 {
        assert_eq!(folder.run("user disable ada").done(), "ada is disabled, and signed out everywhere.\n");
    }
    assert!(folder.run("user show ada").done().contains("disabled since 20"));
    for _ in 0..2 {
        assert_eq!(folder.run("user enable ada").done(), "ada is enabled.\n");
    }
    assert_eq!(folder.run("user disable ada --json").json()["username"], "ada");
}

#[test]
fn the_last_administrator_does_not_go_unnoticed() {
    let folder = Folder::new();
    folder.create("ada --role admin");
    folder.create("bert");

    let first = folder.run("user set-role bert admin");
    assert_eq!((first.out.as_str(), first.err.as_str()), ("bert is an administrator.\n", ""));
    let second = folder.run("user set-role ada user");
    assert_eq!((second.out.as_str(), second.err.as_str()), ("ada is an ordinary user.\n", ""));
    let last = folder.run("user disable bert");
    assert!(last.err.contains("warning: no administrator is left"), "{last:?}");
    assert_eq!(last.code, Some(0));
    let after = folder.run("user disable ada");
    assert_eq!(after.err, "");
    assert_eq!(folder.run("user set-role ada queen").code, Some(2));
}

#[test]
fn a_reset_link_leads_to_the_public_address() {
    let folder = Folder::new();
    folder.create("ada");

    let ran = folder.run("user reset-link ada --public-url https://login.example.org");
    assert!(ran.err.contains("works for 10 minutes and once"), "{ran:?}");
    let token = ran.out.trim().strip_prefix("https://login.example.org/reset/").unwrap();
    assert_eq!(token.len(), 43);

    let json = folder.run("user reset-link ada --json").json();
    assert!(json["url"].as_str().unwrap().starts_with("http://localhost:8080/reset/"));
    assert!(json["expires_at"].as_str().unwrap().ends_with('Z'));

    folder.run("user disable ada").done();
    let ran = folder.run("user reset-link ada");
    assert!(ran.err.contains("ada is disabled"), "{ran:?}");
}

#[test]
fn who_does_not_exist_is_said_to_be_nobody() {
    let folder = Folder::new().with_tables();

    for command in ["show", "disable", "enable", "reset-link"] {
        assert_eq!(folder.run(&format!("user {command} ada")).refused(1), "There is no user `ada`.");
    }
    assert_eq!(folder.run("user set-role ada admin").refused(1), "There is no user `ada`.");
    assert_eq!(folder.run("user show a\u{1b}[31mda").refused(1), "There is no user `a\\u{1b}[31mda`.");
}

#[test]
fn a_database_that_does_not_answer_is_unreachable() {
    let folder = Folder::new();

    let words = folder.run("user list --database-url postgres://ada:hunter2@127.0.0.1:1/people").refused(3);

    assert!(words.starts_with("The database is not available"), "{words}");
    assert!(!words.contains("hunter2"));
}

#[test]
fn no_command_but_create_makes_a_database_where_there_is_none() {
    let folder = Folder::new();

    for command in ["user list", "user show ada", "session list ada", "session revoke --user ada --all"] {
        assert!(folder.run(command).refused(3).contains("there is none (SQLite, "));
    }
    assert!(folder.names().is_empty());
    let created = folder.run_with("user create ada", super::GOOD_PASSWORD);

    assert!(created.err.contains("made a new database: SQLite, "), "{created:?}");
    created.done();
}
