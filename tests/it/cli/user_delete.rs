//! `vestibule user delete`

use super::Folder;

#[test]
fn delete_asks_for_a_yes_and_then_leaves_no_trace_but_that_it_happened() {
    let folder = Folder::new();
    let id = folder.create("ada --email ada@example.org");

    let refused = folder.run("user delete ada").refused(1);
    assert_eq!(refused, "Say --yes to delete ada for good. Nothing was changed.");
    assert_eq!(folder.run("user show ada --json").json()["id"], id);

    assert_eq!(folder.run("user delete ADA --yes").done(), "ada is deleted.\n");
    assert!(folder.run("user delete ada --yes").refused(1).contains("There is no user `ada`"));
    assert!(folder.run(&format!("user show {id}")).refused(1).contains("There is no user"));
    assert_ne!(folder.create("ada"), id, "the name is free, the id is not");
}

#[test]
fn delete_can_answer_in_json_and_warns_when_no_administrator_is_left() {
    let folder = Folder::new();
    let id = folder.create("root --role admin");

    let ran = folder.run(&format!("user delete {id} --yes --json"));

    assert!(ran.err.contains("warning: no administrator is left"), "{ran:?}");
    assert_eq!(ran.json(), serde_json::json!({ "id": id, "username": "root", "deleted": true }));
}
