//! What a program is told of a sign-in that waits for its second step, and of one that does not any more.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use crate::flows::factors::Offer;
use crate::flows::second_factor::{self, Challenge, SecondFactorError};
use crate::web::extract::Context;

/// RFC 9457, and in `error` a word to go by: a program has to know what comes next.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    error: &'static str,
    request_id: String,
    #[serde(flatten)]
    asked: Option<Asked>,
}

/// What to come back with, and until when.
#[derive(Serialize)]
struct Asked {
    challenge: String,
    methods: Vec<&'static str>,
    expires_in: u64,
}

/// 401: the password was right, and a second factor is asked for.
pub(super) fn ask(challenge: &Challenge, context: &Context) -> HttpResponse {
    let asked = Asked {
        challenge: challenge.token.expose().to_owned(),
        methods: methods(challenge.offer),
        expires_in: second_factor::LIFETIME.as_secs(),
    };
    answer(Problem {
        r#type: "urn:vestibule:problem:mfa-required",
        title: "A second step is needed",
        status: StatusCode::UNAUTHORIZED.as_u16(),
        detail: "Send the challenge with a code to /api/login/second-factor.".to_owned(),
        error: "mfa_required",
        request_id: context.request_id.to_string(),
        asked: Some(asked),
    })
}

/// 401: late, used, void, or none of ours; which, nobody is told.
pub(super) fn refuse(context: &Context) -> HttpResponse {
    answer(Problem {
        r#type: "urn:vestibule:problem:invalid-challenge",
        title: "Please sign in",
        status: StatusCode::UNAUTHORIZED.as_u16(),
        detail: SecondFactorError::Gone.to_string(),
        error: "invalid_challenge",
        request_id: context.request_id.to_string(),
        asked: None,
    })
}

/// 401: not the code; the challenge may still be good.
pub(super) fn refuse_code(context: &Context) -> HttpResponse {
    answer(Problem {
        r#type: "urn:vestibule:problem:invalid-code",
        title: "That is not the code",
        status: StatusCode::UNAUTHORIZED.as_u16(),
        detail: SecondFactorError::WrongCode.to_string(),
        error: "invalid_code",
        request_id: context.request_id.to_string(),
        asked: None,
    })
}

fn methods(offer: Offer) -> Vec<&'static str> {
    let all = [(offer.totp, "totp"), (offer.recovery_code, "recovery_code"), (offer.passkey, "passkey")];
    all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect()
}

fn answer(problem: Problem) -> HttpResponse {
    HttpResponse::Unauthorized().content_type("application/problem+json").json(problem)
}
