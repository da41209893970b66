//! What is sent is read as it was sent, or refused: no guess, no question marks, no half (ASVS 1.1.1, 1.5.3).

use serde_json::json;
use vestibule::credentials::policy::{MAX_BYTES, MAX_LENGTH};
use vestibule::flows::caller::Caller;
use vestibule::flows::login::{self, Attempt, Stay};

use crate::support::{Answer, PASSWORD, TestApp};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MOST: usize = 16 * 1024;

async fn stage() -> TestApp {
    let app = TestApp::new().await;
    app.register("ada").await;
    app
}

async fn post(app: &TestApp, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    let body: Vec<u8> = body.into();
    let request = app.request("POST", path).insert_header(("content-type", kind));
    app.send(request.insert_header(("accept", "application/json")).set_payload(body)).await
}

/// Whether these very bytes are somebody's password.
async fn opens(app: &TestApp, name: &str, password: &str) -> bool {
    let stay = Stay::WhileActive;
    let attempt =
        Attempt { login: name.to_owned(), password: password.into(), replaces: None, stay, trust: None };
    login::with_password(&app.vestibule, attempt, &Caller::operator(), app.now()).await.is_ok()
}

#[rustfmt::skip]
#[actix_web::test]
async fn a_form_that_is_not_utf8_text_is_refused() {
    let app = stage().await;
    let broken: [&[u8]; 14] = [
        b"login=ada&password=%zz", b"login=ada&password=%", b"login=ada&password=%a", b"login=ada&password=%4",
        b"login=ada&password=%ff%fe", b"login=ada&password=\xff", b"login=%c3&password=x", b"login=ada&password=%c0%80",
        b"login=ada&password=%ed%a0%80", b"login=ada&password=%f5%80%80%80", b"login=ada&password=%u0041",
        b"login=ada&pass%ffword=x", b"\xef\xbb\xbflogin=ada&password=x", b"login=ada&password=%+4",
    ];

    for body in broken {
        for path in ["/login", "/register"] {
            let answer = post(&app, path, FORM, body).await;

            assert_eq!(answer.status, 400, "{path} {}", String::from_utf8_lossy(body));
            assert!(!answer.body.contains('\u{fffd}'));
        }
    }
}

