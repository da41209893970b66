//! Every kind of link that comes by mail, in one table: whoever opens it, it is the button that does the deed, once, in
//! time, and for the right account.

use std::collections::BTreeSet;

use vestibule::flows::administer_user::disable;
use vestibule::flows::caller::Caller;
use vestibule::flows::delete_account;
use vestibule::models::{MailKind, User};

use crate::change_email::{NEW, change};
use crate::forgot::{self, ADDRESS, proven};
use crate::not_me;
use crate::restore_email::right;
use crate::schema::dump;
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use crate::verify_email::{self, find};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// A kind of link.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// The page of its button.
    page: &'static str,
    /// How long it works, in seconds from when its mail left.
    life: i64,
    /// What a link that works no more leads on to.
    way_on: &'static str,
    /// Whether its mail is the whole right, so that it works in every browser; else only for whom it was made.
    for_any_browser: bool,
    /// Whether it works after its owner closed the account: else a thief could close that right away.
    outlives_closing: bool,
}

const RESET: Kind = Kind {
    page: "/reset",
    life: 10 * MINUTE,
    way_on: "/forgot",
    for_any_browser: true,
    outlives_closing: false,
};
const VERIFY: Kind = Kind {
    page: "/verify-email",
    life: 10 * MINUTE,
    way_on: "/account/email",
    for_any_browser: false,
    outlives_closing: false,
};
const RESTORE: Kind = Kind {
    page: "/restore-email",
    life: 7 * DAY,
    way_on: "/login",
    for_any_browser: true,
    outlives_closing: true,
};
const NOT_ME: Kind =
    Kind { page: "/not-me", life: 7 * DAY, way_on: "/forgot", for_any_browser: true, outlives_closing: true };
const KINDS: [Kind; 4] = [RESET, VERIFY, RESTORE, NOT_ME];

/// Ada at her browser, and the link that she was mailed.
struct Stage {
    kind: Kind,
    app: TestApp,
    ada: Browser,
    link: String,
}

impl Stage {
    /// The mail of the link leaves `late` seconds after it was written.
    async fn set(kind: Kind, late: i64) -> Self {
        let app = TestApp::new().await;
        let mut ada = app.browser();
        if kind.page == VERIFY.page {
            app.register_as("ada", ADDRESS, vestibule::models::Role::User).await;
        } else {
            proven(&app, "ada", ADDRESS).await;
        }
        assert_eq!(ada.sign_in("ada").await.status, 303);
        match kind.page {
            "/reset" => drop(forgot::ask(&mut app.browser(), ADDRESS).await),
            "/verify-email" => drop(ada.submit("/account/email/resend", &[]).await),
            "/restore-email" => drop(change(&app, &mut ada, NEW).await),
            _ => {
                let mut thief = app.browser();
                (thief.user_agent, thief.address) = ("curl/8.5.0".to_owned(), "203.0.113.9".to_owned());
                thief.sign_in("ada").await;
            }
        }
        app.pass(late);
        let link = match kind.page {
            "/reset" => forgot::link(&app).await,
            "/verify-email" => verify_email::link(&app, ADDRESS).await,
            "/restore-email" => right(&app, ADDRESS).await,
            _ => not_me::links(&app).await.remove(0),
        };
        assert!(link.starts_with(&format!("{}/", kind.page)), "{link}");
        Self { kind, app, ada, link }
    }

    /// A browser that may press the button.
    fn person(&self) -> Browser {
        if self.kind.for_any_browser { self.app.browser() } else { self.ada.clone() }
    }

    async fn press(&self, browser: &mut Browser) -> Answer {
        match self.kind.page {
            "/reset" => forgot::send(browser, OTHER_PASSWORD).await,
            page => browser.submit(page, &[]).await,
        }
    }

    fn assert_gone(&self, answer: &Answer, case: &str) {
        assert_eq!(answer.status, 410, "{:?}, {case}: {}", self.kind, answer.body);
        let way_on = format!("href=\"{}\"", self.kind.way_on);
        assert!(answer.body.contains(&way_on), "{:?}, {case}: {}", self.kind, answer.body);
    }
}

