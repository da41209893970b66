//! `vestibule user reset-second-factor`

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

use super::Folder;

/// Gives everybody a passkey, as if they had added it.
fn add_passkeys(folder: &Folder) {
    let file = folder.path.join("data/vestibule.db");
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute(
        "INSERT INTO passkeys (id, user_id, credential_id, sealed_credential, rp_id, name, is_synced, sign_count, created_at)
         SELECT 'p', id, 'c', x'01', 'localhost', 'desk', 0, 0, 1 FROM users;
         UPDATE users SET second_factor_since = 1, factors_changed_at = 1",
    )
    .unwrap();
}

#[test]
fn it_says_what_was_done_in_words_and_in_json() {
    let folder = Folder::new();
    let id = folder.create("ada");
    for ending in ["", " --json"] {
        add_passkeys(&folder);
        assert_eq!(folder.run("user show ada --json").json()["factors"]["passkeys"], 1);
        assert!(folder.run("user show ada").done().contains("Second step     1970-01-01"));
        assert!(folder.run("user list").done().contains(" yes "));

        let ran = folder.run(&format!("user reset-second-factor ada --reason Lost{ending}"));

        assert!(ran.err.contains("ada has no confirmed e-mail address: tell them yourself"), "{ran:?}");
        match ending {
            "" => {
                let words = ran.done();
                assert!(words.starts_with("ada signs in with the password alone now.\n"), "{words}");
                assert!(words.contains("Passkeys           1 taken away"), "{words}");
            }
            _ => assert_eq!(
                ran.json(),
                serde_json::json!({
                    "id": id, "username": "ada", "authenticator_app": false, "passkeys": 1, "recovery_codes": 0,
                    "sessions_ended": 0,
                })
            ),
        }
        assert_eq!(folder.run("user show ada --json").json()["second_factor_since"], serde_json::Value::Null);
        assert!(folder.run("user list").done().contains(" no "));
    }
    let again = folder.run("user reset-second-factor ada --reason Lost").done();
    assert_eq!(again, "ada has no second factor. Nothing was changed.\n");
}

#[test]
fn it_takes_a_reason_and_somebody_whom_it_is_about() {
    let folder = Folder::new();
    folder.create("ada");

    let without = folder.run("user reset-second-factor ada");
    assert_eq!(without.code, Some(2));
    assert!(without.err.contains("--reason <TEXT>"), "{without:?}");
    assert!(folder.run("user reset-second-factor ada --reason=").refused(1).contains("Say why, in one line"));
    let nobody = folder.run("user reset-second-factor bob --reason Lost").refused(1);
    assert_eq!(nobody, "There is no user `bob`.");
}
