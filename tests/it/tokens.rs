//! Access tokens at the door: whatever is not exactly ours is refused, and nobody is told why (SECURITY 2.1).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use vestibule::Vestibule;
use vestibule::config::Algorithm;
use vestibule::models::SigningKey;
use vestibule::secret::{MasterSecret, to_base64url};
use vestibule::tokens::Key;

use crate::bad_tokens::{OPTIONAL, but, headers, hs256, payloads, read, shapes};
use crate::support::{Answer, Place, Program, TestApp};

/// The key of an instance, in the hands of somebody who signs whatever they like.
struct Signer {
    pair: Ed25519KeyPair,
    jwk: String,
    kid: String,
}

impl Signer {
    /// With the real key, opened as its operator could.
    async fn of(app: &TestApp) -> Self {
        let master = MasterSecret::load_or_create(&app.vestibule.config.data_dir().join("secret")).unwrap();
        let row = app.ask(SigningKey::list).await.remove(0);
        let private = master.sealer("signing key").open(&row.sealed_private, row.id.as_str()).unwrap();
        Self::with(&private, row.public_jwk, row.id.as_str())
    }

    fn with(private: &[u8], jwk: String, kid: &str) -> Self {
        Self { pair: Ed25519KeyPair::from_pkcs8(private).unwrap(), jwk, kid: kid.to_owned() }
    }

    /// A header and a payload, signed as they are.
    fn raw(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", to_base64url(header.as_bytes()), to_base64url(payload.as_bytes()));
        format!("{signed}.{}", to_base64url(self.pair.sign(signed.as_bytes()).as_ref()))
    }

    /// Claims under the header that we give ourselves.
    fn sign(&self, claims: &Value) -> String {
        self.raw(&self.header().to_string(), &claims.to_string())
    }

    fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": self.kid })
    }
}

async fn ask(app: &TestApp, token: &str) -> [Answer; 2] {
    let bearer = |path| app.request("GET", path).insert_header(("authorization", format!("Bearer {token}")));
    [app.send(bearer("/protected")).await, app.send(bearer("/api/session")).await]
}

async fn statuses(app: &TestApp, token: &str) -> [u16; 2] {
    ask(app, token).await.map(|answer| answer.status)
}

/// An application, somebody signed in to it, their token's claims, and its key.
async fn stage() -> (TestApp, Program, Value, Signer) {
    let app = TestApp::new().await;
    app.register("ada").await;
    let mut ada = app.program();
    ada.log_in("ada").await;
    let (_, claims) = read(ada.token.as_ref().unwrap());
    let signer = Signer::of(&app).await;
    (app, ada, claims, signer)
}

/// The bodies of a refusal, without what is different in each.
fn bodies(answers: &[Answer; 2]) -> [Value; 2] {
    answers.each_ref().map(|answer| but(&answer.json(), json!({ "request_id": null })))
}

#[actix_web::test]
async fn a_token_says_what_is_documented_and_no_more() {
    let (_, ada, claims, _) = stage().await;
    let (header, _) = read(ada.token.as_ref().unwrap());
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();

    assert_eq!(names(&header), ["alg", "kid", "typ"]);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    assert_eq!(
        names(&claims),
        [
            "amr",
            "aud",
            "auth_time",
            "client_id",
            "exp",
            "groups",
            "iat",
            "iss",
            "jti",
            "nbf",
            "preferred_username",
            "sid",
            "status",
            "sub"
        ]
    );
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!("http://localhost:8080"), &json!("http://localhost:8080"))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
}

#[actix_web::test]
async fn tokens_that_differ_as_they_may_are_accepted() {
    let (app, ada, claims, signer) = stage().await;
    let typ = |typ: &str| {
        signer.raw(&but(&signer.header(), json!({ "typ": typ })).to_string(), &claims.to_string())
    };
    let good = [
        ada.token.clone().unwrap(),
        signer.sign(&claims),
        signer.sign(&but(&claims, json!({ "aud": ["another", claims["aud"]] }))),
        typ("AT+JWT"),
        typ("application/at+jwt"),
    ];
    let older = OPTIONAL.map(|claim| signer.sign(&but(&claims, json!({ claim: null }))));

    for token in good.into_iter().chain(older) {
        assert_eq!(statuses(&app, &token).await, [200, 200], "{token}");
    }
}

