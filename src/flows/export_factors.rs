//! The part of an export about what somebody proves themselves with: facts, and never what would prove it.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection};
use crate::id::UserId;
use crate::models::{ApiKey, LoginChallenge, Passkey, RecoveryCode, TotpFactor};

/// Each part by its name; of sign-ins the latest `limit`.
pub(super) fn parts(
    conn: &mut AnyConnection,
    user: &UserId,
    limit: i64,
) -> Result<[(&'static str, Vec<Value>); 5], db::Error> {
    let waiting = LoginChallenge::list_of(conn, user, limit)?;
    Ok([
        ("authenticator_app", TotpFactor::find(conn, user)?.iter().map(of_app).collect()),
        ("passkeys", Passkey::list(conn, user)?.iter().map(of_passkey).collect()),
        ("recovery_codes", RecoveryCode::list(conn, user)?.iter().map(of_code).collect()),
        ("api_keys", ApiKey::list(conn, user)?.iter().map(of_key).collect()),
        ("sign_ins_at_their_second_step", waiting.iter().map(of_challenge).collect()),
    ])
}

fn words(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn of_app(factor: &TotpFactor) -> Value {
    json!({
        "created_at": factor.created_at.to_string(),
        "confirmed_at": words(factor.confirmed_at),
        "last_step": factor.last_step,
    })
}

fn of_passkey(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.id,
        "credential_id": passkey.credential_id,
        "rp_id": passkey.rp_id,
        "name": passkey.name,
        "aaguid": passkey.aaguid,
        "is_synced": passkey.is_synced,
        "sign_count": passkey.sign_count,
        "created_at": passkey.created_at.to_string(),
        "last_used_at": words(passkey.last_used_at),
        "cloned_at": words(passkey.cloned_at),
    })
}

fn of_code(code: &RecoveryCode) -> Value {
    json!({ "created_at": code.created_at.to_string(), "used_at": words(code.used_at) })
}

fn of_key(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": key.created_at.to_string(),
        "expires_at": key.expires_at.to_string(),
        "last_used_at": words(key.last_used_at),
    })
}

fn of_challenge(challenge: &LoginChallenge) -> Value {
    json!({
        "stay": challenge.stay.as_str(),
        "replaces": challenge.replaces,
        "address": challenge.address,
        "user_agent": challenge.user_agent,
        "tries": challenge.tries,
        "created_at": challenge.created_at.to_string(),
        "expires_at": challenge.expires_at.to_string(),
        "used_at": words(challenge.used_at),
        "told_at": words(challenge.told_at),
    })
}
