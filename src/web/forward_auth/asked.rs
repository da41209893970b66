//! What somebody wants to see, as each kind of proxy says it.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};

/// Where Envoy puts the path that somebody wants to see, behind this.
pub(super) const ENVOY: &str = "/auth/envoy";

/// The header that does not say it plainly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclear(pub(super) &'static str);

/// A request to another host, of which we are told.
pub(super) struct Asked<'r> {
    authority: &'r str,
    /// Path and query.
    target: &'r str,
    method: &'r str,
    headers: &'r HeaderMap,
}

/// `X-Original-URL` and `X-Original-Method`.
pub(super) fn by_nginx(request: &HttpRequest) -> Result<Asked<'_>, Unclear> {
    const URL: &str = "X-Original-URL";
    let headers = request.headers();
    let url = only(headers, URL)?.strip_prefix("https://").ok_or(Unclear(URL))?;
    let (authority, target) = url.find('/').and_then(|at| url.split_at_checked(at)).ok_or(Unclear(URL))?;
    Asked { authority, target, method: only(headers, "X-Original-Method")?, headers }.checked(URL)
}

/// `X-Forwarded-Proto`, `-Host`, `-Uri` and `-Method`.
pub(super) fn by_forward(request: &HttpRequest) -> Result<Asked<'_>, Unclear> {
    const TARGET: &str = "X-Forwarded-Uri";
    let headers = request.headers();
    is_secure(headers)?;
    let (authority, target) = (only(headers, "X-Forwarded-Host")?, only(headers, TARGET)?);
    Asked { authority, target, method: only(headers, "X-Forwarded-Method")?, headers }.checked(TARGET)
}

/// The request itself, its path behind [`ENVOY`]; and `X-Forwarded-Proto`.
pub(super) fn by_envoy(request: &HttpRequest) -> Result<Asked<'_>, Unclear> {
    let headers = request.headers();
    is_secure(headers)?;
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let target = target.strip_prefix(ENVOY).unwrap_or_default();
    let (authority, method) = (only(headers, header::HOST.as_str())?, request.method().as_str());
    Asked { authority, target, method, headers }.checked("its path")
}

impl Asked<'_> {
    fn checked(self, name: &'static str) -> Result<Self, Unclear> {
        match self.target.starts_with('/') && self.target.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(self),
            false => Err(Unclear(name)),
        }
    }

    /// The host, with its port if there is one, as it came.
    pub(super) fn authority(&self) -> &str {
        self.authority
    }

    /// The path, as it came.
    pub(super) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The whole address.
    pub(super) fn url(&self) -> String {
        let authority = self.authority.strip_suffix(":443").unwrap_or(self.authority);
        format!("https://{}{}", authority.to_ascii_lowercase(), self.target)
    }

    /// Whether a person is on the way to a page, whom we may lead elsewhere first: no script, which would take our page for
    /// an answer; no picture or frame; and nothing that could not be asked for once more.
    pub(super) fn is_visit(&self) -> bool {
        let value = |name: &str| self.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        matches!(self.method, "GET" | "HEAD")
            && value("accept").is_some_and(|kinds| kinds.contains("text/html"))
            && value("x-requested-with").is_none()
            && value("upgrade").is_none()
            && value("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
            && value("sec-fetch-dest").is_none_or(|place| place == "document")
    }
}

/// Our cookies travel by TLS alone. Some proxies name the protocol of a WebSocket.
fn is_secure(headers: &HeaderMap) -> Result<(), Unclear> {
    const PROTO: &str = "X-Forwarded-Proto";
    match only(headers, PROTO)? {
        "https" | "wss" => Ok(()),
        _ => Err(Unclear(PROTO)),
    }
}

/// The value of a header that must be there, and once: of two, one may be the client's.
fn only<'r>(headers: &'r HeaderMap, name: &'static str) -> Result<&'r str, Unclear> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Unclear(name)),
        _ => Err(Unclear(name)),
    }
}
