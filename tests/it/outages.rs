//! When something of ours is broken, away or busy: no more is lost than must be, and nobody is let in for it.

use std::time::Duration;

use actix_web::rt::spawn;
use diesel::connection::SimpleConnection as _;
use serde_json::json;
use vestibule::clock::Stopwatch;
use vestibule::db::{self, AnyConnection};

use crate::errors::{check_page, check_problem, stage};
use crate::schema::either;
use crate::support::{Answer, Gate, PASSWORD, TestApp};

#[actix_web::test]
async fn a_fault_of_ours_costs_one_request_and_no_more() {
    let app = stage(|_| ()).await;
    let mut ada = app.browser();

    for _ in 0..20 {
        let fault = app.browser().submit("/login", &[("login", "root"), ("password", PASSWORD)]).await;
        assert_eq!(fault.status, 500);
    }

    assert_eq!(ada.sign_in("ada").await.status, 303);
    app.execute("ALTER TABLE events RENAME TO events_lost").await;
    assert_eq!(ada.get("/dashboard").await.status, 500);
    assert_eq!(ada.get("/api/session").await.status, 200);
    app.execute("ALTER TABLE events_lost RENAME TO events").await;
    assert_eq!(ada.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn when_too_many_hash_at_once_the_rest_may_come_back_in_two_seconds() {
    let app = stage(|config| config.passwords.hash_threads = 1).await;
    let busy = TestApp::with(|config| config.passwords.hash_wait = Duration::ZERO).await;

    let page = busy.browser().submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await;
    let problem = busy.program().post("/login", &json!({ "username": "ada", "password": PASSWORD })).await;

    check_page(&page, 503);
    check_problem(&problem, 503, "unavailable");
    assert_eq!((page.header("retry-after"), problem.header("retry-after")), ("2", "2"));
    assert_eq!(app.browser().sign_in("ada").await.status, 303);
}

#[actix_web::test]
async fn who_is_signed_in_does_not_wait_for_those_who_are_signing_in() {
    let app = TestApp::with(|config| {
        config.passwords.hash_threads = 1;
        (config.passwords.hash_memory_kib, config.passwords.hash_passes) = (19_456, 20);
    })
    .await;
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;

    let storm: Vec<_> = (0..3)
        .map(|_| {
            let mut other = app.browser();
            spawn(async move { other.sign_in("ada").await.status })
        })
        .collect();
    for path in ["/login", "/dashboard", "/api/session", "/healthz", "/dashboard"] {
        assert_eq!(ada.get(path).await.status / 100, if path == "/login" { 3 } else { 2 }, "{path}");
    }

    assert!(storm.iter().all(|sign_in| !sign_in.is_finished()), "nobody was hashing");
    for sign_in in storm {
        assert!([303, 503].contains(&sign_in.await.unwrap()));
    }
}

#[actix_web::test]
async fn while_another_writer_holds_the_database_reading_goes_on_and_writing_waits_and_fails_politely() {
    let app = stage(|config| config.database.busy_timeout = Duration::from_millis(100)).await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    let mut other = app.vestibule.db.connect().unwrap();
    other
        .batch_execute(either(&other, "BEGIN IMMEDIATE", "BEGIN; LOCK TABLE events IN EXCLUSIVE MODE"))
        .unwrap();

    let form = [("login", "ada"), ("password", PASSWORD)];
    let (written, read) = (app.browser().submit("/login", &form).await, ada.get("/dashboard").await);
    let (ready, file) = (app.program().get("/readyz").await, app.browser().get("/robots.txt").await);
    other.batch_execute("ROLLBACK").unwrap();

    check_page(&written, 503);
    assert_eq!(written.header("retry-after"), "2");
    assert!(written.cookies().is_empty());
    assert_eq!([read.status, ready.status, file.status], [200, 200, 200]);
    assert_eq!(app.browser().sign_in("ada").await.status, 303);
}

#[actix_web::test]
async fn without_a_connection_nobody_is_let_in_and_nobody_waits_long() {
    let app = stage(|config| {
        config.database.pool_size = 1;
        config.database.wait_timeout = Duration::from_millis(50);
    });
    let app = app.await;
    let (mut ada, mut program) = (app.browser(), app.program());
    ada.sign_in("ada").await;
    program.log_in("ada").await;
    let (held, until) = std::sync::mpsc::channel::<()>();
    let db = app.vestibule.db.clone();
    let hold = async move {
        db.read(move |_| {
            let _ = until.recv();
            Ok::<_, db::Error>(())
        })
        .await
    };
    let hold = actix_web::rt::spawn(hold);
    actix_web::rt::task::yield_now().await;

    let dashboard = ada.get("/dashboard").await;
    let mut closed =
        vec![ada.get("/").await, app.program().get("/readyz").await, program.get("/api/session").await];
    closed.extend([
        program.get("/protected").await,
        app.browser().sign_in("ada").await,
        ada.get("/register").await,
    ]);
    let open = [app.browser().get("/login").await, app.program().get("/healthz").await];
    drop(held);
    hold.await.unwrap().unwrap();

    check_page(&dashboard, 503);
    assert!(
        closed.iter().all(|answer| answer.status == 503 && answer.header("retry-after") == "2"),
        "{closed:#?}"
    );
    assert!(open.iter().all(|answer| answer.status == 200));
    assert_eq!(ada.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn a_connection_that_the_server_closed_costs_at_most_one_request() {
    let app = stage(|config| config.database.pool_size = 1).await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;

    let closed = app.vestibule.db.read(|conn| {
        if let AnyConnection::Postgres(conn) = conn {
            conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?;
        }
        Ok::<_, db::Error>(())
    });
    let _ = closed.await;
    let first = ada.get("/dashboard").await;

    assert!([200, 503].contains(&first.status), "{}", first.status);
    assert_eq!(ada.get("/dashboard").await.status, 200);
}

/// An application whose PostgreSQL server can be taken away; nothing where there is none.
async fn behind_a_gate() -> Option<(TestApp, Gate)> {
    std::env::var_os("VESTIBULE_TEST_DATABASE")?;
    let mut gate = None;
    let app = TestApp::with(|config| {
        let (before, url) = Gate::before(&config.database_url());
        (gate, config.database.url) = (Some(before), Some(url.into()));
        config.database.pool_size = 4;
    });
    Some((app.await, gate?))
}

/// What is answered, and how soon.
async fn timed(asked: impl Future<Output = Answer>) -> (Answer, Duration) {
    let start = Stopwatch::start();
    (asked.await, start.elapsed())
}

#[actix_web::test]
async fn while_the_database_is_away_we_are_not_ready_and_once_it_is_back_all_is_well_by_itself() {
    let Some((app, gate)) = behind_a_gate().await else { return };
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    // Each of the connections has been used.
    let busy = (0..4).map(|_| app.ask(|conn| conn.batch_execute("SELECT pg_sleep(0.1)")));
    futures_util::future::join_all(busy).await;

    gate.shut();
    for _ in 0..6 {
        let (ready, waited) = timed(app.program().get("/readyz")).await;
        check_problem(&ready, 503, "unavailable");
        assert_eq!(ready.header("retry-after"), "2");
        assert!(waited < Duration::from_secs(3), "{waited:?}");
    }
    check_page(&ada.get("/dashboard").await, 503);
    assert_eq!(app.program().get("/healthz").await.status, 200);

    gate.open();
    let start = Stopwatch::start();
    while app.program().get("/readyz").await.status != 200 {
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(ada.get("/dashboard").await.status, 200);

    gate.fall_silent();
    let (ready, waited) = timed(app.program().get("/readyz")).await;
    gate.open();
    check_problem(&ready, 503, "unavailable");
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    assert_eq!(ada.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn a_database_that_was_started_anew_costs_one_request_at_most_however_many_connections_it_closed() {
    let Some((app, gate)) = behind_a_gate().await else { return };
    let busy = (0..4).map(|_| app.ask(|conn| conn.batch_execute("SELECT pg_sleep(0.1)")));
    futures_util::future::join_all(busy).await;

    gate.shut();
    gate.open();

    let mut failed = 0;
    for _ in 0..8 {
        failed += usize::from(app.program().get("/readyz").await.status != 200);
    }
    // None, if the one who reads the revocations has noticed it before.
    assert!(failed <= 1, "{failed}");
}

#[actix_web::test]
async fn a_database_that_falls_silent_is_given_up_and_what_was_given_up_is_not_saved_later() {
    let Some((app, gate)) = behind_a_gate().await else { return };
    let account = json!({ "username": "ada", "password": PASSWORD });
    let program = app.program();

    let hung = app.vestibule.db.clone();
    let begun = spawn(async move {
        hung.write(|conn| {
            conn.batch_execute("CREATE TABLE late (id TEXT); SELECT pg_sleep(1)").map_err(db::Error::from)
        })
        .await
    });
    actix_web::rt::time::sleep(Duration::from_millis(300)).await;
    gate.fall_silent();
    let (refused, waited) = timed(program.post("/register", &account)).await;
    check_problem(&refused, 503, "unavailable");
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert!(begun.await.unwrap().is_err());

    gate.open();
    actix_web::rt::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(program.post("/register", &account).await.status, 200);
    let late = app.ask(|conn| conn.batch_execute("CREATE TABLE late (id TEXT)"));
    late.await;
}

#[actix_web::test]
async fn whoever_finds_a_long_line_for_a_connection_is_told_at_once() {
    let app = TestApp::with(|config| {
        config.database.pool_size = 1;
        config.database.wait_timeout = Duration::from_secs(3);
    });
    let app = app.await;
    let db = app.vestibule.db.clone();
    let (held, is_held) = tokio::sync::oneshot::channel();
    let hold = async move {
        db.read(move |_| {
            let _ = held.send(());
            std::thread::sleep(Duration::from_secs(2));
            Ok::<_, db::Error>(())
        })
        .await
    };
    let hold = spawn(hold);
    // Whoever kept house just then had the connection first: a place in the line would come free once it was given back.
    is_held.await.unwrap();
    let in_line: Vec<_> = (0..1024)
        .map(|_| {
            let db = app.vestibule.db.clone();
            spawn(async move { db.read(|_| Ok::<_, db::Error>(())).await })
        })
        .collect();
    actix_web::rt::time::sleep(Duration::from_millis(100)).await;

    let (ready, waited) = timed(app.program().get("/readyz")).await;

    check_problem(&ready, 503, "unavailable");
    assert!(ready.header("retry-after") == "2" && waited < Duration::from_millis(500), "{waited:?}");
    hold.await.unwrap().unwrap();
    let mut refused = 0;
    for waiting in in_line {
        refused += usize::from(waiting.await.unwrap().is_err());
    }
    // The thread that keeps house stands in the same line, now and then.
    assert!(refused <= 3, "{refused}");
    assert_eq!(app.program().get("/readyz").await.status, 200);
}
