//! What a proxy is told.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use super::asked::Asked;
use crate::flows::pass_door::{Person, Verdict};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::Context;
use crate::web::return_to;

const USER: HeaderName = HeaderName::from_static("remote-user");
const EMAIL: HeaderName = HeaderName::from_static("remote-email");
const NAME: HeaderName = HeaderName::from_static("remote-name");
const GROUPS: HeaderName = HeaderName::from_static("remote-groups");

/// They may pass, and this is who they are: in UTF-8, as applications expect it; of an address, only one that they have
/// proven to be theirs.
pub(super) fn yes(who: Option<&Person>) -> Result<HttpResponse, Error> {
    let mut head = HttpResponse::Ok();
    let user = who.map(Person::user);
    let email = user.filter(|user| user.email_verified_at.is_some()).and_then(|user| user.email.as_deref());
    let groups = user.map(|user| user.groups().collect::<Vec<_>>().join(",")).unwrap_or_default();
    let said = [
        (USER, user.map_or("", |user| &user.username)),
        (EMAIL, email.unwrap_or_default()),
        (NAME, user.map_or("", |user| user.called())),
        (GROUPS, &groups),
    ];
    for (name, text) in said {
        // No name holds the end of a line, or it would be no name.
        let value = HeaderValue::from_bytes(text.as_bytes());
        head.insert_header((name, value.map_err(|error| Error::Internal { cause: error.to_string() })?));
    }
    Ok(head.finish())
}

/// Where a person gets what they lack, and from there back to the very page; nowhere, if there is no such place, or if it
/// is no person who asks.
pub(super) fn way(vestibule: &Vestibule, asked: &Asked<'_>, verdict: Verdict<'_>) -> Option<HeaderValue> {
    let page = match verdict {
        Verdict::SignIn => "/login",
        Verdict::ShowSecondFactor => "/reauth",
        Verdict::AddSecondFactor => "/account/totp",
        Verdict::Pass(_) | Verdict::Refuse(_) => return None,
    };
    if !asked.is_visit() {
        return None;
    }
    let page = format!("{}{page}", vestibule.config.public_url());
    // An address that we would not lead back to is too long for proxies as well: then it is the host's first page.
    let back = match asked.url() {
        url if return_to::accept_guarded(&url, &vestibule.config.forward_auth).is_some() => url,
        _ => format!("https://{}/", asked.authority()),
    };
    HeaderValue::from_str(&return_to::and_back(&page, &back)).ok()
}

/// There they go.
pub(super) fn lead(way: HeaderValue) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, way)).finish()
}

/// They may not pass.
pub(super) fn refuse(context: &Context, asked: &Asked<'_>, verdict: Verdict<'_>) -> HttpResponse {
    let error = match verdict {
        Verdict::SignIn | Verdict::Pass(_) => Error::Unauthenticated,
        Verdict::AddSecondFactor => Error::EnrolmentRequired,
        Verdict::ShowSecondFactor => {
            Error::Forbidden("This needs a second step at sign-in, which this session has not seen.".into())
        }
        Verdict::Refuse(who) => {
            let (name, host) = (&who.user().username, asked.authority());
            let words = format!("You are signed in as {name}, who may not see this part of {host}.");
            if asked.is_visit() {
                // On a host that is not ours, our page would find neither its stylesheet nor its links.
                let kind = "text/plain; charset=utf-8";
                return HttpResponse::Forbidden().content_type(kind).body(words + "\n");
            }
            Error::Forbidden(words.into())
        }
    };
    no(context, &error)
}

/// The status of `error`, and a document that says why: to nginx, and behind it to the browser, no page would do.
pub(super) fn no(context: &Context, error: &Error) -> HttpResponse {
    let problem = error.problem(Some(context.request_id.as_str()));
    error.head().content_type("application/problem+json").json(problem)
}
