//! What reverse proxies ask: a line for each kind of them.

use super::DOORS;
use super::told::Told;

const IDENTITY: &str = "They may pass: `Remote-User`, `Remote-Email`, `Remote-Name` and `Remote-Groups` say who it is, \
                        and are empty where nobody knows.";

pub(super) fn told() -> Vec<Told> {
    let ask = |path, summary, about| {
        Told::get(path, DOORS, summary, about).may_say_who().says(IDENTITY).refuses(&[401, 403, 429, 503])
    };
    vec![
        ask(
            "/auth/nginx",
            "May they pass? For nginx",
            "For `auth_request`: yes or no. What is asked about stands in `X-Original-URL` and `X-Original-Method`; a 401 \
             says in `Location` where a person signs in.",
        ),
        ask(
            "/auth/forward",
            "May they pass? For Caddy, Traefik and HAProxy",
            "What is asked about stands in `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`. People are led to sign-in \
             and back, programs are told 401.",
        )
        .leads("/login"),
        ask(
            "/auth/envoy/{path:.*}",
            "May they pass? For Envoy",
            "Envoy asks with the method, the host and the path of the request that it is about: each method is answered as \
             this one.",
        )
        .leads("/login"),
    ]
}
