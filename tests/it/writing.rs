//! Deeds that are written at the same time: together if need be, and yet each by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use vestibule::db::Error;
use vestibule::models::{Revocation, User};

use crate::support::TestApp;

async fn count(app: &TestApp) -> usize {
    app.ask(|conn| Revocation::list_since(conn, vestibule::clock::Timestamp::from_seconds(0))).await.len()
}

#[actix_web::test]
async fn of_deeds_that_are_written_together_one_that_fails_takes_nothing_of_the_others_with_it() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (now, told) = (app.now(), Arc::new(AtomicUsize::new(0)));

    let deeds = (0..60).map(|number| {
        let (user, told) = (ada.id.clone(), Arc::clone(&told));
        app.vestibule.db.write(move |conn| {
            Revocation::insert(conn, &user, None, now)?;
            conn.once_committed(move || {
                told.fetch_add(1, Ordering::SeqCst);
            });
            match number % 3 {
                0 => conn.batch_execute("INSERT INTO users (id) VALUES (NULL)").map_err(Error::from),
                1 => Err(Error::Unavailable("on second thoughts".to_owned())),
                _ => Ok(()),
            }
        })
    });
    let outcomes = join_all(deeds).await;

    let done = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_ok()).map(|(number, _)| number);
    assert!(done.eq((0..60).filter(|number| number % 3 == 2)));
    assert_eq!(count(&app).await, 20);
    assert_eq!(
        told.load(Ordering::SeqCst),
        20,
        "what waits for the commit of a deed that failed is not done"
    );
}

#[actix_web::test]
async fn nobody_is_answered_before_others_can_read_what_was_written() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (now, app, user) = (app.now(), &app, &ada.id);

    let deeds = (0..40).map(|_| async move {
        let (before, user) = (count(app).await, user.clone());
        let written =
            app.vestibule.db.write(move |conn| Ok::<_, Error>(Revocation::insert(conn, &user, None, now)?));
        written.await.unwrap();
        assert!(count(app).await > before);
    });
    join_all(deeds).await;

    assert_eq!(count(app).await, 40);
}

#[actix_web::test]
async fn a_deed_that_panics_is_undone_and_the_next_one_is_done() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (now, user, again) = (app.now(), ada.id.clone(), ada.id.clone());

    let broken = app.vestibule.db.write(move |conn| -> Result<(), Error> {
        Revocation::insert(conn, &user, None, now)?;
        panic!("a fault of ours");
    });
    assert!(broken.await.is_err());
    assert_eq!(count(&app).await, 0);

    app.vestibule
        .db
        .write(move |conn| Ok::<_, Error>(Revocation::insert(conn, &again, None, now)?))
        .await
        .unwrap();
    assert_eq!(count(&app).await, 1);
    assert!(app.ask(|conn| User::find_by_username(conn, "ada")).await.is_some());
}
