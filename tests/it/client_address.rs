//! Where a request came from (D15): what a proxy of ours says, and nothing that anybody can write into a header.

use serde_json::json;
use vestibule::models::Session;

use crate::support::{PASSWORD, TestApp};

/// A request's headers, as a chain of proxies would leave them.
type Headers<'a> = &'a [(&'a str, &'a str)];

/// An instance behind two proxies.
async fn behind_proxies() -> TestApp {
    let networks = ["192.0.2.0/24", "10.0.0.1/32", "2001:db8:a::/48"];
    let app = TestApp::with(|config| {
        config.server.trusted_proxies = networks.iter().map(|network| network.parse().unwrap()).collect();
    });
    let app = app.await;
    app.register("ada").await;
    app
}

/// The address that we take a request from `peer` to come from: the one in its session's row.
async fn address(app: &TestApp, peer: &str, headers: Headers<'_>) -> String {
    let document = json!({ "username": "ada", "password": PASSWORD });
    let request = app.request("POST", "/login").peer_addr(peer.parse().unwrap()).set_json(document);
    let request = headers.iter().fold(request, |request, header| request.append_header(*header));
    let answer = app.send(request).await;
    assert_eq!(answer.status, 200, "{peer} {headers:?}");
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let claims = app.vestibule.tokens.verify(&token, app.now()).unwrap();
    app.ask(move |conn| Session::find(conn, &claims.sid)).await.unwrap().address
}

