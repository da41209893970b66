//! What a thief added to sign in with goes when its owner says so; what was there before stays.

use vestibule::models::{Event, EventKind, MailKind, Passkey, RecoveryCode, TotpFactor, User};

use crate::change_email::{self, NEW, change};
use crate::enrolment::add_passkey;
use crate::forgot::{self, ADDRESS, send, signs_in};
use crate::new_device::{house, stranger};
use crate::not_me::links;
use crate::restore_email::right;
use crate::support::{Browser, OTHER_PASSWORD, TestApp};
use crate::totp::enrol;
use crate::verify_email::letter;

/// What somebody can prove themselves with: an app, so many passkeys, so many codes that work.
async fn factors(app: &TestApp, user: &User) -> (bool, usize, usize) {
    let id = user.id.clone();
    app.ask(move |conn| {
        let codes = RecoveryCode::list(conn, &id)?;
        let left = codes.iter().filter(|code| code.used_at.is_none()).count();
        Ok((TotpFactor::find(conn, &id)?.is_some(), Passkey::list(conn, &id)?.len(), left))
    })
    .await
}

async fn find(app: &TestApp, user: &User) -> User {
    let id = user.id.clone();
    app.ask(move |conn| User::find(conn, &id)).await.unwrap()
}

async fn removed(app: &TestApp, user: &User) -> Vec<String> {
    let id = user.id.clone();
    let events = app.ask(move |conn| Event::list_latest(conn, &id, 100)).await;
    let events = events.into_iter().filter(|event| event.kind == EventKind::FactorRemoved);
    let mut kinds: Vec<_> = events.filter_map(|event| event.detail).collect();
    kinds.sort();
    kinds
}

/// Ada, and a thief who knows her password and has signed in, and the link that she gets.
async fn burgled() -> (TestApp, User, Browser, String) {
    let (app, ada, _) = house().await;
    app.pass(60);
    let mut thief = stranger(&app, "curl/8.5.0", "203.0.113.9");
    thief.sign_in("ada").await;
    let link = links(&app).await.remove(0);
    (app, ada, thief, link)
}

async fn disown(app: &TestApp, link: &str) -> (Browser, String) {
    let mut owner = app.browser();
    owner.get(link).await;
    let done = owner.submit("/not-me", &[]).await;
    let page = owner.follow(done).await.body;
    (owner, page)
}

#[actix_web::test]
async fn what_a_thief_added_goes_with_this_was_not_me() {
    let (app, ada, mut thief, link) = burgled().await;
    app.pass(60);
    enrol(&app, &mut thief).await;
    add_passkey(&app, &ada, "thief", app.now()).await;
    assert_eq!(factors(&app, &ada).await, (true, 1, 10));

    let (mut owner, page) = disown(&app, &link).await;

    assert_eq!(factors(&app, &ada).await, (false, 0, 0));
    assert!(find(&app, &ada).await.second_factor_since.is_none());
    assert!(page.contains("added since that sign-in: an authenticator app and a passkey."), "{page}");
    assert_eq!(removed(&app, &ada).await, ["passkey", "recovery_codes", "totp"]);
    let mail = letter(&app, MailKind::FactorsChanged, ADDRESS).await;
    assert!(mail.contains("an authenticator app and a passkey, added since the sign-in"), "{mail}");
    assert!(mail.contains("From now on your password alone signs you in."), "{mail}");
    assert_eq!(send(&mut owner, OTHER_PASSWORD).await.location(), "/login");
    assert!(signs_in(&app, "ada", OTHER_PASSWORD).await);
    let mut in_again = app.browser();
    in_again.submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    assert_eq!(in_again.get("/dashboard").await.status, 200, "no app of a thief's shuts her out");
}

#[actix_web::test]
async fn what_was_there_before_stays_and_codes_that_a_thief_may_have_read_are_used_up() {
    let (app, ada, mut thief, link) = burgled().await;
    let before = app.now() - std::time::Duration::from_secs(61);
    enrol(&app, &mut thief).await;
    add_passkey(&app, &ada, "of long ago", before).await;
    let since = find(&app, &ada).await.second_factor_since;

    let (_, page) = disown(&app, &link).await;

    assert_eq!(factors(&app, &ada).await, (false, 1, 0));
    assert_eq!(find(&app, &ada).await.second_factor_since, since);
    assert!(page.contains("added since that sign-in: an authenticator app."), "{page}");
    let id = ada.id.clone();
    let codes = app.ask(move |conn| RecoveryCode::list(conn, &id)).await;
    assert!(
        codes.len() == 10 && codes.iter().all(|code| code.used_at.is_some()),
        "the page says: none is left"
    );
}

