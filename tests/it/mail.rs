//! Mail, to a real mail server that is down, refuses, stalls and drops.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use vestibule::clock::Stopwatch;
use vestibule::db;
use vestibule::flows::{deliver_mail, forgot_password, housekeeping};
use vestibule::models::{OutboxMail, Role};
use vestibule::{Config, Vestibule};

use crate::schema::dump;
use crate::support::{Answer, MailServer, TestApp};

/// An application with a mail server, and somebody with an address.
async fn stage() -> (TestApp, MailServer) {
    stage_with(|_| ()).await
}

async fn stage_with(change: impl FnOnce(&mut Config)) -> (TestApp, MailServer) {
    let server = MailServer::start("");
    let app = TestApp::with(|config| {
        server.lead(config);
        change(config);
    });
    let app = app.await;
    app.register_as("ada", "ada@example.org", Role::User).await;
    (app, server)
}

async fn ask(app: &TestApp) -> Answer {
    app.browser().submit("/forgot", &[("email", "ada@example.org")]).await
}

/// The only row of the outbox.
async fn row(app: &TestApp) -> OutboxMail {
    let [row] = app.ask(|conn| OutboxMail::list_latest(conn, 10)).await.try_into().unwrap();
    row
}

fn header(mail: &Value, name: &str) -> Vec<String> {
    let headers = mail["headers"].as_array().unwrap().iter();
    headers.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_mail_arrives_once_in_text_and_html_and_watches_nobody() {
    let (app, mut server) = stage().await;
    ask(&app).await;

    assert_eq!((app.deliver().await, app.deliver().await), (1, 0));

    let [mail] = server.mails().try_into().unwrap();
    let row = row(&app).await;
    assert_eq!(
        (mail["from"].as_str(), mail["to"][0].as_str()),
        (Some("door@vestibule.example"), Some("ada@example.org"))
    );
    assert_eq!(mail["types"], serde_json::json!(["text/plain", "text/html"]));
    for (name, value) in [
        ("From", "Vestibule <door@vestibule.example>".to_owned()),
        ("To", "ada@example.org".to_owned()),
        ("Subject", "Choose a new password for Vestibule".to_owned()),
        ("Message-ID", format!("<{}@vestibule.example>", row.id)),
        ("Auto-Submitted", "auto-generated".to_owned()),
    ] {
        assert_eq!(header(&mail, name), [value], "{name}");
    }
    let html = mail["html"].as_str().unwrap();
    for word in ["<img", "<script", "<link", "url(", "<style", "@import", "background=\"", "<iframe", "<form"]
    {
        assert!(!html.contains(word), "{word}");
    }
    let addresses = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    assert!(addresses.into_iter().all(|to| to.starts_with("http://localhost:8080")), "{html}");
    assert!(mail["text"].as_str().unwrap().contains("http://localhost:8080/reset/"));
    assert_eq!((row.sealed, row.send_after, row.attempts), (None, None, 1));
}

#[actix_web::test]
async fn nobody_can_add_a_header_or_a_recipient() {
    let (app, mut server) = stage_with(|config| {
        config.server.name = "Door\r\nBcc: eve@example.org\r\n\r\nBuy <b>this</b>".to_owned();
    })
    .await;
    app.execute("UPDATE users SET email = 'ada@example.org\r\nBcc: eve@example.org'").await;
    ask(&app).await;
    assert_eq!(app.deliver().await, 0, "such an address leads nowhere");
    assert!(row(&app).await.last_error.unwrap().starts_with("the address: "));

    app.execute("DELETE FROM outbox").await;
    app.execute("UPDATE users SET email = 'ada@example.org'").await;
    ask(&app).await;
    assert_eq!(app.deliver().await, 1);

    let [mail] = server.mails().try_into().unwrap();
    assert_eq!(mail["to"], serde_json::json!(["ada@example.org"]));
    let names: BTreeSet<&str> =
        mail["headers"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
    let ours =
        ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
    assert_eq!(names, BTreeSet::from(ours));
    assert!(mail["html"].as_str().unwrap().contains("&#60;b&#62;this"), "and no HTML either");
}

#[actix_web::test]
async fn while_the_mail_server_is_down_every_deed_goes_on_and_afterwards_each_mail_arrives_once() {
    let (app, mut server) = stage().await;
    for name in ["bob", "carl", "dora"] {
        app.register_as(name, &format!("{name}@example.org"), Role::User).await;
    }
    server.be("down");
    for name in ["ada", "bob", "carl", "dora"] {
        let email = format!("{name}@example.org");
        assert_eq!(app.browser().submit("/forgot", &[("email", &email)]).await.status, 303);
        assert_eq!(app.deliver().await, 0);
    }
    app.pass(30);
    assert_eq!(app.deliver().await, 0);
    let tried = app.ask(|conn| OutboxMail::list_latest(conn, 10)).await;
    assert!(
        tried.iter().any(|mail| mail.attempts > 1) && tried.iter().all(|mail| mail.attempts <= 3),
        "{tried:?}"
    );

    server.be("up");
    for _ in 0..4 {
        app.pass(60);
        app.deliver().await;
    }

    let mails = server.mails();
    let to: BTreeSet<&str> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap()).collect();
    assert_eq!((mails.len(), to.len()), (4, 4));
}

#[actix_web::test]
async fn a_server_that_stalls_or_hangs_up_gets_the_mail_again_later() {
    for mode in ["stall 3", "drop", "later"] {
        let (app, mut server) = stage().await;
        server.be(mode);
        ask(&app).await;

        assert_eq!(app.deliver().await, 0, "{mode}");
        let waiting = row(&app).await;
        assert!(waiting.send_after > Some(app.now()) && waiting.last_error.is_some(), "{mode}");
        assert_eq!(app.deliver().await, 0);
        assert_eq!(row(&app).await.attempts, 1, "not before its time");

        server.be("up");
        app.pass(15);
        assert_eq!(app.deliver().await, 1, "{mode}");
        assert_eq!(row(&app).await.send_after, None);
    }
}

#[actix_web::test]
async fn an_answer_that_is_lost_sends_the_mail_twice_under_one_name_and_both_links_work() {
    let (app, mut server) = stage().await;
    server.be("lose");
    ask(&app).await;
    assert_eq!(app.deliver().await, 0);
    server.be("up");
    app.pass(15);
    assert_eq!(app.deliver().await, 1);

    let [first, second] = server.mails().try_into().unwrap();
    assert_eq!(header(&first, "Message-ID"), header(&second, "Message-ID"));
    assert_eq!(first["text"], second["text"]);
}

#[actix_web::test]
async fn what_is_refused_for_good_is_tried_seldom_holds_nobody_up_and_is_given_up_after_days() {
    let (app, mut server) = stage().await;
    app.register_as("bob", "bob@example.org", Role::User).await;
    server.be("refuse");
    ask(&app).await;
    app.browser().submit("/forgot", &[("email", "bob@example.org")]).await;
    assert_eq!(app.deliver().await, 0);
    let tried = app.ask(|conn| OutboxMail::list_latest(conn, 10)).await;
    assert!(tried.iter().all(|mail| mail.attempts == 1), "both were tried: {tried:?}");
    let words = tried[0].last_error.clone().unwrap();
    assert!(
        words.contains("550") && words.contains("is not for today") && !words.contains("@example.org"),
        "{words}"
    );
    app.pass(3600);
    assert_eq!((app.deliver().await, row_of(&app, 0).await.attempts), (0, 1));

    for _ in 0..12 {
        app.pass(6 * 3600);
        app.deliver().await;
    }

    let given_up = row_of(&app, 0).await;
    assert!(given_up.given_up_at.is_some() && given_up.send_after.is_none(), "{given_up:?}");
    assert!(given_up.attempts <= 13 && server.mails().is_empty());
    assert_eq!(deliver_mail::retry(&app.vestibule, None, app.now()).await.unwrap(), 2);
    server.be("up");
    assert_eq!(app.deliver().await, 2);
}

async fn row_of(app: &TestApp, index: usize) -> OutboxMail {
    app.ask(|conn| OutboxMail::list_latest(conn, 10)).await.swap_remove(index)
}

#[actix_web::test]
async fn a_node_that_dies_with_a_mail_in_hand_leaves_it_to_the_others_after_a_minute() {
    let (app, mut server) = stage().await;
    ask(&app).await;
    forgot_password::answer_requests(&app.vestibule, app.now()).await.unwrap();
    let (mail, now) = (row(&app).await, app.now());
    let hold = now + Duration::from_secs(60);
    assert!(app.vestibule.db.write(move |conn| Ok::<_, db::Error>(mail.claim(conn, hold)?)).await.unwrap());

    assert_eq!(app.deliver().await, 0);
    app.pass(61);
    assert_eq!(app.deliver().await, 1);

    assert_eq!(server.mails().len(), 1);
}

#[actix_web::test]
async fn of_many_nodes_one_sends_each_mail() {
    let (app, mut server) = stage().await;
    let nodes: Vec<Vestibule> = (0..4)
        .map(|_| Vestibule::open_at(app.vestibule.config.clone(), app.vestibule.clock.clone()).unwrap())
        .collect();
    for number in 0..12 {
        app.register_as(&format!("user{number}"), &format!("u{number}@example.org"), Role::User).await;
        app.browser().submit("/forgot", &[("email", &format!("u{number}@example.org"))]).await;
    }

    let rounds = nodes.iter().map(|node| deliver_mail::run(node, app.now()));
    let sent: usize = futures_util::future::join_all(rounds).await.into_iter().map(Result::unwrap).sum();

    assert_eq!((sent + app.deliver().await, server.mails().len()), (12, 12));
}

#[actix_web::test]
async fn a_slow_mail_server_keeps_its_mail_to_one_sender_for_as_long_as_it_takes() {
    let (app, mut server) = stage_with(|config| config.mail.smtp_timeout = Duration::from_secs(10)).await;
    server.be("stall 2");
    ask(&app).await;
    let other = Vestibule::open_at(app.vestibule.config.clone(), app.vestibule.clock.clone()).unwrap();

    let second = async {
        actix_web::rt::time::sleep(Duration::from_millis(500)).await;
        deliver_mail::run(&other, app.now()).await.unwrap()
    };
    let (first, second) = futures_util::future::join(app.deliver(), second).await;

    assert_eq!((first, second, server.mails().len()), (1, 0, 1));
}

#[actix_web::test]
async fn nobody_waits_for_the_mail_server() {
    let (app, mut server) = stage_with(|config| config.mail.smtp_timeout = Duration::from_secs(10)).await;
    server.be("stall 3");
    ask(&app).await;

    let began = Stopwatch::start();
    let deeds = async {
        for _ in 0..20 {
            assert_eq!(ask(&app).await.status, 303);
            assert_eq!(app.browser().sign_in("ada").await.status, 303);
        }
        began.elapsed()
    };
    let (sent, took) = futures_util::future::join(app.deliver(), deeds).await;

    assert_eq!(sent, 1);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[actix_web::test]
async fn words_written_with_another_secret_are_given_no_mail_server() {
    let (app, mut server) = stage().await;
    ask(&app).await;
    forgot_password::answer_requests(&app.vestibule, app.now()).await.unwrap();
    app.execute("UPDATE outbox SET id = 'another'; UPDATE one_time_tokens SET mail_id = 'another'").await;

    assert_eq!(app.deliver().await, 0);

    assert!(row(&app).await.last_error.unwrap().starts_with("it cannot be read"));
    assert!(server.mails().is_empty());
}

#[actix_web::test]
async fn mails_are_forgotten_after_a_week_unless_they_wait() {
    let (app, mut server) = stage().await;
    ask(&app).await;
    app.deliver().await;
    server.be("down");
    app.pass(8 * 24 * 3600);
    ask(&app).await;
    app.deliver().await;

    housekeeping::run(&app.vestibule, app.now()).await.unwrap();

    assert_eq!(row(&app).await.sent_at, None, "the old one is gone");
    app.execute("INSERT INTO reset_requests VALUES ('x', 'x', 1, 'x', 'x', 'x')").await;
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
    assert!(!dump(&app).await.contains("reset_requests: "));
}
