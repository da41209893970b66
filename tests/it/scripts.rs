//! What scripts get and what they are: alike for everybody (ASVS 3.5.7), nothing that a page could stand in for
//! (3.2.3), no data in the shape of a script (1.2.3, 3.5.6).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::architecture::sources;
use crate::support::{Browser, TestApp};

fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|found| found == ending));
    wanted.map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// The names that stand behind each `object.` of a script.
fn members<'text>(text: &'text str, object: &str) -> Vec<&'text str> {
    let name = |rest: &'text str| rest.split(|letter: char| !letter.is_alphanumeric()).next().unwrap();
    text.split(&format!("{object}.")).skip(1).map(name).collect()
}

/// Every file that these pages name, and what is in it.
async fn assets(browser: &mut Browser, pages: &[&str]) -> BTreeMap<String, String> {
    let mut assets = BTreeMap::new();
    for page in pages {
        let page = browser.get(page).await.body;
        for rest in page.split("\"/static/").skip(1) {
            let path = format!("/static/{}", rest.split('"').next().unwrap());
            let answer = browser.get(&path).await;
            assert_eq!((answer.status, answer.header("vary")), (200, ""), "{path}");
            assets.insert(path, answer.body);
        }
    }
    assets
}

#[actix_web::test]
async fn two_people_and_a_stranger_get_the_same_files() {
    let app = TestApp::new().await;
    app.register("ada").await;
    app.register("bob").await;
    let (mut ada, mut bob) = (app.browser(), app.browser());
    ada.sign_in("ada").await;
    bob.sign_in("bob").await;

    let of_ada = assets(&mut ada, &["/dashboard", "/register"]).await;
    let of_bob = assets(&mut bob, &["/dashboard", "/register"]).await;

    assert!(of_ada.keys().filter(|path| path.ends_with(".js")).count() >= 3, "{:?}", of_ada.keys());
    assert_eq!(of_ada, of_bob);
    let mut stranger = app.browser();
    for (path, body) in &of_ada {
        assert_eq!(stranger.get(path).await.body, *body, "{path}");
        assert!(!body.contains("ada") || path.contains("vestibule."), "{path}");
    }
}

#[test]
fn scripts_are_modules_that_leave_no_names_and_believe_no_names_of_the_page() {
    let of_document =
        ["addEventListener", "documentElement", "getElementById", "querySelector", "querySelectorAll"];
    for (file, text) in files("static", "js") {
        for member in members(&text, "document") {
            assert!(of_document.contains(&member), "{file}: document.{member}");
        }
        assert_eq!(members(&text, "window"), Vec::<&str>::new(), "{file}");
        for word in ["globalThis", "self.", "var ", "window[", "document[", "with ("] {
            assert!(!text.contains(word), "{file}: {word}");
        }
        // What an id finds may be anything: its kind is asked for before it is used.
        let finds = text.matches("getElementById(").count();
        assert!(text.matches(" instanceof ").count() >= finds, "{file}: of what kind?");
    }
    for (file, text) in files("templates", "html") {
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\""), "{file}: a script with names of its own");
        }
    }
}

#[test]
fn json_is_written_by_serde_alone() {
    for (file, code) in sources() {
        for by_hand in ["\"{\\\"", "\"{{\\\"", "r#\"{", "\\\":", "application/json; charset"] {
            assert!(!code.contains(by_hand), "{file}: {by_hand}");
        }
    }
}

#[actix_web::test]
async fn what_somebody_sends_comes_back_in_json_as_a_string_and_nothing_else() {
    let app = TestApp::new().await;
    let program = app.program();

    for evil in
        ["</script><script>", "\",\"admin\":true,\"x\":\"", "\u{2028}", "\\", "\u{0}", "{{7*7}}", "${7}"]
    {
        let mut document = serde_json::Map::new();
        document.insert(evil.to_owned(), Value::from(1));
        for path in ["/login", "/register"] {
            let answer = program.post(path, &Value::Object(document.clone())).await;

            assert_eq!((answer.status, answer.header("content-type")), (400, "application/problem+json"));
            let problem = answer.json();
            let names: Vec<&String> = problem.as_object().unwrap().keys().collect();
            assert!(!names.iter().any(|name| *name == "admin" || name.contains(evil)), "{names:?}");
            let told = problem["detail"].as_str().unwrap();
            assert!(told.contains("unknown field"), "{told}");
        }
    }
}

#[actix_web::test]
async fn a_callback_is_ignored() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut ada = app.program();
    ada.log_in("ada").await;

    for path in ["/protected", "/api/session", "/healthz", "/readyz", "/nothing", "/api/nothing"] {
        let plain = ada.get(path).await;
        for query in ["callback=alert", "jsonp=alert", "cb=alert", "callback=alert&format=jsonp"] {
            let asked = ada.get(&format!("{path}?{query}")).await;

            assert_eq!(asked.status, plain.status, "{path}?{query}");
            assert_eq!(asked.header("content-type"), plain.header("content-type"), "{path}?{query}");
            assert!(!asked.body.contains("alert"), "{path}?{query}: {}", asked.body);
        }
    }
}
