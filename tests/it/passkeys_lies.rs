//! Passkeys that are not what they say: each is refused, and nobody is signed in.

use serde_json::{Value, json};
use vestibule::models::{EventKind, MailKind, User};
use vestibule::secret::{from_base64url, to_base64url};

use crate::passkeys::{add, answer, passkeys, question, sign_in, stage};
use crate::support::{Answer, Authenticator, Browser, TestApp};
use crate::verify_email::events;

const LOGIN: &str = "/login/passkey";
const OPTIONS: &str = "/login/passkey/options";
const COULD_NOT: &str = "That passkey could not be checked.";
const NOT_KNOWN: &str = "That passkey is not known here.";
const TOO_LONG: &str = "This took too long. Please try again.";

/// Nobody is in, and the page of sign-in says so.
fn assert_refused(answer: &Answer, words: &str) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains(words) && answer.body.contains("<h1>Sign in</h1>"), "{}", answer.body);
    assert!(answer.cookie("vestibule").is_none());
}

/// Changes one member of the response in a credential.
fn altered(credential: &str, member: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut credential: Value = serde_json::from_str(credential).unwrap();
    let mut bytes = from_base64url(credential["response"][member].as_str().unwrap()).unwrap();
    change(&mut bytes);
    credential["response"][member] = json!(to_base64url(&bytes));
    credential.to_string()
}

async fn signed(browser: &mut Browser, device: &mut Authenticator) -> (Value, String) {
    let asked = question(browser, OPTIONS).await;
    let credential = device.sign(&asked["publicKey"]);
    (asked, credential)
}

#[actix_web::test]
async fn an_answer_from_another_site_or_for_another_host_or_without_its_user_is_refused() {
    let app = TestApp::new().await;
    let (ada, _, mut device) = stage(&app).await;
    let mut browser = app.browser();
    let lies: [fn(&mut Authenticator); 5] = [
        |device| device.origin = "https://evil.example".to_owned(),
        |device| device.origin = "http://localhost:8081".to_owned(),
        |device| device.origin = "http://a.localhost:8080".to_owned(),
        |device| device.rp_id = "evil.example".to_owned(),
        |device| device.verifies = false,
    ];
    for (index, lie) in lies.into_iter().enumerate() {
        let (origin, rp_id) = (device.origin.clone(), device.rp_id.clone());
        lie(&mut device);
        let refused = sign_in(&mut browser, &mut device).await;
        (device.origin, device.rp_id, device.verifies) = (origin, rp_id, true);

        assert_refused(&refused, COULD_NOT);
        let failed = events(&app, &ada.id).await;
        let failed = failed.iter().filter(|event| event.kind == EventKind::LoginFailed).count();
        assert_eq!(failed, index + 1, "its owner reads of it");
    }
    assert_eq!(sign_in(&mut browser, &mut device).await.status, 303, "and the truth is taken");
}

#[actix_web::test]
async fn an_answer_that_was_tampered_with_is_refused() {
    let app = TestApp::new().await;
    let (_, _, mut device) = stage(&app).await;
    let mut browser = app.browser();
    let changes: [(&str, fn(&mut Vec<u8>)); 5] = [
        ("clientDataJSON", |bytes| bytes.insert(1, b' ')),
        ("authenticatorData", |bytes| bytes[36] = bytes[36].wrapping_add(1)),
        ("authenticatorData", |bytes| bytes.truncate(36)),
        ("signature", |bytes| *bytes.last_mut().unwrap() ^= 1),
        ("signature", Vec::clear),
    ];
    for (member, change) in changes {
        let (asked, credential) = signed(&mut browser, &mut device).await;
        let refused = answer(&mut browser, LOGIN, &asked, &altered(&credential, member, change)).await;
        assert_refused(&refused, COULD_NOT);
    }
    for nonsense in ["", "{}", "null", "[]", "\u{fffd}", "{\"id\":1}"] {
        let asked = question(&mut browser, OPTIONS).await;
        assert_refused(&answer(&mut browser, LOGIN, &asked, nonsense).await, COULD_NOT);
    }
}

