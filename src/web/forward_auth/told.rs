//! What a proxy is told.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError as _};

use super::asked::Asked;
use crate::flows::authenticate::Authenticated;
use crate::flows::pass_door::Verdict;
use crate::vestibule::Vestibule;
use crate::web::error::Error;

const USER: HeaderName = HeaderName::from_static("remote-user");
const EMAIL: HeaderName = HeaderName::from_static("remote-email");
const NAME: HeaderName = HeaderName::from_static("remote-name");
const GROUPS: HeaderName = HeaderName::from_static("remote-groups");

/// They may pass, and this is who they are: in UTF-8, as applications expect it; of an address, only one that they have
/// proven to be theirs.
pub(super) fn yes(who: Option<&Authenticated>) -> Result<HttpResponse, Error> {
    let mut head = HttpResponse::Ok();
    let user = who.map(|who| &who.user);
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
    let (page, comes_back) = match verdict {
        Verdict::SignIn => ("/login", true),
        Verdict::ShowSecondFactor => ("/reauth", true),
        Verdict::AddSecondFactor => ("/account/totp", false),
        Verdict::Pass(_) | Verdict::Refuse(_) => return None,
    };
    if !asked.is_visit() {
        return None;
    }
    let mut way = format!("{}{page}", vestibule.config.public_url());
    if comes_back {
        way.push('?');
        way.push_str(&serde_urlencoded::to_string([("next", asked.url())]).ok()?);
    }
    HeaderValue::from_str(&way).ok()
}

/// There they go.
pub(super) fn lead(way: HeaderValue) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, way)).finish()
}

/// They may not pass.
pub(super) fn refuse(asked: &Asked<'_>, verdict: Verdict<'_>) -> HttpResponse {
    match verdict {
        Verdict::SignIn | Verdict::Pass(_) => no(&Error::Unauthenticated),
        Verdict::AddSecondFactor => no(&Error::EnrolmentRequired),
        Verdict::ShowSecondFactor => no(&Error::Forbidden(
            "This needs a second step at sign-in, which this session has not seen.".into(),
        )),
        Verdict::Refuse(who) => {
            let (name, host) = (&who.user.username, asked.authority());
            let words = format!("You are signed in as {name}, who may not see this part of {host}.");
            if asked.is_visit() {
                // On a host that is not ours, our page would find neither its stylesheet nor its links.
                let kind = "text/plain; charset=utf-8";
                return HttpResponse::Forbidden().content_type(kind).body(words + "\n");
            }
            no(&Error::Forbidden(words.into()))
        }
    }
}

/// The status of `error`, and a document that says why.
pub(super) fn no(error: &Error) -> HttpResponse {
    error.error_response()
}