#[rustfmt::skip]
#[actix_web::test]
async fn a_document_that_is_not_utf8_json_is_refused() {
    let app = stage().await;
    let document = |member: &str| format!("{{\"username\":\"ada\",\"password\":{member}}}").into_bytes();
    let mut broken = vec![
        document("\"\\ud800\""), document("\"\\udc00\\ud800\""), document("\"\\x41\""), document("\"\u{0}\""), document("'x'"),
        document("\"a\nb\""), document("\"x\",}"), document("NaN"), b"".to_vec(), b" ".to_vec(), b"null".to_vec(),
        b"\"ada\"".to_vec(), b"[\"ada\",\"x\"]".to_vec(), b"{".to_vec(), "[".repeat(10_000).into_bytes(), b"{}{}".to_vec(),
        [b"\xef\xbb\xbf".to_vec(), document("\"x\"")].concat(), [document("\"x\""), b"x".to_vec()].concat(),
        b"{\"username\":\"ada\",\"password\":\"\xff\"}".to_vec(),
    ];
    broken.push("{\"username\":\"ada\",\"password\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect());

    for body in broken {
        for path in ["/login", "/register"] {
            let answer = post(&app, path, JSON, body.clone()).await;

            assert_eq!(answer.status, 400, "{path} {}", String::from_utf8_lossy(&body));
        }
    }
}

#[rustfmt::skip]
#[actix_web::test]
async fn fields_that_are_doubled_unknown_missing_or_of_another_kind_are_refused() {
    let app = stage().await;
    let forms = [
        "", "&", "=", "login=ada", "password=x", "login=ada&login=eve&password=x", "login=ada&password=x&password=y",
        "login[]=ada&password=x", "login=ada&password=x&role=admin", "LOGIN=ada&password=x", "login=ada;password=x",
    ];
    let documents = [
        json!({}), json!({ "username": "ada" }), json!({ "username": ["ada"], "password": "x" }), json!({ "username": "ada", "password": 1 }),
        json!({ "username": "ada", "password": null }), json!({ "username": { "$ne": "" }, "password": "x" }),
        json!({ "username": "ada", "email": "ada", "password": "x" }), json!({ "username": "ada", "password": "x", "role": "admin" }),
        json!({ "username": "ada", "password": "x", "id": "1" }), json!({ "username": true, "password": "x" }),
    ];

    for form in forms {
        assert_eq!(post(&app, "/login", FORM, form).await.status, 400, "{form}");
    }
    for document in documents {
        let answer = post(&app, "/login", JSON, document.to_string()).await;
        assert_eq!(answer.status, 400, "{document}");
    }
    let doubled = "{\"username\":\"ada\",\"username\":\"eve\",\"password\":\"x\"}";
    assert_eq!(post(&app, "/login", JSON, doubled).await.status, 400);
    for member in ["role", "id", "email_verified_at", "disabled_at", "is_admin"] {
        let form = format!("username=eve&password=seven+purple+lanterns+drift&{member}=admin");
        assert_eq!(post(&app, "/register", FORM, form).await.status, 400, "{member}");
    }
}

#[rustfmt::skip]
#[actix_web::test]
async fn only_what_we_read_is_read() {
    let app = stage().await;
    let form = format!("login=ada&password={PASSWORD}").replace(' ', "+");
    let document = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let kinds = [
        "multipart/form-data; boundary=x", "text/plain", "text/html", "application/xml", "application/x-www-form-urlencodedx",
        "application/json+x", "application/cbor", "", "x", "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=iso-8859-1", "application/json; charset=utf-16", "application/json;charset=\"latin1\"",
    ];

    for kind in kinds {
        for body in [&form, &document] {
            assert_eq!(post(&app, "/login", kind, body.clone()).await.status, 415, "{kind:?}");
        }
    }
    let nameless = app.request("POST", "/login").set_payload(form.clone());
    assert_eq!(app.send(nameless).await.status, 415);
    for kind in [FORM, "Application/X-WWW-Form-UrlEncoded", "application/x-www-form-urlencoded; charset=UTF-8"] {
        assert_eq!(post(&app, "/login", kind, form.clone()).await.status, 303, "{kind}");
    }
    for kind in [JSON, "APPLICATION/JSON", "application/json; charset=\"utf-8\"", "application/json ;charset=utf-8"] {
        assert_eq!(post(&app, "/login", kind, document.clone()).await.status, 200, "{kind}");
    }
}

#[actix_web::test]
async fn sixteen_kibibytes_are_read_and_not_one_byte_more() {
    let app = stage().await;
    let form =
        |length: usize| format!("login=ada&password={}", "x".repeat(length - "login=ada&password=".len()));
    let frame = "{\"username\":\"ada\",\"password\":\"\"}".len();
    let document =
        |length: usize| format!("{{\"username\":\"ada\",\"password\":\"{}\"}}", "x".repeat(length - frame));

    for announced in [false, true] {
        for (length, statuses) in [(MOST, [422, 401]), (MOST + 1, [413, 413]), (1024 * 1024, [413, 413])] {
            for ((kind, body), expected) in
                [(FORM, form(length)), (JSON, document(length))].into_iter().zip(statuses)
            {
                let mut request = app.request("POST", "/login").insert_header(("content-type", kind));
                if announced {
                    request = request.insert_header(("content-length", body.len().to_string()));
                }
                let answer = app.send(request.set_payload(body)).await;

                assert_eq!(answer.status, expected, "{kind} of {length} bytes");
            }
        }
    }
}

/// Passwords that something on the way might take for something else.
#[rustfmt::skip]
const PASSWORDS: [&str; 12] = [
    "  blanks around my lanterns  ", "%2541 lanterns drift north", "lanterns+drift&north=purple", "purple lanterns\tdrift north",
    "🔒🗝️ lanterns drift 🧭", "pürple läntérns drîft nørth", "lanterns \u{1f469}\u{200d}\u{1f680} drift", "lanterns\u{a0}drift\u{2028}north",
    "\u{212b}ngstr\u{f6}m lanterns drift", "\"lanterns\\u0041\" drift", "<lanterns drift='north'>", "$argon2id$v=19$lanterns drift",
];

/// The same to a careless reader.
#[rustfmt::skip]
fn lookalikes(password: &str) -> Vec<String> {
    let changed = [
        password.trim().to_owned(), format!("{password} "), format!(" {password}"), password.to_uppercase(),
        password.replace("%25", "%"), password.replace('+', " "), password.replace('\u{212b}', "\u{c5}"),
        password.replace('ü', "u\u{308}"), password.replace("\\u0041", "A"), password.replace(['\u{200d}', '\u{a0}'], ""),
        password.chars().take(password.chars().count() - 1).collect(), format!("{password}\0"), format!("{password}\n"),
    ];
    changed.into_iter().filter(|changed| changed != password).collect()
}

#[actix_web::test]
async fn a_password_is_the_very_bytes_that_were_typed() {
    let app = TestApp::with(|config| config.passwords.min_strength = 0).await;

    for (number, password) in PASSWORDS.into_iter().enumerate() {
        let (by_form, by_json) = (format!("form{number}"), format!("json{number}"));
        let form = app.browser().submit("/register", &[("username", &by_form), ("password", password)]).await;
        let document = json!({ "username": by_json, "password": password });
        let program = app.program().post("/register", &document).await;

        assert_eq!((form.status, program.status), (303, 200), "{password:?}: {}", program.body);
        for name in [by_form, by_json] {
            assert!(opens(&app, &name, password).await, "{password:?}");
            let entered = app.browser().submit("/login", &[("login", &name), ("password", password)]).await;
            let logged_in =
                app.program().post("/login", &json!({ "username": name, "password": password })).await;
            assert_eq!((entered.status, logged_in.status), (303, 200), "{password:?}");
            for other in lookalikes(password) {
                assert!(!opens(&app, &name, &other).await, "{password:?} and {other:?}");
            }
        }
    }
}

#[actix_web::test]
async fn a_password_has_up_to_256_characters_and_each_counts() {
    let app = TestApp::with(|config| config.passwords.min_strength = 0).await;
    let register = |name: &'static str, password: String| {
        let app = app.clone();
        async move {
            app.program().post("/register", &json!({ "username": name, "password": password })).await.status
        }
    };

    for (number, letter) in ["x", "é", "🧭"].into_iter().enumerate() {
        let longest = letter.repeat(MAX_LENGTH);
        let name = ["latin", "accents", "emoji"][number];

        assert!(longest.len() <= MAX_BYTES);
        assert_eq!(register("nobody", letter.repeat(MAX_LENGTH + 1)).await, 422, "{letter}");
        assert_eq!(register(name, longest.clone()).await, 200, "{letter}");
        assert!(opens(&app, name, &longest).await);
        assert!(!opens(&app, name, &letter.repeat(MAX_LENGTH - 1)).await);
        assert!(
            !opens(&app, name, &format!("{}y", letter.repeat(MAX_LENGTH - 1))).await,
            "the last one matters"
        );
        assert!(!opens(&app, name, &format!("{longest}y")).await, "nothing is cut");
    }
}

