//! What the guard costs a server: the house of the benchmarks on a port, beside handlers without it, to be loaded from
//! outside. `benches/run guard` and `benches/where` do that.
//!
//! | path | answers |
//! |---|---|
//! | `/api/session` | as always: `vestibule serve` itself, in the same process, at a port of its own |
//! | `/guarded` | the same bytes, from a route of the app's own behind [`CurrentUser`]: the guard alone |
//! | `/auth/nginx` | as `vestibule serve` answers a proxy about somebody whom it lets in |
//! | `/bare` | the same bytes as `/api/session`, to everybody: nothing of ours |
//! | `/bare/auth/nginx` | the same bytes as `/auth/nginx`, to everybody |
//! | `/checked` | the same bytes, after a check of the token's signature each time |
//! | `/queried` | the same bytes, after the question about the session behind it each time, on the same thread |
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so")]
#![allow(clippy::print_stdout, reason = "whoever loads it has to know the port and the token")]
#![allow(missing_docs, unreachable_pub, reason = "nobody calls a benchmark")]

#[allow(dead_code, reason = "it is loaded from outside, not timed from within")]
mod stage;

use std::cell::RefCell;
use std::ffi::OsString;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{self, TestRequest};
use actix_web::web::{Bytes, Data, get};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use vestibule::cli;
use vestibule::db::{self, AnyConnection};
use vestibule::flows::authenticate_at_door;
use vestibule::id::{SessionId, TokenId};
use vestibule::models::Session;
use vestibule::secret;
use vestibule::tokens::AccessClaims;
use vestibule::web::{extract::CurrentUser, service};
use vestibule::{Config, Vestibule};

use stage::Stage;

/// What `/api/session` says to Ada, to be said by everybody else.
#[derive(Clone)]
struct Said {
    headers: HeaderMap,
    body: Bytes,
    session: SessionId,
}

/// What `/auth/nginx` says of Ada, to be said by everybody else.
#[derive(Clone)]
struct SaidAtDoor(Said);

/// The doors, as an operator writes them.
const DOORS: &str = r#"
[server]
trusted_proxies = ["127.0.0.1"]

[forward_auth]
cookie_domain = "example.org"

[[forward_auth.hosts]]
host = "wiki.example.org"
rules = [{ path = "/public", allow = "public" }, { path = "/admin", allow = "group:staff" }]
"#;

/// A connection that its thread keeps.
type Held = RefCell<AnyConnection>;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, command, workers, level, tokens] = arguments.as_slice() else {
        println!("guard: a server to be loaded from outside; see `benches/run guard` and `benches/where`");
        return;
    };
    assert_eq!(command, "serve");
    let stage = Stage::with(|config| {
        secret::create_private_dir(config.data_dir()).unwrap();
        std::fs::write(config.data_dir().join("vestibule.toml"), DOORS).unwrap();
        let doors: Config = toml::from_str(DOORS).unwrap();
        config.server.trusted_proxies = doors.server.trusted_proxies;
        config.forward_auth = doors.forward_auth;
        config.server.public_url = Some("https://login.example.org".to_owned());
    });
    serve_as_always(&stage, level);
    let (ring, now) = (&stage.vestibule.tokens, stage.vestibule.clock.now());
    let claims = ring.verify(&stage.token, now).unwrap();
    println!("token {}", stage.token);
    let pass = authenticate_at_door::token_for(&stage.vestibule, &session(&stage, &claims.sid), now);
    println!("pass {pass}");
    // Others for the same session: whoever shows each of them once is never known already.
    for _ in 0..tokens.parse().unwrap() {
        println!("once {}", ring.sign(&AccessClaims { jti: TokenId::new(), ..claims.clone() }).unwrap());
    }
    let said_at_door = SaidAtDoor(said(&stage, &claims, "/auth/nginx", &at_door(&pass)));
    let said = (said(&stage, &claims, "/api/session", &[bearer(&stage.token)]), said_at_door);
    stage.system.block_on(serve(stage.vestibule.clone(), said, workers.parse().unwrap()));
}

