//! What was typed about one's account waits, too, while its sender is asked who they are: the address, the name, the
//! confirmation of a farewell. Nothing of it is done behind their back.

use vestibule::flows::caller::Caller;
use vestibule::flows::end_session;
use vestibule::models::RevokedBecause;

use crate::change_email::{NEW, stage};
use crate::schema::dump;
use crate::support::{Browser, PASSWORD, TestApp};
use crate::verify_email::find;

/// A form; where it is sent; the page that fills it in again; and how that looks.
const FORMS: [(&str, &str, (&str, &str)); 3] = [
    ("/account/email", "/account/email", ("email", NEW)),
    ("/account/settings/name", "/account/settings", ("display_name", "Ada Lovelace")),
    ("/account/close", "/account/close", ("confirmation", "ada")),
];

async fn end_sessions(app: &TestApp) {
    let ada = find(app, "ada").await;
    let (because, caller) = (RevokedBecause::EndedElsewhere, Caller::operator());
    end_session::all_but(&app.vestibule, &ada.id, None, because, &caller, app.now()).await.unwrap();
}

async fn shows(browser: &mut Browser, page: &str, field: (&str, &str)) -> bool {
    let answer = browser.get(page).await;
    assert_eq!(answer.status, 200, "{page}: {}", answer.location());
    let (_, input) = answer.body.split_once(&format!("name=\"{}\"", field.0)).unwrap();
    input.split('>').next().unwrap().contains(&format!("value=\"{}\"", field.1))
}

fn query(page: &str) -> String {
    page.replace('/', "%2F")
}

#[actix_web::test]
async fn after_too_long_a_proof_is_asked_for_and_leads_back_with_what_was_typed() {
    for (form, page, field) in FORMS {
        let (app, mut ada) = stage().await;
        app.pass(21 * 60);
        let before = dump(&app).await;

        let sent = ada.submit(form, &[field]).await;

        if page == "/account/settings" {
            assert_eq!(sent.location(), page, "no proof is needed for a name");
            continue;
        }
        assert_eq!((sent.status, sent.location()), (303, &*format!("/reauth?next={}", query(page))));
        assert_eq!(dump(&app).await, before, "{form}");
        assert_eq!(ada.follow(sent).await.status, 200);
        let wrong = ada.submit("/reauth", &[("password", "gingham")]).await;
        assert_eq!(wrong.status, 422, "{form}");
        let proof = ada.submit("/reauth", &[("password", PASSWORD)]).await;
        assert_eq!(proof.location(), page, "{form}");
        assert!(shows(&mut ada, page, field).await, "{form}");
        assert!(!shows(&mut ada, page, field).await, "{form}: once");
        let user = find(&app, "ada").await;
        assert!(user.closed_at.is_none() && user.email.as_deref() != Some(NEW), "{form}");
        assert_eq!(ada.submit(form, &[field]).await.status, 303, "{form}: and then it is done");
    }
}

#[actix_web::test]
async fn of_an_ended_session_it_leads_to_sign_in_and_back_with_what_was_typed_and_for_nobody_else() {
    for (form, page, field) in FORMS {
        let (app, mut ada) = stage().await;
        app.register("bob").await;
        end_sessions(&app).await;
        let before = dump(&app).await;

        let sent = ada.submit(form, &[field]).await;

        assert_eq!((sent.status, sent.location()), (303, &*format!("/login?next={}", query(page))), "{form}");
        assert_eq!(dump(&app).await, before, "{form}");
        ada.follow(sent).await;
        let mut bob = ada.clone();
        assert_eq!(bob.sign_in("bob").await.location(), page);
        assert!(!shows(&mut bob, page, field).await, "{form}");
        assert_eq!(ada.sign_in("ada").await.location(), page);
        assert!(shows(&mut ada, page, field).await, "{form}");
        let user = find(&app, "ada").await;
        assert!(user.closed_at.is_none() && user.display_name.is_none(), "{form}");
        assert_ne!(user.email.as_deref(), Some(NEW), "{form}");
    }
}

#[actix_web::test]
async fn another_site_that_sends_such_a_form_leaves_nothing_there_to_be_pressed() {
    for (form, page, field) in FORMS {
        let (app, mut ada) = stage().await;
        app.pass(21 * 60);
        let before = dump(&app).await;

        let request = app.request("POST", form).insert_header(("sec-fetch-site", "cross-site"));
        let forged = ada.send(request.set_form([field])).await;

        assert_eq!((forged.status, dump(&app).await == before), (403, true), "{form}");
        ada.submit("/reauth", &[("password", PASSWORD)]).await;
        assert!(!shows(&mut ada, page, field).await, "{form}");
    }
}
