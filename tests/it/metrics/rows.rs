//! What is counted of the tables: sessions, mails and keys.

use vestibule::flows::caller::Caller;
use vestibule::flows::rotate_keys;

use super::Watched;

#[actix_web::test]
async fn sessions_and_mails_are_counted_and_the_oldest_mail_has_an_age() {
    let watched = Watched::new().await;
    let app = &watched.app;
    app.register("ada").await;
    for _ in 0..3 {
        app.program().log_in("ada").await;
    }
    app.execute("UPDATE sessions SET revoked_at = 1 WHERE id = (SELECT min(id) FROM sessions)").await;
    let now = app.now().seconds();
    for (id, age, send_after, given_up) in [
        ("a", 500, "1", "NULL"),
        ("b", 40, "9999999999", "NULL"),
        ("c", 900, "NULL", "1"),
        ("d", 900, "NULL", "NULL"),
    ] {
        app.execute(&format!(
            "INSERT INTO outbox (id, kind, recipient, created_at, send_after, attempts, given_up_at)
             VALUES ('{id}', 'test', 'a@example.org', {}, {send_after}, 0, {given_up})",
            now - age
        ))
        .await;
    }

    let figures = watched.figures().await;

    assert_eq!(figures.get("vestibule_sessions_live"), 2.0);
    assert_eq!(figures.get("vestibule_outbox_mails{state=\"waiting\"}"), 2.0);
    assert_eq!(figures.get("vestibule_outbox_mails{state=\"given_up\"}"), 1.0);
    assert_eq!(figures.get("vestibule_outbox_oldest_seconds"), 500.0);

    // Whoever looks again soon is told the same: to watch costs next to nothing.
    app.program().log_in("ada").await;
    assert_eq!(watched.figures().await.get("vestibule_sessions_live"), 2.0);
}

#[actix_web::test]
async fn keys_have_an_age_and_the_next_one_a_time() {
    let watched = Watched::new().await;
    let app = &watched.app;
    app.pass(3600);
    rotate_keys::in_turn(&app.vestibule, &Caller::operator(), app.now()).await.unwrap();

    let figures = watched.figures().await;

    let keys = |state: &str| figures.get(&format!("vestibule_signing_keys{{state=\"{state}\"}}"));
    assert_eq!((keys("current"), keys("next"), keys("retiring"), keys("gone")), (1.0, 1.0, 0.0, 0.0));
    assert_eq!(figures.get("vestibule_signing_key_age_seconds"), 3600.0);
    let next = figures.get("vestibule_signing_key_next_seconds");
    assert!((86_000.0..=86_400.0).contains(&next), "{next}");
    assert_eq!(figures.get("vestibule_signing_key_rotation_seconds"), 30.0 * 86_400.0);
}

#[actix_web::test]
async fn a_shared_secret_has_no_keys_to_count() {
    let watched = Watched::with(|config| {
        config.tokens.algorithm = vestibule::config::Algorithm::HS256;
        config.tokens.hs256_secret = Some("BNuRhmrMvBx5aTrbYfEsGgWHqODIeKJUyVkXzPdwC1s".into());
    });

    let figures = watched.await.figures().await;

    assert!(!figures.text.contains("vestibule_signing_key"));
    assert_eq!(figures.get("vestibule_scrape_complete"), 1.0);
}
