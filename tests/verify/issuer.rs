//! An issuer of the tests: a thread that answers as it was told, however nastily, and counts who asked.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

pub const METADATA: &str = "/.well-known/oauth-authorization-server";
pub const JWKS: &str = "/.well-known/jwks.json";
pub const LIST: &str = "/.well-known/token-status";
pub const EVENTS: &str = "/.well-known/token-status/events";
pub const AUDIENCE: &str = "the app";

/// A key pair, by the byte that it is made of.
pub struct Key {
    pub kid: String,
    pub private: EncodingKey,
    pub jwk: Value,
}

impl Key {
    pub fn new(byte: u8) -> Self {
        let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let private = EncodingKey::from_ed_der(&[prefix.as_slice(), &[byte; 32]].concat());
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&private, Algorithm::EdDSA).unwrap()).unwrap();
        let kid = format!("key-{byte}");
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        Self { kid, private, jwk }
    }

    /// A JWT of any header and any claims, well signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.private, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    pub fn header(&self) -> Value {
        json!({"alg": "EdDSA", "kid": self.kid, "typ": "at+jwt"})
    }
}

pub fn now() -> i64 {
    i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()
}

/// What is answered at one path.
#[derive(Clone)]
pub enum Answer {
    /// Status, content type, further header lines, body.
    Whole(u16, &'static str, String, Vec<u8>),
    /// A letter a second.
    Drip,
    /// Letters without an end.
    Flood(&'static str),
    /// Bytes that are no HTTP.
    Raw(Vec<u8>),
    /// What was said so far, and whatever is said from then on.
    Stream,
}

pub fn whole(kind: &'static str, body: impl Into<Vec<u8>>) -> Answer {
    Answer::Whole(200, kind, String::new(), body.into())
}

#[derive(Default)]
struct Told {
    answers: HashMap<&'static str, Answer>,
    asked: HashMap<String, usize>,
    said: String,
}

pub struct Issuer {
    pub url: String,
    pub key: Key,
    told: Arc<Mutex<Told>>,
    closed: Arc<AtomicBool>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Issuer {
    /// One that does everything right, with a list of 64 good tokens, and without a stream.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (told, closed) = (Arc::<Mutex<Told>>::default(), Arc::<AtomicBool>::default());
        let issuer = Self { url, key: Key::new(1), told: Arc::clone(&told), closed: Arc::clone(&closed) };
        issuer.answer(METADATA, whole("application/json", issuer.metadata().to_string()));
        issuer.publish(&[&issuer.key]);
        issuer.list(&[0; 8]);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (told, closed) = (Arc::clone(&told), Arc::clone(&closed));
                thread::spawn(move || serve(connection, &told, &closed));
            }
        });
        issuer
    }

    /// Answers nobody any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub fn metadata(&self) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}{JWKS}", self.url),
            "token_status_uri": format!("{}{LIST}", self.url),
            "response_types_supported": [],
        })
    }

    pub fn answer(&self, path: &'static str, answer: Answer) {
        self.told.lock().unwrap().answers.insert(path, answer);
    }

    pub fn publish(&self, keys: &[&Key]) {
        let jwks: Vec<_> = keys.iter().map(|key| &key.jwk).collect();
        self.answer(JWKS, whole("application/jwk-set+json", json!({ "keys": jwks }).to_string()));
    }

    /// Opens a stream of changes.
    pub fn open_stream(&self) {
        let mut metadata = self.metadata();
        metadata["token_status_events_uri"] = json!(format!("{}{EVENTS}", self.url));
        self.answer(METADATA, whole("application/json", metadata.to_string()));
        self.answer(EVENTS, Answer::Stream);
    }

    pub fn say(&self, text: &str) {
        self.told.lock().unwrap().said.push_str(text);
    }

    pub fn list_claims(&self, bits: &[u8]) -> Value {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(bits).unwrap();
        json!({
            "sub": format!("{}{LIST}", self.url), "iss": self.url, "iat": now(), "exp": now() + 600, "ttl": 1,
            "status_list": {"bits": 1, "lst": URL_SAFE_NO_PAD.encode(zlib.finish().unwrap())},
        })
    }

    /// Publishes a list, signed by `key`.
    pub fn list_by(&self, key: &Key, typ: &str, claims: &Value) {
        let header = json!({"alg": "EdDSA", "kid": key.kid, "typ": typ});
        let text = key.sign(&header, claims);
        let etag = format!("ETag: \"{}\"\r\n", &text[text.len() - 20..]);
        self.answer(LIST, Answer::Whole(200, "application/statuslist+jwt", etag, text.into_bytes()));
    }

    pub fn list(&self, bits: &[u8]) {
        self.list_by(&self.key, "statuslist+jwt", &self.list_claims(bits));
    }

    pub fn claims(&self, index: u64) -> Value {
        json!({
            "iss": self.url, "sub": "ada's id", "aud": AUDIENCE, "exp": now() + 600, "nbf": now(), "iat": now(),
            "sid": "a session", "preferred_username": "ada", "groups": ["editors"], "amr": ["pwd"],
            "auth_time": now(), "status": {"status_list": {"idx": index, "uri": format!("{}{LIST}", self.url)}},
            "something new": {"of": "later"},
        })
    }

    pub fn token(&self, index: u64) -> String {
        self.key.sign(&self.key.header(), &self.claims(index))
    }

    /// A good token but for one claim; null takes it away.
    pub fn token_with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims(0);
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value,
        }
        self.key.sign(&self.key.header(), &claims)
    }

    pub fn asked(&self, path: &str) -> usize {
        self.told.lock().unwrap().asked.get(path).copied().unwrap_or(0)
    }
}

