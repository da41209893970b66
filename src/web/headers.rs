//! The headers that every answer bears (SECURITY 2.5), whatever its status.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::extract::Context;
use super::forward_auth;
use crate::config::Config;

static ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
             publickey-credentials-get=(self), publickey-credentials-create=(self)",
        ),
    ),
];
static TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
static DECIDED_BY: HeaderValue = HeaderValue::from_static("Sec-Fetch-Site, Origin");
static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
static LOADS_NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Adds them to an answer, and keeps what is personal out of every cache.
pub(super) fn add(headers: &mut HeaderMap, context: &Context, request: &HttpRequest, config: &Config) {
    for (name, value) in &ALWAYS {
        headers.insert(name.clone(), value.clone());
    }
    // What proxies pass on to browsers is said of the application's host, and that is its own to say.
    if config.is_https() && !forward_auth::is_asked_by_proxies(request.path()) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY.clone());
    }
    if !request.method().is_safe() {
        // They decided; see `same_origin`.
        headers.insert(header::VARY, DECIDED_BY.clone());
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, NO_STORE.clone());
    }
    let is_page =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = match is_page {
        true => HeaderValue::from_str(&page_policy(context.nonce(), &led_to(request.path(), config)))
            .unwrap_or(LOADS_NOTHING.clone()),
        false => LOADS_NOTHING.clone(),
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
}

/// Where the forms of a page lead to in the end, with a blank before it. Browsers hold the redirect that answers a form
/// against the page's policy: after signing in, and once their recovery codes are saved, people go on to the door that
/// they came from. Which hosts have one is no stranger's business; that they are of one domain with ours is plain.
fn led_to(path: &str, config: &Config) -> String {
    let doors = &config.forward_auth;
    let leads_on = ["/login", "/register", "/reauth", "/account/recovery-codes"]
        .iter()
        .any(|page| path.starts_with(page));
    match &doors.cookie_domain {
        Some(domain) if leads_on && doors.is_on() => format!(" https://{domain}:* https://*.{domain}:*"),
        _ => String::new(),
    }
}

/// What a page of ours may load: its own stylesheet and pictures, and the scripts that bear this answer's nonce.
fn page_policy(nonce: &str, led_to: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'{led_to}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}
