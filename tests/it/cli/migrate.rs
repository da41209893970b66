//! `vestibule migrate`

use super::Folder;

#[test]
fn status_makes_nothing_where_there_is_no_database() {
    let folder = Folder::new();

    let ran = folder.run("migrate status --json");

    assert!(ran.err.contains("there is no database yet: SQLite, "), "{ran:?}");
    let list = ran.json();
    let list = list.as_array().unwrap();
    assert!(!list.is_empty() && list.iter().all(|migration| migration["applied"] == false));
    assert!(folder.names().is_empty());
}

#[test]
fn status_changes_nothing_in_an_empty_database() {
    let folder = Folder::new().with_file("empty.db", "");

    let ran = folder.run("migrate status --database-url sqlite:empty.db");

    assert!(ran.done().contains("missing  20"));
    assert_eq!(folder.names(), ["empty.db"]);
    assert_eq!(std::fs::metadata(folder.path.join("empty.db")).unwrap().len(), 0);
}

#[test]
fn migrate_runs_what_is_missing_and_says_so() {
    let folder = Folder::new();
    let missing = folder.run("migrate status --json").json();

    let ran = folder.run("migrate").done();
    assert_eq!(ran.lines().count(), missing.as_array().unwrap().len());
    assert!(ran.lines().all(|line| line.starts_with("ran 20")), "{ran}");

    assert_eq!(folder.run("migrate").done(), "nothing to do\n");
    assert_eq!(folder.run("migrate --json").json(), serde_json::json!({ "ran": [] }));
    let status = folder.run("migrate status").done();
    assert!(status.contains("applied  20") && !status.contains("missing"), "{status}");
}

#[test]
fn a_database_that_does_not_answer_is_unreachable() {
    for command in ["migrate", "migrate status"] {
        let words =
            Folder::new().run(&format!("{command} --database-url postgres://127.0.0.1:1/x")).refused(3);

        assert!(words.starts_with("The database is not available"), "{words}");
    }
}
