//! Places in the token status list: each belongs to one session until the last of its tokens has ended.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use vestibule::db::Error;
use vestibule::flows::status_index::{self, REST};
use vestibule::models::StatusBlock;

use crate::nodes::until_remembering;
use crate::support::{Browser, TestApp};
use crate::token_status::{is_invalid, log_in, place};

/// So many places, of sessions that begin at once.
async fn draw(app: &TestApp, count: usize) -> Vec<i64> {
    let now = app.now();
    let draws = (0..count).map(|_| {
        let here = app.vestibule.clone();
        let ends = now + Duration::from_secs(3600);
        app.vestibule.db.write(move |conn| status_index::next(&here, conn, ends, now))
    });
    join_all(draws).await.into_iter().map(|drawn: Result<_, Error>| drawn.unwrap()).collect()
}

#[actix_web::test]
async fn three_thousand_sessions_of_two_nodes_have_three_thousand_places() {
    let first = TestApp::with(|config| config.database.pool_size = 4).await;
    let second = first.another_node().await;
    let mut drawn = Vec::new();
    for _ in 0..15 {
        // Fewer than may wait.
        let (here, there) = futures_util::future::join(draw(&first, 100), draw(&second, 100)).await;
        drawn.extend(here.into_iter().chain(there));
    }

    assert_eq!(drawn.len(), 3000);
    assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 3000);
}

#[actix_web::test]
async fn a_block_is_taken_again_when_its_time_is_over_and_not_a_second_before() {
    let app = TestApp::new().await;
    let take = async |passed: u64| {
        let now = app.now() + Duration::from_secs(passed);
        let until = now + Duration::from_secs(1000);
        let taken = app.vestibule.db.write(move |conn| Ok::<_, Error>(StatusBlock::take(conn, until, now)?));
        taken.await.unwrap().first_index
    };

    assert_eq!([take(0).await, take(0).await], [0, 1024]);
    assert_eq!(take(999).await, 2048);
    let again = BTreeSet::from([take(1000).await, take(1000).await]);
    assert_eq!(again, BTreeSet::from([0, 1024]));
    assert_eq!(take(1000).await, 3072);
    assert_eq!(app.ask(StatusBlock::last).await, Some(3072));
}

#[actix_web::test]
async fn who_needs_a_block_for_a_shorter_time_does_not_take_it_from_who_needs_it_for_longer() {
    let app = TestApp::new().await;
    let now = app.now();
    let until = move |seconds| now + Duration::from_secs(seconds);
    let block = app.vestibule.db.write(move |conn| {
        let block = StatusBlock::take(conn, until(100), now)?;
        StatusBlock { free_at: until(300), ..block }.keep(conn)?;
        StatusBlock { free_at: until(200), ..block }.keep(conn)?;
        Ok::<_, Error>(block.first_index)
    });
    let first = block.await.unwrap();

    assert_eq!(app.ask(move |conn| StatusBlock::find_free(conn, until(299))).await, None);
    assert_eq!(app.ask(move |conn| StatusBlock::find_free(conn, until(300))).await, Some(first));
}

/// From when on each block is free.
async fn free_at(app: &TestApp) -> i64 {
    let now = app.now();
    let mut until = 0;
    // Asked as whoever takes one would find out.
    for step in [86_400, 3_600, 60, 1] {
        loop {
            let at = now + Duration::from_secs(until + step);
            let is_free = app.ask(move |conn| StatusBlock::find_free(conn, at)).await.is_some();
            if is_free {
                break;
            }
            until += step;
        }
    }
    now.seconds() + until as i64 + 1
}

#[actix_web::test]
async fn a_place_stays_its_own_until_the_longest_session_that_may_be_in_its_block_has_rested() {
    let app = TestApp::new().await;
    app.register("ada").await;
    app.browser().sign_in("ada").await;

    // It is handed out for a day, and somebody may stay for thirty.
    let free = app.now() + Duration::from_secs(31 * 86_400) + REST;
    assert_eq!(free_at(&app).await, free.seconds());
}

async fn sign_in_anew(ada: &mut Browser) {
    let form = [("password", crate::support::PASSWORD)];
    assert_eq!(ada.submit("/reauth", &form).await.status, 303);
}

#[actix_web::test]
async fn a_session_that_goes_on_for_longer_than_they_do_today_keeps_its_block() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    let ends = app.now().seconds() + 300 * 86_400;
    app.execute(&format!("UPDATE sessions SET expires_at = {ends}")).await;
    let before = place(&ada.token());

    sign_in_anew(&mut ada).await;

    assert_ne!(place(&ada.token()), before);
    assert_eq!(free_at(&app).await, ends + REST.as_secs() as i64);
}

#[actix_web::test]
async fn a_sign_in_that_fails_hands_out_no_place_twice() {
    let app = TestApp::new().await;
    let (here, now) = (app.vestibule.clone(), app.now());
    // The block that was taken within it is taken no more: nobody may have a place of it in memory.
    let failed = app.vestibule.db.write(move |conn| {
        status_index::next(&here, conn, now, now)?;
        Err::<(), _>(Error::Unavailable("on purpose".to_owned()))
    });
    assert!(failed.await.is_err());
    assert!(app.vestibule.status.indices.next(now).is_none());

    let drawn: BTreeSet<_> = draw(&app, 100).await.into_iter().collect();
    let other: BTreeSet<_> = draw(&app.another_node().await, 100).await.into_iter().collect();

    assert_eq!((drawn.len(), other.len(), drawn.intersection(&other).count()), (100, 100, 0));
}

#[actix_web::test]
async fn a_bit_of_long_ago_that_nobody_swept_does_not_hide_that_of_today() {
    let app = TestApp::new().await;
    let other = app.another_node().await;
    app.register("ada").await;
    let ada = log_in(&app, "ada").await;
    let index = place(ada.token.as_ref().unwrap());
    app.execute(&format!("INSERT INTO invalid_tokens VALUES ({index}, 1, 2)")).await;
    until_remembering(&other).await;
    assert!(!is_invalid(&other, index).await);

    ada.send(app.request("POST", "/logout")).await;

    actix_web::rt::time::sleep(Duration::from_secs(1)).await;
    assert!(is_invalid(&app, index).await && is_invalid(&other, index).await);
    // And at a node that begins with all there are.
    let third = app.another_node().await;
    until_remembering(&third).await;
    assert!(is_invalid(&third, index).await);
}
