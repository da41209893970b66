//! A right password without the second step: its owner is told by mail, once, after three minutes.

use futures_util::future::join;
use vestibule::models::MailKind;

use crate::new_device::stranger;
use crate::second_factor::{house, type_code, type_paper, waiting};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};

/// The words of such mails, the newest first.
async fn told(app: &TestApp) -> Vec<String> {
    let mails = app.mails().await.into_iter();
    mails.filter(|mail| mail.0.kind == MailKind::SecondFactorMissing).map(|mail| mail.1.text).collect()
}

/// Somebody elsewhere who knows the password.
async fn thief(app: &TestApp) -> Browser {
    let mut thief = stranger(app, "curl/8.5.0", "203.0.113.9");
    assert_eq!(thief.sign_in("ada").await.location(), "/login/totp");
    thief
}

#[actix_web::test]
async fn whoever_knows_the_password_and_does_not_go_on_is_told_of_once_after_three_minutes() {
    let app = TestApp::new().await;
    house(&app).await;
    thief(&app).await;
    let began = app.now().in_words();

    app.pass(3 * 60);
    assert!(told(&app).await.is_empty(), "they may be looking for their phone");
    app.pass(1);
    let mails = told(&app).await;
    app.pass(60 * 60);

    assert_eq!(mails.len(), 1);
    for words in
        ["account ada", &began, "203.0.113.9", "curl", "nobody went on to the second step", "/forgot"]
    {
        assert!(mails[0].contains(words), "{words}: {}", mails[0]);
    }
    assert_eq!(told(&app).await.len(), 1, "once");
}

#[actix_web::test]
async fn neither_wrong_codes_nor_letting_go_of_it_keeps_the_owner_from_being_told() {
    let app = TestApp::new().await;
    house(&app).await;
    let (mut quiet, mut loud) = (thief(&app).await, thief(&app).await);
    assert_eq!(quiet.submit("/login/cancel", &[]).await.location(), "/login");
    for _ in 0..5 {
        type_code(&mut loud, "000000").await;
    }

    app.pass(3 * 60 + 1);
    let mails = told(&app).await;

    assert_eq!(mails.len(), 2);
    assert_eq!(
        mails.iter().filter(|mail| mail.contains("the codes of the second step were wrong")).count(),
        1
    );
}

#[actix_web::test]
async fn of_many_nodes_that_look_at_once_one_tells() {
    for _ in 0..5 {
        let app = TestApp::new().await;
        house(&app).await;
        let there = app.another_node().await;
        thief(&app).await;
        app.pass(3 * 60 + 1);

        join(app.deliver(), there.deliver()).await;

        assert_eq!(told(&app).await.len(), 1);
    }
}

#[actix_web::test]
async fn whoever_comes_in_is_not_told_of_and_whoever_comes_in_late_is_in_all_the_same() {
    let app = TestApp::new().await;
    let (_, phone, codes, _) = house(&app).await;
    let mut quick = waiting(&app).await;
    assert_eq!(type_paper(&mut quick, &codes[0]).await.status, 303);
    // Begun anew in the same browser, as after the back button.
    let mut again = waiting(&app).await;
    again.sign_in("ada").await;
    assert_eq!(type_paper(&mut again, &codes[1]).await.status, 303);
    app.pass(3 * 60 + 1);
    assert!(told(&app).await.is_empty());

    let mut slow = waiting(&app).await;
    app.pass(4 * 60);
    assert_eq!(told(&app).await.len(), 1);
    assert_eq!(type_code(&mut slow, &phone.code(app.now())).await.location(), "/dashboard");
    // That its owner comes in from home says nothing of the one who is somewhere else.
    thief(&app).await;
    app.pass(60);
    let mut home = waiting(&app).await;
    assert_eq!(type_code(&mut home, &phone.code(app.now())).await.location(), "/dashboard");
    app.pass(3 * 60);
    assert_eq!(told(&app).await.len(), 2);
}

#[actix_web::test]
async fn nobody_is_told_of_what_is_settled_or_by_an_address_that_is_not_theirs() {
    let deeds = ["unproven", "no address", "disabled", "gone", "deleted", "another password"];
    for deed in deeds {
        let app = TestApp::new().await;
        let (ada, _, _, mut owner) = house(&app).await;
        thief(&app).await;
        let set = |what: &str| format!("UPDATE users SET {what} WHERE id = '{}'", ada.id);
        match deed {
            "unproven" => app.execute(&set("email_verified_at = NULL")).await,
            "no address" => {
                app.execute(&set("email = NULL, email_folded = NULL, email_verified_at = NULL")).await
            }
            "disabled" => app.execute(&set("disabled_at = 1")).await,
            "gone" => app.execute(&set("closed_at = 1")).await,
            "deleted" => app.execute(&format!("DELETE FROM users WHERE id = '{}'", ada.id)).await,
            _ => {
                let fields = [("current_password", PASSWORD), ("password", OTHER_PASSWORD)];
                assert_eq!(owner.submit("/account/password", &fields).await.status, 303);
            }
        }

        app.pass(3 * 60 + 1);

        assert!(told(&app).await.is_empty(), "{deed}");
    }
}

#[actix_web::test]
async fn a_mailbox_is_spared_more_than_ten_in_an_hour() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    house(&app).await;
    for number in 0..12 {
        let mut thief = stranger(&app, "curl/8.5.0", &format!("203.0.113.{number}"));
        assert_eq!(thief.sign_in("ada").await.location(), "/login/totp");
    }

    app.pass(3 * 60 + 1);

    assert_eq!(told(&app).await.len(), 10);
}
