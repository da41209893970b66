//! API keys: how they end, by whom, and who is told.

use std::time::Duration;

use actix_web::rt::time::sleep;
use futures_util::future::join;
use vestibule::clock::Stopwatch;
use vestibule::config::Require;
use vestibule::credentials::scope::Scope;
use vestibule::flows::caller::Caller;
use vestibule::flows::revoke_api_key::{self, RevokeApiKeyError};
use vestibule::flows::{administer_user, delete_account};
use vestibule::models::{Event, EventKind, MailKind, User};

use crate::api_keys::{PAGE, key, rows, show, stage};
use crate::change_email::{NEW, change};
use crate::enrolment::add_passkey;
use crate::forgot::{self, ADDRESS};
use crate::new_device::stranger;
use crate::nodes::until_remembering;
use crate::restore_email::right;
use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp, rounds};

async fn works(app: &TestApp, key: &str) -> bool {
    show(app, key, "/protected").await.status == 200
}

async fn revocations(app: &TestApp, user: &User) -> Vec<String> {
    let id = user.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 100)).await.into_iter();
    events.filter(|event| event.kind == EventKind::ApiKeyRevoked).map(|event| event.detail.unwrap()).collect()
}

async fn letters(app: &TestApp) -> Vec<String> {
    let mails = app.mails().await.into_iter();
    mails.filter(|mail| mail.0.kind == MailKind::ApiKeysRevoked).map(|mail| mail.1.text).collect()
}

#[actix_web::test]
async fn its_owner_revokes_it_with_a_button_and_nobody_else_can() {
    let (app, ada, mut browser) = stage().await;
    until_remembering(&app).await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let (made, other) =
        (key(&app, &ada.id, "one", &Scope::ALL).await, key(&app, &ada.id, "two", &Scope::ALL).await);
    let way = format!("{PAGE}/{}/revoke", made.row.id);
    assert!(works(&app, made.key.expose()).await && app.vestibule.verified_keys.len() == 1);

    assert_eq!(bob.submit(&way, &[]).await.status, 404);
    assert_eq!(browser.submit(&format!("{PAGE}/nothing/revoke"), &[]).await.status, 404);
    assert!(works(&app, made.key.expose()).await);
    // An hour later: it takes no fresh proof.
    app.pass(40 * 60);
    let page = browser.get(PAGE).await;
    assert!(page.body.contains(&format!("action=\"{way}\"")));
    let done = browser.submit(&way, &[]).await;

    assert_eq!((done.status, done.location()), (303, PAGE));
    assert!(!works(&app, made.key.expose()).await, "at once, though it is remembered");
    assert!(works(&app, other.key.expose()).await);
    let page = browser.get(PAGE).await.body;
    assert!(page.contains("That key is revoked.") && page.contains("two") && !page.contains("one</strong>"));
    assert_eq!(browser.submit(&way, &[]).await.status, 404);
    assert_eq!(revocations(&app, &ada).await, [made.row.id.as_str()]);
    assert!(letters(&app).await.is_empty(), "they know");
}

#[actix_web::test]
async fn an_operator_revokes_it_for_a_reason_that_its_owner_reads() {
    let (app, ada, _) = stage().await;
    let made = key(&app, &ada.id, "leaky", &Scope::ALL).await;
    let revoke = async |reason| {
        let (id, caller) = (made.row.id.clone(), Caller::operator());
        revoke_api_key::by_operator(&app.vestibule, &id, reason, &caller, app.now()).await
    };
    let long = "x".repeat(201);
    for wrong in ["a\nb", &long] {
        assert!(matches!(revoke(Some(wrong)).await, Err(RevokeApiKeyError::Reason)));
    }
    assert!(works(&app, made.key.expose()).await);

    assert_eq!(revoke(Some("It stood at github.com/ada")).await.unwrap().unwrap().name, "leaky");

    assert!(!works(&app, made.key.expose()).await);
    assert!(revoke(None).await.unwrap().is_none());
    assert_eq!(revocations(&app, &ada).await, [format!("{} It stood at github.com/ada", made.row.id)]);
    let letters = letters(&app).await;
    assert!(
        letters.len() == 1
            && letters[0].contains("- leaky")
            && letters[0].contains("Your administrator says: It stood at")
    );
    assert!(
        !letters[0].contains("github.com"),
        "nothing that a mail program makes a link of: {}",
        letters[0]
    );
}

