//! All that happened to one's own account.

use std::time::Duration;

use vestibule::clock::Timestamp;
use vestibule::flows::caller::Caller;
use vestibule::id::EventId;
use vestibule::models::{Event, EventKind, User};

use crate::support::{Answer, Browser, TestApp};

const PAGE: &str = "/account/activity";
const FILE: &str = "/account/activity.csv";

async fn house() -> (TestApp, User, Browser) {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    app.pass(60);
    let mut desk = app.browser();
    desk.sign_in("ada").await;
    (app, ada, desk)
}

/// Writes events about `user`, each from another program, the latest first.
async fn happen(app: &TestApp, user: &User, count: usize, per_second: usize, kind: EventKind) {
    let (user, now) = (user.id.clone(), app.now());
    let write = app.vestibule.db.write(move |conn| {
        for number in 0..count {
            let at = now - Duration::from_secs((number / per_second) as u64 + 600);
            let event =
                Event { id: EventId::new(), ..event(at, kind, &user, &format!("program-{number:03}/1")) };
            event.insert(conn)?;
        }
        Ok::<_, vestibule::db::Error>(())
    });
    write.await.unwrap();
}

fn event(at: Timestamp, kind: EventKind, user: &vestibule::id::UserId, user_agent: &str) -> Event {
    let mut event = Caller::operator().known_as(user).event(kind, Some(user), at);
    (event.address, event.user_agent) = ("192.0.2.9".to_owned(), user_agent.to_owned());
    event
}

/// The lines of a page, as a reader sees them.
fn lines(page: &Answer) -> Vec<String> {
    let list =
        page.body.split("<ul class=\"rows\">").nth(1).unwrap_or_default().split("</ul>").next().unwrap();
    list.split("<li").skip(1).map(text).collect()
}

