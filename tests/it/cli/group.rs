//! `vestibule group`

use serde_json::json;

use super::Folder;

fn stage() -> Folder {
    let folder = Folder::new();
    folder.create("ada");
    folder.create("bob");
    assert_eq!(folder.run("group create editors").done(), "editors is made. Nobody is in it yet.\n");
    folder
}

#[test]
fn a_group_is_made_filled_shown_and_emptied() {
    let folder = stage();

    assert_eq!(folder.run("group add editors ada").done(), "ada is in editors now.\n");
    assert_eq!(folder.run("group add editors ADA").done(), "ada was in editors before.\n");
    let added = folder.run("group add editors bob --json").json();
    assert_eq!(added, json!({ "group": "editors", "username": "bob", "added": true }));

    let listed = folder.run("group list --json").json();
    assert_eq!((&listed[0]["name"], &listed[0]["members"]), (&"editors".into(), &2.into()));
    assert!(folder.run("group list").done().lines().nth(1).unwrap().starts_with("editors  2"));
    let shown = folder.run("group show editors --json").json();
    let names: Vec<_> =
        shown["members"].as_array().unwrap().iter().map(|member| &member["username"]).collect();
    assert_eq!(names, ["ada", "bob"]);
    assert!(shown["members"][0]["since"].as_str().unwrap().ends_with('Z'));
    assert_eq!(folder.run("group show editors").done().lines().count(), 3);

    assert_eq!(folder.run("user show ada --json").json()["groups"], json!(["editors"]));
    assert!(
        folder
            .run("user show ada")
            .done()
            .lines()
            .any(|line| line.starts_with("Groups ") && line.ends_with("editors"))
    );
    assert_eq!(folder.run("group remove editors ada").done(), "ada is not in editors any more.\n");
    assert_eq!(folder.run("group remove editors ada").done(), "ada was not in editors.\n");
    assert_eq!(folder.run("user show ada --json").json()["groups"], json!([]));
    assert!(
        folder
            .run("user show ada")
            .done()
            .lines()
            .any(|line| line.starts_with("Groups ") && line.ends_with("none"))
    );
}

#[test]
fn long_lists_are_told_in_parts() {
    let folder = stage();
    folder.run("group create authors").done();
    folder.run("group add editors ada").done();
    folder.run("group add editors bob").done();

    let groups = folder.run("group list --limit 1");
    assert!(groups.err.contains("--after authors"), "{groups:?}");
    assert!(folder.run("group list --after authors").done().contains("editors"));
    let members = folder.run("group show editors --limit 1");
    let id = members.err.split("--after ").nth(1).unwrap().trim().to_owned();
    let rest = folder.run(&format!("group show editors --json --after {id}")).json();
    assert_eq!(rest["members"][0]["username"], "bob");
    assert_eq!(folder.run("group list --limit 0").code, Some(2));
}

#[test]
fn delete_asks_for_a_yes_and_tells_how_many_were_in_it() {
    let folder = stage();
    folder.run("group add editors ada").done();

    let refused = folder.run("group delete editors").refused(1);
    assert_eq!(refused, "Say --yes to delete the group editors. Nothing was changed.");
    assert_eq!(folder.run("group list --json").json()[0]["members"], 1);

    let deleted = folder.run("group delete editors --yes --json").json();
    assert_eq!(deleted, json!({ "name": "editors", "members": 1, "deleted": true }));
    assert_eq!(folder.run("group list --json").json(), json!([]));
    assert_eq!(folder.run("user show ada --json").json()["groups"], json!([]));
}

#[test]
fn a_slip_in_a_name_is_answered_with_what_was_meant() {
    let folder = stage();

    let slip = folder.run("group add editor ada").refused(1);
    assert_eq!(slip, "There is no group `editor`. Did you mean `editors`?");
    let unknown = folder.run("group show quux").refused(1);
    assert_eq!(unknown, "There is no group `quux`. `vestibule group list` lists all there are.");
    assert_eq!(folder.run("group add editors eve").refused(1), "There is no user `eve`.");
    assert_eq!(folder.run("group create editors").refused(1), "There is a group `editors` already.");
    for name in ["Editors", "_x", "a,b", "ä"] {
        assert!(
            folder
                .run(&format!("group create {name}"))
                .refused(1)
                .starts_with("A group is called by 1 to 32")
        );
    }
    assert_eq!(folder.run("group create").code, Some(2));
    assert_eq!(folder.run("group add editors").code, Some(2));
}

#[test]
fn a_group_that_cannot_be_is_refused_in_the_settings() {
    let folder =
        Folder::new().with_file("vestibule.toml", "[second_factor]\nrequire_groups = [\"ops\", \"Ops\"]\n");

    let ran = folder.run("config check");

    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("require_groups") && ran.err.contains("\"Ops\""), "{ran:?}");
}
