//! The mailbox of whoever develops: open on their own machine, and nowhere else.

use actix_web::test::TestRequest;
use vestibule::Config;
use vestibule::models::Role;

use crate::support::{Answer, TestApp};

const LOCAL: [(&str, &str); 2] = [("host", "localhost:8080"), ("accept", "text/html")];

async fn stage(change: impl FnOnce(&mut Config)) -> TestApp {
    let app = TestApp::with(change).await;
    app.register_as("ada", "ada@example.org", Role::User).await;
    app.execute("UPDATE users SET email_verified_at = 1").await;
    app
}

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(app.request("GET", path), |request, header| request.append_header(*header));
    app.send(request).await
}

#[actix_web::test]
async fn on_ones_own_machine_it_shows_the_mails_and_their_links_lead_on() {
    let app = stage(|_| ()).await;
    assert!(get(&app, "/dev/mailbox", &LOCAL).await.body.contains("There is none yet."));
    let request = TestRequest::with_uri("/forgot")
        .method("POST".parse().unwrap())
        .set_form([("email", "ada@example.org")]);
    assert_eq!(app.send(request.peer_addr("127.0.0.1:5000".parse().unwrap())).await.status, 303);
    assert_eq!(app.deliver().await, 1);

    let list = get(&app, "/dev/mailbox", &LOCAL).await;
    let path = list.body.split("href=\"/dev/mailbox/").nth(1).unwrap().split('"').next().unwrap();
    let mail = get(&app, &format!("/dev/mailbox/{path}"), &LOCAL).await;

    assert!(
        list.body.contains("to ada@example.org") && mail.body.contains("Choose a new password for Vestibule")
    );
    let link = mail.body.split("href=\"http://localhost:8080").nth(1).unwrap().split('"').next().unwrap();
    assert!(link.starts_with("/reset/"), "{}", mail.body);
    assert_eq!(get(&app, link, &LOCAL).await.status, 303);
    assert_eq!(mail.header("cache-control"), "no-store");
    assert_eq!(get(&app, "/dev/mailbox/nothing", &LOCAL).await.status, 404);
    let file =
        std::fs::read_dir(app.vestibule.config.data_dir().join("mail")).unwrap().next().unwrap().unwrap();
    assert_eq!(file.file_name().to_str(), Some(format!("{path}.eml").as_str()));
    assert!(std::fs::read_to_string(file.path()).unwrap().contains(link));
}

#[actix_web::test]
async fn its_files_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let app = stage(|_| ()).await;
    app.browser().submit("/forgot", &[("email", "ada@example.org")]).await;
    app.deliver().await;

    let dir = app.vestibule.config.data_dir().join("mail");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for file in std::fs::read_dir(&dir).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[actix_web::test]
async fn to_everybody_else_it_is_not_there() {
    let app = stage(|_| ()).await;
    let nothing = get(&app, "/dev/nothing", &LOCAL).await;
    for headers in [
        [("host", "127.0.0.1.evil.test:8080"), ("accept", "text/html")],
        [("host", "evil.test"), ("accept", "text/html")],
        [("host", "localhost:8081"), ("accept", "text/html")],
        [("accept", "text/html"), ("x-forwarded-host", "localhost:8080")],
    ] {
        assert_eq!(get(&app, "/dev/mailbox", &headers).await.status, 404, "{headers:?}");
    }
    for name in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
        let answer = get(&app, "/dev/mailbox", &[&LOCAL[..], &[(name, "127.0.0.1")]].concat()).await;
        assert_eq!(answer.status, 404, "{name}");
    }
    for peer in ["192.0.2.7:5000", "[2001:db8::1]:5000", "10.0.0.1:5000"] {
        let request = app.request("GET", "/dev/mailbox").insert_header(LOCAL[0]).insert_header(LOCAL[1]);
        let answer = app.send(request.peer_addr(peer.parse().unwrap())).await;
        assert_eq!(answer.status, 404, "{peer}");
        let id = |answer: &Answer| answer.header("x-request-id").to_owned();
        let same =
            |answer: &Answer| answer.body.replace(&id(answer), "").split("<body>").nth(1).map(str::to_owned);
        assert_eq!(same(&answer), same(&nothing));
    }
}

#[actix_web::test]
async fn where_mail_leaves_or_the_public_comes_it_is_closed_even_to_this_machine() {
    let smtp = stage(|config| config.mail.smtp_host = Some("localhost".into())).await;
    let public = stage(|config| config.server.public_url = Some("https://login.example.org".into())).await;

    assert_eq!(get(&smtp, "/dev/mailbox", &LOCAL).await.status, 404);
    for host in ["localhost:8080", "login.example.org"] {
        let answer = get(&public, "/dev/mailbox", &[("host", host), ("accept", "text/html")]).await;
        assert_eq!(answer.status, 404, "{host}");
    }
}

#[actix_web::test]
async fn the_page_after_asking_leads_there_only_if_it_is_open() {
    let app = stage(|_| ()).await;
    let mut browser = app.browser();
    for (address, is_open) in [("127.0.0.1", true), ("192.0.2.7", false)] {
        browser.address = address.to_owned();
        browser.submit("/forgot", &[("email", "ada@example.org")]).await;
        let request = app.request("GET", "/forgot/sent").insert_header(LOCAL[0]);
        let told = browser.send(request).await;
        assert_eq!(told.body.contains("href=\"/dev/mailbox\""), is_open, "{address}");
    }
}