async fn check(app: &TestApp, cases: &[(&str, Headers<'_>, &str)]) {
    for (peer, headers, expected) in cases {
        assert_eq!(address(app, peer, headers).await, *expected, "{peer} {headers:?}");
    }
}

#[actix_web::test]
async fn strangers_may_write_what_they_like() {
    let app = behind_proxies().await;
    let spoofs: [Headers<'_>; 6] = [
        &[("x-forwarded-for", "203.0.113.5")],
        &[("x-forwarded-for", "127.0.0.1, 192.0.2.1")],
        &[("forwarded", "for=203.0.113.5")],
        &[
            ("x-real-ip", "203.0.113.5"),
            ("true-client-ip", "203.0.113.5"),
            ("cf-connecting-ip", "203.0.113.5"),
        ],
        &[("x-client-ip", "203.0.113.5"), ("x-forwarded-host", "evil.test"), ("x-forwarded-proto", "https")],
        &[("via", "1.1 203.0.113.5"), ("x-remote-addr", "203.0.113.5"), ("remote-addr", "203.0.113.5")],
    ];

    for spoof in spoofs {
        assert_eq!(address(&app, "198.51.100.7:4000", spoof).await, "198.51.100.7", "{spoof:?}");
        assert_eq!(address(&app, "127.0.0.1:4000", spoof).await, "127.0.0.1", "{spoof:?}");
    }
}

#[actix_web::test]
async fn a_proxy_of_ours_is_believed_as_far_as_the_first_stranger() {
    let app = behind_proxies().await;
    let cases: [(&str, Headers<'_>, &str); 9] = [
        ("192.0.2.1:80", &[("x-forwarded-for", "203.0.113.5")], "203.0.113.5"),
        ("192.0.2.1:80", &[("x-forwarded-for", "6.6.6.6, 203.0.113.5")], "203.0.113.5"),
        ("192.0.2.1:80", &[("x-forwarded-for", "6.6.6.6,203.0.113.5 , 10.0.0.1")], "203.0.113.5"),
        ("192.0.2.1:80", &[("x-forwarded-for", "192.0.2.9, 203.0.113.5, 192.0.2.9")], "203.0.113.5"),
        (
            "192.0.2.1:80",
            &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.5")],
            "203.0.113.5",
        ),
        // Nobody but proxies of ours: the first of them sent it.
        ("192.0.2.1:80", &[("x-forwarded-for", "10.0.0.1, 192.0.2.9")], "10.0.0.1"),
        ("192.0.2.1:80", &[], "192.0.2.1"),
        ("10.0.0.1:80", &[("x-forwarded-for", "203.0.113.5")], "203.0.113.5"),
        ("10.0.0.2:80", &[("x-forwarded-for", "203.0.113.5")], "10.0.0.2"),
    ];

    check(&app, &cases).await;
}

#[actix_web::test]
async fn the_standard_header_is_read_where_the_older_one_is_missing() {
    let app = behind_proxies().await;
    let cases: [(&str, Headers<'_>, &str); 8] = [
        ("192.0.2.1:80", &[("forwarded", "for=203.0.113.5")], "203.0.113.5"),
        ("192.0.2.1:80", &[("forwarded", "proto=https;For=\"203.0.113.5:4711\";by=10.0.0.1")], "203.0.113.5"),
        ("192.0.2.1:80", &[("forwarded", "for=6.6.6.6, for=203.0.113.5;host=x")], "203.0.113.5"),
        ("192.0.2.1:80", &[("forwarded", "for=\"[2001:db8::5]:4711\"")], "2001:db8::5"),
        ("192.0.2.1:80", &[("forwarded", "for=\"[2001:DB8::5]\"")], "2001:db8::5"),
        ("192.0.2.1:80", &[("forwarded", "for=203.0.113.5"), ("forwarded", "for=10.0.0.1")], "203.0.113.5"),
        ("192.0.2.1:80", &[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "203.0.113.5")], "203.0.113.5"),
        ("192.0.2.1:80", &[("forwarded", "for=unknown")], "192.0.2.1"),
    ];

    check(&app, &cases).await;
}

#[actix_web::test]
async fn an_address_is_one_however_it_is_written() {
    let app = behind_proxies().await;
    let cases: [(&str, Headers<'_>, &str); 9] = [
        ("192.0.2.1:80", &[("x-forwarded-for", "203.0.113.5:4711")], "203.0.113.5"),
        ("192.0.2.1:80", &[("x-forwarded-for", "2001:0DB8:0:0::5")], "2001:db8::5"),
        ("192.0.2.1:80", &[("x-forwarded-for", "[2001:db8::5]")], "2001:db8::5"),
        ("192.0.2.1:80", &[("x-forwarded-for", "[2001:db8::5]:4711")], "2001:db8::5"),
        ("192.0.2.1:80", &[("x-forwarded-for", "::ffff:203.0.113.5")], "203.0.113.5"),
        // An IPv4 proxy at an IPv6 socket is the same proxy.
        ("[::ffff:192.0.2.1]:80", &[("x-forwarded-for", "203.0.113.5")], "203.0.113.5"),
        ("[::ffff:198.51.100.7]:80", &[("x-forwarded-for", "203.0.113.5")], "198.51.100.7"),
        ("[2001:db8:a::1]:80", &[("x-forwarded-for", "2001:db8:b::5, 2001:db8:a::2")], "2001:db8:b::5"),
        ("[2001:db8:b::1]:80", &[("x-forwarded-for", "203.0.113.5")], "2001:db8:b::1"),
    ];

    check(&app, &cases).await;
}

#[actix_web::test]
async fn what_cannot_be_read_ends_the_chain() {
    let app = behind_proxies().await;
    let rubbish = [
        "unknown",
        "_hidden",
        "",
        ",",
        ", ,",
        "203.0.113.5.6",
        "203.0.113.256",
        "203.0.113",
        "0xcb.0.0x71.5",
        "localhost",
        "203.0.113.5;x",
        "203.0.113.5 6.6.6.6",
        "[2001:db8::5",
        "2001:db8::5::6",
        "'; DROP TABLE users; --",
        "<script>",
        "203.0.113.5:99999",
        "http://203.0.113.5",
    ];

    for text in rubbish {
        let alone: Headers<'_> = &[("x-forwarded-for", text)];
        let before = format!("6.6.6.6, {text}, 10.0.0.1");

        assert_eq!(address(&app, "192.0.2.1:80", alone).await, "192.0.2.1", "{text:?}");
        assert_eq!(
            address(&app, "192.0.2.1:80", &[("x-forwarded-for", &before)]).await,
            "10.0.0.1",
            "{text:?}"
        );
    }
    let long = "6.6.6.6, ".repeat(1000) + "203.0.113.5";
    assert_eq!(address(&app, "192.0.2.1:80", &[("x-forwarded-for", &long)]).await, "203.0.113.5");
}

#[actix_web::test]
async fn behind_no_proxy_everybody_is_where_their_socket_is() {
    let app = TestApp::new().await;
    app.register("ada").await;

    let spoofed = address(&app, "127.0.0.1:4000", &[("x-forwarded-for", "203.0.113.5")]).await;

    assert_eq!(spoofed, "127.0.0.1");
}
