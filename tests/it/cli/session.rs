//! `vestibule session`

use actix_web::rt::System;
use vestibule::config::Config;
use vestibule::flows::caller::Caller;
use vestibule::flows::register::{self, NewAccount};
use vestibule::models::Role;
use vestibule::vestibule::Vestibule;

use super::{Folder, GOOD_PASSWORD};

/// Ada, signed in once, by the deed that the page does; the id of her session.
fn sign_in(folder: &Folder) -> String {
    let mut config = Config::default();
    config.server.data_dir = folder.path.join("data");
    let vestibule = Vestibule::open(config).unwrap();
    let account = NewAccount {
        username: "ada".to_owned(),
        email: String::new(),
        password: GOOD_PASSWORD.into(),
        role: Role::User,
    };
    let mut caller = Caller::operator();
    caller.user_agent = "Netscape \u{202e}4".to_owned();
    let now = vestibule.clock.now();
    let signed_in = System::new().block_on(register::and_sign_in(&vestibule, account, None, &caller, now));
    signed_in.unwrap().session.id.to_string()
}

#[test]
fn a_session_is_listed_counted_and_ended_by_its_id() {
    let folder = Folder::new();
    let id = sign_in(&folder);

    let list = folder.run("session list ada --json").json();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["id"]), (1, &id.as_str().into()));
    assert_eq!(list[0]["amr"], serde_json::json!(["pwd"]));
    assert!(folder.run("session list ada").done().contains("Netscape \\u{202e}4"));
    assert!(folder.run("user show ada").done().contains("Live sessions   1"));

    assert_eq!(folder.run(&format!("session revoke {id}")).done(), "Session ended.\n");
    assert_eq!(folder.run("session list ada --json").json(), serde_json::json!([]));
    assert_eq!(folder.run(&format!("session revoke {id}")).done(), "That session had ended before.\n");
}

#[test]
fn all_sessions_of_a_user_end_at_once() {
    let folder = Folder::new();
    sign_in(&folder);

    assert_eq!(folder.run("session revoke --user ada --all --json").json()["revoked"], 1);
    assert_eq!(folder.run("session revoke --user ada --all").done(), "Sessions of ada ended: 0.\n");
}

#[test]
fn disabling_somebody_ends_their_sessions() {
    let folder = Folder::new();
    sign_in(&folder);

    folder.run("user disable ada").done();

    assert_eq!(folder.run("session list ada --json").json(), serde_json::json!([]));
}

#[test]
fn what_to_end_has_to_be_said_exactly() {
    let folder = Folder::new().with_tables();

    assert_eq!(folder.run("session revoke nothing").refused(1), "There is no session `nothing`.");
    assert_eq!(folder.run("session revoke --user ada --all").refused(1), "There is no user `ada`.");
    assert_eq!(folder.run("session list ada").refused(1), "There is no user `ada`.");
    for line in ["", "--all", "--user ada", "id --user ada --all", "id --all"] {
        assert_eq!(folder.run(&format!("session revoke {line}")).code, Some(2), "{line}");
    }
}
