//! `vestibule mail`, and the ways to speak to a mail server.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use vestibule::clock::Stopwatch;

use super::Folder;
use super::serve::Server;
use crate::support::{MAIL_PASSWORD, MailServer};

const CANARY: &str = MAIL_PASSWORD;

/// A folder whose settings lead to a mail server; its certificate, if it has one, lies in there.
fn stage(line: &str, tls: &str) -> (Folder, MailServer) {
    let folder = Folder::new();
    let at = folder.path.display().to_string();
    let server = MailServer::start(&line.replace("HERE", &at));
    let settings = format!(
        "[mail]\nfrom = 'door@vestibule.example'\nsmtp_host = 'localhost'\nsmtp_port = {}\nsmtp_tls = '{tls}'\n\
         smtp_timeout = '5s'\n",
        server.port
    );
    let folder = folder.with_file("vestibule.toml", &settings);
    let certificate = folder.path.join("certificate.pem").display().to_string();
    (folder.with_variable("SSL_CERT_FILE", certificate).with_tables(), server)
}

#[test]
fn a_test_mail_goes_over_tls_from_the_first_byte_or_from_starttls_and_signs_in() {
    for (line, tls) in [("--tls HERE --password", "tls"), ("--starttls HERE --password", "starttls")] {
        let (folder, mut server) = stage(line, tls);
        let secret = folder.path.join("mail_password");
        std::fs::write(&secret, format!("{CANARY}\n")).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let folder = folder
            .with_variable("VESTIBULE_MAIL__SMTP_USERNAME", "vestibule")
            .with_variable("VESTIBULE_MAIL__SMTP_PASSWORD_FILE", secret.display().to_string());

        let said = folder.run("mail test ada@example.org --log-level trace");

        assert!(!said.err.contains(CANARY) && !said.out.contains(CANARY), "{said:?}");
        assert_eq!(said.done(), "The mail server took it.\n", "{tls}");
        let [mail] = server.mails().try_into().unwrap();
        assert_eq!((&mail["tls"], &mail["user"]), (&Value::from(true), &Value::from("vestibule")));
        assert_eq!(mail["to"][0], "ada@example.org");
        let shown = folder.run("config show").done();
        assert!(shown.contains("smtp_password") && !shown.contains(CANARY));
    }
}

#[test]
fn what_the_mail_server_refuses_is_said_and_no_secret_with_it() {
    let (folder, mut server) = stage("--starttls HERE --password", "starttls");
    let folder = folder
        .with_variable("VESTIBULE_MAIL__SMTP_USERNAME", "vestibule")
        .with_variable("VESTIBULE_MAIL__SMTP_PASSWORD", "not-the-password-but-a-canary-too");

    let wrong = folder.run("mail test ada@example.org --log-level trace");

    assert!(!format!("{wrong:?}").contains("canary"), "{wrong:?}");
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("535"), "{wrong:?}");
    assert!(server.mails().is_empty());
}

#[test]
fn a_certificate_that_nobody_vouches_for_gets_nothing_and_neither_does_a_server_without_starttls() {
    let (folder, mut server) = stage("--tls HERE", "tls");
    let folder = folder.with_variable("SSL_CERT_FILE", "/dev/null");
    let stranger = folder.run("mail test ada@example.org").refused(1);
    let (plain, mut other) = stage("", "starttls");
    let unprotected = plain.run("mail test ada@example.org").refused(1);

    assert!(stranger.starts_with("The mail was not sent: "), "{stranger}");
    assert!(unprotected.starts_with("The mail was not sent: "), "{unprotected}");
    assert!(server.mails().is_empty() && other.mails().is_empty());
}

#[test]
fn without_a_mail_server_a_test_mail_is_a_file_and_a_bad_address_is_refused() {
    let folder = Folder::new().with_tables();

    let id = folder.run("mail test ada@example.org --json").json()["id"].as_str().unwrap().to_owned();
    let refused = folder.run("mail test ada@example").refused(1);

    let mail = std::fs::read_to_string(folder.path.join("data/mail").join(format!("{id}.eml"))).unwrap();
    assert!(
        mail.contains("To: ada@example.org\r\n") && mail.contains("A test mail from Vestibule"),
        "{mail}"
    );
    assert!(refused.contains("after the @"), "{refused}");
}

#[test]
fn a_server_starts_and_stops_whatever_its_mail_server_does_and_sends_what_waited() {
    let (folder, mut mails) = stage("", "none");
    mails.be("down");
    let began = Stopwatch::start();
    {
        let server = Server::start(&folder, "serve --listen 127.0.0.1:0");
        folder.create("ada --email ada@example.org");
        let host = server.fact("Open").unwrap().trim_start_matches("http://").to_owned();
        assert_eq!(server.fact("Mail"), Some(format!("by localhost, port {}", mails.port).as_str()));
        assert_eq!(server.forget(&host, "ada@example.org"), 303);
        wait(|| folder.run("mail list --json").json()[0]["attempts"] == 1);
        mails.be("stall 60");
        assert_eq!(folder.run("mail retry").done(), "Mails that are due now: 0.\n", "it is due in seconds");
    }
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");
    let host = server.fact("Open").unwrap().trim_start_matches("http://").to_owned();
    wait(|| folder.run("mail list --json").json()[0]["attempts"].as_i64() >= Some(2));
    assert_eq!(server.forget(&host, "nobody@example.org"), 303);
    assert!(server.stop() < std::time::Duration::from_secs(5), "it stops while a mail is under way");
    assert!(began.elapsed() < std::time::Duration::from_secs(50));

    let list = folder.run("mail list").done();
    assert!(
        list.contains("reset_password") && list.contains("ada@example.org") && list.contains("waiting"),
        "{list}"
    );
}

#[test]
fn a_mail_that_was_given_up_is_sent_when_the_operator_says_so() {
    let (folder, mut mails) = stage("", "none");
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");
    folder.create("ada --email ada@example.org");
    mails.be("refuse");
    let host = server.fact("Open").unwrap().trim_start_matches("http://").to_owned();
    assert_eq!(server.forget(&host, "ada@example.org"), 303);
    wait(|| folder.run("mail list --json").json()[0]["attempts"] == 1);
    let row = folder.run("mail list --json").json()[0].take();
    assert!(row["last_error"].as_str().unwrap().contains("550"), "{row}");
    mails.be("up");

    let unknown = folder.run("mail retry nothing").refused(1);
    let retried = folder.run(&format!("mail retry {}", row["id"].as_str().unwrap())).done();

    assert_eq!(retried, "Mails that are due now: 1.\n");
    assert!(unknown.contains("No mail `nothing` waits"), "{unknown}");
    wait(|| mails.mails().len() == 1);
    wait(|| folder.run("mail list --json").json()[0]["state"] == "sent");
}

/// Waits, for not too long, until something is so.
fn wait(mut is_so: impl FnMut() -> bool) {
    let began = Stopwatch::start();
    while !is_so() {
        assert!(began.elapsed() < std::time::Duration::from_secs(25), "it never was so");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