fn text(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    pieces.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn programs(page: &Answer) -> Vec<String> {
    page.body.split("title=\"program-").skip(1).map(|rest| rest[..3].to_owned()).collect()
}

fn link(page: &Answer, rel: &str) -> Option<String> {
    let (_, rest) = page.body.split_once(&format!("rel=\"{rel}\" href=\""))?;
    Some(rest.split('"').next().unwrap().replace("&#38;", "&"))
}

#[actix_web::test]
async fn it_tells_what_happened_with_what_from_where_and_exactly_when() {
    let (app, ada, mut desk) = house().await;
    let mut stranger = app.browser();
    (stranger.user_agent, stranger.address) = ("curl/8.5.0".to_owned(), "203.0.113.9".to_owned());
    for _ in 0..3 {
        stranger.submit("/login", &[("login", "ada"), ("password", "guess")]).await;
    }

    let page = desk.get(PAGE).await;
    let nobody = app.browser().get(PAGE).await;

    assert_eq!((nobody.status, nobody.location()), (303, "/login?next=%2Faccount%2Factivity"));
    assert!(page.body.contains("<a href=\"/account/activity\" aria-current=\"page\">Activity</a>"));
    let exact = app.now().in_words();
    let lines = lines(&page);
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let kept_out = "Your password kept them out. Not you? Change your password";
    assert!(
        lines.contains(&format!(
            "Failed Wrong password at sign-in, 3 times {kept_out} curl · 203.0.113.9 {exact}"
        )),
        "{lines:#?}"
    );
    assert!(lines.contains(&format!("Signed in with your password Firefox on Linux · 192.0.2.7 {exact}")));
    let made = (app.now() - Duration::from_secs(60)).in_words();
    assert_eq!(lines[2], format!("Account created By the operator · command line {made}"));
    assert!(page.body.contains("<a href=\"/account/password\">Not you? Change your password</a>"));

    app.execute(&format!("UPDATE users SET time_zone = 'Asia/Tokyo' WHERE id = '{}'", ada.id)).await;
    assert!(desk.get(PAGE).await.body.contains(" JST</time>"));
}

#[actix_web::test]
async fn every_kind_of_event_has_a_line_and_is_found_by_one_filter() {
    let (app, ada, mut desk) = house().await;
    for kind in EventKind::ALL {
        happen(&app, &ada, 1, 1, *kind).await;
    }
    let mut count = Vec::new();
    for kind in ["sign-ins", "failures", "changes", "all"] {
        let page = desk.get(&format!("{PAGE}?kind={kind}")).await;
        assert!(page.body.contains(&format!("<option value=\"{kind}\" selected>")), "{kind}");
        assert!(page.body.contains(&format!("href=\"{FILE}?kind={kind}\"")), "{kind}");
        count.push(lines(&page).len());
        assert_eq!(kind == "failures", lines(&page).iter().all(|line| line.starts_with("Failed")), "{kind}");
    }

    assert_eq!(count[3], EventKind::ALL.len() + 2, "and the account and the sign-in of this test");
    assert_eq!(count[..3].iter().sum::<usize>(), count[3]);
    assert_eq!(count[1], 5);
    assert_eq!(desk.get(PAGE).await.status, 200);
    for wrong in ["x", "", "All", "login_failed", "%00"] {
        for path in [PAGE, FILE] {
            assert_eq!(desk.get(&format!("{path}?kind={wrong}")).await.status, 400, "{wrong}");
        }
    }
}

#[actix_web::test]
async fn an_empty_page_says_so() {
    let (_, _, mut desk) = house().await;

    let page = desk.get(&format!("{PAGE}?kind=failures")).await;

    assert!(page.body.contains("Nothing of this kind has happened.") && lines(&page).is_empty());
}

#[actix_web::test]
async fn a_new_device_is_a_word_at_its_sign_in_and_a_line_of_its_own_without_it() {
    let (app, ada, mut desk) = house().await;
    let mut phone = app.browser();
    phone.user_agent = "curl/8.5.0".to_owned();
    phone.sign_in("ada").await;
    happen(&app, &ada, 1, 1, EventKind::NewDevice).await;

    let lines = lines(&desk.get(PAGE).await);

    let with = |words: &str| lines.iter().filter(|line| line.starts_with(words)).count();
    assert_eq!(with("Signed in with your password New device curl"), 1, "{lines:#?}");
    assert_eq!(
        (with("Signed in with your password Firefox"), with("Signed in on a new device program-000")),
        (1, 1)
    );
    assert!(desk.get("/dashboard").await.body.contains("<span class=\"badge info\">New device</span>"));
}

#[actix_web::test]
async fn the_pages_show_every_event_once_there_and_back_even_of_one_second() {
    for per_second in [1, 7, 120] {
        let (app, ada, mut desk) = house().await;
        happen(&app, &ada, 120, per_second, EventKind::SettingsChanged).await;
        let first = format!("{PAGE}?kind=changes");
        let (mut there, mut next, mut last) = (Vec::new(), Some(first), String::new());
        while let Some(path) = next {
            let page = desk.get(&path).await;
            there.push(programs(&page));
            next = link(&page, "next");
            last = path;
        }
        let (mut back, mut previous) = (Vec::new(), Some(last));
        while let Some(path) = previous {
            let page = desk.get(&path).await;
            back.push(programs(&page));
            previous = link(&page, "prev");
        }

        // The account was made by the operator before all that, or in the middle of it: one line more.
        let mut all = there.concat();
        assert_eq!((there.len(), all.len()), (3, 120), "{per_second}");
        back.reverse();
        assert_eq!(back, there, "{per_second}");
        if per_second == 1 {
            assert_eq!(all, (0..120).map(|number| format!("{number:03}")).collect::<Vec<_>>());
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 120, "{per_second}");
        assert_eq!(desk.get(&format!("{PAGE}?before=x")).await.status, 400);
    }
}

#[actix_web::test]
async fn everybody_sees_what_happened_to_them_and_nothing_else() {
    let (app, ada, mut desk) = house().await;
    let bob = app.register("bob").await;
    let mut other = app.browser();
    other.sign_in("bob").await;
    happen(&app, &bob, 70, 1, EventKind::SettingsChanged).await;
    happen(&app, &ada, 1, 1, EventKind::EmailChanged).await;

    let place = link(&other.get(PAGE).await, "next").unwrap();
    for path in [PAGE, FILE, &place] {
        let hers = desk.get(path).await;
        assert!(hers.status == 200 && !hers.body.contains("Settings changed"), "{path}");
        assert!(!other.get(path).await.body.contains("E-mail address changed"), "{path}");
    }
}

#[actix_web::test]
async fn the_file_has_every_event_of_the_filter_once_however_many() {
    let (app, ada, mut desk) = house().await;
    happen(&app, &ada, 170, 60, EventKind::SettingsChanged).await;
    happen(&app, &ada, 3, 1, EventKind::LoginFailed).await;

    let all = desk.get(FILE).await;
    let failures = desk.get(&format!("{FILE}?kind=failures")).await;
    let nobody = app.browser().get(FILE).await;

    assert_eq!((nobody.status, nobody.body.as_str()), (303, ""));
    assert_eq!(all.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(all.header("content-disposition"), "attachment; filename=\"activity.csv\"");
    assert_eq!(all.header("cache-control"), "no-store");
    let rows = rows(&all);
    assert_eq!(rows.len(), 175);
    let mut programs: Vec<_> =
        rows.iter().filter(|row| row[2] == "settings_changed").map(|row| &row[6]).collect();
    programs.sort();
    programs.dedup();
    assert_eq!((programs.len(), self::rows(&failures).len()), (170, 3));
    assert!(
        all.body.lines().all(|line| line.ends_with(|_: char| true))
            && all.body.matches("\r\n").count() == 176
    );
    assert_eq!(rows[0][0], app.now().to_string());
    assert_eq!((rows[0][4].as_str(), rows[0][5].as_str()), ("you", "Firefox on Linux"));
    assert!(rows.iter().any(|row| row[4] == "the operator" && row[3] == "Account created"));
}

/// The rows of a file, below its first.
fn rows(file: &Answer) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(file.body.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[actix_web::test]
async fn what_strangers_write_is_no_formula_no_new_row_and_no_markup() {
    let (app, _, mut desk) = house().await;
    let agents = [
        "=HYPERLINK(\"http://evil.test\",\"x\")",
        "+1+1",
        "-1+1",
        "@SUM(1)",
        "a\",\"b",
        "a,b;c",
        "<script>alert(1)</script>",
        "\"><svg onload=1>",
    ];
    for agent in agents {
        let mut browser = app.browser();
        browser.user_agent = agent.to_owned();
        browser.submit("/login", &[("login", "ada"), ("password", "guess")]).await;
    }

    let (file, page) = (desk.get(FILE).await, desk.get(PAGE).await);

    let rows = rows(&file);
    assert_eq!(rows.len(), agents.len() + 2);
    for row in &rows {
        assert_eq!(row.len(), 9);
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0'])), "{row:?}");
    }
    for agent in agents {
        let cell =
            if agent.starts_with(['=', '+', '-', '@']) { format!("'{agent}") } else { agent.to_owned() };
        assert!(rows.iter().any(|row| row[6] == cell), "{agent}");
    }
    assert!(!page.body.contains("<script>alert") && !page.body.contains("<svg onload"));
}
