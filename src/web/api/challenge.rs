//! What a program is told of a sign-in that waits for its second step.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::flows::factors::Offer;
use crate::flows::second_factor::{self, Challenge};
use crate::web::extract::Context;

/// A problem document (RFC 9457) with what to come back with, and until when; in `error` a word to go by.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct MfaRequired {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    error: &'static str,
    request_id: String,
    /// What to bring back with a code.
    challenge: String,
    /// Which proofs will do: `totp`, `recovery_code`, `passkey`.
    methods: Vec<&'static str>,
    /// Seconds until the challenge ends.
    expires_in: u64,
}

/// 401: the password was right, and a second factor is asked for.
pub(super) fn ask(challenge: &Challenge, context: &Context) -> HttpResponse {
    let body = MfaRequired {
        r#type: "urn:vestibule:problem:mfa-required",
        title: "A second step is needed",
        status: StatusCode::UNAUTHORIZED.as_u16(),
        detail: "Send the challenge with a code to /api/login/second-factor.",
        error: "mfa_required",
        request_id: context.request_id.to_string(),
        challenge: challenge.token.expose().to_owned(),
        methods: methods(challenge.offer),
        expires_in: second_factor::LIFETIME.as_secs(),
    };
    // Each 401 says by what one gets in (RFC 9110 §15.5.2).
    let mut head = HttpResponse::Unauthorized();
    head.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    head.content_type("application/problem+json").json(body)
}

fn methods(offer: Offer) -> Vec<&'static str> {
    let all = [(offer.totp, "totp"), (offer.recovery_code, "recovery_code"), (offer.passkey, "passkey")];
    all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect()
}
