//! The overview of one's own account.

use vestibule::models::Role;

use crate::enrolment::nobody_has_to;
use crate::support::{Answer, Browser, TestApp};

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.1 Mobile/15E148 Safari/604.1";

/// Ada at her desk and with her telephone.
async fn house() -> (TestApp, Browser, Browser) {
    let app = TestApp::new().await;
    app.register_as("ada", "ada@example.org", Role::User).await;
    let (mut desk, mut phone) = (app.browser(), app.browser());
    (phone.user_agent, phone.address) = (IPHONE.to_owned(), "198.51.100.4".to_owned());
    phone.sign_in("ada").await;
    app.pass(2 * 60);
    desk.sign_in("ada").await;
    (app, desk, phone)
}

/// The part of the page under this heading.
fn section<'a>(page: &'a Answer, id: &str) -> &'a str {
    let from = page.body.split(&format!("aria-labelledby=\"{id}\"")).nth(1).unwrap();
    from.split("</section>").next().unwrap()
}

/// The sessions that have a button to end them.
fn endable(page: &Answer) -> Vec<String> {
    let forms = page.body.split("action=\"/sessions/").skip(1);
    forms.filter_map(|form| form.split_once("/end\"")).map(|(id, _)| id.to_owned()).collect()
}

async fn own_id(browser: &mut Browser) -> String {
    browser.get("/api/session").await.json()["session"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn it_shows_who_where_and_until_when() {
    let (app, mut desk, mut phone) = house().await;
    let phone_id = own_id(&mut phone).await;

    let page = desk.get("/dashboard").await;
    let stranger = app.browser().get("/dashboard").await;

    assert_eq!((stranger.status, stranger.body.as_str()), (303, ""));
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(page.body.contains("Hello, ada") && page.body.contains("with Safari on iPhone."));
    let you = section(&page, "you");
    assert!(
        you.contains("ada@example.org") && you.contains("Not confirmed") && !you.contains("Administrator")
    );
    assert!(you.contains("in 60 minutes") && you.contains("action=\"/session/renew\""));
    let ends = app.now().seconds() + 60 * 60;
    assert!((ends - 30..=ends).any(|second| you.contains(&format!("data-ends=\"{second}\""))));
    let sessions = section(&page, "sessions");
    let (this, other) = sessions.split_once("198.51.100.4").unwrap();
    assert!(this.contains("Firefox on Linux") && this.contains("This one") && this.contains("192.0.2.7"));
    assert_eq!((sessions.matches("This one").count(), sessions.matches("<li").count()), (1, 2));
    assert!(this.contains("Safari on iPhone") && !other.contains("This one"));
    assert_eq!(endable(&page), [phone_id]);
    let safety = section(&page, "safety");
    assert!(
        safety.contains("You are signed in at one other place")
            && safety.contains("No wrong passwords lately")
    );
    assert!(safety.contains("This connection is not encrypted") && !safety.contains("No e-mail address"));
}

#[actix_web::test]
async fn an_administrator_and_a_lonely_session_are_told_so() {
    let app = TestApp::with(nobody_has_to).await;
    app.register_as("grace", "", Role::Admin).await;
    let mut browser = app.browser();
    browser.sign_in("grace").await;

    let page = browser.get("/dashboard").await;

    assert!(section(&page, "you").contains("Administrator"));
    assert!(page.body.contains("This is your only session.") && !page.body.contains("/sessions/end-others"));
    let safety = section(&page, "safety");
    assert!(safety.contains("You are signed in nowhere else") && safety.contains("No e-mail address"));
}

#[actix_web::test]
async fn failures_are_folded_and_marked() {
    let (app, mut desk, _) = house().await;
    let mut stranger = app.browser();
    (stranger.user_agent, stranger.address) = ("curl/8.5.0".to_owned(), "203.0.113.9".to_owned());
    for _ in 0..3 {
        stranger.submit("/login", &[("login", "ada"), ("password", "guess")]).await;
    }

    let page = desk.get("/dashboard").await;

    let activity = section(&page, "activity");
    assert_eq!(activity.matches("Wrong password at sign-in").count(), 1);
    let line = activity.split("<li>").find(|line| line.contains("Wrong password")).unwrap();
    assert!(line.contains("<span class=\"badge warn\">Failed</span>") && line.contains("3 times"), "{line}");
    assert!(line.contains("curl · 203.0.113.9") && line.contains("Your password kept them out."));
    let done = activity.split("<li>").find(|line| line.contains("Signed in with your password")).unwrap();
    assert!(!done.contains("Failed") && !done.contains("times"));
    let made = activity.split("<li>").find(|line| line.contains("Account created")).unwrap();
    assert!(made.contains("By the operator"));
    assert!(section(&page, "safety").contains("Somebody gave a wrong password lately"));
}

#[actix_web::test]
async fn what_strangers_call_themselves_is_only_text() {
    let (app, mut desk, _) = house().await;
    let long = "x".repeat(3000);
    let agents = [
        "\"><svg onload=1>",
        "<script>alert(1)</script>/1",
        "x\" autofocus onfocus=alert(1) y=\"",
        "{{7*7}}",
        "a\tb/1",
        &long,
    ];
    for agent in agents {
        let mut browser = app.browser();
        browser.user_agent = agent.to_owned();
        browser.sign_in("ada").await;
    }
    let raw = app.request("POST", "/login").insert_header(("sec-fetch-site", "same-origin"));
    let raw = raw.insert_header(("user-agent", b"\xff\xfe\xc2\x85<b>".as_slice()));
    app.send(raw.set_form([("login", "ada"), ("password", crate::support::PASSWORD)])).await;

    let page = desk.get("/dashboard").await;

    assert_eq!(section(&page, "sessions").matches("<li").count(), 9);
    for live in ["<svg onload", "<script>alert", "\" autofocus onfocus", "<b>"] {
        assert!(!page.body.contains(live), "{live}");
    }
    assert!(page.body.contains("&#34;&#62;&#60;svg onload=1&#62;") && page.body.contains("{{7*7}}"));
    assert!(!page.body.contains(&"x".repeat(257)) && page.body.contains(&"x".repeat(256)));
    let is_odd = |letter: char| letter.is_control() && letter != '\n';
    assert!(!page.body.contains(is_odd), "{:?}", page.body.chars().find(|letter| is_odd(*letter)));
}

#[actix_web::test]
async fn one_session_is_ended_by_its_button() {
    let (app, mut desk, mut phone) = house().await;
    let mut program = app.program();
    program.token = Some(phone.token());
    let id = own_id(&mut phone).await;
    let path = format!("/sessions/{id}/end");

    let get = desk.get(&path).await;
    let nobody = app.browser().submit(&path, &[]).await;
    let kept = phone.get("/dashboard").await;
    let ended = desk.submit(&path, &[]).await;
    let page = desk.follow(ended.clone()).await;

    assert_eq!((get.status, nobody.status, kept.status), (405, 401, 200));
    assert_eq!((ended.status, ended.location()), (303, "/dashboard"));
    assert!(page.body.contains("That session is signed out.") && endable(&page).is_empty());
    assert!(section(&page, "activity").contains("A session was ended"));
    assert_eq!((phone.get("/dashboard").await.status, program.get("/protected").await.status), (303, 403));
    assert_eq!(desk.submit(&path, &[]).await.status, 404, "there is nothing left to end");
}

#[actix_web::test]
async fn all_others_are_ended_by_theirs() {
    let (app, mut desk, mut phone) = house().await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;

    let ended = desk.submit("/sessions/end-others", &[]).await;
    let page = desk.follow(ended.clone()).await;
    let again = desk.submit("/sessions/end-others", &[]).await;
    let again = desk.follow(again).await;

    assert_eq!((ended.status, phone.get("/dashboard").await.status), (303, 303));
    assert!(
        page.body.contains("One other session is signed out.")
            && page.body.contains("This is your only session.")
    );
    assert!(again.body.contains("There was no other session."));
    assert_eq!(bob.get("/dashboard").await.status, 200);
    assert_eq!(app.browser().submit("/sessions/end-others", &[]).await.status, 401);
}

#[actix_web::test]
async fn somebody_elses_session_is_not_there_like_one_that_never_was() {
    let (app, mut ada, _) = house().await;
    app.register("bob").await;
    let mut bob = app.browser();
    bob.sign_in("bob").await;
    let theirs = own_id(&mut ada).await;
    let unknown = "01920000-0000-7000-8000-000000000000";
    let hide = |answer: &Answer| {
        let id = answer.header("x-request-id").to_owned();
        let nonce = answer.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
        answer.body.replace(nonce, "").replace(&id, "")
    };

    let other = bob.submit(&format!("/sessions/{theirs}/end"), &[]).await;

    for id in [unknown, "x", "%00", "..%2f", "' OR 1=1 --".replace(' ', "%20").as_str()] {
        let none = bob.submit(&format!("/sessions/{id}/end"), &[]).await;
        assert_eq!((none.status, hide(&none)), (404, hide(&other)), "{id}");
    }
    assert_eq!(other.status, 404);
    assert_eq!(ada.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn no_page_shows_a_token() {
    let (_, mut desk, _) = house().await;

    for path in
        ["/", "/login", "/register", "/logout", "/dashboard", "/reauth", "/api/session", "/nowhere", "/setup"]
    {
        let page = desk.get(path).await;
        assert!(!page.body.contains("eyJ") && !page.location().contains("eyJ"), "{path}");
    }
    for path in
        ["/session/renew", "/sessions/end-others", "/sessions/x/end", "/login", "/register", "/logout"]
    {
        let answer = desk.submit(path, &[]).await;
        assert!(!answer.body.contains("eyJ") && !answer.location().contains("eyJ"), "{path}");
    }
}
