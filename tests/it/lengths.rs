//! Nothing that we write is too long for whoever reads it (ASVS 3.3.5, 4.2.2, 4.2.5), and nothing that we read takes
//! long because it is long (ASVS 1.3.12).

use std::time::Duration;

use actix_web::http::Method;
use secrecy::SecretString;
use vestibule::clock::Stopwatch;
use vestibule::credentials::email::Email;
use vestibule::credentials::policy::PasswordPolicy;
use vestibule::credentials::username::{self, Username};
use vestibule::flows::caller::Caller;
use vestibule::flows::{reset_password, set_up};
use vestibule::web::entries;

use crate::socket::{on_a_socket, serve};
use crate::support::{Answer, Browser, PASSWORD, TestApp};

/// What every browser keeps of a cookie: name, value and attributes (RFC 6265 §6.1).
const KEPT_BY_BROWSERS: usize = 4096;
/// What servers and proxies read of an address; ours reads as much.
const READ_OF_AN_ADDRESS: usize = 8 * 1024;

/// Ways back of 1,024 bytes, and one that is dropped.
fn ways_back() -> Vec<String> {
    let signs = ["a", "&", "%22", "'", "/", "?", "="];
    let ways = signs.map(|sign| {
        let mut way = format!("/dashboard?{}", sign.repeat(1024 / sign.len()));
        way.truncate(1024);
        way
    });
    ways.into_iter().chain([format!("/dashboard?{}", "a".repeat(2000))]).collect()
}

/// The longest address there can be.
fn longest_address() -> String {
    let label = "b".repeat(61);
    let domain = format!("{label}.{label}.{label}.org");
    format!("{}@{domain}", "a".repeat(254 - 1 - domain.len()))
}

fn check_cookies(answer: &Answer) {
    for line in answer.headers.get_all("set-cookie") {
        assert!(line.len() <= KEPT_BY_BROWSERS, "{} bytes: {:?}", line.len(), line);
    }
}

/// Goes everywhere that leaves something in a cookie.
async fn visit(app: &TestApp, browser: &mut Browser, next: &str) -> Vec<Answer> {
    let ada = app.ask(|conn| vestibule::models::User::find_by_username(conn, "ada")).await.unwrap();
    let reset = reset_password::issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await;
    let setup = set_up::issue_link(&app.vestibule, app.now()).await.unwrap().unwrap();
    let next = serde_urlencoded::to_string([("next", next)]).unwrap();
    vec![
        browser.get(&format!("/login?{next}")).await,
        browser.submit("/forgot", &[("email", &longest_address())]).await,
        browser.get(&format!("/setup/{}", setup.expose())).await,
        browser.get(&format!("/reset/{}", reset.unwrap().expose())).await,
        browser.get("/reset").await,
        browser.get("/forgot/sent").await,
        browser.submit("/reset", &[("password", PASSWORD)]).await,
    ]
}

#[actix_web::test]
async fn the_largest_cookies_are_small_enough_to_be_kept() {
    let app = TestApp::with(|config| {
        config.server.public_url = Some("https://login.example.org".to_owned());
        config.mail.from = Some("door@vestibule.example".to_owned());
        config.mail.smtp_host = Some("127.0.0.1".to_owned());
    });
    let app = app.await;
    app.register("ada").await;
    app.register("longest-name-that-is-32-letters0").await;

    for next in ways_back() {
        let mut browser = app.browser();

        let answers = visit(&app, &mut browser, &next).await;

        answers.iter().for_each(check_cookies);
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 303, 303, 303, 200, 200, 303], "{next}");
        let words = &answers[5].body;
        assert!(words.contains(&longest_address()), "{words}");
        check_cookies(&browser.sign_in("longest-name-that-is-32-letters0").await);
    }
}

#[actix_web::test]
async fn the_longest_redirects_can_be_followed_and_lead_back() {
    let app = TestApp::new().await;
    app.register("ada").await;

    for next in ways_back() {
        let mut browser = app.browser();
        let is_kept = next.len() <= 1024;

        let asked = browser.get(&next).await;
        let form = browser.get(asked.location()).await;
        let back = browser.sign_in("ada").await;

        assert_eq!((asked.status, form.status, back.status), (303, 200, 303), "{next}");
        assert!(asked.location().len() <= READ_OF_AN_ADDRESS, "{}", asked.location().len());
        let expected = if is_kept { next.as_str() } else { "/dashboard" };
        assert_eq!((asked.location() != "/login", back.location()), (is_kept, expected));
        assert_eq!(browser.get(back.location()).await.status, 200, "{next}");
    }
}

