//! What goes wrong at the edge: status and words in one place, for people and for programs.
//!
//! A handler returns an [`Error`]; [`render`](super::render) decides by who asks whether it becomes a page, a redirect
//! or a problem document (RFC 9457). Without that middleware, in somebody else's app, it is a problem document.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::credentials::password::HashError;
use crate::credentials::scope::Scope;
use crate::db;
use crate::flows::last_way_in::Kept;
use crate::flows::register::Fault;

/// No form and no document of ours comes near it.
pub(super) const MOST_BODY_BYTES: usize = 16 * 1024;
/// The longest address with its query, in bytes.
pub(super) const MOST_URL_BYTES: usize = 8 * 1024;
/// The most header fields. Actix reads up to 96.
pub(super) const MOST_HEADERS: usize = 64;
/// The most bytes of all header fields together: names, values, and `: ` and the end of the line between them.
pub(super) const MOST_HEADER_BYTES: usize = 16 * 1024;

/// Anything but success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is broken.
    #[error("{0}")]
    BadRequest(Cow<'static, str>),
    /// Nobody is signed in, and somebody has to be.
    #[error("Please sign in.")]
    Unauthenticated,
    /// There is a token, and it proves nothing (any more).
    #[error("This token is invalid, has expired or was revoked. Please sign in again.")]
    TokenRefused,
    /// There is a refresh token, and it renews nothing (any more).
    #[error("This refresh token is invalid, has expired or was revoked. Please sign in again.")]
    RefreshRefused,
    /// A name and a password that do not go together, told to a program.
    #[error("{0}")]
    InvalidCredentials(String),
    /// A sign-in that waits for its second step no more, told to a program.
    #[error("{0}")]
    InvalidChallenge(String),
    /// A second step that failed, told to a program; the sign-in may still wait.
    #[error("{0}")]
    InvalidCode(String),
    /// Somebody is signed in, and this is for those who are not.
    #[error("You are signed in already.")]
    AlreadySignedIn,
    /// Somebody is signed in, and their last proof is too old for this.
    #[error("Please confirm that it is you.")]
    Reauthenticate,
    /// Somebody is signed in, and has to have a second factor before anything else.
    #[error(
        "Your administrator asks for a second step at sign-in. Add an authenticator app or a passkey first."
    )]
    EnrolmentRequired,
    /// Somebody is signed in and has no business here.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// There is an API key, and it may not do this.
    #[error("This API key may not do that: it needs the scope `{0}`.")]
    InsufficientScope(Scope),
    /// Another site, or nobody knows which, sent this.
    #[error("This request did not come from our own pages at {home}, so nothing was done.")]
    CrossSite {
        /// Where our own pages are.
        home: String,
    },
    /// No such thing, or none that the caller may know of.
    #[error("No page of ours has this address.")]
    NotFound,
    /// There was something, and it is used up.
    #[error("{words}")]
    Gone {
        /// What there was.
        words: String,
        /// A page of ours that helps on, and the words for it.
        way_on: (&'static str, &'static str),
    },
    /// Not with this method.
    #[error("This address does not answer to that method.")]
    MethodNotAllowed(Vec<Method>),
    /// The body did not arrive in time.
    #[error("The request took too long to arrive.")]
    RequestTimeout,
    /// Somebody else has it.
    #[error("{0}")]
    Conflict(String),
    /// Somebody may not do without it.
    #[error(transparent)]
    Kept(#[from] Kept),
    /// More than we read.
    #[error("The request is larger than {} KiB.", MOST_BODY_BYTES / 1024)]
    PayloadTooLarge,
    /// A longer address than any of ours.
    #[error("The address is longer than {} KiB.", MOST_URL_BYTES / 1024)]
    UriTooLong,
    /// More header fields, or larger ones, than we read.
    #[error("The request has more than {MOST_HEADERS} headers or {} KiB of them.", MOST_HEADER_BYTES / 1024)]
    HeadersTooLarge,
    /// Not a type of content that we read here.
    #[error("Send this as {0}.")]
    UnsupportedMediaType(&'static str),
    /// Well formed, and it has to be mended.
    #[error("{}", .0.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join(" "))]
    Unprocessable(Vec<Fault>),
    /// Too many tries.
    #[error("Too many tries. Try again in {}.", words_for(*.retry_after))]
    TooManyRequests {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Too much to do at this moment, or the database is away.
    #[error("We cannot do that at this moment. Nothing was saved. Please try again in a few seconds.")]
    Unavailable {
        /// What is the matter, for the log.
        cause: String,
    },
    /// Our fault.
    #[error("Something went wrong on our side. Nothing was saved.")]
    Internal {
        /// What went wrong, for the log.
        cause: String,
    },
}

/// RFC 9457, with the `error` that clients of simple JSON APIs look for, and the request's id.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem<'a> {
    /// What kind of problem it is: `urn:vestibule:problem:` and a word that stays the same.
    r#type: String,
    /// The same for all problems of a kind.
    title: &'a str,
    status: u16,
    /// What happened, in words for people.
    detail: String,
    /// The same words, or one to go by where there is a next step.
    error: String,
    /// What to mend, field by field.
    #[schema(schema_with = super::openapi::faults)]
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
    /// The same as in `X-Request-Id`: what to name to the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Error {
    /// Stands in for an error of the framework's own with this status.
    pub(super) fn from_status(status: StatusCode, words: String) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            status if status.is_client_error() => {
                Self::BadRequest("This request could not be understood.".into())
            }
            _ => Self::Internal { cause: words },
        }
    }

    /// A few words for a heading; stable.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "That request is broken",
            Self::Unauthenticated | Self::TokenRefused | Self::RefreshRefused | Self::InvalidChallenge(_) => {
                "Please sign in"
            }
            Self::InvalidCode(_) => "That is not the code",
            Self::InvalidCredentials(_) => "That did not work",
            Self::AlreadySignedIn => "You are signed in",
            Self::Reauthenticate => "Please confirm that it is you",
            Self::EnrolmentRequired => "A second step is asked for",
            Self::Forbidden(_) => "You may not see this",
            Self::InsufficientScope(_) => "That key may not do this",
            Self::CrossSite { .. } => "That came from somewhere else",
            Self::NotFound => "There is nothing here",
            Self::Gone { .. } => "That link no longer works",
            Self::MethodNotAllowed(_) => "Not that way",
            Self::RequestTimeout => "That took too long",
            Self::Conflict(_) => "That is taken",
            Self::Kept(_) => "That has to stay",
            Self::PayloadTooLarge | Self::UriTooLong | Self::HeadersTooLarge => "That is too much",
            Self::UnsupportedMediaType(_) => "We cannot read that",
            Self::Unprocessable(_) => "Something has to be mended",
            Self::TooManyRequests { .. } => "Too many tries",
            Self::Unavailable { .. } => "Please try again in a moment",
            Self::Internal { .. } => "Our fault",
        }
    }

    /// What a person can do now.
    pub(super) fn what_to_do(&self) -> &'static str {
        match self {
            Self::Unauthenticated | Self::TokenRefused | Self::RefreshRefused => "Sign in, and try again.",
            Self::CrossSite { .. } => {
                "Open our pages at that address and send it again. If you did not send anything, all is well."
            }
            Self::NotFound => "Check the address, or start again from the first page.",
            Self::TooManyRequests { .. } => "Wait for that long, then go back and try again.",
            Self::Unavailable { .. } => "Go back and send it again.",
            Self::Internal { .. } => {
                "Try again. If it happens again, tell your administrator the request below."
            }
            // Of their headers people know only these; the pages of one site share them.
            Self::HeadersTooLarge => "Delete the cookies of this site, then try again.",
            Self::Forbidden(_) | Self::Gone { .. } | Self::Kept(_) => "",
            _ => "Go back and try again.",
        }
    }

    /// A name for machines, stable: the last part of the problem's `type`.
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad-request",
            Self::Unauthenticated => "unauthenticated",
            Self::TokenRefused => "invalid-token",
            Self::RefreshRefused => "invalid-grant",
            Self::InvalidCredentials(_) => "invalid-credentials",
            Self::InvalidChallenge(_) => "invalid-challenge",
            Self::InvalidCode(_) => "invalid-code",
            Self::AlreadySignedIn => "already-signed-in",
            Self::Reauthenticate => "reauthentication-required",
            Self::EnrolmentRequired => "second-factor-enrolment-required",
            Self::Forbidden(_) => "forbidden",
            Self::InsufficientScope(_) => "insufficient-scope",
            Self::CrossSite { .. } => "cross-site",
            Self::NotFound => "not-found",
            Self::Gone { .. } => "gone",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::RequestTimeout => "request-timeout",
            Self::Conflict(_) => "conflict",
            Self::Kept(_) => "last-way-in",
            Self::PayloadTooLarge => "payload-too-large",
            Self::UriTooLong => "uri-too-long",
            Self::HeadersTooLarge => "headers-too-large",
            Self::UnsupportedMediaType(_) => "unsupported-media-type",
            Self::Unprocessable(_) => "unprocessable",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal { .. } => "internal",
        }
    }

    /// The problem document (RFC 9457).
    pub(super) fn problem<'a>(&'a self, request_id: Option<&'a str>) -> Problem<'a> {
        Problem {
            r#type: format!("urn:vestibule:problem:{}", self.id()),
            title: self.title(),
            status: self.status_code().as_u16(),
            detail: self.to_string(),
            // A word for whoever has to lead somebody on.
            error: match self {
                Self::EnrolmentRequired
                | Self::InsufficientScope(_)
                | Self::InvalidChallenge(_)
                | Self::InvalidCode(_) => self.id().replace('-', "_"),
                _ => self.to_string(),
            },
            errors: if let Self::Unprocessable(faults) = self { faults } else { &[] },
            request_id,
        }
    }

    /// The status and the headers that belong to it, whatever the body.
    pub(super) fn head(&self) -> actix_web::HttpResponseBuilder {
        let mut head = HttpResponse::build(self.status_code());
        match self {
            Self::Unauthenticated => {
                head.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            // RFC 6750 §3: an error code only where there was a token.
            Self::TokenRefused => {
                head.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
            }
            // The word of RFC 6749 §5.2 with the status of everything else here that asks to sign in again.
            Self::RefreshRefused => {
                head.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_grant\""));
            }
            Self::InvalidCredentials(_) | Self::InvalidChallenge(_) | Self::InvalidCode(_) => {
                head.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Self::InsufficientScope(scope) => {
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
                head.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            // RFC 9470 §3.
            Self::Reauthenticate => {
                let challenge = "Bearer error=\"insufficient_user_authentication\"";
                head.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Self::MethodNotAllowed(allowed) => {
                let names = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                head.insert_header((header::ALLOW, names));
            }
            Self::TooManyRequests { retry_after } => {
                let seconds = HeaderValue::from(retry_after.as_secs().max(1));
                head.insert_header((header::RETRY_AFTER, seconds));
            }
            Self::Unavailable { .. } => {
                head.insert_header((header::RETRY_AFTER, "2"));
            }
            _ => {}
        }
        head
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated
            | Self::TokenRefused
            | Self::RefreshRefused
            | Self::InvalidCredentials(_)
            | Self::InvalidChallenge(_)
            | Self::InvalidCode(_)
            | Self::Reauthenticate => StatusCode::UNAUTHORIZED,
            Self::EnrolmentRequired
            | Self::Forbidden(_)
            | Self::InsufficientScope(_)
            | Self::CrossSite { .. } => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone { .. } => StatusCode::GONE,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) | Self::Kept(_) | Self::AlreadySignedIn => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.head().content_type("application/problem+json").json(self.problem(None))
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Unavailable(cause) => Self::Unavailable { cause },
            other => Self::Internal { cause: other.to_string() },
        }
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Unavailable { cause: "the hashing queue is full".to_owned() },
            HashError::Broken(cause) => Self::Internal { cause },
        }
    }
}

impl From<crate::tokens::TokenError> for Error {
    fn from(error: crate::tokens::TokenError) -> Self {
        Self::Internal { cause: format!("a token could not be issued: {error}") }
    }
}

/// A time to wait, in words that do not promise more exactness than a person needs.
fn words_for(wait: Duration) -> String {
    match wait.as_secs().max(1) {
        1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds @ 91..=5400 => format!("{} minutes", seconds.div_ceil(60)),
        seconds => format!("{} hours", seconds.div_ceil(3600)),
    }
}