#[actix_web::test]
async fn a_bad_token_is_refused_and_nobody_is_told_why() {
    let (app, ada, claims, signer) = stage().await;
    let good = ada.token.clone().unwrap();
    let (expected, now) = (bodies(&ask(&app, "nonsense").await), app.now().seconds());
    let mut bad: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| bad.push((what.to_owned(), token));

    for (what, header) in headers(&signer.kid, &signer.jwk) {
        add(&what, signer.raw(&header, &claims.to_string()));
    }
    for (what, payload) in payloads(&claims, now) {
        add(&what, signer.raw(&signer.header().to_string(), &payload));
    }
    for (what, token) in shapes(&good) {
        add(&what, token);
    }
    // The public key as a shared secret (RFC 8725 §2.1), in each form that a library might take it.
    let public = signer.pair.public_key().as_ref();
    for key in [public, signer.jwk.as_bytes(), to_base64url(public).as_bytes(), b""] {
        let header = but(&signer.header(), json!({ "alg": "HS256" }));
        add("HS256 with the public key", hs256(&header, &claims.to_string(), key));
    }
    let other = Key::generate().unwrap();
    let thief = Signer::with(&other.private_der, other.public_jwk.clone(), &signer.kid);
    add("another key under our kid", thief.sign(&claims));
    add(
        "another key under its own kid",
        Signer::with(&other.private_der, other.public_jwk, other.id.as_str()).sign(&claims),
    );

    assert!(bad.len() >= 100, "{}", bad.len());
    for (what, token) in bad {
        let answers = ask(&app, &token).await;

        assert_eq!([answers[0].status, answers[1].status], [403, 401], "{what}: {token}");
        assert_eq!(bodies(&answers), expected, "{what}");
        assert_eq!(answers[1].header("www-authenticate"), "Bearer error=\"invalid_token\"", "{what}");
    }
    assert_eq!(statuses(&app, &good).await, [200, 200]);
}

#[actix_web::test]
async fn clocks_may_be_half_a_minute_apart() {
    let (app, _, claims, signer) = stage().await;
    // Seconds from now.
    let cases: [(&[(&str, i64)], [u16; 2]); 7] = [
        (&[("exp", -27)], [200, 200]),
        (&[("exp", -30)], [403, 401]),
        (&[("nbf", 30)], [200, 200]),
        (&[("nbf", 34)], [403, 401]),
        (&[("iat", 30), ("exp", 60)], [200, 200]),
        (&[("iat", 34), ("exp", 60)], [403, 401]),
        (&[("exp", 3590)], [200, 200]),
    ];

    for (times, expected) in cases {
        let now = app.now().seconds();
        let changes = times.iter().map(|(name, offset)| ((*name).to_owned(), json!(now + offset))).collect();
        let token = signer.sign(&but(&claims, Value::Object(changes)));
        assert_eq!(statuses(&app, &token).await, expected, "{times:?}");
    }
}

#[actix_web::test]
async fn a_good_token_is_worth_as_much_as_the_session_and_the_user_behind_it() {
    let (app, ada, claims, signer) = stage().await;
    app.register("bob").await;
    let mut bob = app.program();
    bob.log_in("bob").await;
    let (_, of_bob) = read(bob.token.as_ref().unwrap());
    let expected = bodies(&ask(&app, "nonsense").await);
    let token = ada.token.clone().unwrap();
    let refused = async |token: &str, what: &str| {
        let answers = ask(&app, token).await;
        assert_eq!([answers[0].status, answers[1].status], [403, 401], "{what}");
        assert_eq!(bodies(&answers), expected, "{what}");
    };

    refused(&signer.sign(&but(&claims, json!({ "sid": of_bob["sid"] }))), "the session of another").await;
    refused(&signer.sign(&but(&claims, json!({ "sub": of_bob["sub"] }))), "another's name on it").await;
    app.execute("UPDATE users SET disabled_at = 1 WHERE username = 'ada'").await;
    refused(&token, "a disabled user").await;
    app.execute("UPDATE users SET disabled_at = NULL WHERE username = 'ada'").await;
    assert_eq!(statuses(&app, &token).await, [200, 200]);
    app.execute("UPDATE sessions SET expires_at = 1").await;
    refused(&token, "a session at its end").await;
    app.execute("UPDATE sessions SET expires_at = 9999999999").await;
    assert_eq!(ada.send(app.request("POST", "/logout")).await.status, 200);
    refused(&token, "a session that was ended").await;
}

#[actix_web::test]
async fn a_token_of_another_instance_is_nothing_here() {
    let (_, ada, ..) = stage().await;
    let (here, ..) = stage().await;
    assert_eq!(statuses(&here, ada.token.as_ref().unwrap()).await, [403, 401]);
}