#[actix_web::test]
async fn twenty_prefetches_by_strangers_and_by_the_persons_own_browser_change_nothing_and_the_press_works_once()
 {
    for kind in KINDS {
        let stage = Stage::set(kind, 0).await;
        let before = dump(&stage.app).await;

        for mut browser in [stage.app.browser(), stage.ada.clone()] {
            for method in ["GET", "HEAD"].repeat(10) {
                let opened = browser.send(stage.app.request(method, &stage.link)).await;
                assert_eq!((opened.status, opened.location()), (303, kind.page), "{method} {kind:?}");
                let page = browser.send(stage.app.request(method, kind.page)).await;
                assert_eq!(page.status, 200, "{method} {kind:?}");
            }
        }
        assert_eq!(dump(&stage.app).await, before, "{kind:?}");

        let mut person = stage.person();
        person.get(&stage.link).await;
        let mut copy = person.clone();
        assert_eq!(stage.press(&mut person).await.status, 303, "{kind:?}");
        assert_ne!(dump(&stage.app).await, before, "{kind:?}");
        let after = dump(&stage.app).await;
        stage.assert_gone(&stage.press(&mut copy).await, "pressed by a copy of the browser");
        stage.assert_gone(&person.get(&stage.link).await, "opened again");
        stage.assert_gone(&stage.app.browser().get(&stage.link).await, "opened elsewhere");
        stage.assert_gone(&copy.get(kind.page).await, "the page that was open");
        assert_eq!(dump(&stage.app).await, after, "{kind:?}");
    }
}

#[actix_web::test]
async fn it_works_for_its_time_from_when_the_mail_left_and_not_a_second_longer() {
    for kind in KINDS {
        let stage = Stage::set(kind, 30 * MINUTE).await;
        let mut person = stage.person();
        stage.app.pass(kind.life - 1);
        assert_eq!(person.get(&stage.link).await.location(), kind.page, "{kind:?}");
        let before = dump(&stage.app).await;

        stage.app.pass(1);

        stage.assert_gone(&stage.press(&mut person).await, "pressed late");
        stage.assert_gone(&stage.app.browser().get(&stage.link).await, "opened late");
        assert_eq!(dump(&stage.app).await, before, "{kind:?}");
    }
}

#[actix_web::test]
async fn a_link_that_is_tampered_with_or_for_another_purpose_opens_nothing() {
    for kind in KINDS {
        let stage = Stage::set(kind, 0).await;
        let before = dump(&stage.app).await;
        let (start, token) = stage.link.rsplit_once('/').unwrap();
        let flipped = if token.starts_with('A') { "B" } else { "A" };
        let mut paths: Vec<String> = [
            format!("{flipped}{}", &token[1..]),
            token[..token.len() - 1].to_owned(),
            format!("{token}{token}"),
            "x".repeat(1024),
            String::new(),
            "%00".to_owned(),
            format!("{token}%00"),
            "%FF%FE".to_owned(),
            token.to_uppercase(),
            token.chars().rev().collect(),
        ]
        .iter()
        .map(|token| format!("{start}/{token}"))
        .collect();
        let others = KINDS.into_iter().filter(|other| other.page != kind.page);
        paths.extend(others.map(|other| format!("{}/{token}", other.page)));
        paths.push(format!("/setup/{token}"));

        for path in &paths {
            let mut person = stage.person();
            let opened = person.get(path).await;
            assert!([404, 410].contains(&opened.status), "{path}: {} {}", opened.status, opened.location());
            assert!(opened.body.contains("href=\"/"), "{path}: a way on");
            stage.assert_gone(&stage.press(&mut person).await, path);
        }

        assert_eq!(dump(&stage.app).await, before, "{kind:?}");
        let mut person = stage.person();
        person.get(&stage.link).await;
        assert_eq!(stage.press(&mut person).await.status, 303, "{kind:?} is as good as before");
    }
}

#[actix_web::test]
async fn somebody_else_who_is_signed_in_loses_nothing_by_it_and_proves_nothing_for_ada() {
    for kind in KINDS {
        let stage = Stage::set(kind, 0).await;
        proven(&stage.app, "bob", "bob@example.org").await;
        let mut bob = stage.app.browser();
        bob.sign_in("bob").await;
        let (row, before) = (find(&stage.app, "bob").await, dump(&stage.app).await);
        // The browser forgets who sat at it, for what comes next is Ada's; the session does not end by that.
        let mut session = bob.clone();

        bob.get(&stage.link).await;
        bob.get(kind.page).await;
        let pressed = stage.press(&mut bob).await;

        if kind.for_any_browser {
            assert_eq!(pressed.status, 303, "{kind:?}");
        } else {
            assert_eq!(pressed.status, 410, "{kind:?}");
            assert!(pressed.body.contains("for another account") && !pressed.says("ada"));
            assert_eq!(dump(&stage.app).await, before);
        }
        assert_eq!(find(&stage.app, "bob").await, row, "{kind:?}");
        assert_eq!(session.get("/dashboard").await.status, 200, "{kind:?}");
        assert!(forgot::signs_in(&stage.app, "bob", PASSWORD).await, "{kind:?}");
    }
}

