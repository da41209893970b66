//! `/metrics`: figures at a door of their own, for whoever watches over the server.

mod figures;
mod inventory;
mod rows;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};

use vestibule::Config;

use crate::socket::{on_a_socket, serve, talk};
use crate::support::TestApp;

const TOKEN: &str = "8f4e2a9c1b7d3f6085e2c4a917bd3f60a1c5e79d2b48f013";

/// An application whose figures are served.
struct Watched {
    app: TestApp,
    door: SocketAddr,
    metrics: SocketAddr,
}

/// What was served: each row with its labels, and its number.
struct Figures {
    text: String,
    rows: BTreeMap<String, f64>,
}

impl Watched {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let app = TestApp::with(|config| {
            on_a_socket(config);
            config.metrics.listen = Some(free);
            change(config);
        });
        let app = app.await;
        let door = serve(&app).await;
        Self { app, door, metrics: free }
    }

    async fn ask(&self, head: &str) -> String {
        talk(self.metrics, format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
    }

    async fn figures(&self) -> Figures {
        let answer = self.ask("GET /metrics HTTP/1.1").await;
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        let rows = rows.map(|row| row.rsplit_once(' ').unwrap());
        let rows = rows.map(|(name, value)| (name.to_owned(), value.parse().expect(name)));
        Figures { text: text.to_owned(), rows: rows.collect() }
    }
}

impl Figures {
    fn find(&self, row: &str) -> Option<f64> {
        self.rows.get(row).copied()
    }

    #[track_caller]
    fn get(&self, row: &str) -> f64 {
        self.find(row).unwrap_or_else(|| panic!("no {row} in {}", self.text))
    }

    fn logins(&self, outcome: &str) -> f64 {
        self.get(&format!("vestibule_logins_total{{outcome=\"{outcome}\"}}"))
    }

    /// The names of all families, and of what kind each is.
    fn families(&self) -> BTreeMap<String, String> {
        let types = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        types
            .map(|line| line.split_once(' ').unwrap())
            .map(|(name, kind)| (name.into(), kind.into()))
            .collect()
    }
}

#[actix_web::test]
async fn unless_somebody_wants_them_there_are_none() {
    let app = TestApp::new().await;

    assert_eq!(app.vestibule.config.metrics.listen, None);
    assert_eq!(app.send(app.request("GET", "/metrics")).await.status, 404);
}

#[actix_web::test]
async fn the_door_of_its_own_has_one_page_and_the_other_door_has_it_not() {
    let watched = Watched::new().await;

    let answer = watched.ask("GET /metrics HTTP/1.1").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();

    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{head}"
    );
    assert!(head.contains("cache-control: no-store") && body.ends_with("# EOF\n"), "{head}");
    let none = watched.ask("HEAD /metrics HTTP/1.1").await;
    assert!(none.starts_with("HTTP/1.1 200 ") && none.ends_with("\r\n\r\n"), "{none}");
    for path in ["/", "/login", "/healthz", "/metrics/", "/protected"] {
        let other = watched.ask(&format!("GET {path} HTTP/1.1")).await;
        assert!(other.starts_with("HTTP/1.1 404 "), "{path}: {other}");
    }
    let post = watched.ask("POST /metrics HTTP/1.1").await;
    assert!(post.starts_with("HTTP/1.1 405 ") || post.starts_with("HTTP/1.1 403 "), "{post}");
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(talk(watched.door, request).await.starts_with("HTTP/1.1 404 "));
}

#[actix_web::test]
async fn whoever_does_not_show_the_token_is_told_nothing() {
    let watched = Watched::with(|config| config.metrics.token = Some(TOKEN.into())).await;

    for shown in
        ["", "Bearer ", "Bearer wrong", &format!("Basic {TOKEN}"), TOKEN, &format!("Bearer {TOKEN}x")]
    {
        let head = match shown {
            "" => "GET /metrics HTTP/1.1".to_owned(),
            _ => format!("GET /metrics HTTP/1.1\r\nAuthorization: {shown}"),
        };
        let answer = watched.ask(&head).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{shown}: {answer}");
        assert!(answer.contains("www-authenticate: Bearer realm=\"metrics\""), "{answer}");
        assert!(!answer.contains("vestibule_") && !answer.contains(TOKEN), "{answer}");
    }
    let right = watched.ask(&format!("GET /metrics HTTP/1.1\r\nAuthorization: bearer {TOKEN}")).await;
    assert!(right.starts_with("HTTP/1.1 200 ") && !right.contains(TOKEN), "{right}");
}

#[actix_web::test]
async fn what_strangers_ask_for_makes_no_new_rows() {
    let watched = Watched::new().await;
    let app = &watched.app;
    for (method, path) in [("GET", "/no-such"), ("BREW", "/login"), ("GET", "/login"), ("POST", "/no-such")] {
        app.send(app.request(method, path)).await;
    }
    app.send(app.request("GET", "/sessions/1/end")).await;
    let before = watched.figures().await;

    for number in 0..1000 {
        let path = [format!("/{number}"), format!("/login/{number}"), format!("/sessions/{number}/end")];
        app.send(app.request("GET", &path[number % 3])).await;
        app.send(app.request(&format!("BREW{number}"), "/login")).await;
    }

    let after = watched.figures().await;
    let names = |figures: &Figures| figures.rows.keys().cloned().collect::<Vec<_>>();
    let new: Vec<_> = names(&after).into_iter().filter(|name| !names(&before).contains(name)).collect();
    // The first scrape is in the second, and nothing else is new but its own route.
    assert!(new.iter().all(|name| name.contains("route=\"/metrics\"")), "{new:?}");
    let row = |route: &str, method: &str| {
        after.get(&format!(
            "vestibule_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"4xx\"}}"
        ))
    };
    assert_eq!((row("-", "GET"), row("/sessions/{id}/end", "GET")), (668.0, 334.0));
    assert_eq!(row("/login", "other"), 1001.0);
}
