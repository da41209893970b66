//! What a form needs to know on the next page: the only use of actix-session (D5). Never who is signed in.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionExt as _, SessionMiddleware};
use actix_web::HttpRequest;
use actix_web::cookie::time;
use actix_web::cookie::{Key, SameSite};
use actix_web::web::Data;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::cookies::{self, Purpose};
use super::return_to;
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::vestibule::Vestibule;

/// What reads and writes the cookie, around the pages.
pub(super) type FlowMiddleware = SessionMiddleware<CookieSessionStore>;

/// A word about what has just happened, shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flash {
    pub(super) good: bool,
    pub(super) text: String,
}

/// Fields that wait for somebody to come back.
#[derive(Serialize, Deserialize)]
struct Kept {
    page: String,
    user: UserId,
    at: Timestamp,
    fields: BTreeMap<String, String>,
}

/// How long they wait.
const KEPT_FOR: Duration = Duration::from_mins(10);
/// How much is kept, with all that is about it; a cookie has 4 KiB at most, for this and for everything else.
const MOST_KEPT_BYTES: usize = 1024;
/// How much there may be of everything, as it is sealed. Base64 and the escapes of a cookie make half as much again of
/// it, and browsers drop a cookie of more than 4 KiB: with it would go a link's token.
const MOST_STATE_BYTES: usize = 2600;
/// What is let go first, if all together is more.
const DISPENSABLE: [&str; 5] = ["kept", "next", "door", "address", "flash"];

/// The state of one browser between two pages, read from its encrypted cookie.
pub(super) struct FlowState {
    session: Session,
    vestibule: Option<Data<Vestibule>>,
}

