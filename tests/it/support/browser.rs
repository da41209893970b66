//! A browser: keeps cookies and says where its requests come from.

use std::collections::BTreeMap;

use actix_web::cookie::Cookie;
use actix_web::test::TestRequest;

use super::{Answer, PASSWORD, TestApp};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// Somebody's browser. A clone is a thief's copy: same cookies, own life from there on.
#[derive(Clone)]
pub struct Browser {
    app: TestApp,
    pub cookies: BTreeMap<String, String>,
    pub user_agent: String,
    pub address: String,
}

impl Browser {
    pub fn new(app: TestApp) -> Self {
        let (user_agent, address) = (FIREFOX.to_owned(), "192.0.2.7".to_owned());
        Self { app, cookies: BTreeMap::new(), user_agent, address }
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.app.request("GET", path);
        self.send(request).await
    }

    /// Submits a form of ours.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.app.request("POST", path).insert_header(("sec-fetch-site", "same-origin"));
        self.send(request.set_form(fields)).await
    }

    /// Has a script of ours send a document.
    pub async fn fetch(&mut self, path: &str, document: &serde_json::Value) -> Answer {
        let request = self.app.request("POST", path).insert_header(("sec-fetch-site", "same-origin"));
        let request = request.insert_header(("content-type", "application/json"));
        self.send_for("application/json", request.set_payload(document.to_string())).await
    }

    /// Opens what the answer leads to, as far as it leads.
    pub async fn follow(&mut self, answer: Answer) -> Answer {
        let mut answer = answer;
        for _ in 0..5 {
            if !(300..400).contains(&answer.status) {
                return answer;
            }
            let location = answer.location().to_owned();
            answer = self.get(&location).await;
        }
        panic!("led in a circle to {}", answer.location());
    }

    /// Sends a request with this browser's cookies and keeps those of the answer.
    pub async fn send(&mut self, request: TestRequest) -> Answer {
        self.send_for("text/html,application/xhtml+xml,*/*;q=0.8", request).await
    }

    async fn send_for(&mut self, accept: &str, request: TestRequest) -> Answer {
        let mut request = request
            .insert_header(("user-agent", self.user_agent.as_str()))
            .insert_header(("accept", accept))
            .peer_addr(format!("{}:50000", self.address).parse().unwrap());
        for (name, value) in &self.cookies {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        let answer = self.app.send(request).await;
        for cookie in answer.cookies() {
            let is_gone = cookie.max_age().is_some_and(|age| age.is_zero());
            if is_gone || cookie.value().is_empty() {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        answer
    }

    /// Signs in with [`PASSWORD`].
    pub async fn sign_in(&mut self, login: &str) -> Answer {
        self.submit("/login", &[("login", login), ("password", PASSWORD)]).await
    }

    /// The access token in its cookie, empty if there is none.
    pub fn token(&self) -> String {
        self.cookies.get("vestibule").cloned().unwrap_or_default()
    }
}
