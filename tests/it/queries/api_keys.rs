//! API keys: made, used and revoked. Those that have ended every server looks for as it starts.

use serde_json::Value;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::PASSWORD;

/// What must be in no log comes back.
pub fn through(house: &House, server: &Server) -> Vec<String> {
    house.run("user create mary", PASSWORD);
    let key = house.run("api-key create mary --name backup --scope account:read", "").trim().to_owned();
    house.run("api-key create mary --name other --scope apps", "");
    Visitor::at(server).ask_with_key(200, "/protected", &key);
    house.wait_for(|sql| sql.starts_with("UPDATE \"api_keys\""));
    let listed: Value = serde_json::from_str(&house.run("api-key list mary --json", "")).unwrap();
    house.run(&format!("api-key revoke {}", listed[0]["id"].as_str().unwrap()), "");
    vec![key]
}
