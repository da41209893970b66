//! One address that many give as theirs, after one of them has proven it.

use vestibule::models::Role;

use crate::forgot::{ADDRESS, ask, link, proven, send, signs_in};
use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp};

#[actix_web::test]
async fn however_many_claim_a_proven_address_its_owner_gets_the_mail_and_signs_in_and_they_learn_nothing() {
    let app = TestApp::new().await;
    proven(&app, "ada", ADDRESS).await;
    for number in 0..100 {
        app.register_as(&format!("claimant{number}"), ADDRESS, Role::User).await;
    }
    let elsewhere = app.register_as("mallory", "nobody@example.org", Role::User).await;
    app.execute(&format!("UPDATE users SET created_at = created_at + 9 WHERE id != '{}'", elsewhere.id))
        .await;

    ask(&mut app.browser(), ADDRESS).await;

    let sign_in =
        async |email: &str| app.browser().submit("/login", &[("login", email), ("password", PASSWORD)]).await;
    let (known, unknown) = (sign_in(ADDRESS).await, sign_in("nobody@example.org").await);
    assert_eq!((known.status, unknown.status), (303, 303));
    let mut ada = app.browser();
    ada.get(&link(&app).await).await;
    assert!(ada.get("/reset").await.body.contains("<strong>ada</strong>"));
    assert_eq!(send(&mut ada, OTHER_PASSWORD).await.status, 303);
    assert!(signs_in(&app, ADDRESS, OTHER_PASSWORD).await);
}
