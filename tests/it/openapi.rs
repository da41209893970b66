//! The document of the API and the table of routes: each says what the other says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use vestibule::web::entries;

use crate::support::{PASSWORD, TestApp};

async fn document(app: &TestApp) -> Value {
    let answer = app.browser().get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.json()
}

/// Each operation, by its method and path.
fn operations(document: &Value) -> BTreeMap<(String, String), Value> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let path = path.clone();
        item.into_iter().map(move |(method, operation)| ((method.to_uppercase(), path.clone()), operation))
    };
    paths.iter().flat_map(of).collect()
}

/// Without what the router alone needs to know of a part of it.
fn plain(path: &str) -> String {
    path.replace(":.*}", "}")
}

#[actix_web::test]
async fn every_route_is_in_the_document_and_every_operation_of_it_is_a_route() {
    let document = document(&TestApp::new().await).await;

    let told: BTreeSet<_> = operations(&document).into_keys().collect();
    let served: BTreeSet<_> =
        entries().iter().map(|entry| (entry.method.to_string(), plain(entry.path))).collect();

    assert_eq!(told, served);
}

#[actix_web::test]
async fn what_an_operation_reads_is_what_its_route_accepts() {
    let operations = operations(&document(&TestApp::new().await).await);

    for entry in entries() {
        let operation = &operations[&(entry.method.to_string(), plain(entry.path))];
        let told: BTreeSet<_> = operation["requestBody"]["content"]
            .as_object()
            .map(|content| content.keys().map(String::as_str).collect())
            .unwrap_or_default();
        assert_eq!(told, entry.contents.iter().copied().collect(), "{} {}", entry.method, entry.path);
    }
}

#[actix_web::test]
async fn whatever_is_no_page_is_told_in_words_with_examples_and_types() {
    let operations = operations(&document(&TestApp::new().await).await);

    for ((method, path), operation) in &operations {
        let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
        let is_page = operation["tags"] == json!(["pages"]);
        assert!(!text("summary").is_empty() && !text("operationId").is_empty(), "{method} {path}");
        let reads = &operation["requestBody"]["content"]["application/json"];
        // Whatever is on a page leads on somewhere.
        let leads_on = !operation["responses"]["303"].is_null();
        let is_for_people = reads.is_null() && leads_on && !path.starts_with("/.well-known/");
        assert!(!is_page || is_for_people, "{method} {path} wants a line in src/web/openapi");
        if is_page {
            continue;
        }
        assert!(!text("description").is_empty(), "{method} {path}");
        if !reads.is_null() {
            assert!(reads["schema"]["$ref"].is_string() && reads["example"].is_object(), "{method} {path}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_refused = response["$ref"].is_string();
            assert!(
                is_refused || status.starts_with(['2', '3']) || status == "401",
                "{method} {path} {status}"
            );
            let answer = &response["content"]["application/json"];
            if !answer.is_null() {
                let typed = answer["schema"]["$ref"].is_string();
                assert!(typed && answer["example"].is_object(), "{method} {path} {status}");
            }
        }
    }
    let ids: BTreeSet<_> =
        operations.values().map(|operation| operation["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations.len());
}

/// The members of a type and of its parts, and those of them that have to be there.
fn members(document: &Value, schema: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let place = schema["$ref"].as_str().map(|target| target.trim_start_matches('#'));
    let schema = place.map_or(schema, |place| document.pointer(place).unwrap());
    let mut known: BTreeSet<_> =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let words = schema["required"].as_array().into_iter().flatten();
    let mut required: BTreeSet<_> = words.map(|name| name.as_str().unwrap().to_owned()).collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, needed) = members(document, part);
        known.extend(more);
        required.extend(needed);
    }
    for part in schema["oneOf"].as_array().into_iter().flatten() {
        known.extend(members(document, part).0);
    }
    (known, required)
}

#[actix_web::test]
async fn each_reference_leads_somewhere_and_each_example_has_the_members_of_its_type() {
    let document = document(&TestApp::new().await).await;
    let mut places = vec![&document];
    let mut examples = 0;

    while let Some(place) = places.pop() {
        if let Some(target) = place["$ref"].as_str() {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
        }
        if let (Some(target), Some(example)) =
            (place["schema"]["$ref"].as_str(), place["example"].as_object())
        {
            let (known, required) = members(&document, &place["schema"]);
            for name in required {
                assert!(example.contains_key(&name), "{target}: {name}");
            }
            assert!(example.keys().all(|name| known.contains(name)), "{target}: {example:?}");
            examples += 1;
        }
        match place {
            Value::Object(members) => places.extend(members.values()),
            Value::Array(items) => places.extend(items),
            _ => {}
        }
    }

    assert!(examples > 10, "{examples}");
}

#[actix_web::test]
async fn every_kind_of_problem_is_told_as_it_looks() {
    let document = document(&TestApp::new().await).await;
    let source = include_str!("../../src/web/error.rs");
    let ids =
        source.split("pub(super) fn id(").nth(1).unwrap().split("pub(super) fn problem").next().unwrap();
    let wanted: BTreeSet<_> = ids.split('"').skip(1).step_by(2).map(str::to_owned).collect();

    let mut told = BTreeSet::new();
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        let status = &name["Refused".len()..];
        assert!(response["content"]["text/html"].is_object(), "{name}");
        for (id, example) in response["content"]["application/problem+json"]["examples"].as_object().unwrap()
        {
            let problem = &example["value"];
            assert_eq!(problem["type"], format!("urn:vestibule:problem:{id}"));
            assert_eq!(problem["status"].to_string(), status, "{id}");
            told.insert(id.clone());
        }
    }
    let header = |status: &str| &document["components"]["responses"][format!("Refused{status}")]["headers"];

    assert_eq!(told, wanted);
    for (status, name) in
        [("401", "WWW-Authenticate"), ("405", "Allow"), ("429", "Retry-After"), ("503", "Retry-After")]
    {
        assert!(header(status)[name].is_object(), "{status} {name}");
    }
}