#[actix_web::test]
async fn where_nothing_was_added_nothing_goes_and_no_more_is_said() {
    let (app, ada, thief, link) = burgled().await;
    drop(thief);
    let before = app.now() - std::time::Duration::from_secs(61);
    add_passkey(&app, &ada, "of long ago", before).await;

    let (_, page) = disown(&app, &link).await;

    assert_eq!(factors(&app, &ada).await, (false, 1, 0));
    assert!(page.contains("Now choose a new one.") && !page.contains("Taken away"), "{page}");
    assert!(removed(&app, &ada).await.is_empty());
}

#[actix_web::test]
async fn a_key_that_waits_to_be_confirmed_goes_too() {
    let (app, ada, mut thief, link) = burgled().await;
    thief.submit("/account/totp/begin", &[]).await;
    assert!(factors(&app, &ada).await.0);

    let (_, page) = disown(&app, &link).await;

    assert!(!factors(&app, &ada).await.0, "the thief has read it");
    assert!(!page.contains("Taken away"), "it never counted");
}

#[actix_web::test]
async fn the_former_address_takes_away_what_the_session_added_that_changed_it() {
    let (app, mut thief) = change_email::stage().await;
    let ada = crate::verify_email::find(&app, "ada").await;
    // Whoever adds a factor has shown it, too.
    app.execute("UPDATE sessions SET created_at = created_at - 60, amr = 'pwd hwk user mfa'").await;
    add_passkey(&app, &ada, "of long ago", app.now() - std::time::Duration::from_secs(3600)).await;
    add_passkey(&app, &ada, "before the change", app.now() - std::time::Duration::from_secs(30)).await;
    app.pass(60);
    assert_eq!(change(&app, &mut thief, NEW).await.status, 303);
    app.pass(60);
    add_passkey(&app, &ada, "after the change", app.now()).await;
    let link = right(&app, ADDRESS).await;
    let mut owner = app.browser();
    owner.get(&link).await;

    let done = owner.submit("/restore-email", &[]).await;
    let page = owner.follow(done).await.body;

    let id = ada.id.clone();
    let left = app.ask(move |conn| Passkey::list(conn, &id)).await;
    assert_eq!(left.iter().map(|passkey| passkey.name.as_str()).collect::<Vec<_>>(), ["of long ago"]);
    assert!(page.contains("because added meanwhile: 2 passkeys."), "{page}");
    let mail = letter(&app, MailKind::EmailRestored, ADDRESS).await;
    assert!(mail.contains("Taken away, because added meanwhile: 2 passkeys."), "{mail}");
    assert_eq!(removed(&app, &ada).await, ["passkey"]);
    assert_eq!(forgot::send(&mut owner, OTHER_PASSWORD).await.location(), "/login");
    let half = app.browser().submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    assert!(half.location().starts_with("/login/"), "the owner's own passkey counts: {}", half.location());
}

#[actix_web::test]
async fn a_former_address_takes_nothing_away_that_was_there_for_more_than_a_week_when_it_was_changed() {
    const DAY: u64 = 24 * 60 * 60;
    let (app, mut owner) = change_email::stage().await;
    let ada = crate::verify_email::find(&app, "ada").await;
    // "Stay signed in", and the second step was added in that very session.
    app.execute("UPDATE sessions SET created_at = created_at - 20 * 86400, amr = 'pwd hwk user mfa'").await;
    let ago = |days: u64| app.now() - std::time::Duration::from_secs(days * DAY);
    add_passkey(&app, &ada, "of ten days ago", ago(10)).await;
    add_passkey(&app, &ada, "of six days ago", ago(6)).await;
    app.pass(60);
    assert_eq!(change(&app, &mut owner, NEW).await.status, 303);

    // Whoever has the former mailbox by now, and nothing else.
    let link = right(&app, ADDRESS).await;
    let mut reader = app.browser();
    reader.get(&link).await;
    assert_eq!(reader.submit("/restore-email", &[]).await.status, 303);
    assert_eq!(forgot::send(&mut reader, OTHER_PASSWORD).await.location(), "/login");

    let id = ada.id.clone();
    let left = app.ask(move |conn| Passkey::list(conn, &id)).await;
    assert_eq!(left.iter().map(|passkey| passkey.name.as_str()).collect::<Vec<_>>(), ["of ten days ago"]);
    let half = app.browser().submit("/login", &[("login", "ada"), ("password", OTHER_PASSWORD)]).await;
    assert!(half.location().starts_with("/login/"), "two steps still: {}", half.location());
}