fn session(stage: &Stage, id: &SessionId) -> Session {
    let (id, now) = (id.clone(), stage.vestibule.clock.now());
    let asked = stage.vestibule.db.read(move |conn| Ok::<_, db::Error>(Session::find_live(conn, &id, now)?));
    stage.system.block_on(asked).unwrap().unwrap().0
}

/// Serves until SIGTERM.
async fn serve(vestibule: Vestibule, (said, at_door): (Said, SaidAtDoor), workers: usize) {
    let app = move || {
        let held: Held = RefCell::new(vestibule.db.connect().unwrap());
        App::new()
            .app_data(Data::new(vestibule.clone()))
            .app_data(Data::new(said.clone()))
            .app_data(Data::new(at_door.clone()))
            .app_data(Data::new(held))
            .route("/bare", get().to(bare))
            .route("/bare/auth/nginx", get().to(bare_at_door))
            .route("/guarded", get().to(guarded))
            .route("/checked", get().to(checked))
            .route("/queried", get().to(queried))
    };
    let server = HttpServer::new(app).workers(workers).bind("127.0.0.1:0").unwrap();
    println!("port {}", server.addrs().first().unwrap().port());
    server.run().await.unwrap();
}

async fn bare(said: Data<Said>) -> HttpResponse {
    answer(&said)
}

async fn bare_at_door(said: Data<SaidAtDoor>) -> HttpResponse {
    answer(&said.0)
}

async fn guarded(_: CurrentUser, said: Data<Said>) -> HttpResponse {
    answer(&said)
}

async fn checked(request: HttpRequest, vestibule: Data<Vestibule>, said: Data<Said>) -> HttpResponse {
    let token = request.headers().get(header::AUTHORIZATION).unwrap().to_str().unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    vestibule.tokens.verify(token, vestibule.clock.now()).unwrap();
    answer(&said)
}

async fn queried(vestibule: Data<Vestibule>, said: Data<Said>, held: Data<Held>) -> HttpResponse {
    let found = Session::find_live(&mut held.borrow_mut(), &said.session, vestibule.clock.now());
    found.unwrap().unwrap();
    answer(&said)
}

fn answer(said: &Said) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    for header in &said.headers {
        answer.insert_header(header);
    }
    answer.body(said.body.clone())
}

/// Asks once, in memory.
fn said(stage: &Stage, claims: &AccessClaims, path: &str, proof: &[(header::HeaderName, String)]) -> Said {
    stage.system.block_on(async {
        let service = test::init_service(App::new().service(service(&stage.vestibule))).await;
        let request = TestRequest::with_uri(path).peer_addr(([127, 0, 0, 1], 50_000).into());
        let request = proof.iter().cloned().fold(request, TestRequest::insert_header);
        let answer = test::call_service(&service, request.to_request()).await;
        assert_eq!(answer.status(), 200);
        let headers = answer.headers().clone();
        Said { headers, body: test::read_body(answer).await, session: claims.sid.clone() }
    })
}

fn bearer(token: &str) -> (header::HeaderName, String) {
    (header::AUTHORIZATION, format!("Bearer {token}"))
}

/// What nginx asks about a browser with this cookie.
fn at_door(pass: &str) -> [(header::HeaderName, String); 3] {
    let name = header::HeaderName::from_static;
    [
        (header::COOKIE, format!("__Secure-vestibule-forward={pass}")),
        (name("x-original-url"), "https://wiki.example.org/page".to_owned()),
        (name("x-original-method"), "GET".to_owned()),
    ]
}

/// Starts `vestibule serve` on the same house, and waits until it answers.
fn serve_as_always(stage: &Stage, level: &str) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = stage.vestibule.config.public_url();
    let line =
        ["vestibule", "serve", "--listen", &address.to_string(), "--public-url", &url, "--log-level", level];
    let line = line.map(OsString::from).into_iter().chain(["--data-dir".into(), stage.dir.clone().into()]);
    let line: Vec<OsString> = line.collect();
    thread::spawn(move || cli::run(line));
    while TcpStream::connect(address).is_err() {
        thread::sleep(Duration::from_millis(10));
    }
    println!("served {}", address.port());
}