const SHARED: &str = "0f3a9c1b77de42a8b6f5e4d3c2b1a09f88";

async fn with_shared_secret() -> (TestApp, Program) {
    let app = TestApp::with(|config| {
        config.tokens.algorithm = Algorithm::HS256;
        config.tokens.hs256_secret = Some(SHARED.into());
    });
    let app = app.await;
    app.register("ada").await;
    let mut ada = app.program();
    ada.log_in("ada").await;
    (app, ada)
}

#[actix_web::test]
async fn a_shared_secret_signs_and_checks_from_end_to_end() {
    let (app, ada) = with_shared_secret().await;
    let token = ada.token.clone().unwrap();
    let (header, claims) = read(&token);

    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("HS256"), Some("at+jwt")));
    assert_eq!(statuses(&app, &token).await, [200, 200]);
    assert_eq!(statuses(&app, &hs256(&header, &claims.to_string(), SHARED.as_bytes())).await, [200, 200]);
    let signer = Signer::of(&app).await;
    let bad = [
        hs256(&header, &claims.to_string(), b"another secret of thirty-two bytes"),
        hs256(&header, &claims.to_string(), b""),
        hs256(&but(&header, json!({ "alg": "HS512" })), &claims.to_string(), SHARED.as_bytes()),
        hs256(&but(&header, json!({ "alg": "none" })), &claims.to_string(), SHARED.as_bytes()),
        signer.raw(&but(&header, json!({ "alg": "EdDSA" })).to_string(), &claims.to_string()),
        signer.sign(&claims),
    ];
    for token in bad {
        assert_eq!(statuses(&app, &token).await, [403, 401], "{token}");
    }
}

#[test]
fn a_shared_secret_of_less_than_thirty_two_bytes_opens_nothing() {
    for secret in [None, Some(""), Some("secret"), Some(&SHARED[..31])] {
        let place = Place::new();
        let mut config = TestApp::config(&place);
        config.tokens.algorithm = Algorithm::HS256;
        config.tokens.hs256_secret = secret.map(Into::into);

        let error = Vestibule::open(config).unwrap_err().to_string();

        assert!(error.contains("tokens.hs256_secret has less than 32 bytes"), "{error}");
    }
}

#[actix_web::test]
async fn whoever_sends_forged_tokens_all_day_is_slowed_down() {
    let app = TestApp::with(|config| config.throttle.enabled = true).await;
    app.register("ada").await;
    let mut ada = app.program();
    ada.log_in("ada").await;
    let signer = Signer::of(&app).await;
    let forged = signer.raw(&but(&signer.header(), json!({ "kid": "x" })).to_string(), "{}");

    let mut refused = 0;
    let spent = loop {
        let [answer, _] = ask(&app, &forged).await;
        if answer.status != 403 || refused > 200 {
            break answer;
        }
        refused += 1;
    };

    assert!((30..=50).contains(&refused), "{refused} rounds of two, and a second gives one back");
    assert_eq!((spent.status, spent.header("retry-after")), (429, "60"));
    assert_eq!(statuses(&app, ada.token.as_ref().unwrap()).await, [200, 200]);
    let elsewhere =
        app.request("GET", "/protected").insert_header(("authorization", format!("Bearer {forged}")));
    assert_eq!(app.send(elsewhere.peer_addr("192.0.2.9:1".parse().unwrap())).await.status, 403);
}

#[actix_web::test]
async fn whoever_takes_a_name_that_is_free_again_is_somebody_else() {
    let app = TestApp::new().await;
    let first = app.register("ada").await;
    let (mut before, mut browser) = (app.program(), app.browser());
    before.log_in("ada").await;
    browser.sign_in("ada").await;
    assert_eq!(before.get("/api/session").await.status, 200);

    app.execute("DELETE FROM users WHERE username = 'ada'").await;
    let second = app.register("ada").await;
    let mut after = app.program();
    after.log_in("ada").await;

    assert_ne!(first.id, second.id);
    assert_eq!((before.get("/api/session").await.status, browser.get("/dashboard").await.status), (401, 303));
    assert_eq!(after.get("/api/session").await.json()["user"], second.id.to_string());
    let subject = |program: &crate::support::Program| {
        read(program.token.as_deref().unwrap()).1["sub"].as_str().unwrap().to_owned()
    };
    assert_ne!(subject(&before), subject(&after));
}