#[actix_web::test]
async fn one_that_nobody_has_or_that_names_somebody_else_is_refused() {
    let app = TestApp::new().await;
    let (_, _, mut device) = stage(&app).await;
    let bob = app.register("bob").await;
    let mut browser = app.browser();

    let unknown = sign_in(&mut browser, &mut Authenticator::new()).await;
    assert_refused(&unknown, NOT_KNOWN);
    assert!(unknown.body.contains("data-unknown-passkey="));

    let whose = device.user.clone();
    let of_bob = uuid::Uuid::parse_str(bob.id.as_str()).unwrap().as_bytes().to_vec();
    for user in [Some(of_bob), Some(b"x".to_vec()), None] {
        device.user = user;
        assert_refused(&sign_in(&mut browser, &mut device).await, COULD_NOT);
    }
    device.user = whose;
    // A key of one's own under the name of somebody else's.
    let mut forger = Authenticator { id: device.id.clone(), ..Authenticator::new() };
    forger.user.clone_from(&device.user);
    assert_refused(&sign_in(&mut browser, &mut forger).await, COULD_NOT);
    assert_eq!(sign_in(&mut browser, &mut device).await.status, 303);
}

#[actix_web::test]
async fn a_disabled_user_is_not_let_in_and_their_device_forgets_nothing() {
    let app = TestApp::new().await;
    let (ada, _, mut device) = stage(&app).await;
    app.execute(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{}'", ada.id)).await;

    let refused = sign_in(&mut app.browser(), &mut device).await;

    assert_refused(&refused, NOT_KNOWN);
    assert!(!refused.body.contains("data-unknown-passkey"), "it works again once they are enabled");
}

#[actix_web::test]
async fn a_copy_is_refused_and_its_owner_is_told_once_and_sees_it() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    for _ in 0..3 {
        assert_eq!(sign_in(&mut app.browser(), &mut device).await.status, 303);
    }
    device.count = 1;
    let (asked, credential) = signed(&mut app.browser(), &mut device).await;

    let refused = answer(&mut app.browser(), LOGIN, &asked, &credential).await;
    let again = answer(&mut app.browser(), LOGIN, &asked, &credential).await;

    assert_refused(&refused, "There seems to be a copy of that passkey");
    assert_refused(&again, TOO_LONG);
    let row = passkeys(&app, &ada).await.remove(0);
    assert_eq!((row.sign_count, row.cloned_at), (3, Some(app.now())));
    let mails = app.mails().await;
    let told: Vec<_> = mails.iter().filter(|(mail, _)| mail.kind == MailKind::PasskeyCloned).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].1.text.contains("with a copy of your\npasskey Firefox on Linux"), "{}", told[0].1.text);
    let copied = events(&app, &ada.id).await;
    assert_eq!(copied.iter().filter(|event| event.kind == EventKind::PasskeyCloned).count(), 1);
    assert!(browser.get("/account/passkeys").await.body.contains("A copy of this passkey was refused on"));
    device.count = 3;
    assert_eq!(
        sign_in(&mut app.browser(), &mut device).await.status,
        303,
        "the one that counted on is taken"
    );
}

#[actix_web::test]
async fn a_row_moved_to_somebody_else_or_with_another_key_in_it_opens_nothing() {
    let app = TestApp::new().await;
    let (ada, _, mut device) = stage(&app).await;
    let bob = app.register("bob").await;
    let (mut browser, mut own) = (app.browser(), Authenticator::new());
    browser.sign_in("bob").await;
    assert_eq!(add(&mut browser, &mut own).await.status, 303);
    let [of_ada, of_bob] = [passkeys(&app, &ada).await.remove(0), passkeys(&app, &bob).await.remove(0)];
    let of_user = |user: &User| uuid::Uuid::parse_str(user.id.as_str()).unwrap().as_bytes().to_vec();

    // Whoever can write to the table gives their own passkey to Ada, and has it say that it is hers.
    app.execute(&format!("UPDATE passkeys SET user_id = '{}' WHERE id = '{}'", ada.id, of_bob.id)).await;
    own.user = Some(of_user(&ada));
    assert_refused(&sign_in(&mut app.browser(), &mut own).await, COULD_NOT);
    // Or puts the public half of theirs where that of hers is.
    app.execute(&format!(
        "UPDATE passkeys SET sealed_credential = (SELECT sealed_credential FROM passkeys WHERE id = '{}') WHERE id = '{}'",
        of_bob.id, of_ada.id
    ))
    .await;
    let mut forger = Authenticator { id: device.id.clone(), ..own };
    assert_refused(&sign_in(&mut app.browser(), &mut forger).await, COULD_NOT);
    assert_refused(&sign_in(&mut app.browser(), &mut device).await, COULD_NOT);
}

