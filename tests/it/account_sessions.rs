//! Where one is signed in, and where one was.

use std::time::Duration;

use actix_web::rt::time::sleep;
use vestibule::clock::Stopwatch;
use vestibule::flows::caller::Caller;
use vestibule::flows::end_session;
use vestibule::id::SessionId;
use vestibule::models::{RevokedBecause, Session, User};

use crate::support::{Answer, Browser, TestApp};

const PAGE: &str = "/account/sessions";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.1 Mobile/15E148 Safari/604.1";

/// Ada at her desk and with her telephone.
async fn house() -> (TestApp, User, Browser, Browser) {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    let (mut desk, mut phone) = (app.browser(), app.browser());
    (phone.user_agent, phone.address) = (IPHONE.to_owned(), "198.51.100.4".to_owned());
    phone.sign_in("ada").await;
    app.pass(2 * 60);
    desk.sign_in("ada").await;
    (app, ada, desk, phone)
}

/// The part of the page under this heading.
fn section<'a>(page: &'a Answer, id: &str) -> &'a str {
    let from = page.body.split(&format!("aria-labelledby=\"{id}\"")).nth(1).unwrap();
    from.split("</section>").next().unwrap()
}

/// What a reader sees of a piece of a page.
fn text(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    pieces.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether this browser, at another node, is signed out within the second that a notice may take.
pub async fn is_out_within_a_second(browser: &mut Browser) -> bool {
    let since = Stopwatch::start();
    while browser.get(PAGE).await.status == 200 {
        if since.elapsed() > Duration::from_secs(1) {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
    true
}

async fn own_id(browser: &mut Browser) -> String {
    browser.get("/api/session").await.json()["session"].as_str().unwrap().to_owned()
}

/// Sessions that ended, `per_second` of them begun in each second; newest first, their user agents counted up.
async fn ended(app: &TestApp, user: &User, count: usize, per_second: usize) {
    let (user, now) = (user.id.clone(), app.now());
    let write = app.vestibule.db.write(move |conn| {
        for number in 0..count {
            let at = now - Duration::from_secs((number / per_second) as u64 + 60);
            let session = Session {
                id: SessionId::new(),
                user_id: user.clone(),
                created_at: at,
                authenticated_at: at,
                last_seen_at: at,
                expires_at: now + Duration::from_secs(3600),
                amr: "pwd".to_owned(),
                address: "192.0.2.9".to_owned(),
                user_agent: format!("program-{number:03}/1"),
                revoked_at: Some(at),
                revoked_because: Some(RevokedBecause::LoggedOut),
                renewable_since: None,
                network: "192.0.2.9".to_owned(),
                status_index: None,
            };
            session.insert(conn)?;
        }
        Ok::<_, vestibule::db::Error>(())
    });
    write.await.unwrap();
}

/// The programs that a page names, in its order.
fn programs(page: &Answer) -> Vec<String> {
    section(page, "ended").split("<strong title=\"").skip(1).map(|rest| rest[..11].to_owned()).collect()
}

fn link(page: &Answer, rel: &str) -> Option<String> {
    let (_, rest) = page.body.split_once(&format!("rel=\"{rel}\" href=\""))?;
    Some(rest.split('"').next().unwrap().replace("&#38;", "&").split('#').next().unwrap().to_owned())
}

#[actix_web::test]
async fn every_session_says_with_what_where_since_when_how_and_until_when() {
    let (app, ada, mut desk, mut phone) = house().await;

    let page = desk.get(PAGE).await;
    let stranger = app.browser().get(PAGE).await;

    assert_eq!((stranger.status, stranger.location()), (303, "/login?next=%2Faccount%2Fsessions"));
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(page.body.contains("<a href=\"/account/sessions\" aria-current=\"page\">Sessions</a>"));
    let live = section(&page, "live");
    let (this, other) = live.split_once("Safari on iPhone").unwrap();
    assert!(
        this.contains("Firefox on Linux") && this.contains("This one") && this.contains("action=\"/logout\"")
    );
    let exact = |moment: vestibule::clock::Timestamp| moment.in_words();
    let began = app.now() - Duration::from_secs(120);
    let other = text(other);
    for words in [
        "198.51.100.4",
        &format!("Signed in {} , with the password", exact(began)),
        "Last seen 2 minutes ago",
        &format!("Ends at the latest {}", exact(began + Duration::from_secs(12 * 3600))),
        "Sign out Safari on iPhone, 198.51.100.4",
    ] {
        assert!(other.contains(words), "{words}: {other}");
    }
    assert!(live.contains(&format!("title=\"{IPHONE}\"")));
    assert!(!live.contains("Stays signed in"));
    assert!(page.body.contains("No session has ended in the last 30 days."));

    let id = own_id(&mut phone).await;
    app.execute(&format!("UPDATE sessions SET renewable_since = 1 WHERE id = '{id}'")).await;
    assert!(desk.get(PAGE).await.body.contains("Stays signed in"));
    let zone = format!("UPDATE users SET time_zone = 'Asia/Tokyo' WHERE id = '{}'", ada.id);
    app.execute(&zone).await;
    assert!(section(&desk.get(PAGE).await, "live").contains(" JST</time>"));
}

#[actix_web::test]
async fn buttons_come_back_to_the_page_they_stand_on_and_to_no_other() {
    let (app, _, mut desk, mut phone) = house().await;
    let end = format!("/sessions/{}/end", own_id(&mut phone).await);
    assert!(desk.get(PAGE).await.body.contains(&format!("action=\"{end}?back=/account/sessions\"")));

    for back in ["https://evil.test", "//evil.test", "/login", "", "/account/sessions/"] {
        let refused = desk.submit(&format!("{end}?back={back}"), &[]).await;
        assert_eq!((refused.status, refused.location()), (400, ""), "{back}");
    }
    let ended = desk.submit(&format!("{end}?back=/account/sessions"), &[]).await;
    let others = desk.submit("/sessions/end-others?back=/account/sessions", &[]).await;
    let by_old_form = desk.submit("/sessions/end-others", &[]).await;

    assert_eq!((ended.status, ended.location()), (303, PAGE));
    assert_eq!((others.location(), by_old_form.location()), (PAGE, "/dashboard"));
    assert_eq!(phone.get(PAGE).await.status, 303);
    // Without that button there is none for the only session.
    let page = desk.get(PAGE).await;
    assert!(page.body.contains("This is your only session.") && !page.body.contains("end-others"));
    drop(app);
}

#[actix_web::test]
async fn a_session_that_is_ended_is_refused_at_once_and_within_a_second_at_other_nodes() {
    let (app, _, mut desk, mut phone) = house().await;
    let elsewhere = app.another_node().await;
    let mut thief = elsewhere.browser();
    thief.cookies = phone.cookies.clone();
    assert_eq!(thief.get(PAGE).await.status, 200);

    let id = own_id(&mut phone).await;
    desk.submit(&format!("/sessions/{id}/end"), &[]).await;

    assert_eq!(phone.get(PAGE).await.status, 303);
    assert!(is_out_within_a_second(&mut thief).await);
    let ended = text(section(&desk.get(PAGE).await, "ended"));
    assert!(
        ended.contains("Safari on iPhone") && ended.contains("You ended it from another session"),
        "{ended}"
    );
}

#[actix_web::test]
async fn signing_out_everywhere_ends_this_session_too_and_takes_its_cookie_away() {
    let (app, _, mut desk, mut phone) = house().await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let (mut thief, mut program) = (desk.clone(), app.program());
    program.token = Some(desk.token());

    let get = desk.get("/sessions/end-all").await;
    let nobody = app.browser().submit("/sessions/end-all", &[]).await;
    let out = desk.submit("/sessions/end-all", &[]).await;

    assert_eq!((get.status, nobody.status), (405, 401));
    assert_eq!((out.status, out.location(), desk.token()), (303, "/login", String::new()));
    assert_eq!(out.header("clear-site-data"), "\"cache\", \"storage\"");
    assert!(desk.get("/login").await.body.contains("You are signed out everywhere."));
    for browser in [&mut phone, &mut thief] {
        assert_eq!(browser.get(PAGE).await.status, 303);
    }
    assert_eq!((program.get("/protected").await.status, bob.get(PAGE).await.status), (403, 200));
    desk.sign_in("ada").await;
    let page = desk.get(PAGE).await;
    let ended = section(&page, "ended");
    assert_eq!(ended.matches("You signed out").count(), 1, "of this one; the other was ended from here");
    assert_eq!(section(&page, "live").matches("<li").count(), 1);
}

#[actix_web::test]
async fn everybody_sees_and_ends_their_own_sessions_and_no_others() {
    let (app, _, _, mut phone) = house().await;
    let bob = app.register("bob").await;
    let mut browser = app.browser();
    browser.sign_in("bob").await;
    ended(&app, &bob, 3, 1).await;
    let theirs = own_id(&mut phone).await;

    let page = browser.get(PAGE).await;
    let refused = browser.submit(&format!("/sessions/{theirs}/end?back=/account/sessions"), &[]).await;

    assert!(!page.body.contains("Safari on iPhone") && !page.body.contains(&theirs));
    assert_eq!((programs(&page).len(), refused.status), (3, 404));
    let hers = phone.get(PAGE).await;
    assert!(hers.status == 200 && programs(&hers).is_empty() && !hers.body.contains("program-"));
}

#[actix_web::test]
async fn each_way_to_end_has_words() {
    let (app, ada, mut desk, _) = house().await;
    for because in RevokedBecause::ALL {
        let mut other = app.browser();
        other.sign_in("ada").await;
        let id = SessionId::from(own_id(&mut other).await.as_str());
        app.pass(1);
        let caller = Caller::operator();
        end_session::one(&app.vestibule, &ada.id, &id, *because, &caller, app.now()).await.unwrap();
    }

    let page = desk.get(PAGE).await;

    let rows = section(&page, "ended").split("<li").skip(1).map(text);
    let why: Vec<String> = rows.map(|row| row.split_once(" Why ").unwrap().1.to_owned()).collect();
    let expected = [
        "Your administrator ended it",
        "The key that signed it was given up",
        "The account was disabled",
        "The account was closed",
        "Somebody used a copy of it",
        "You said that a sign-in was not you",
        "The former e-mail address was put back",
        "The e-mail address was changed",
        "How you sign in was changed",
        "The password was changed",
        "A new password was set",
        "You were signed in at too many places",
        "You ended it from another session",
        "A newer session of the same browser took its place",
        "You signed out",
    ];
    assert_eq!(why, expected);
}

#[actix_web::test]
async fn a_session_that_ended_by_itself_says_so_and_is_forgotten_after_thirty_days() {
    let (app, _, mut desk, _) = house().await;

    app.pass(2 * 60 * 60);
    desk.sign_in("ada").await;
    let idle = desk.get(PAGE).await;
    app.pass(11 * 60 * 60);
    desk.sign_in("ada").await;
    let over = desk.get(PAGE).await;
    app.pass(31 * 24 * 60 * 60);
    desk.sign_in("ada").await;
    let later = desk.get(PAGE).await;

    let (live, ended) = (text(section(&idle, "live")), text(section(&idle, "ended")));
    assert!(
        !live.contains("iPhone") && ended.contains("iPhone") && ended.contains("It was not used any more")
    );
    assert!(text(section(&over, "ended")).contains("Why Its time was up"));
    assert!(!later.body.contains("iPhone") && later.body.contains("This is your only session."));
}

#[actix_web::test]
async fn the_pages_show_every_ended_session_once_there_and_back_even_of_one_second() {
    for per_second in [1, 7, 120] {
        let (app, ada, mut desk, _) = house().await;
        ended(&app, &ada, 120, per_second).await;
        let (mut there, mut next, mut last) = (Vec::new(), Some(PAGE.to_owned()), String::new());
        while let Some(path) = next {
            let page = desk.get(&path).await;
            assert!(programs(&page).len() <= 50);
            there.push(programs(&page));
            next = link(&page, "next");
            last = path;
            // What is added in front moves nothing.
            ended(&app, &app.register(&format!("bob{}", there.len())).await, 1, 1).await;
        }
        let mut back = Vec::new();
        let mut previous = Some(last);
        while let Some(path) = previous {
            let page = desk.get(&path).await;
            back.push(programs(&page));
            previous = link(&page, "prev");
        }

        let mut all = there.concat();
        assert_eq!(there.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20], "{per_second}");
        back.reverse();
        assert_eq!(back, there, "{per_second}");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 120, "{per_second}");
    }
}

#[actix_web::test]
async fn a_broken_place_in_the_list_is_refused_and_never_our_fault() {
    let (_, _, mut desk, _) = house().await;

    for place in [
        "x",
        "",
        ".",
        "1.",
        ".x",
        "-1.x",
        "1x.y",
        "9223372036854775807.x",
        "9223372036854775808.x",
        "1.%00",
        "1.%F0%9F%92%A9",
        "1.a%20b",
        "1.%27",
        "1.%25",
    ] {
        for way in ["before", "after"] {
            let status = desk.get(&format!("{PAGE}?{way}={place}")).await.status;
            let is_harmless = ["1.%27", "1.%25"].contains(&place);
            assert_eq!(status, if is_harmless { 200 } else { 400 }, "{way}={place}");
        }
    }
    let long = "x".repeat(100);
    assert_eq!(desk.get(&format!("{PAGE}?before=1.{long}")).await.status, 400);
    assert_eq!(desk.get(&format!("{PAGE}?before=1.x&after=1.x")).await.status, 400);
    assert_eq!(desk.get(&format!("{PAGE}?before=1.x&before=1.x")).await.status, 400);
}

#[actix_web::test]
async fn what_programs_call_themselves_is_only_text() {
    let (app, _, mut desk, _) = house().await;
    for agent in [
        "\"><svg onload=1>",
        "<script>alert(1)</script>/1",
        "x\" autofocus onfocus=alert(1) y=\"",
        &"w".repeat(300),
    ] {
        for ends in [false, true] {
            let mut browser = app.browser();
            browser.user_agent = agent.to_owned();
            browser.sign_in("ada").await;
            if ends {
                browser.submit("/logout", &[]).await;
            }
        }
    }

    let page = desk.get(PAGE).await;

    assert_eq!(section(&page, "ended").matches("<li").count(), 4);
    for live in ["<svg onload", "<script>alert", "\" autofocus onfocus", &"w".repeat(257)] {
        assert!(!page.body.contains(live), "{live}");
    }
    assert!(page.body.contains(&format!(">{}<", "w".repeat(32))), "a name is short");
}
