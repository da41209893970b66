//! Who is led to sign in, and who is only told no.

use actix_web::test::TestRequest;

use super::{WIKI, asked, asked_by_nginx, doors};
use crate::support::TestApp;

const WAY: &str = "https://login.example.org/login?next=https%3A%2F%2Fwiki.example.org%2Fa%3Fb%3Dc%26d";

#[actix_web::test]
async fn a_person_on_the_way_to_a_page_is_led_and_a_script_is_told_no() {
    let app = TestApp::with(doors).await;
    for (changes, is_led) in [
        (vec![], true),
        (vec![("x-forwarded-method", "HEAD")], true),
        (vec![("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], true),
        (vec![("x-forwarded-host", "Wiki.example.org:443")], true),
        (vec![("x-forwarded-method", "POST")], false),
        (vec![("x-forwarded-method", "PUT")], false),
        (vec![("x-forwarded-method", "get")], false),
        (vec![("accept", "application/json")], false),
        (vec![("accept", "*/*")], false),
        (vec![("x-requested-with", "XMLHttpRequest")], false),
        (vec![("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], false),
        (vec![("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")], false),
        (vec![("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], false),
        (vec![("sec-fetch-mode", "websocket")], false),
        (vec![("upgrade", "websocket")], false),
    ] {
        let change = |mut request: TestRequest| {
            for (name, value) in &changes {
                request = request.insert_header((*name, *value));
            }
            request
        };
        let answer = app.send(change(asked(&app, WIKI, "/a?b=c&d"))).await;
        let expected = if is_led { (303, WAY) } else { (401, "") };
        assert_eq!((answer.status, answer.location()), expected, "{changes:?}");
        if !is_led {
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert_eq!(answer.json()["type"], "urn:vestibule:problem:unauthenticated");
        }
        let nginx = change(asked_by_nginx(&app, WIKI, "/a?b=c&d"));
        let nginx = match changes.first() {
            Some(("x-forwarded-method", method)) => nginx.insert_header(("x-original-method", *method)),
            _ => nginx,
        };
        let answer = app.send(nginx).await;
        assert_eq!((answer.status, answer.location()), (401, if is_led { WAY } else { "" }), "{changes:?}");
    }
}

#[actix_web::test]
async fn what_somebody_wants_to_see_cannot_break_out_of_the_way_back() {
    let app = TestApp::with(doors).await;
    let host = WIKI;
    let long = format!("/?{}", "x".repeat(1100));
    for (target, back) in [
        ("/?next=//evil.test", "/?next=//evil.test"),
        ("/&x=y", "/&x=y"),
        ("/#", "/#"),
        ("/%0d%0aSet-Cookie:%20a=b", "/%0d%0aSet-Cookie:%20a=b"),
        ("//evil.test/x", "//evil.test/x"),
        // To what we would not lead back to, nobody is sent away with either: some proxies have no room for it.
        ("/\"", "/"),
        (&long, "/"),
    ] {
        let answer = app.send(asked(&app, host, target)).await;
        let next = answer.location().strip_prefix("https://login.example.org/login?").unwrap();
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(next).unwrap();
        assert_eq!(pairs, [("next".to_owned(), format!("https://{host}{back}"))]);
    }
}
