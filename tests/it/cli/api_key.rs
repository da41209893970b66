//! `vestibule api-key`

use serde_json::json;

use super::Folder;

#[test]
fn a_key_is_printed_once_listed_without_it_and_revoked() {
    let folder = Folder::new();
    folder.create("ada");

    let made = folder.run("api-key create ada --name backup --scope apps");
    assert!(made.err.contains("the key is shown this once"), "{made:?}");
    let key = made.done().trim().to_owned();
    assert!(key.starts_with("vst_") && key.len() == 52);
    let other = folder.run("api-key create ada --name ci --scope account:read,apps --days 7 --json").json();
    assert!(
        other["key"].as_str().unwrap().starts_with("vst_")
            && other["expires_at"].as_str().unwrap().ends_with('Z')
    );

    let listed = folder.run("api-key list ada --json").json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!((&listed[0]["name"], &listed[0]["scopes"]), (&"ci".into(), &json!(["account:read", "apps"])));
    assert_eq!((&listed[1]["is_live"], &listed[1]["last_used_at"]), (&true.into(), &serde_json::Value::Null));
    let table = folder.run("api-key list ada").done();
    assert!(table.contains("live") && table.contains("never") && !table.contains("vst_"));

    let id = listed[1]["id"].as_str().unwrap();
    let revoked = folder.run(&format!("api-key revoke {id} --reason leaked")).done();
    assert_eq!(revoked, "The key backup is revoked. It opens nothing any more.\n");
    let again = folder.run(&format!("api-key revoke {id}")).refused(1);
    assert_eq!(
        again,
        format!("There is no API key `{id}`. `vestibule api-key list NAME` lists those of a user.")
    );
    assert_eq!(folder.run("api-key list ada --json").json().as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_is_refused_in_plain_words() {
    let folder = Folder::new();
    folder.create("ada");
    folder.run("api-key create ada --name ci --scope apps").done();

    assert!(
        folder
            .run("api-key create ada --name ci --scope apps")
            .refused(1)
            .starts_with("There is a key of that name")
    );
    assert_eq!(folder.run("api-key create eve --name ci --scope apps").refused(1), "There is no user `eve`.");
    assert_eq!(folder.run("api-key create ada --name ci").code, Some(2));
    let scope = folder.run("api-key create ada --name x --scope app");
    assert!(scope.code == Some(2) && scope.err.contains("'apps'"), "{scope:?}");
    assert_eq!(folder.run("api-key create ada --name x --scope apps --days 31").code, Some(2));
    for number in 1..10 {
        folder.run(&format!("api-key create ada --name k{number} --scope apps")).done();
    }
    assert!(
        folder.run("api-key create ada --name more --scope apps").refused(1).contains("more than 10 keys")
    );

    folder.run("user disable ada").done();
    let id = folder.run("api-key list ada --json").json()[0]["id"].as_str().unwrap().to_owned();
    folder.run(&format!("api-key revoke {id}")).done();
    let warned = folder.run("api-key create ada --name late --scope apps");
    assert!(warned.err.contains("warning: ada cannot sign in"), "{warned:?}");
}
