//! Our cookies: each has one job (D5, D6).
//!
//! | name | holds | lives |
//! |---|---|---|
//! | `vestibule` | the access token | as long as the browser is open |
//! | `vestibule-refresh` | what carries the session beyond that, for who chose to stay signed in | as long as the session |
//! | `vestibule-flow` | what a form needs to know on the next page, encrypted | an hour |
//! | `vestibule-theme` | light or dark, if the browser is not to follow its system | a year |
//! | `vestibule-trust` | that its owner wants no second factor in this browser | 30 days |
//! | `vestibule-device` | that this device has signed in to this account before | 180 days |
//! | `vestibule-forward` | what passes the doors of sibling hosts, where there are any | as long as the browser is open |
//!
//! On https each is `__Host-…; Secure`: no sibling host can set or read it. But the last: that is for them, and so it is
//! `__Secure-…` with a `Domain`, and is never there on plain http.

use std::borrow::Cow;

use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::HttpResponseBuilder;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use memchr::memchr;
use percent_encoding::percent_decode_str;

use crate::config::Config;
use crate::flows::issue_token::AccessToken;
use crate::flows::trusted_browser;
use crate::tokens::RefreshToken;

/// What one of our cookies is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Token,
    Refresh,
    Flow,
    Device,
    Trust,
    Theme,
    Door,
}

const ALL: [Purpose; 7] = [
    Purpose::Token,
    Purpose::Refresh,
    Purpose::Flow,
    Purpose::Device,
    Purpose::Trust,
    Purpose::Theme,
    Purpose::Door,
];

/// The name of a cookie.
pub(super) fn name(purpose: Purpose, is_https: bool) -> &'static str {
    match (purpose, is_https) {
        (Purpose::Token, true) => "__Host-vestibule",
        (Purpose::Token, false) => "vestibule",
        (Purpose::Refresh, true) => "__Host-vestibule-refresh",
        (Purpose::Refresh, false) => "vestibule-refresh",
        (Purpose::Flow, true) => "__Host-vestibule-flow",
        (Purpose::Flow, false) => "vestibule-flow",
        (Purpose::Device, true) => "__Host-vestibule-device",
        (Purpose::Device, false) => "vestibule-device",
        (Purpose::Trust, true) => "__Host-vestibule-trust",
        (Purpose::Trust, false) => "vestibule-trust",
        (Purpose::Theme, true) => "__Host-vestibule-theme",
        (Purpose::Theme, false) => "vestibule-theme",
        (Purpose::Door, true) => "__Secure-vestibule-forward",
        (Purpose::Door, false) => "vestibule-forward",
    }
}

/// The value of a cookie, if the request has exactly one of that name: two are somebody's attempt to put theirs
/// before ours (cookie tossing), and prove nothing.
///
/// Names are compared as they came. The framework decodes them, and `%5F_Host-vestibule`, which any sibling host may
/// set, would pass for the name that only we can set.
pub(super) fn read<'a>(headers: &'a HeaderMap, purpose: Purpose, config: &Config) -> Option<&'a str> {
    let wanted = name(purpose, config.is_https());
    let mut values = pairs(headers).flatten().filter(|(name, _)| *name == wanted);
    let (_, value) = values.next()?;
    (values.next().is_none() && !value.is_empty()).then_some(value)
}

/// Takes out of a request what only pretends to be ours: names of ours in disguise, and names of ours twice; and what
/// is no text. The flow cookie is read by a library that would fall for both.
pub(super) fn cleanse(headers: &mut HeaderMap) {
    let mut seen = Vec::new();
    let is_honest = pairs(headers).all(|pair| match pair {
        Some((name, _)) if is_ours(name) => {
            let is_first = decoded(name) == name && !seen.contains(&name);
            seen.push(name);
            is_first
        }
        pair => pair.is_some(),
    });
    if is_honest {
        return;
    }
    let all: Vec<_> = pairs(headers).flatten().collect();
    let is_once = |name: &str| all.iter().filter(|(other, _)| *other == name).count() == 1;
    let is_honest = |name: &str| !is_ours(name) || (decoded(name) == name && is_once(name));
    let kept = all.iter().filter(|(name, _)| is_honest(name)).map(|(name, value)| format!("{name}={value}"));
    let kept = HeaderValue::from_str(&kept.collect::<Vec<_>>().join("; "));
    headers.remove(header::COOKIE);
    if let Ok(kept) = kept {
        headers.insert(header::COOKIE, kept);
    }
}

/// The cookies of a request, as they came; none in place of what is not UTF-8.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = Option<(&str, &str)>> {
    let lines = headers.get_all(header::COOKIE).map(HeaderValue::as_bytes);
    lines.flat_map(parts).filter_map(|part| match std::str::from_utf8(part) {
        Ok(pair) => pair.split_once('=').map(|(name, value)| Some((name.trim(), value.trim()))),
        Err(_) => Some(None),
    })
}

