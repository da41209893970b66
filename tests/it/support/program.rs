//! A program: speaks JSON, keeps no cookies.

use serde_json::{Value, json};

use super::{Answer, PASSWORD, TestApp};

/// Somebody's program.
#[derive(Clone)]
pub struct Program {
    app: TestApp,
    pub token: Option<String>,
}

impl Program {
    pub fn new(app: TestApp) -> Self {
        Self { app, token: None }
    }

    /// Sends a document.
    pub async fn post(&self, path: &str, document: &Value) -> Answer {
        let request = self.app.request("POST", path).insert_header(("content-type", "application/json"));
        self.send(request.set_payload(document.to_string())).await
    }

    /// Asks, with its token if it has one.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.app.request("GET", path)).await
    }

    /// Sends a request with its token, if it has one.
    pub async fn send(&self, request: actix_web::test::TestRequest) -> Answer {
        let request = match &self.token {
            Some(token) => request.insert_header(("authorization", format!("Bearer {token}"))),
            None => request,
        };
        self.app.send(request.insert_header(("user-agent", "curl/8.5.0"))).await
    }

    /// Signs in with [`PASSWORD`] and keeps the token.
    pub async fn log_in(&mut self, username: &str) -> Answer {
        let answer = self.post("/login", &json!({ "username": username, "password": PASSWORD })).await;
        self.token = answer.json().get("token").and_then(Value::as_str).map(str::to_owned);
        answer
    }
}
