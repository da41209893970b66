//! Each figure moves when its fact happens, and by as much.

use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::time::sleep;
use serde_json::json;
use vestibule::clock::Stopwatch;
use vestibule::db;

use super::Watched;
use crate::second_factor::house;
use crate::second_factor_api::{challenge, send};
use crate::support::{OTHER_PASSWORD, PASSWORD};

#[actix_web::test]
async fn requests_are_counted_by_route_and_timed() {
    let watched = Watched::new().await;
    let app = &watched.app;

    for _ in 0..3 {
        app.send(app.request("GET", "/login")).await;
    }
    app.send(app.request("HEAD", "/login")).await;
    app.send(app.request("GET", "/dashboard")).await;

    let figures = watched.figures().await;
    let row = |labels: &str| figures.get(&format!("vestibule_http_requests_total{{{labels}}}"));
    assert_eq!(row("route=\"/login\",method=\"GET\",status=\"2xx\""), 3.0);
    assert_eq!(row("route=\"/login\",method=\"HEAD\",status=\"2xx\""), 1.0);
    assert_eq!(row("route=\"/dashboard\",method=\"GET\",status=\"3xx\""), 1.0);
    let name = "vestibule_http_request_duration_seconds";
    assert_eq!(figures.get(&format!("{name}_count{{route=\"/login\"}}")), 4.0);
    assert_eq!(figures.get(&format!("{name}_bucket{{le=\"+Inf\",route=\"/login\"}}")), 4.0);
    assert!(figures.get(&format!("{name}_sum{{route=\"/login\"}}")) > 0.0);
    assert_eq!(figures.get("vestibule_workers"), 2.0);
    assert!(figures.get("vestibule_worker_silence_seconds") < 30.0);
}

#[actix_web::test]
async fn sign_ins_are_counted_by_what_became_of_them() {
    let watched = Watched::new().await;
    let app = &watched.app;
    let (_, phone, _, _) = house(app).await;
    let before = watched.figures().await;
    app.register("bob").await;

    let mut bob = app.program();
    assert_eq!(bob.log_in("bob").await.status, 200);
    let wrong = json!({ "username": "bob", "password": OTHER_PASSWORD });
    assert_eq!(bob.post("/login", &wrong).await.status, 401);
    let nobody = json!({ "username": "nobody", "password": PASSWORD });
    assert_eq!(bob.post("/login", &nobody).await.status, 401);
    let token = challenge(app).await;
    assert_eq!(send(app, &token, "code", "000000").await.status, 401);
    assert_eq!(send(app, &token, "code", &phone.code(app.now())).await.status, 200);

    let after = watched.figures().await;
    let moved = |outcome: &str| after.logins(outcome) - before.logins(outcome);
    assert_eq!((moved("success"), moved("wrong")), (2.0, 2.0));
    assert_eq!((moved("second_factor_asked"), moved("second_factor_wrong")), (1.0, 1.0));
    assert_eq!((moved("throttled"), moved("busy"), moved("failed")), (0.0, 0.0, 0.0));
    let registrations = "vestibule_registrations_total";
    assert_eq!(after.get(registrations) - before.get(registrations), 1.0);
}

#[actix_web::test]
async fn guesses_that_are_throttled_are_counted_as_such() {
    let watched = Watched::with(|config| config.throttle.enabled = true).await;
    let guess = json!({ "username": "ada", "password": OTHER_PASSWORD });

    let mut throttled = 0.0;
    for _ in 0..40 {
        throttled += f64::from(u8::from(watched.app.program().post("/login", &guess).await.status == 429));
    }

    assert!(throttled > 0.0);
    assert_eq!(watched.figures().await.logins("throttled"), throttled);
}

#[actix_web::test]
async fn hashes_that_run_and_those_for_which_there_is_no_room_are_counted() {
    let watched = Watched::with(|config| {
        (config.passwords.hash_threads, config.passwords.hash_queue) = (1, 1);
        (config.passwords.hash_memory_kib, config.passwords.hash_passes) = (64 * 1024, 8);
        config.passwords.hash_wait = Duration::from_secs(60);
    });
    let watched = watched.await;
    let idle = watched.figures().await;
    let hashers: Vec<_> = (0..2)
        .map(|_| {
            let here = watched.app.vestibule.clone();
            spawn(async move { here.passwords.hash(PASSWORD.into(), None).await.is_ok() })
        })
        .collect();
    sleep(Duration::from_millis(30)).await;

    let answer =
        watched.app.program().post("/login", &json!({ "username": "ada", "password": PASSWORD })).await;

    let busy = watched.figures().await;
    assert_eq!((answer.status, busy.logins("busy")), (503, 1.0));
    let load = |figures: &super::Figures| {
        let of = |name: &str| figures.get(&format!("vestibule_hashes_{name}"));
        (of("running"), of("queued"), of("refused_total"))
    };
    assert_eq!((load(&idle), load(&busy)), ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)));
    for hasher in hashers {
        assert!(hasher.await.unwrap());
    }
}

#[actix_web::test]
async fn the_memory_of_tokens_is_counted_and_so_are_revocations() {
    let watched = Watched::new().await;
    let app = &watched.app;
    app.register("ada").await;
    let mut ada = app.program();
    ada.log_in("ada").await;
    for _ in 0..50 {
        if app.vestibule.verified.is_current() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let before = watched.figures().await;

    for _ in 0..4 {
        assert_eq!(ada.get("/protected").await.status, 200);
    }

    let after = watched.figures().await;
    let moved = |name: &str| after.get(name) - before.get(name);
    assert_eq!(moved("vestibule_verified_tokens_hits_total"), 3.0);
    assert_eq!(moved("vestibule_verified_tokens_misses_total"), 1.0);
    assert_eq!(moved("vestibule_verified_tokens_size"), 1.0);
    assert!(after.get("vestibule_revocations_unread_seconds") < 5.0);
    app.pass(-7);
    app.execute("INSERT INTO revocations (id, user_id, revoked_at) SELECT 'x', id, created_at FROM users")
        .await;
    app.pass(7);
    for _ in 0..60 {
        if watched.figures().await.get("vestibule_revocations_read_total") > 0.0 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let figures = watched.figures().await;
    assert_eq!(figures.get("vestibule_revocations_read_total"), 1.0);
    assert!(figures.get("vestibule_revocation_lag_seconds") < 8.0);
}

#[actix_web::test]
async fn a_database_that_is_busy_is_not_waited_for_and_what_it_would_say_is_left_out() {
    let watched = Watched::with(|config| {
        // Whoever waited with patience would be told all of it in the end.
        (config.database.pool_size, config.database.wait_timeout) = (1, Duration::from_secs(30));
    });
    let watched = watched.await;
    let here = watched.app.vestibule.clone();
    let busy = spawn(async move {
        let slow = |_: &mut db::AnyConnection| {
            std::thread::sleep(Duration::from_secs(3));
            Ok::<_, db::Error>(())
        };
        here.db.read(slow).await
    });
    sleep(Duration::from_millis(50)).await;
    let began = Stopwatch::start();

    let figures = watched.figures().await;

    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    assert_eq!(figures.get("vestibule_scrape_complete"), 0.0);
    assert_eq!(figures.get("vestibule_database_connections"), 1.0);
    assert_eq!(figures.get("vestibule_database_connections_max"), 1.0);
    assert!(figures.find("vestibule_sessions_live").is_none() && !figures.text.contains("vestibule_outbox"));
    assert!(figures.find("vestibule_workers").is_some());
    busy.await.unwrap().unwrap();
    assert_eq!(watched.figures().await.get("vestibule_scrape_complete"), 1.0);
}