impl FlowState {
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self { session: request.get_session(), vestibule: request.app_data().cloned() }
    }

    /// Leaves a good word for the next page.
    pub(super) fn say(&self, text: &str) {
        self.put("flash", &Flash { good: true, text: text.to_owned() });
    }

    pub(super) fn take_flash(&self) -> Option<Flash> {
        self.take("flash")
    }

    /// Remembers where somebody was going, if that is a place that we lead to.
    pub(super) fn set_return_to(&self, next: &str) {
        if let Some(next) = self.accept(next) {
            self.put("next", &next);
        }
    }

    pub(super) fn return_to(&self) -> Option<String> {
        let next: String = self.session.get("next").ok().flatten()?;
        // The cookie is ours and sealed; the path is looked at again all the same.
        self.accept(&next).map(str::to_owned)
    }

    fn accept<'a>(&self, next: &'a str) -> Option<&'a str> {
        return_to::accept(next, &self.vestibule.as_ref()?.config.forward_auth)
    }

    /// Where somebody was going; it is used once.
    pub(super) fn take_return_to(&self) -> Option<String> {
        let next = self.return_to();
        self.session.remove("next");
        next
    }

    /// Remembers the address whose door asked for a second factor, while that is set up: pages in between ask for a proof
    /// and lead back to themselves, so this is not where somebody was going last.
    pub(super) fn set_door(&self, url: &str) {
        if let Some(url) = self.accept_door(url) {
            self.put("door", &url);
        }
    }

    pub(super) fn door(&self) -> Option<String> {
        let url: String = self.session.get("door").ok().flatten()?;
        self.accept_door(&url).map(str::to_owned)
    }

    /// That address, once.
    pub(super) fn take_door(&self) -> Option<String> {
        let url = self.door();
        self.session.remove("door");
        url
    }

    fn accept_door<'a>(&self, url: &'a str) -> Option<&'a str> {
        return_to::accept_guarded(url, &self.vestibule.as_ref()?.config.forward_auth)
    }

    /// Keeps a link's token out of the address bar, the history and the log while its form is open.
    pub(super) fn set_link_token(&self, kind: &str, token: &str) {
        self.put(kind, &token);
    }

    pub(super) fn link_token(&self, kind: &str) -> Option<String> {
        self.session.get(kind).ok().flatten()
    }

    pub(super) fn forget_link_token(&self, kind: &str) {
        self.session.remove(kind);
    }

    /// Keeps the address that somebody asked for a link by, to say it once more and to fill it in again.
    pub(super) fn set_address(&self, address: &str) {
        self.put("address", &address);
    }

    pub(super) fn address(&self) -> Option<String> {
        self.session.get("address").ok().flatten()
    }

    pub(super) fn forget_address(&self) {
        self.session.remove("address");
    }

    /// Keeps the name of somebody who has a new password, so that they need not type it where they sign in with it.
    pub(super) fn set_login(&self, username: &str) {
        self.put("login", &username);
    }

    /// That name, once: the next to sit here may be somebody else.
    pub(super) fn take_login(&self) -> Option<String> {
        self.take("login")
    }

    /// Leaves a word of warning for the next page.
    pub(super) fn warn(&self, text: &str) {
        self.put("flash", &Flash { good: false, text: text.to_owned() });
    }

    /// Keeps the recovery codes of `user` while they are copied: they are nowhere else any more.
    pub(super) fn set_codes(&self, user: &UserId, codes: Vec<String>) {
        self.put("codes", &(user, codes));
    }

    /// The codes of `user` that wait to be copied.
    pub(super) fn codes(&self, user: &UserId) -> Vec<String> {
        let kept: Option<(UserId, Vec<String>)> = self.session.get("codes").ok().flatten();
        kept.filter(|(whose, _)| whose == user).map(|(_, codes)| codes).unwrap_or_default()
    }

    pub(super) fn forget_codes(&self) {
        self.session.remove("codes");
    }

    /// Keeps what `user` typed on a page, while they are asked for their password. A cookie holds little: what is long
    /// is typed again.
    pub(super) fn keep(&self, page: &str, user: &UserId, fields: &[(&'static str, &str)], now: Timestamp) {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let kept = Kept { page: page.to_owned(), user: user.clone(), at: now, fields };
        // As the cookie holds it, which is JSON in JSON: a quotation mark takes four bytes there. Beyond 4 KiB a browser
        // would drop the whole cookie without a word.
        let bytes = serde_json::to_string(&kept).and_then(|json| serde_json::to_string(&json));
        self.session.remove("kept");
        if bytes.is_ok_and(|bytes| bytes.len() <= MOST_KEPT_BYTES) {
            self.put("kept", &kept);
        }
    }

    /// What `user` typed on this page before they were asked, once and not for long; nothing that somebody else typed.
    pub(super) fn take_kept(&self, page: &str, user: &UserId, now: Timestamp) -> BTreeMap<String, String> {
        let kept = self.session.get::<Kept>("kept").ok().flatten();
        match kept.filter(|kept| kept.page == page) {
            None => BTreeMap::new(),
            Some(kept) => {
                self.session.remove("kept");
                let is_theirs = kept.user == *user && now <= kept.at + KEPT_FOR;
                if is_theirs { kept.fields } else { BTreeMap::new() }
            }
        }
    }

    /// Forgets everything: at sign-out.
    pub(super) fn clear(&self) {
        self.session.clear();
    }

    fn put(&self, key: &str, value: &impl Serialize) {
        if let Err(error) = self.session.insert(key, value) {
            log::warn!("flow state could not be kept: {error}");
        }
        for other in DISPENSABLE {
            if self.size() > MOST_STATE_BYTES {
                self.session.remove(other);
            }
        }
    }

    /// How many bytes will be sealed.
    fn size(&self) -> usize {
        serde_json::to_string(&*self.session.entries()).map_or(usize::MAX, |text| text.len())
    }

    fn take<T: serde::de::DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.session.get(key).ok().flatten()?;
        self.session.remove(key);
        Some(value)
    }
}