#[actix_web::test]
async fn every_answer_is_as_long_as_it_says() {
    let app = TestApp::with(on_a_socket).await;
    app.register("ada").await;
    let mut browser = app.browser();
    browser.sign_in("ada").await;
    let cookie = format!("Cookie: vestibule={}\r\n", browser.token());
    let page = browser.get("/dashboard").await.body;
    let files =
        page.split("\"/static/").skip(1).map(|rest| format!("/static/{}", rest.split('"').next().unwrap()));
    let asked = entries().into_iter().map(|entry| (entry.method, entry.path.replace(['{', '}'], "")));
    // A stream of events has no end that could be waited for.
    let asked = asked.filter(|(_, path)| !path.ends_with("/events"));
    let asked: Vec<_> = files.map(|file| (Method::GET, file)).chain(asked).collect();
    let address = serve(&app).await;
    let mut seen = 0;

    for (method, path) in asked {
        for who in ["", &cookie] {
            for accept in ["text/html", "application/json"] {
                let head = format!(
                    "{method} {path} HTTP/1.1\r\nHost: localhost:8080\r\nSec-Fetch-Site: same-origin\r\n"
                );
                let end = format!("Accept: {accept}\r\n{who}Content-Length: 0\r\nConnection: close\r\n\r\n");
                let answer = talk_bytes(address, head + &end).await;

                let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
                let head = String::from_utf8(answer[..at].to_vec()).unwrap().to_ascii_lowercase();
                if path == "/account/activity.csv" && head.contains("\r\ntransfer-encoding: chunked") {
                    // Its end is not known when it begins; it says where each piece of it ends, and then that it does.
                    assert!(answer.ends_with(b"\r\n0\r\n\r\n"), "{method} {path}");
                    continue;
                }
                let length =
                    head.split("\r\ncontent-length: ").nth(1).unwrap_or_else(|| panic!("{path}: {head}"));
                let length: usize = length.lines().next().unwrap().parse().unwrap();
                assert_eq!(answer.len() - at - 4, length, "{method} {path}: {head}");
                assert!(!head.contains("transfer-encoding"), "{method} {path}: {head}");
                seen += usize::from(length > 0);
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

/// What is answered on a socket, byte by byte: pictures are no text.
async fn talk_bytes(address: std::net::SocketAddr, bytes: String) -> Vec<u8> {
    use std::io::{Read as _, Write as _};

    let talk = move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    };
    actix_web::rt::task::spawn_blocking(talk).await.unwrap()
}

#[test]
fn a_mebibyte_in_a_field_is_looked_at_in_no_time() {
    // A thousand times what any of them takes: what goes back and forth over its input would take minutes.
    let patience = Duration::from_secs(5);
    let odd = [
        "a",
        "Ａ",
        "\u{301}",
        "@",
        ".",
        "a@",
        "a.",
        "\u{202e}",
        "ﷺ",
        "4@8([{<3",
        "\u{1100}\u{1161}",
        "👩‍👩‍👧‍👦",
        " ",
        "%",
    ];

    for piece in odd {
        let text = piece.repeat((1 << 20) / piece.len());
        let of_each: [(&str, &dyn Fn() -> bool); 5] = [
            ("username", &|| Username::parse(&text).is_err()),
            ("name at sign-in", &|| username::fold(&text).len() < 4096),
            ("e-mail address", &|| Email::parse(&text).is_err()),
            ("e-mail address behind a good name", &|| Email::parse(&format!("ada@{text}")).is_err()),
            ("password", &|| {
                PasswordPolicy::default().check(&SecretString::from(text.as_str()), &["ada"]).is_err()
            }),
        ];
        for (field, is_bounded) in of_each {
            let watch = Stopwatch::start();

            assert!(is_bounded(), "{field} of {piece:?}");

            assert!(watch.elapsed() < patience, "{field} of {piece:?}: {:?}", watch.elapsed());
        }
    }
}

#[actix_web::test]
async fn what_surrounds_a_request_is_looked_at_in_no_time_too() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let watch = Stopwatch::start();

    for piece in ["(", "a/1.0 ", ";", "Mozilla/5.0 (", "%", "..", ",", "=", "[", "\"", "https://"] {
        let text = piece.repeat((14 * 1024) / piece.len());
        for name in ["user-agent", "cookie", "accept", "authorization", "x-forwarded-for", "referer"] {
            let request = app.request("GET", "/login").insert_header((name, text.trim()));
            assert!(app.send(request).await.status < 500, "{name}: {piece}");
        }
        let mut browser = app.browser();
        browser.user_agent = text.trim().to_owned();
        assert_eq!(browser.submit("/login", &[("login", "ada"), ("password", PASSWORD)]).await.status, 303);
        assert_eq!(browser.get("/dashboard").await.status, 200, "{piece}");
    }

    assert!(watch.elapsed() < Duration::from_secs(20), "{:?}", watch.elapsed());
}