#[actix_web::test]
async fn a_key_that_is_revoked_at_one_node_is_dead_at_the_others_within_a_second() {
    let (first, ada, mut browser) = stage().await;
    let second = first.another_node().await;
    until_remembering(&second).await;
    let made = key(&first, &ada.id, "k", &Scope::ALL).await;
    assert!(works(&second, made.key.expose()).await && second.vestibule.verified_keys.len() == 1);

    let revoked = Stopwatch::start();
    browser.submit(&format!("{PAGE}/{}/revoke", made.row.id), &[]).await;

    while works(&second, made.key.expose()).await {
        assert!(revoked.elapsed() < Duration::from_secs(1), "it still opens something");
        sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn a_shut_account_shuts_its_keys_and_an_open_one_opens_them_again() {
    let (app, ada, mut browser) = stage().await;
    until_remembering(&app).await;
    let made = key(&app, &ada.id, "k", &Scope::ALL).await;
    let text = made.key.expose();
    assert!(works(&app, text).await);
    let caller = Caller::operator();

    administer_user::disable(&app.vestibule, &ada, &caller, app.now()).await.unwrap();
    assert!(!works(&app, text).await);
    administer_user::enable(&app.vestibule, &ada, &caller, app.now()).await.unwrap();
    assert!(works(&app, text).await);

    browser.sign_in("ada").await;
    assert_eq!(browser.submit("/account/close", &[("confirmation", "ada")]).await.status, 303);
    assert!(!works(&app, text).await);
    browser.sign_in("ada").await;
    assert!(works(&app, text).await, "she came back");

    delete_account::by_operator(&app.vestibule, &ada.id, &caller, app.now()).await.unwrap();
    assert!(!works(&app, text).await && rows(&app, &ada.id).await.is_empty());
}

#[actix_web::test]
async fn signing_out_and_another_password_leave_keys_alone() {
    let (app, ada, mut browser) = stage().await;
    until_remembering(&app).await;
    let made = key(&app, &ada.id, "k", &Scope::ALL).await;
    assert!(works(&app, made.key.expose()).await);

    let fields = [("current_password", PASSWORD), ("password", OTHER_PASSWORD), ("end_others", "yes")];
    assert_eq!(browser.submit("/account/password", &fields).await.status, 303);
    browser.submit("/sessions/end-all", &[]).await;

    assert!(works(&app, made.key.expose()).await);
}

#[actix_web::test]
async fn a_reset_of_the_password_revokes_them_all_and_says_so() {
    let (app, ada, _) = stage().await;
    until_remembering(&app).await;
    let (one, two) =
        (key(&app, &ada.id, "one", &Scope::ALL).await, key(&app, &ada.id, "two", &Scope::ALL).await);
    assert!(works(&app, one.key.expose()).await);
    let mut phone = app.browser();
    forgot::ask(&mut phone, ADDRESS).await;
    phone.get(&forgot::link(&app).await).await;
    assert_eq!(phone.submit("/reset", &[("password", "x")]).await.status, 422);
    assert!(works(&app, one.key.expose()).await, "not yet");

    assert_eq!(forgot::send(&mut phone, OTHER_PASSWORD).await.status, 303);

    assert!(!works(&app, one.key.expose()).await && !works(&app, two.key.expose()).await);
    assert!(rows(&app, &ada.id).await.is_empty());
    let details = revocations(&app, &ada).await;
    assert!(
        details.len() == 2 && details.iter().all(|detail| detail.ends_with(" password_reset")),
        "{details:?}"
    );
    let letters = letters(&app).await;
    assert_eq!(letters.len(), 1, "one for all");
    for words in ["These API keys", "- one", "- two", "A new password was chosen by a link."] {
        assert!(letters[0].contains(words), "{words}: {}", letters[0]);
    }
}

#[actix_web::test]
async fn this_was_not_me_and_a_former_address_put_back_revoke_what_a_thief_may_have_made() {
    for is_not_me in [true, false] {
        let (app, ada, mut thief) = stage().await;
        until_remembering(&app).await;
        let link = match is_not_me {
            true => {
                thief = stranger(&app, "curl/8.5.0", "203.0.113.9");
                thief.sign_in("ada").await;
                crate::not_me::links(&app).await.remove(0)
            }
            false => {
                assert_eq!(change(&app, &mut thief, NEW).await.status, 303);
                right(&app, ADDRESS).await
            }
        };
        let made =
            thief.submit(PAGE, &[("name", "mine now"), ("read_account", "yes"), ("days", "365")]).await;
        let text = made.body.split("id=\"key\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(works(&app, &text).await);

        let mut phone = app.browser();
        phone.get(&link).await;
        let path = if is_not_me { "/not-me" } else { "/restore-email" };
        assert_eq!(phone.submit(path, &[]).await.status, 303);

        assert!(!works(&app, &text).await, "{path}");
        let letters = letters(&app).await;
        assert!(
            letters.len() == 1 && letters[0].contains("This API key") && letters[0].contains("- mine now")
        );
        let word = if is_not_me { " disowned" } else { " email_restored" };
        assert!(revocations(&app, &ada).await[0].ends_with(word));
    }
}

#[actix_web::test]
async fn whoever_has_to_add_a_second_step_first_has_no_use_of_keys_until_then() {
    let app = TestApp::with(|config| config.second_factor.require = Require::Everyone).await;
    let ada = app.register("ada").await;
    let made = key(&app, &ada.id, "k", &Scope::ALL).await;

    let refused = show(&app, made.key.expose(), "/api/session").await;

    assert_eq!((refused.status, &refused.json()["error"]), (403, &"second_factor_enrolment_required".into()));
    add_passkey(&app, &ada, "desk", app.now()).await;
    assert!(works(&app, made.key.expose()).await);
}

#[actix_web::test]
async fn a_key_that_is_made_while_all_are_revoked_is_revoked_too_or_comes_after() {
    for _ in 0..rounds() {
        let (app, ada, mut browser) = stage().await;
        let there = app.another_node().await;
        let mut phone = there.browser();
        forgot::ask(&mut phone, ADDRESS).await;
        let link = forgot::link(&there).await;
        phone.get(&link).await;
        let fields = [("name", "late"), ("apps", "yes"), ("days", "7")];

        let (made, reset) =
            join(browser.submit(PAGE, &fields), forgot::send(&mut phone, OTHER_PASSWORD)).await;

        assert_eq!(reset.status, 303);
        assert!(
            [200, 303, 401].contains(&made.status),
            "made before, or the session had ended: {}",
            made.status
        );
        assert!(rows(&app, &ada.id).await.is_empty(), "no key outlives the session that made it");
    }
}
