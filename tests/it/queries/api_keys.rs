//! API keys: made, used, revoked, and forgotten after their end.

use serde_json::Value;

use super::house::{House, Server};
use super::walk::Visitor;
use super::watch::execute;
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
    // Months later: another server keeps house as it starts.
    execute(house, "UPDATE api_keys SET expires_at = 1");
    let _later = house.serve(&[]);
    house.wait_for(|sql| sql.starts_with("DELETE FROM \"api_keys\" WHERE (\"api_keys\".\"id\" IN"));
    vec![key]
}
