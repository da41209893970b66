//! Passwords that an operator does not want.

use vestibule::flows::caller::Caller;
use vestibule::flows::reset_password::issue_link;

use crate::support::{OTHER_PASSWORD, PASSWORD, Place, TestApp};

/// What the policy would like, if it were not for the list.
const LISTED: &str = "Four Muddy Otters Sing";
const WORDS: &str = "This password is on the list of those that may not be used here. Three or four words";

#[actix_web::test]
async fn nobody_chooses_one_of_them_wherever_a_password_is_chosen() {
    let place = Place::new();
    std::fs::create_dir_all(place.dir()).unwrap();
    let file = place.dir().join("list.txt");
    std::fs::write(&file, format!("otters\n{}\n", LISTED.to_lowercase())).unwrap();
    let app = TestApp::with(|config| config.passwords.blocklist_file = Some(file)).await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let link = issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    let mut holder = app.browser();
    holder.get(&format!("/reset/{}", link.expose())).await;

    for listed in [LISTED.to_owned(), LISTED.to_uppercase(), format!("{LISTED}!"), format!("{LISTED}26.")] {
        let account = [("username", "bob"), ("password", listed.as_str())];
        let registered = app.browser().submit("/register", &account).await;
        let reset = holder.submit("/reset", &[("password", &listed)]).await;
        let fields = [("current_password", PASSWORD), ("password", &listed)];
        let changed = browser.submit("/account/password", &fields).await;
        let account = serde_json::json!({ "username": "bob", "password": listed });
        let told = app.program().post("/register", &account).await;

        for page in [registered, reset, changed] {
            assert_eq!(page.status, 422, "{listed}");
            assert!(page.body.contains(WORDS) && page.body.contains("id=\"password-error\""), "{listed}");
        }
        assert_eq!((told.status, &told.json()["errors"][0]["field"]), (422, &"password".into()));
        assert!(told.body.contains(WORDS));
    }
    for (name, near) in [
        ("bob", "Four Muddy Otters Sang"),
        ("eve", "We Four Muddy Otters Sing"),
        ("joe", "Four Muddy Otters Sing 2026"),
    ] {
        let account = [("username", name), ("password", near)];
        assert_eq!(app.browser().submit("/register", &account).await.status, 303, "{near}");
    }
    let fields = [("current_password", PASSWORD), ("password", OTHER_PASSWORD)];
    assert_eq!(browser.submit("/account/password", &fields).await.status, 303);
}

#[actix_web::test]
async fn whoever_has_one_of_them_already_still_signs_in() {
    let place = Place::new();
    std::fs::create_dir_all(place.dir()).unwrap();
    let file = place.dir().join("list.txt");
    std::fs::write(&file, "nothing yet\n").unwrap();
    let app = TestApp::with(|config| config.passwords.blocklist_file = Some(file.clone())).await;
    app.register("ada").await;
    std::fs::write(&file, PASSWORD).unwrap();
    let node = app.another_node().await;

    assert_eq!(node.vestibule.policy.blocklist.len(), 1);
    assert_eq!(node.browser().sign_in("ada").await.status, 303);
}