fn serve(connection: TcpStream, told: &Mutex<Told>, closed: &AtomicBool) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut writer = connection;
    loop {
        let (mut first, mut etag) = (String::new(), None);
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        let path = first.split(' ').nth(1)?.to_owned();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("if-none-match: ") {
                etag = Some(line[line.len() - value.len()..].trim().to_owned());
            }
            if line.trim().is_empty() {
                break;
            }
        }
        if closed.load(Ordering::SeqCst) {
            return None;
        }
        let answer = {
            let mut told = told.lock().unwrap();
            *told.asked.entry(path.clone()).or_default() += 1;
            told.answers.get(path.as_str()).cloned()
        };
        let missing = Answer::Whole(404, "text/plain", String::new(), Vec::new());
        match answer.unwrap_or(missing) {
            Answer::Whole(_, _, head, _) if etag.as_ref().is_some_and(|etag| head.contains(etag)) => {
                write!(writer, "HTTP/1.1 304 Not Modified\r\n{head}\r\n").ok()?;
            }
            Answer::Whole(status, kind, head, body) => {
                let length = body.len();
                let head = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n{head}\r\n");
                write!(writer, "HTTP/1.1 {status} X\r\n{head}").ok()?;
                writer.write_all(&body).ok()?;
            }
            Answer::Drip => {
                write!(
                    writer,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
                )
                .ok()?;
                loop {
                    writer.write_all(b" ").ok()?;
                    thread::sleep(Duration::from_secs(1));
                }
            }
            Answer::Flood(kind) => {
                write!(writer, "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n").ok()?;
                loop {
                    writer.write_all(&[b' '; 4096]).ok()?;
                }
            }
            Answer::Raw(bytes) => return writer.write_all(&bytes).ok(),
            Answer::Stream => {
                write!(writer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").ok()?;
                let mut sent = 0;
                while !closed.load(Ordering::SeqCst) {
                    let rest = told.lock().unwrap().said[sent..].to_owned();
                    sent += rest.len();
                    writer.write_all(rest.as_bytes()).ok()?;
                    thread::sleep(Duration::from_millis(5));
                }
                return None;
            }
        }
    }
}