#[actix_web::test]
async fn a_nul_anywhere_is_somebodys_mistake_and_not_ours() {
    let app = stage().await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    let mut answers = vec![
        post(&app, "/login", FORM, "login=a%00da&password=x").await,
        post(&app, "/login", FORM, "login=ada&password=x%00").await,
        post(&app, "/login", FORM, "login=a%00@example.org&password=x").await,
        post(&app, "/login", JSON, "{\"username\":\"a\\u0000da\",\"password\":\"x\"}").await,
        post(&app, "/register", JSON, "{\"username\":\"a\\u0000da\",\"password\":\"lanterns drift north\"}")
            .await,
        post(&app, "/register", FORM, "username=adam&email=a%00b@example.org&password=lanterns+drift+north")
            .await,
        post(&app, "/register", FORM, "username=adam&password=lanterns+drift%00+north").await,
        ada.submit("/sessions/%00/end", &[]).await,
        ada.submit("/sessions/x%00y/end", &[]).await,
    ];
    for path in [
        "/reset/%00",
        "/setup/a%00b",
        "/static/%00",
        "/login?next=%00",
        "/login?next=/%00",
        "/%00",
        "/nothing?%00",
    ] {
        answers.push(app.browser().get(path).await);
    }

    for answer in answers {
        assert!(
            [200, 400, 401, 404, 410, 422].contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.body
        );
    }
}

#[actix_web::test]
async fn a_broken_query_or_path_is_nothing_worse_than_a_mistake() {
    let app = stage().await;
    for part in [
        "%zz",
        "%",
        "%ff%fe",
        "%c0%80",
        "%ed%a0%80",
        "next=%ff",
        "next=/%zz",
        "next=/a&next=/b",
        "next[]=/a",
        "&&&",
        "=",
        "%00=%00",
    ] {
        for path in [
            format!("/login?{part}"),
            format!("/nothing?{part}"),
            format!("/reset/{}", part.replace('&', "")),
        ] {
            let answer = app.browser().get(&path).await;

            assert!([200, 400, 404, 410].contains(&answer.status), "{path}: {}", answer.status);
        }
    }
}
