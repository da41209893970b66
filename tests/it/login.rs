//! Signing in, at the page and at the API.

use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn the_right_password_leads_to_the_dashboard() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut browser = app.browser();

    let answer = browser.submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await;

    assert_eq!((answer.status, answer.location()), (303, "/dashboard"));
    let page = browser.get("/dashboard").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Hello, ada"));
    assert!(page.body.contains("Firefox on Linux"));
}

#[actix_web::test]
async fn a_wrong_password_an_unknown_name_and_a_disabled_user_look_alike() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let dora = app.register("dora").await;
    app.execute(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{}'", dora.id)).await;
    let mut browser = app.browser();

    let wrong = browser.submit("/login", &[("login", "ada"), ("password", "not her password")]).await;
    let unknown = browser.submit("/login", &[("login", "bob"), ("password", PASSWORD)]).await;
    let disabled = browser.submit("/login", &[("login", "dora"), ("password", PASSWORD)]).await;

    assert_eq!((wrong.status, unknown.status, disabled.status), (422, 422, 422));
    let nonce = |body: &str| body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let plain =
        |body: &str, name: &str| body.replace(&nonce(body), "").replace(&format!("value=\"{name}\""), "");
    assert_eq!(plain(&wrong.body, "ada"), plain(&unknown.body, "bob"));
    assert_eq!(plain(&wrong.body, "ada"), plain(&disabled.body, "dora"));
}