/// What stands between the semicolons.
fn parts(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let now = rest?;
        match memchr(b';', now).and_then(|at| now.split_at_checked(at)) {
            Some((part, after)) => {
                rest = after.get(1..);
                Some(part)
            }
            None => rest.take(),
        }
    })
}

fn decoded(name: &str) -> Cow<'_, str> {
    match name.contains('%') {
        true => percent_decode_str(name).decode_utf8_lossy().trim().to_owned().into(),
        false => name.into(),
    }
}

fn is_ours(found: &str) -> bool {
    let found = decoded(found);
    ALL.iter().any(|purpose| [true, false].iter().any(|https| name(*purpose, *https) == found))
}

/// Whether the request has any cookie of ours.
pub(super) fn bears_any(request: &HttpRequest) -> bool {
    pairs(request.headers()).flatten().any(|(name, _)| is_ours(name))
}

/// The cookie that holds an access token. Without a lifetime: it goes with the browser.
pub(super) fn token(config: &Config, token: &AccessToken) -> Cookie<'static> {
    build(Purpose::Token, token.text.clone(), SameSite::Lax, config)
}

/// The cookie that holds a refresh token. It outlives the browser, and goes with the session.
pub(super) fn refresh(
    config: &Config,
    token: &RefreshToken,
    lifetime: std::time::Duration,
) -> Cookie<'static> {
    let mut cookie = build(Purpose::Refresh, token.expose().to_owned(), SameSite::Lax, config);
    cookie.set_max_age(Duration::try_from(lifetime).unwrap_or(Duration::ZERO));
    cookie
}

/// The cookie that makes a device known. Strict: no link from elsewhere has use for it.
pub(super) fn device(config: &Config, value: String) -> Cookie<'static> {
    let mut cookie = build(Purpose::Device, value, SameSite::Strict, config);
    cookie.set_max_age(Duration::days(180));
    cookie
}

/// The cookie of a browser that its owner trusts. Strict, too: where a link from elsewhere leads to sign-in, the second
/// factor is asked for once more at worst.
pub(super) fn trust(config: &Config, value: String) -> Cookie<'static> {
    let mut cookie = build(Purpose::Trust, value, SameSite::Strict, config);
    cookie.set_max_age(Duration::try_from(trusted_browser::LIFETIME).unwrap_or(Duration::ZERO));
    cookie
}

/// The cookie that takes the refresh token away.
pub(super) fn no_refresh(config: &Config) -> Cookie<'static> {
    removal(Purpose::Refresh, config)
}

/// The cookie that passes the doors of sibling hosts, all of which the browser sends it to. Without a lifetime.
pub(super) fn door(config: &Config, token: String) -> Cookie<'static> {
    let mut cookie = build(Purpose::Door, token, SameSite::Lax, config);
    if let Some(domain) = &config.forward_auth.cookie_domain {
        cookie.set_domain(domain.clone());
    }
    cookie
}

/// Takes the cookies away that keep somebody signed in.
pub(super) fn take_away(head: &mut HttpResponseBuilder, config: &Config) {
    head.cookie(removal(Purpose::Token, config)).cookie(removal(Purpose::Refresh, config));
    if config.forward_auth.is_on() {
        let mut cookie = door(config, String::new());
        cookie.make_removal();
        head.cookie(cookie);
    }
}

fn removal(purpose: Purpose, config: &Config) -> Cookie<'static> {
    let mut cookie = build(purpose, String::new(), SameSite::Lax, config);
    cookie.make_removal();
    cookie
}

/// The cookie that keeps the name of a theme for this browser; with none, the one that takes it away.
pub(super) fn theme(config: &Config, theme: Option<&str>) -> Cookie<'static> {
    let value = theme.unwrap_or_default().to_owned();
    let mut cookie = build(Purpose::Theme, value, SameSite::Lax, config);
    match theme {
        Some(_) => cookie.set_max_age(Duration::days(365)),
        None => cookie.make_removal(),
    }
    cookie
}

fn build(purpose: Purpose, value: String, same_site: SameSite, config: &Config) -> Cookie<'static> {
    Cookie::build(name(purpose, config.is_https()), value)
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(same_site)
        .finish()
}

/// Cookies that a guard wants to have set with whatever answer comes.
#[derive(Default)]
pub(super) struct Pending(Vec<Cookie<'static>>);

/// Leaves a cookie for the answer to this request.
pub(super) fn leave(request: &HttpRequest, cookie: Cookie<'static>) {
    let mut extensions = request.extensions_mut();
    match extensions.get_mut::<Pending>() {
        Some(pending) => pending.0.push(cookie),
        None => drop(extensions.insert(Pending(vec![cookie]))),
    }
}

/// Takes the cookies that were left for the answer.
pub(super) fn take_pending(request: &HttpRequest) -> Vec<Cookie<'static>> {
    request.extensions_mut().remove::<Pending>().map(|pending| pending.0).unwrap_or_default()
}
