//! What programs call: a line for each route that reads or answers JSON. Its body and its guard its signature tells.

use serde_json::{Value, json};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::problem::text;
use super::told::Told;
use super::{PASSKEYS, SESSION, SIGN_IN};
use crate::web::api::challenge::MfaRequired;
use crate::web::api::protected::ProtectedResponse;
use crate::web::api::register::RegisterResponse;
use crate::web::api::session::SessionResponse;
use crate::web::api::token::TokenResponse;

const USER: &str = "019ab3c2-6f00-7c3e-9d52-5a0f6e1b2c3d";
const REFRESH_TOKEN: &str = "Nq3kB8sX0pVd1yJmTz6uWc4hRgE7fLaQ2oIi5xKbYvM";

pub(super) fn told() -> Vec<Told> {
    vec![
        Told::post(
            "/register",
            SIGN_IN,
            "Make an account",
            "Nobody is signed in by it. With a form instead of JSON it is the page `/register`.",
        )
        .reads(json!({ "username": "ada", "password": "a long sentence of my own" }))
        .answers::<RegisterResponse>(
            "There is an account.",
            json!({ "message": "User registered successfully", "id": USER, "username": "ada" }),
        )
        .refuses(&[409, 422, 429, 503]),
        Told::post(
            "/login",
            SIGN_IN,
            "Sign in with a password",
            "Gives a pair of tokens; or 401, with `error` `mfa_required` and a challenge, if a second step is asked for.",
        )
        .reads(json!({ "username": "ada", "password": "a long sentence of my own" }))
        .answers::<TokenResponse>("Signed in.", tokens())
        .or_401::<MfaRequired>("A wrong pair; or a right one, and a second step is needed.", second_step())
        .refuses(&[429, 503]),
        Told::post(
            "/api/login/second-factor",
            SIGN_IN,
            "Sign in: the second step",
            "Send the challenge with one code. A wrong one is 401 with `error` `invalid_code`: try another. After \
             `invalid_challenge`, sign in from the start.",
        )
        .reads(json!({ "challenge": REFRESH_TOKEN, "code": "492039" }))
        .answers::<TokenResponse>("Signed in.", tokens())
        .refuses(&[401, 429, 503]),
        Told::post(
            "/login/passkey/options",
            SIGN_IN,
            "Sign in with a passkey: what to ask of the device",
            "Hand `publicKey` to `navigator.credentials.get`, and bring `ceremony` back with what it gives.",
        )
        .reads(json!({}))
        .answers::<Ceremony>("What to ask.", ceremony())
        .refuses(&[401, 409, 429, 503]),
        Told::post(
            "/api/login/passkey",
            SIGN_IN,
            "Sign in with a passkey",
            "For programs that can ask a device for one. It is two factors at once: no second step follows.",
        )
        .reads(json!({ "ceremony": "c2VhbGVk", "credential": credential() }))
        .answers::<TokenResponse>("Signed in.", tokens())
        .refuses(&[401, 409, 429, 503]),
        Told::get(
            "/protected",
            SESSION,
            "Try a token",
            "The smallest thing that a token opens: 401 without one, 403 with a bad, an expired or a revoked one.",
        )
        .answers::<ProtectedResponse<'_>>(
            "It is good.",
            json!({ "message": "Access granted", "user": USER, "username": "ada" }),
        ),
        Told::get(
            "/api/session",
            SESSION,
            "Who is this, and until when?",
            "Times are seconds since 1970 (UTC).",
        )
        .answers::<SessionResponse<'_>>("A live session.", session()),
        Told::post(
            "/api/token",
            SESSION,
            "Renew the tokens",
            "A refresh token is good once. Sent again within ten seconds it gives the same pair, so that a lost answer \
             can be asked for; sent later, somebody has a copy, and the session ends.",
        )
        .reads(json!({ "refresh_token": REFRESH_TOKEN }))
        .answers::<TokenResponse>("The next pair.", tokens())
        .refuses(&[401, 429, 503]),
        Told::post(
            "/logout",
            SESSION,
            "Sign out",
            "Ends the session of the token. Whoever is out already gets the same answer.",
        )
        .may_say_who()
        .answers::<SignedOut>("Signed out.", json!({ "message": "Signed out" })),
        Told::post(
            "/reauth/passkey/options",
            PASSKEYS,
            "Confirm by a passkey: what to ask of the device",
            "For the page `/reauth`.",
        )
        .reads(json!({}))
        .answers::<Ceremony>("What to ask.", ceremony())
        .refuses(&[409]),
        Told::post(
            "/account/passkeys/options",
            PASSKEYS,
            "Add a passkey: what to ask of the device",
            "For the page `/account/passkeys`, for whoever confirmed lately that it is them.",
        )
        .reads(json!({}))
        .answers::<Ceremony>("What to ask.", ceremony())
        .refuses(&[409]),
    ]
}

/// What a device is asked, as flows give it: they know no schema, and `publicKey` is WebAuthn's.
struct Ceremony;

impl PartialSchema for Ceremony {
    fn schema() -> RefOr<Schema> {
        let object = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
        let options = object().description(Some("For `navigator.credentials` (Web Authentication)."));
        let all = object().property("publicKey", options).property("ceremony", text());
        all.required("publicKey").required("ceremony").into()
    }
}

impl ToSchema for Ceremony {}

/// What a program is told that has signed out.
struct SignedOut;

impl PartialSchema for SignedOut {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
        object.property("message", text()).required("message").into()
    }
}

impl ToSchema for SignedOut {}

/// What a device gives, as text.
fn credential() -> String {
    json!({ "id": "bG9uZ2VyIGluIGVhcm5lc3Q", "type": "public-key", "response": {} }).to_string()
}

fn ceremony() -> Value {
    let options =
        json!({ "challenge": "mF9n4Q3rXk2yT7uWcZ0a1g", "rpId": "login.example.org", "timeout": 300_000 });
    json!({ "publicKey": options, "ceremony": "c2VhbGVk" })
}

fn tokens() -> Value {
    json!({
        "token": "header.claims.signature",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": REFRESH_TOKEN,
    })
}

fn second_step() -> Value {
    json!({
        "type": "urn:vestibule:problem:mfa-required",
        "title": "A second step is needed",
        "status": 401,
        "detail": "Send the challenge with a code to /api/login/second-factor.",
        "error": "mfa_required",
        "request_id": "019ab3c2-7d1e-7f00-8000-0242ac110002",
        "challenge": REFRESH_TOKEN,
        "methods": ["totp", "recovery_code"],
        "expires_in": 900,
    })
}

fn session() -> Value {
    json!({
        "user": USER,
        "username": "ada",
        "role": "user",
        "groups": ["editors"],
        "session": "019ab3c2-7d1e-7a41-b0d5-9be1c2a3d4e5",
        "signed_in_at": 1_795_359_600,
        "authenticated_at": 1_795_359_600,
        "token_expires_at": 1_795_363_200,
        "session_expires_at": 1_795_402_800,
        "amr": ["pwd"],
    })
}
