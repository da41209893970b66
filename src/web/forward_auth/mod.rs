//! Forward-auth: a reverse proxy asks us, request by request, who may come in to an application behind it.
//!
//! ```text
//! browser ──> proxy ──> application          /auth/nginx    200, 401 or 403
//!               └─ asks ─> us                /auth/forward  200, or 303 to where somebody signs in, or 401 or 403
//! ```
//! Only a proxy that the operator trusts is answered, and only about hosts that the operator named. Whatever is not said
//! plainly (a header missing, there twice, or no address at all) is refused. With each 200 come all four `Remote-*`, be
//! they empty: the proxy's copy of them takes the place of what the client may have sent.

mod asked;
mod person;
mod told;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use self::asked::{Asked, ENVOY, Unclear};
use super::error::Error;
use super::extract::{Context, is_from_trusted_proxy};
use crate::config::GuardedHost;
use crate::flows::pass_door::{self, Person, Verdict};
use crate::vestibule::Vestibule;

pub(super) use self::person::cookie_for;

/// Whether this is what proxies ask, to the letter: in other letters a proxy in front may not know it, and let strangers ask.
pub(super) fn is_asked_by_proxies(path: &str) -> bool {
    matches!(path, "/auth/nginx" | "/auth/forward") || is_asked_by_envoy(path)
}

/// Whether this is what Envoy asks. It passes on method and headers of a request to another host, which comes from pages of
/// that: it would look forged, and is neither for us nor changes anything here.
pub(super) fn is_asked_by_envoy(path: &str) -> bool {
    path.strip_prefix(ENVOY).is_some_and(|rest| rest.starts_with('/'))
}

/// `/auth/nginx`, for `auth_request`, which knows no more than yes and no: with a 401, `Location` says where somebody gets
/// what they lack.
pub(super) async fn nginx(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (asked, host) = match read(&request, &context, &vestibule, asked::by_nginx) {
        Ok(read) => read,
        Err(refusal) => return Ok(told::no(&context, &refusal)),
    };
    let who = match find(&request, &context, &vestibule, host, &asked).await {
        // Anything else would be an error of ours to nginx, and it is theirs.
        Err(Error::TooManyRequests { .. }) => {
            return Ok(told::no(&context, &Error::Forbidden("Too many tries.".into())));
        }
        who => who?,
    };
    let verdict = pass_door::decide(&vestibule, host, asked.path(), who.as_ref());
    if let Verdict::Pass(who) = verdict {
        return told::yes(who);
    }
    let mut answer = told::refuse(&context, &asked, verdict);
    if let Some(way) = told::way(&vestibule, &asked, verdict) {
        *answer.status_mut() = StatusCode::UNAUTHORIZED;
        answer.headers_mut().insert(header::LOCATION, way);
    }
    Ok(answer)
}

/// `/auth/forward`, for Caddy, Traefik and HAProxy, which pass our answer on to the browser unless it is a yes.
pub(super) async fn forward(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    lead(&request, &context, &vestibule, asked::by_forward).await
}

/// `/auth/envoy/…`, for Envoy, which asks with the method, the host and the path of the request itself.
pub(super) async fn envoy(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    lead(&request, &context, &vestibule, asked::by_envoy).await
}

async fn lead(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
    ask: fn(&HttpRequest) -> Result<Asked<'_>, Unclear>,
) -> Result<HttpResponse, Error> {
    let (asked, host) = match read(request, context, vestibule, ask) {
        Ok(read) => read,
        Err(refusal) => return Ok(told::no(context, &refusal)),
    };
    let who = find(request, context, vestibule, host, &asked).await?;
    let verdict = pass_door::decide(vestibule, host, asked.path(), who.as_ref());
    if let Verdict::Pass(who) = verdict {
        return told::yes(who);
    }
    Ok(match told::way(vestibule, &asked, verdict) {
        Some(way) => told::lead(way),
        None => told::refuse(context, &asked, verdict),
    })
}

/// Who it is. Where everybody may pass, nobody is kept out by a proof that is none: it may be one of the application's own.
async fn find(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
    host: &GuardedHost,
    asked: &Asked<'_>,
) -> Result<Option<Person>, Error> {
    match person::find(request, context, vestibule).await {
        Err(Error::TooManyRequests { .. } | Error::Forbidden(_) | Error::InsufficientScope(_))
            if host.is_public(asked.path()) =>
        {
            Ok(None)
        }
        found => found,
    }
}

/// What is asked, and about which host; else the refusal, of which the log tells the operator why.
fn read<'r, 'v>(
    request: &'r HttpRequest,
    context: &Context,
    vestibule: &'v Vestibule,
    ask: fn(&'r HttpRequest) -> Result<Asked<'r>, Unclear>,
) -> Result<(Asked<'r>, &'v GuardedHost), Error> {
    let refuse = |why: &str, words: &'static str| {
        let (path, id) = (request.match_pattern().unwrap_or_default(), &context.request_id);
        log::warn!("forward-auth: refused {path}: {why} (request {id})");
        Error::Forbidden(words.into())
    };
    if !is_asked_by_proxies(request.path()) {
        return Err(refuse("its path is written in another way", "Only reverse proxies ask this."));
    }
    if !is_from_trusted_proxy(request, &vestibule.config.server.trusted_proxies) {
        let peer = request.peer_addr().map(|peer| peer.ip().to_string());
        let peer = peer.as_deref().unwrap_or("nobody knows where");
        let why = format!("it came from {peer}, which is not in server.trusted_proxies");
        return Err(refuse(&why, "Only a reverse proxy that this server trusts may ask this."));
    }
    let asked = match ask(request) {
        Ok(asked) => asked,
        Err(Unclear(header)) => {
            let why = format!("{header} is missing, there twice, or not what it should be");
            return Err(refuse(&why, "Your reverse proxy did not say plainly what somebody wants to see."));
        }
    };
    match vestibule.config.forward_auth.find(asked.authority()) {
        Some(host) => Ok((asked, host)),
        None => {
            let why = format!("{:?} is not in forward_auth.hosts", asked.authority());
            Err(refuse(&why, "No host of this name is guarded by this server."))
        }
    }
}