#[actix_web::test]
async fn a_question_that_is_old_or_altered_or_was_for_something_else_is_not_answered() {
    let app = TestApp::new().await;
    let (ada, mut browser, mut device) = stage(&app).await;
    let (asked, credential) = signed(&mut app.browser(), &mut device).await;
    let sealed = asked["ceremony"].as_str().unwrap();
    let flipped = match sealed.strip_suffix('A') {
        Some(rest) => format!("{rest}B"),
        None => format!("{}A", &sealed[..sealed.len() - 1]),
    };
    for ceremony in ["", "x", &flipped, &sealed[..40], &format!("{sealed}=")] {
        let late = answer(&mut app.browser(), LOGIN, &json!({ "ceremony": ceremony }), &credential).await;
        assert_refused(&late, TOO_LONG);
    }
    // What was asked for elsewhere, for other purposes.
    for path in ["/reauth/passkey/options", "/account/passkeys/options"] {
        let other = question(&mut browser, path).await;
        let credential = device.sign(&other["publicKey"]);
        assert_refused(&answer(&mut app.browser(), LOGIN, &other, &credential).await, TOO_LONG);
    }
    let (of_login, _) = signed(&mut browser, &mut device).await;
    let credential_made = Authenticator::new().create(&{
        let mut options = of_login["publicKey"].clone();
        options["user"] = json!({ "id": "" });
        options
    });
    let refused = answer(&mut browser, "/account/passkeys", &of_login, &credential_made).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    // Two questions: the answer to one with the other.
    let (other, _) = signed(&mut app.browser(), &mut device).await;
    assert_refused(&answer(&mut app.browser(), LOGIN, &other, &credential).await, COULD_NOT);
    app.pass(5 * 60);
    assert_refused(&answer(&mut app.browser(), LOGIN, &asked, &credential).await, TOO_LONG);
    assert_eq!(passkeys(&app, &ada).await.len(), 1);
}

#[actix_web::test]
async fn a_new_one_from_elsewhere_or_without_its_user_or_known_already_is_not_added() {
    let app = TestApp::new().await;
    let (ada, mut browser, device) = stage(&app).await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let lies: [fn(&mut Authenticator); 3] = [
        |device| device.origin = "https://evil.example".to_owned(),
        |device| device.rp_id = "evil.example".to_owned(),
        |device| device.verifies = false,
    ];
    for lie in lies {
        let mut device = Authenticator::new();
        lie(&mut device);
        let refused = add(&mut bob, &mut device).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("That passkey could not be added."), "{}", refused.body);
    }
    // By the name of Ada's: it is hers, and whoever asks for hers anew is not asked for it.
    for (browser, status, words) in [
        (&mut bob, 409, "That passkey is here already."),
        (&mut browser, 422, "That passkey could not be added."),
    ] {
        let known = add(browser, &mut Authenticator { id: device.id.clone(), ..Authenticator::new() }).await;
        assert_eq!(known.status, status, "{}", known.body);
        assert!(known.body.contains(words), "{}", known.body);
    }
    // What Ada was asked, brought by Bob.
    let asked = question(&mut browser, "/account/passkeys/options").await;
    let credential = Authenticator::new().create(&asked["publicKey"]);
    assert_eq!(answer(&mut bob, "/account/passkeys", &asked, &credential).await.status, 422);
    assert_eq!(passkeys(&app, &ada).await.len(), 1);
}