/// The middleware behind it: one encrypted cookie for an hour, and nothing on the server.
pub(super) fn middleware(vestibule: &Vestibule) -> FlowMiddleware {
    let is_https = vestibule.config.is_https();
    let key = Key::derive_from(vestibule.flow_key.expose_secret());
    SessionMiddleware::builder(CookieSessionStore::default(), key)
        .cookie_name(cookies::name(Purpose::Flow, is_https).to_owned())
        .cookie_secure(is_https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Private)
        .session_lifecycle(PersistentSession::default().session_ttl(time::Duration::hours(1)))
        .build()
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, http::header, web};

    use super::*;
    use crate::config::Config;

    /// What every browser keeps of a cookie (RFC 6265 §6.1).
    const KEPT_BY_BROWSERS: usize = 4096;

    async fn fill(request: HttpRequest) -> HttpResponse {
        let (flow, user) = (FlowState::of(&request), UserId::new());
        let typed = match request.query_string() {
            "quotes" => "\"",
            "controls" => "\u{1}",
            "backslashes" => "\\",
            _ => "a",
        };
        let typed = typed.repeat(MOST_KEPT_BYTES);
        flow.set_link_token("setup", &"s".repeat(43));
        flow.set_codes(&UserId::from("ada"), codes());
        flow.set_return_to(&format!("/{}", "x".repeat(1023)));
        flow.set_door(&format!("https://wiki.example.org/{}", "x".repeat(999)));
        assert!(flow.door().is_some());
        flow.keep("/account/email", &user, &[("email", &typed)], Timestamp::from_seconds(1));
        flow.set_address(&"a".repeat(254));
        flow.say(&"w".repeat(200));
        flow.set_link_token("challenge", &"c".repeat(43));
        flow.set_link_token("reset", &"r".repeat(43));
        HttpResponse::Ok().finish()
    }

    /// Ten, as they are shown.
    fn codes() -> Vec<String> {
        vec!["abcd-efgh-jkmn-pqrs".to_owned(); 10]
    }

    async fn link(request: HttpRequest) -> String {
        let flow = FlowState::of(&request);
        assert_eq!(flow.codes(&UserId::from("ada")), codes(), "they are nowhere else any more");
        assert!(flow.codes(&UserId::from("bob")).is_empty(), "and nobody else's");
        flow.link_token("reset").unwrap_or_default()
    }

    #[actix_web::test]
    async fn it_fits_into_a_cookie_whatever_is_put_in_and_neither_link_nor_codes_are_lost() {
        let dir = std::env::temp_dir().join(format!("vestibule-flow-{}", std::process::id()));
        let mut config = Config::default();
        config.server.data_dir = dir.clone();
        config.server.public_url = Some("https://login.example.org".to_owned());
        let doors =
            serde_json::json!({ "cookie_domain": "example.org", "hosts": [{ "host": "wiki.example.org" }] });
        config.forward_auth = serde_json::from_value(doors).unwrap();
        let vestibule = Vestibule::open(config).unwrap();
        let app = App::new()
            .app_data(Data::new(vestibule.clone()))
            .route("/fill", web::get().to(fill))
            .route("/link", web::get().to(link));
        let app = init_service(app.wrap(middleware(&vestibule))).await;

        for typed in ["letters", "quotes", "controls", "backslashes"] {
            let answer =
                call_service(&app, TestRequest::with_uri(&format!("/fill?{typed}")).to_request()).await;
            let cookie = answer.headers().get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned();
            let pair = cookie.split(';').next().unwrap().to_owned();
            let asked = TestRequest::with_uri("/link").insert_header((header::COOKIE, pair)).to_request();
            let token = actix_web::test::call_and_read_body(&app, asked).await;

            assert!(cookie.len() <= KEPT_BY_BROWSERS, "{} bytes", cookie.len());
            assert_eq!(token, "r".repeat(43));
        }
        std::fs::remove_dir_all(dir).unwrap();
    }
}
