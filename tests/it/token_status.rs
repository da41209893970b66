//! Whoever checks our tokens by themselves learns within a second that one was taken back.

use std::time::Duration;

use actix_web::rt::time::sleep;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use vestibule::clock::Stopwatch;
use vestibule::config::Algorithm;
use vestibule::flows::caller::Caller;
use vestibule::flows::{administer_user, delete_account, housekeeping, reset_password, rotate_keys};
use vestibule::secret::from_base64url;
use vestibule::tokens::{EncodedStatusList, StatusList};

use crate::bad_tokens::read;
use crate::nodes::until_remembering;
use crate::support::{Answer, OTHER_PASSWORD, PASSWORD, Program, TestApp};

pub const LIST: &str = "/.well-known/token-status";

/// Where a token stands in the list.
pub fn place(token: &str) -> u64 {
    let (_, claims) = read(token);
    assert_eq!(claims["status"]["status_list"]["uri"], json!(format!("http://localhost:8080{LIST}")));
    claims["status"]["status_list"]["idx"].as_u64().unwrap()
}

pub async fn log_in(app: &TestApp, name: &str) -> Program {
    let mut program = app.program();
    program.log_in(name).await;
    program
}

/// The list as others read it, checked by the published key as they would.
pub async fn list(app: &TestApp) -> StatusList {
    let answer = app.program().get(LIST).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/statuslist+jwt"),
        "{}",
        answer.body
    );
    let (header, claims) = read(&answer.body);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("statuslist+jwt"), &json!("EdDSA")));
    let set: Value = app.program().get("/.well-known/jwks.json").await.json();
    let jwk = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let public = from_base64url(jwk["x"].as_str().unwrap()).unwrap();
    let (signed, signature) = answer.body.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&ED25519, public)
        .verify(signed.as_bytes(), &from_base64url(signature).unwrap())
        .unwrap();
    let now = app.now().seconds();
    assert_eq!(
        (&claims["sub"], &claims["iss"]),
        (&json!(format!("http://localhost:8080{LIST}")), &json!("http://localhost:8080"))
    );
    assert!(claims["iat"].as_i64().unwrap() <= now && claims["exp"].as_i64().unwrap() > now + 60, "{claims}");
    assert_eq!(claims["ttl"], 1);
    bits(&claims)
}

fn bits(claims: &Value) -> StatusList {
    let encoded: EncodedStatusList = serde_json::from_value(claims["status_list"].clone()).unwrap();
    StatusList::decode(&encoded, 1 << 20).unwrap()
}

pub async fn is_invalid(app: &TestApp, index: u64) -> bool {
    list(app).await.is_invalid(index).unwrap()
}

async fn two_nodes() -> [TestApp; 2] {
    let first = TestApp::new().await;
    let second = first.another_node().await;
    until_remembering(&first).await;
    until_remembering(&second).await;
    [first, second]
}

