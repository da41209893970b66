//! The security check of the overview tells the truth about somebody's factors.

use vestibule::models::Role;

use crate::enrolment::add_passkey;
use crate::forgot::{ADDRESS, proven};
use crate::support::{Browser, TestApp};
use crate::totp::enrol;

async fn safety(browser: &mut Browser) -> String {
    let page = browser.get("/dashboard").await.body;
    page.split("aria-labelledby=\"safety\"").nth(1).unwrap().split("</section>").next().unwrap().to_owned()
}

#[actix_web::test]
async fn it_counts_what_is_done_and_leads_to_what_is_not() {
    let app = TestApp::new().await;
    let ada = proven(&app, "ada", ADDRESS).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;

    let bare = safety(&mut browser).await;
    enrol(&app, &mut browser).await;
    let unsaved = safety(&mut browser).await;
    browser.submit("/account/recovery-codes/saved", &[]).await;
    let with_app = safety(&mut browser).await;
    add_passkey(&app, &ada, "desk", app.now()).await;
    let with_both = safety(&mut browser).await;

    assert!(bare.contains("Security check: 1 of 4") && bare.contains("Two-step sign-in is off"), "{bare}");
    for link in ["/account/totp\">Turn it on", "/account/passkeys\">Add a passkey"] {
        assert!(bare.contains(link), "{bare}");
    }
    assert!(bare.contains("No recovery codes") && !bare.contains("second passkey"), "{bare}");
    assert!(
        unsaved.contains("Security check: 2 of 4")
            && unsaved.contains("Your recovery codes are not saved yet")
    );
    assert!(with_app.contains("Security check: 3 of 4") && with_app.contains("Two-step sign-in is on"));
    assert!(with_app.contains("10 of 10 recovery codes left") && with_app.contains("No passkey yet"));
    assert!(with_both.contains("Security check: 4 of 4") && with_both.contains("You have a passkey"));
}

#[actix_web::test]
async fn it_warns_when_recovery_codes_run_out() {
    let app = TestApp::new().await;
    app.register_as("ada", "", Role::User).await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    enrol(&app, &mut browser).await;
    browser.submit("/account/recovery-codes/saved", &[]).await;

    for (used, words, is_done) in [
        (7, "3 of 10 recovery codes left", true),
        (8, "Only 2 of 10 recovery codes left", false),
        (10, "No recovery codes are left", false),
    ] {
        app.execute(&format!(
            "UPDATE recovery_codes SET used_at = 1 WHERE digest IN (SELECT digest FROM recovery_codes ORDER BY digest LIMIT {used})"
        ))
        .await;
        let safety = safety(&mut browser).await;
        let line =
            safety.split("<li").find(|line| line.contains(words)).unwrap_or_else(|| panic!("{safety}"));
        assert_eq!(line.contains("Done: "), is_done, "{line}");
        assert!(line.contains("href=\"/account/recovery-codes\""));
    }
}

#[actix_web::test]
async fn a_second_passkey_is_suggested_until_its_owner_says_not_now() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    enrol(&app, &mut browser).await;
    add_passkey(&app, &ada, "desk", app.now()).await;
    let suggested = async |browser: &mut Browser| safety(browser).await.contains("Add a second passkey");

    assert!(suggested(&mut browser).await);
    app.pass(60);
    let declined = browser.submit("/account/passkeys/second/declined", &[]).await;
    assert_eq!((declined.status, declined.location()), (303, "/dashboard"));
    assert!(!suggested(&mut browser).await, "once is enough");
    app.execute("DELETE FROM passkeys").await;
    add_passkey(&app, &ada, "another", app.now()).await;
    assert!(!suggested(&mut browser).await, "added in the very second");
    app.pass(60);
    app.execute("DELETE FROM passkeys").await;
    add_passkey(&app, &ada, "third", app.now()).await;
    assert!(suggested(&mut browser).await, "of another one they have not said so");
    add_passkey(&app, &ada, "fourth", app.now()).await;
    assert!(!suggested(&mut browser).await, "there are two");
    let stranger = app.browser().submit("/account/passkeys/second/declined", &[]).await;
    assert!(stranger.location().starts_with("/login"));
}

#[actix_web::test]
async fn it_says_that_somebody_knew_the_password_and_no_code() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let (mut browser, mut stranger) = (app.browser(), app.browser());
    browser.sign_in("ada").await;
    enrol(&app, &mut browser).await;
    let before = safety(&mut browser).await;
    stranger.sign_in("ada").await;
    stranger.submit("/login/totp", &[("code", "000000")]).await;
    let after = safety(&mut browser).await;

    let words = "Somebody gave your password and a wrong code lately";
    assert!(before.contains("No wrong passwords lately") && !before.contains(words), "{before}");
    assert!(after.contains(words) && !after.contains("No wrong passwords lately"), "{after}");
}
