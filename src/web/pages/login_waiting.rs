//! What the pages of the second step have in common: the sign-in that waits in this browser, and what a code comes to.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Deserialize;

use super::signed_in;
use crate::clock::Zone;
use crate::flows::check_code::Code;
use crate::flows::factors::Offer;
use crate::flows::login::SignedIn;
use crate::flows::second_factor::{self, SecondFactorError, Waiting};
use crate::flows::trusted_browser;
use crate::vestibule::Vestibule;
use crate::web::cookies;
use crate::web::error::Error;
use crate::web::extract::{Context, EarlierSessions, Form};
use crate::web::flow_state::FlowState;
use crate::web::page::{see_other, with_retry_after, words_for};

/// The name of the waiting sign-in's token in the flow state.
pub(super) const CHALLENGE: &str = "challenge";

/// The page that a sign-in goes on to: the kindest of what its owner has.
pub(super) fn best(offer: Offer) -> &'static str {
    match offer {
        Offer { totp: true, .. } => "/login/totp",
        Offer { passkey: true, .. } => "/login/passkey",
        _ => "/login/recovery-code",
    }
}

/// What both forms send. The name is there for the password manager, and to know which sign-in the page was of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CodeForm {
    #[serde(default)]
    pub(super) username: String,
    pub(super) code: SecretString,
    /// There if the box is ticked, whatever it says.
    #[serde(default)]
    pub(super) trust_browser: Option<String>,
}

/// A button, which sends nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

/// The sign-in that waits in this browser, and what holds it.
pub(super) struct Step {
    pub(super) token: String,
    pub(super) waiting: Waiting,
}

impl Step {
    /// The one that this browser holds; else the way back to sign-in, with a word for whoever did hold one.
    pub(super) async fn find(
        request: &HttpRequest,
        context: &Context,
        vestibule: &Vestibule,
    ) -> Result<Result<Self, HttpResponse>, Error> {
        let flow = FlowState::of(request);
        let Some(token) = flow.link_token(CHALLENGE) else { return Ok(Err(see_other("/login").finish())) };
        match second_factor::find(vestibule, &token, context.now).await? {
            Some(waiting) => Ok(Ok(Self { token, waiting })),
            None => {
                flow.forget_link_token(CHALLENGE);
                // Whoever pressed twice, or went back, is in already, and need not be told that anything went wrong.
                if !second_factor::is_done(vestibule, &token).await? {
                    flow.warn(&SecondFactorError::Gone.to_string());
                }
                Ok(Err(see_other("/login").finish()))
            }
        }
    }

    /// Whether the page that `username` stands on was of another sign-in: somebody began one in another tab since. A code
    /// must not be tried at the wrong account.
    pub(super) fn is_another(&self, username: &str) -> bool {
        !username.is_empty() && username != self.waiting.user.username
    }
}

/// What the pages show of it.
pub(super) struct StepView {
    pub(super) username: String,
    pub(super) offer: Offer,
    pub(super) trust: bool,
    pub(super) trust_for: String,
}

impl StepView {
    pub(super) fn of(step: &Step, trust: bool) -> Self {
        let waiting = &step.waiting;
        Self {
            username: waiting.user.username.clone(),
            offer: waiting.offer,
            trust,
            trust_for: words_for(trusted_browser::LIFETIME),
        }
    }
}

/// What comes of a code.
pub(super) enum Tried {
    /// The way on: in, or back to sign-in.
    On(HttpResponse),
    /// The page again.
    Again { step: Box<Step>, status: StatusCode, error: String, wait: Option<Duration> },
}

/// Tries a code at the sign-in that waits here; `advice` is for whoever has typed a wrong one.
pub(super) async fn try_code(
    request: &HttpRequest,
    context: &Context,
    earlier: EarlierSessions,
    vestibule: &Vestibule,
    form: CodeForm,
    (kind, advice): (fn(SecretString) -> Code, &str),
) -> Result<Tried, Error> {
    let step = match Step::find(request, context, vestibule).await? {
        Ok(step) => step,
        Err(way) => return Ok(Tried::On(way)),
    };
    let flow = FlowState::of(request);
    if step.is_another(&form.username) {
        flow.warn("Another sign-in was begun in this browser since. This is its page; nothing was tried.");
        return Ok(Tried::On(see_other(best(step.waiting.offer)).finish()));
    }
    let (caller, now) = (context.caller(), context.now);
    let earlier = earlier.of_browser();
    match second_factor::with_code(vestibule, &step.token, kind(form.code), earlier, &caller, now).await {
        Ok(done) => {
            let mut answer = arrive(request, vestibule, &done)?;
            if form.trust_browser.is_some() {
                let value = trusted_browser::cookie(vestibule, &done.user, now);
                let cookie = cookies::trust(&vestibule.config, value);
                answer.add_cookie(&cookie).map_err(|error| Error::Internal { cause: error.to_string() })?;
            }
            Ok(Tried::On(answer))
        }
        Err(error @ SecondFactorError::WrongCode) => match Step::find(request, context, vestibule).await? {
            Ok(step) => {
                let (status, error) = (StatusCode::UNPROCESSABLE_ENTITY, format!("{error} {advice}"));
                Ok(Tried::Again { step: Box::new(step), status, error, wait: None })
            }
            // That was the last of its tries.
            Err(way) => Ok(Tried::On(way)),
        },
        Err(SecondFactorError::Gone) => match Step::find(request, context, vestibule).await? {
            Ok(_) => Ok(Tried::On(see_other("/login").finish())),
            Err(way) => Ok(Tried::On(way)),
        },
        Err(SecondFactorError::Throttled { retry_after }) => {
            let words = Error::TooManyRequests { retry_after }.to_string();
            let error = format!("{words} {}", until(context, retry_after));
            let (status, wait) = (StatusCode::TOO_MANY_REQUESTS, Some(retry_after));
            Ok(Tried::Again { step: Box::new(step), status, error, wait })
        }
        Err(SecondFactorError::Database(error)) => Err(error.into()),
    }
}

/// The answer, with when to come back if somebody has to wait.
pub(super) fn waiting(answer: HttpResponse, wait: Option<Duration>) -> HttpResponse {
    match wait {
        Some(wait) => with_retry_after(answer, wait),
        None => answer,
    }
}

/// `POST /login/cancel`: this browser lets go of it, for somebody else to sign in. What waits still does, for a while:
/// whoever began it with a stolen password must not be able to keep its owner from being told.
pub(in crate::web) async fn cancel(
    request: HttpRequest,
    Form(Press {}): Form<Press>,
) -> Result<HttpResponse, Error> {
    FlowState::of(&request).forget_link_token(CHALLENGE);
    Ok(see_other("/login").finish())
}

/// On to where somebody was going, now that they are in; no other sign-in waits in this browser any more.
pub(super) fn arrive(
    request: &HttpRequest,
    vestibule: &Vestibule,
    done: &SignedIn,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(request);
    flow.forget_link_token(CHALLENGE);
    if done.user.closed_at.is_some() {
        flow.say("Welcome back. Your account is open again.");
    }
    let next = flow.take_return_to();
    signed_in(vestibule, done, next.as_deref().unwrap_or("/dashboard"))
}

pub(super) fn until(context: &Context, wait: Duration) -> String {
    format!("That is at {}.", (context.now + wait).strftime("%H:%M:%S %Z", &Zone::default()))
}