/// At every node, within a second: half of it between two readings, and as much again for a machine that is busy.
async fn ends_everywhere(nodes: &[TestApp], index: u64, since: Stopwatch, what: &str) {
    for node in nodes {
        while !is_invalid(node, index).await {
            assert!(since.elapsed() < Duration::from_secs(1), "{what}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[actix_web::test]
async fn a_token_has_a_place_of_its_own_in_a_signed_list() {
    let nodes = two_nodes().await;
    nodes[0].register("ada").await;
    let (ada, again) = (log_in(&nodes[0], "ada").await, log_in(&nodes[1], "ada").await);
    let places = [ada, again].map(|program| place(&program.token.unwrap()));

    assert_ne!(places[0], places[1]);
    for node in &nodes {
        for place in places {
            assert!(!is_invalid(node, place).await);
        }
        assert_eq!(list(node).await.is_invalid(100_000_000), None);
    }
}

#[actix_web::test]
async fn whatever_ends_a_session_tells_it_at_every_node_within_a_second() {
    let nodes = two_nodes().await;
    let [app, _] = &nodes;
    // As the command line does it, beside the servers: nothing of it is remembered there.
    let operator = app.another_node().await.vestibule;
    let by = Caller::operator();
    let deeds = ["logout", "others", "disable", "delete", "reset", "password", "closed", "leak"];
    for deed in deeds {
        let user = app.register(deed).await;
        let program = log_in(app, deed).await;
        let mut browser = app.browser();
        if deed != "leak" {
            browser.sign_in(deed).await;
        }
        let index = place(program.token.as_ref().unwrap());
        assert!(!is_invalid(app, index).await, "{deed}");

        let since = Stopwatch::start();
        match deed {
            "logout" => {
                assert_eq!(program.send(app.request("POST", "/logout")).await.status, 200);
                assert!(is_invalid(app, index).await, "at once where it was ended");
            }
            "others" => assert_eq!(browser.submit("/sessions/end-others", &[]).await.status, 303),
            "disable" => administer_user::disable(&operator, &user, &by, app.now()).await.unwrap(),
            "delete" => {
                assert!(delete_account::by_operator(&operator, &user.id, &by, app.now()).await.unwrap())
            }
            "reset" => {
                let link = reset_password::issue_link(&app.vestibule, &user, &by, app.now()).await.unwrap();
                let mut browser = app.browser();
                browser.get(&format!("/reset/{}", link.expose())).await;
                let form = [("username", deed), ("password", OTHER_PASSWORD)];
                assert_eq!(browser.submit("/reset", &form).await.status, 303);
            }
            "password" => {
                let form = [
                    ("username", deed),
                    ("current_password", PASSWORD),
                    ("password", OTHER_PASSWORD),
                    ("end_others", "yes"),
                ];
                let changed = browser.submit("/account/password", &form).await;
                assert_eq!(changed.status, 303, "{}", changed.body);
            }
            "closed" => {
                let closed = browser.submit("/account/close", &[("confirmation", deed)]).await;
                assert_eq!(closed.status, 303, "{}", closed.body);
            }
            _ => assert!(rotate_keys::at_once(&operator, &by, app.now()).await.unwrap() > 0),
        }
        ends_everywhere(&nodes, index, since, deed).await;
    }
}

#[actix_web::test]
async fn a_session_that_goes_on_under_another_id_has_another_place() {
    let nodes = two_nodes().await;
    nodes[0].register("ada").await;
    let mut browser = nodes[0].browser();
    browser.sign_in("ada").await;
    let before = place(&browser.token());

    assert_eq!(browser.submit("/reauth", &[("password", PASSWORD)]).await.status, 303);

    let after = place(&browser.token());
    assert_ne!(before, after);
    ends_everywhere(&nodes, before, Stopwatch::start(), "the former").await;
    assert!(!is_invalid(&nodes[1], after).await);
}

#[actix_web::test]
async fn the_list_may_be_asked_for_again_cheaply_and_by_scripts_of_any_site() {
    let app = TestApp::new().await;
    until_remembering(&app).await;
    app.register("ada").await;
    let ada = log_in(&app, "ada").await;
    let ask = async |known: &str| -> Answer {
        app.send(app.request("GET", LIST).insert_header(("if-none-match", known.to_owned()))).await
    };
    let first = ask("").await;
    let tag = first.header("etag").to_owned();
    assert_eq!(
        (first.header("cache-control"), first.header("access-control-allow-origin")),
        ("public, max-age=1", "*")
    );
    app.pass(60);
    let same = ask(&tag).await;
    assert_eq!((same.status, same.body.as_str(), same.header("etag")), (304, "", tag.as_str()));

    ada.send(app.request("POST", "/logout")).await;
    let other = ask(&tag).await;
    assert_eq!(other.status, 200);
    app.pass(149);
    assert_eq!(ask(other.header("etag")).await.status, 304);
    app.pass(1);
    let renewed = ask(other.header("etag")).await;
    assert_eq!(renewed.status, 200, "long before it ends");
    assert_eq!(bits(&read(&renewed.body).1), bits(&read(&other.body).1));
    let head = app.send(app.request("HEAD", LIST)).await;
    assert_eq!((head.status, head.header("etag")), (200, renewed.header("etag")));
}

#[actix_web::test]
async fn a_bit_goes_when_the_token_would_have_ended_by_itself() {
    let app = TestApp::new().await;
    until_remembering(&app).await;
    app.register("ada").await;
    let ada = log_in(&app, "ada").await;
    let index = place(ada.token.as_ref().unwrap());
    ada.send(app.request("POST", "/logout")).await;

    app.pass(65 * 60);
    housekeeping::run(&app.vestibule, app.now()).await.unwrap();
    assert!(is_invalid(&app, index).await);
    app.pass(10 * 60);
    assert!(!is_invalid(&app, index).await);
    // A node that starts now comes to the same. The row stays a while: a clock may be set back.
    assert_eq!(housekeeping::run(&app.vestibule, app.now()).await.unwrap(), 0);
    assert_eq!(housekeeping::run(&app.vestibule, app.now() + Duration::from_secs(3601)).await.unwrap(), 1);
}

#[actix_web::test]
async fn the_list_is_no_token_and_with_a_shared_secret_it_is_signed_with_that() {
    let app = TestApp::with(|config| {
        config.tokens.algorithm = Algorithm::HS256;
        config.tokens.hs256_secret = Some("0f3a9c1b77de42a8b6f5e4d3c2b1a09f88".into());
    })
    .await;
    let public = TestApp::new().await;
    for (app, algorithm) in [(&app, "HS256"), (&public, "EdDSA")] {
        until_remembering(app).await;
        let answer = app.program().get(LIST).await;
        assert_eq!((answer.status, &read(&answer.body).0["alg"]), (200, &json!(algorithm)));
        let mut program = app.program();
        program.token = Some(answer.body);
        assert_eq!(program.get("/protected").await.status, 403);
    }
}

#[actix_web::test]
async fn a_session_from_before_there_was_a_list_goes_on_without_a_place() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    app.execute("UPDATE sessions SET status_index = NULL").await;

    assert_eq!(ada.submit("/session/renew", &[]).await.status, 303);

    let (_, claims) = read(&ada.token());
    assert!(claims.get("status").is_none());
    assert_eq!(ada.get("/dashboard").await.status, 200);
    assert_eq!(ada.submit("/logout", &[]).await.status, 303);
}

#[actix_web::test]
async fn the_metadata_says_where_the_list_and_its_changes_are() {
    let app = TestApp::new().await;
    let metadata = app.program().get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["token_status_uri"], "http://localhost:8080/.well-known/token-status");
    assert_eq!(metadata["token_status_events_uri"], "http://localhost:8080/.well-known/token-status/events");
}