#[actix_web::test]
async fn the_document_is_this_instances_own_and_kept_by_whoever_fetched_it() {
    let app =
        TestApp::with(|config| config.server.public_url = Some("https://login.example.org".into())).await;
    let program = app.program();

    let first = program.get("/openapi.json").await;
    let document = first.json();
    let tag = first.header("etag").to_owned();
    let again = app.request("GET", "/openapi.json").insert_header(("if-none-match", tag.as_str()));
    let again = app.send(again).await;

    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], "1");
    assert_eq!(document["servers"][0]["url"], "https://login.example.org");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        (&schemes["token"]["scheme"], &schemes["token"]["bearerFormat"]),
        (&json!("bearer"), &json!("JWT"))
    );
    assert_eq!(schemes["session"]["name"], "__Host-vestibule");
    assert!(first.header("cache-control").starts_with("public, max-age="));
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag.as_str()));
}

#[actix_web::test]
async fn guards_and_bodies_are_told_from_the_signatures() {
    let operations = operations(&document(&TestApp::new().await).await);
    let of = |method: &str, path: &str| &operations[&(method.to_owned(), path.to_owned())];

    assert_eq!(of("GET", "/protected")["security"], json!([{ "token": [] }]));
    assert_eq!(of("GET", "/api/session")["security"], json!([{ "token": [] }, { "session": [] }]));
    assert_eq!(of("POST", "/logout")["security"], json!([{}, { "token": [] }, { "session": [] }]));
    assert_eq!(of("POST", "/api/token").get("security"), None);
    let statuses = |method, path| -> Vec<String> {
        of(method, path)["responses"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        statuses("POST", "/api/token"),
        ["200", "400", "401", "403", "408", "413", "414", "415", "429", "431", "500", "503"]
    );
    assert_eq!(statuses("GET", "/healthz"), ["200", "414", "431", "500"]);
    assert_eq!(statuses("GET", "/reset"), ["200", "303", "400", "410", "414", "431", "500", "503"]);
    let login = &of("POST", "/login")["requestBody"]["content"];
    assert_eq!(login["application/json"]["schema"]["$ref"], "#/components/schemas/LoginRequest");
    assert_eq!(login["application/x-www-form-urlencoded"]["schema"]["type"], "object");
}

#[actix_web::test]
async fn the_page_shows_each_operation_for_programs_and_names_each_page() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let operations = operations(&document(&app).await);

    let page = app.browser().get("/docs/api").await;

    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for ((_, path), operation) in &operations {
        assert!(page.body.contains(&format!("<code>{path}</code>")), "{path}");
        let id = operation["operationId"].as_str().unwrap();
        let is_page = operation["tags"] == json!(["pages"]);
        assert_eq!(page.body.matches(&format!("id=\"{id}\"")).count(), usize::from(!is_page), "{id}");
        assert_eq!(page.body.contains(&format!("href=\"#{id}\"")), !is_page, "{id}");
    }
    for rest in page.body.split("href=\"#").skip(1) {
        let id = rest.split('"').next().unwrap();
        assert!(page.body.contains(&format!("id=\"{id}\"")), "#{id}");
    }
    // What it says to send does what it says.
    let sent = json!({ "username": "ada", "password": PASSWORD });
    assert_eq!(app.program().post("/login", &sent).await.status, 200);
}