#[actix_web::test]
async fn after_the_account_was_disabled_closed_or_deleted_it_is_refused() {
    for kind in KINDS {
        for end in ["disabled", "closed", "deleted"] {
            let stage = Stage::set(kind, 0).await;
            let mut person = stage.person();
            person.get(&stage.link).await;
            let (user, app) = (find(&stage.app, "ada").await, &stage.app);
            end_account(&stage, end, &user).await;
            let before = dump(app).await;

            let pressed = stage.press(&mut person).await;

            if end == "closed" && kind.outlives_closing {
                assert_eq!(pressed.status, 303, "{kind:?}");
                continue;
            }
            assert!([401, 410].contains(&pressed.status), "{kind:?}, {end}: {}", pressed.status);
            assert!(kind.for_any_browser || pressed.status == 401, "{kind:?}, {end}: to sign in first");
            assert_eq!(dump(app).await, before, "{kind:?}, {end}");
            if kind.for_any_browser || end == "deleted" {
                stage.assert_gone(&app.browser().get(&stage.link).await, end);
            }
        }
    }
}

async fn end_account(stage: &Stage, end: &str, user: &User) {
    let (here, now) = (&stage.app.vestibule, stage.app.now());
    match end {
        "disabled" => disable(here, user, &Caller::operator(), now).await.unwrap(),
        "closed" => {
            let closed = stage.ada.clone().submit("/account/close", &[("confirmation", "ada")]).await;
            assert_eq!(closed.location(), "/login");
        }
        _ => assert!(delete_account::by_operator(here, &user.id, &Caller::operator(), now).await.unwrap()),
    }
}

/// The addresses in a mail: those that a reader of mails makes links of, and those of its links.
fn addresses(part: &str) -> BTreeSet<String> {
    let ends = |letter: char| letter.is_whitespace() || "\"<>".contains(letter);
    let words = part.split(ends).filter(|word| word.contains("://") || word.contains("www."));
    words.map(|word| word.trim_end_matches('.').to_owned()).collect()
}

#[actix_web::test]
async fn both_parts_of_every_mail_hold_the_same_links_and_nothing_that_a_stranger_typed() {
    const NAME: &str = "www.evil.example";
    let app = TestApp::new().await;
    proven(&app, NAME, ADDRESS).await;
    let mut ada = app.browser();
    ada.sign_in(NAME).await;
    ada.submit("/account/settings/name", &[("display_name", "http://evil.example/shown")]).await;
    for agent in
        ["http://evil.example/agent", "<a href=\"https://evil.example\">Firefox</a>", "www.evil.example"]
    {
        let mut thief = app.browser();
        (thief.user_agent, thief.address) = (agent.to_owned(), "203.0.113.9".to_owned());
        thief.sign_in(NAME).await;
        let fields =
            [("username", &*agent.len().to_string().repeat(4)), ("email", ADDRESS), ("password", PASSWORD)];
        thief.submit("/register", &fields).await;
    }
    forgot::ask(&mut app.browser(), ADDRESS).await;
    change(&app, &mut ada, NEW).await;
    let undo = right(&app, ADDRESS).await;
    ada.submit("/account/close", &[("confirmation", NAME)]).await;
    ada.sign_in(NAME).await;
    let fields = [("current_password", PASSWORD), ("password", OTHER_PASSWORD), ("end_others", "yes")];
    ada.submit("/account/password", &fields).await;
    let mut person = app.browser();
    person.get(&undo).await;
    person.submit("/restore-email", &[]).await;

    let mails = app.mails().await;

    for (mail, letter) in &mails {
        let (text, html) = (addresses(&letter.text), addresses(&letter.html));
        assert_eq!(text, html, "{:?}", mail.kind);
        let home = "http://localhost:8080";
        assert!(text.iter().all(|link| link.starts_with(home)), "{:?}: {text:?}", mail.kind);
        for part in [&letter.subject, &letter.text, &letter.html] {
            assert!(!part.contains("evil.example"), "{:?}: {part}", mail.kind);
        }
    }
    let kinds: Vec<_> = mails.iter().map(|(mail, _)| mail.kind).collect();
    for kind in [
        MailKind::ResetPassword,
        MailKind::VerifyEmail,
        MailKind::EmailTaken,
        MailKind::EmailChangeAsked,
        MailKind::EmailChanged,
        MailKind::EmailReplaced,
        MailKind::EmailRestored,
        MailKind::NewDevice,
        MailKind::PasswordChanged,
        MailKind::AccountClosed,
        MailKind::AccountReopened,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    }
}
