//! Every URL, in one table. A path answers to the methods that stand here and to no others.

use std::collections::BTreeMap;

use actix_web::guard;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, Route, web};

use super::error::Error;
use super::lines::{Content, guarded, refuse};
use super::openapi::{self, Asks, Facts};
use super::{
    api, assets, flow_state, forward_auth, health, pages, token_status, token_status_events, well_known,
};
use crate::vestibule::Vestibule;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As Actix writes it: `/sessions/{id}/end`.
    pub path: &'static str,
    /// `GET` answers to `HEAD` too.
    pub method: Method,
    /// The contents that it reads, if any.
    pub contents: Vec<&'static str>,
}

#[rustfmt::skip]
fn table() -> Table {
    Table::default()
        .get("/", pages::home::show)
        .get("/register", pages::register::show)
        .form("/register", pages::register::submit)
        .json("/register", api::register::submit)
        .get("/login", pages::login::show)
        .form("/login", pages::login::submit)
        .json("/login", api::login::submit)
        .get("/login/totp", pages::login_code::show_totp)
        .form("/login/totp", pages::login_code::submit_totp)
        .get("/login/recovery-code", pages::login_code::show_recovery_code)
        .form("/login/recovery-code", pages::login_code::submit_recovery_code)
        .form("/login/cancel", pages::login_waiting::cancel)
        .json("/api/login/second-factor", api::login_second_factor::submit)
        .get("/login/passkey", pages::login_passkey::show)
        .form("/login/passkey", pages::login_passkey::submit)
        .json("/login/passkey/options", pages::login_passkey::options)
        .json("/api/login/passkey", api::passkey::submit)
        .get("/logout", pages::logout::show)
        .post("/logout", pages::logout::submit)
        .get("/dashboard", pages::dashboard::show)
        .post("/session/renew", pages::sessions::renew)
        .post("/sessions/{id}/end", pages::sessions::end)
        .post("/sessions/end-others", pages::sessions::end_others)
        .post("/sessions/end-all", pages::sessions::end_all)
        .get("/account/sessions", pages::account_sessions::show)
        .get("/account/activity", pages::activity::show)
        .get("/account/activity.csv", pages::activity_csv::show)
        .get("/not-me/{token}", pages::not_me::open)
        .get("/not-me", pages::not_me::show)
        .post("/not-me", pages::not_me::submit)
        .get("/reauth", pages::reauth::show)
        .form("/reauth", pages::reauth::submit)
        .form("/reauth/passkey", pages::reauth_passkey::submit)
        .json("/reauth/passkey/options", pages::reauth_passkey::options)
        .get("/account/password", pages::change_password::show)
        .form("/account/password", pages::change_password::submit)
        .form("/account/password/remove", pages::remove_password::submit)
        .form("/account/password/set", pages::set_password::submit)
        .bare("/.well-known/jwks.json", well_known::jwks)
        .bare("/.well-known/token-status", token_status::show)
        .bare("/.well-known/token-status/events", token_status_events::show)
        .bare("/.well-known/oauth-authorization-server", well_known::oauth_authorization_server)
        .bare("/.well-known/change-password", pages::change_password::well_known)
        .get("/setup/{token}", pages::setup::open)
        .get("/setup", pages::setup::show)
        .form("/setup", pages::setup::submit)
        .get("/forgot", pages::forgot::show)
        .form("/forgot", pages::forgot::submit)
        .get("/forgot/sent", pages::forgot::sent)
        .get("/reset/{token}", pages::reset::open)
        .get("/reset", pages::reset::show)
        .form("/reset", pages::reset::submit)
        .get("/account", pages::settings::home)
        .get("/account/settings", pages::settings::show)
        .form("/account/settings/name", pages::settings::name)
        .form("/account/settings/time-zone", pages::settings::time_zone)
        .form("/account/settings/theme", pages::settings::theme)
        .get("/account/export", pages::export::show)
        .form("/account/export", pages::export::submit)
        .get("/account/close", pages::close::show)
        .form("/account/close", pages::close::submit)
        .get("/account/email", pages::email::show)
        .form("/account/email", pages::email_change::submit)
        .form("/account/email/code", pages::email_code::confirm)
        .form("/account/email/resend", pages::email_change::resend)
        .form("/account/email/cancel", pages::email_change::cancel)
        .get("/verify-email/{token}", pages::verify_email::open)
        .get("/verify-email", pages::verify_email::show)
        .post("/verify-email", pages::verify_email::submit)
        .get("/restore-email/{token}", pages::restore_email::open)
        .get("/restore-email", pages::restore_email::show)
        .post("/restore-email", pages::restore_email::submit)
        .get("/account/totp", pages::totp::show)
        .form("/account/totp", pages::totp_code::confirm)
        .form("/account/totp/begin", pages::totp::begin)
        .form("/account/totp/cancel", pages::totp::cancel)
        .form("/account/totp/remove", pages::totp::remove)
        .form("/account/trusted-browsers/forget", pages::trusted_browsers::forget)
        .form("/account/passkeys/second/declined", pages::second_passkey::decline)
        .get("/account/recovery-codes", pages::recovery_codes::show)
        .form("/account/recovery-codes", pages::recovery_codes::make)
        .form("/account/recovery-codes/download", pages::recovery_codes::download)
        .form("/account/recovery-codes/saved", pages::recovery_codes::saved)
        .get("/account/passkeys", pages::passkeys::show)
        .form("/account/passkeys", pages::passkey_changes::add)
        .json("/account/passkeys/options", pages::passkey_changes::options)
        .form("/account/passkeys/{id}/rename", pages::passkey_changes::rename)
        .form("/account/passkeys/{id}/remove", pages::passkey_changes::remove)
        .get("/account/api-keys", pages::api_keys::show)
        .form("/account/api-keys", pages::api_key_changes::create)
        .form("/account/api-keys/{id}/revoke", pages::api_key_changes::revoke)
        .bare("/protected", api::protected::show)
        .json("/api/token", api::token::submit)
        .bare("/api/session", api::session::show)
        .bare("/auth/nginx", forward_auth::nginx)
        .bare("/auth/forward", forward_auth::forward)
        .any("/auth/envoy/{path:.*}", forward_auth::envoy)
        .get("/dev/mailbox", pages::mailbox::list)
        .get("/dev/mailbox/{id}", pages::mailbox::show)
        .bare("/openapi.json", openapi::show)
        .get("/docs/api", pages::api_docs::show)
        .bare("/healthz", health::live)
        .bare("/readyz", health::ready)
        .bare("/robots.txt", assets::well_known)
        .bare("/favicon.ico", assets::well_known)
        .bare("/static/{name}", assets::show)
}

/// What we serve, a line for each path and method.
pub fn entries() -> Vec<Entry> {
    let of = |path, lines: &[Line]| Entry {
        path,
        method: lines[0].method.clone(),
        contents: lines.iter().filter_map(|line| line.content).collect(),
    };
    let lines = lines().into_iter();
    let entries = lines.flat_map(|(path, lines)| {
        lines
            .chunk_by(|one, other| one.method == other.method)
            .map(|lines| of(path, lines))
            .collect::<Vec<_>>()
    });
    entries.collect()
}

/// The lines of each path.
pub(super) fn lines() -> BTreeMap<&'static str, Vec<Line>> {
    table().0
}

pub(super) fn configure(config: &mut web::ServiceConfig, vestibule: &Vestibule) {
    table().configure(config, vestibule);
}

#[derive(Default)]
struct Table(BTreeMap<&'static str, Vec<Line>>);

pub(super) struct Line {
    pub(super) method: Method,
    /// The content that this line reads, if only that.
    pub(super) content: Option<&'static str>,
    /// Whether it is of no page, and so knows nothing of what pages keep.
    pub(super) is_bare: bool,
    /// What its handler asks for.
    pub(super) tell: fn(&mut Facts),
    route: Route,
}

impl Table {
    fn get<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Asks + 'static,
        F::Output: Responder + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        self.line::<Args>(path, Method::GET, None, web::route().guard(either).to(guarded(handler)))
    }

    /// What programs and browsers fetch that is no page.
    fn bare<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Asks + 'static,
        F::Output: Responder + 'static,
    {
        let mut table = self.get(path, handler);
        table.0.entry(path).or_default().iter_mut().for_each(|line| line.is_bare = true);
        table
    }

    /// What a proxy asks by the method of the request that it is about. Nothing is read of it but its head.
    fn any<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Asks + 'static,
        F::Output: Responder + 'static,
    {
        let mut table = self.line::<Args>(path, Method::GET, None, web::route().to(guarded(handler)));
        table.0.entry(path).or_default().iter_mut().for_each(|line| line.is_bare = true);
        table
    }

    /// A deed with no content of its own.
    fn post<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Asks + 'static,
        F::Output: Responder + 'static,
    {
        self.line::<Args>(path, Method::POST, None, web::post().to(guarded(handler)))
    }

    fn form<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Asks + 'static,
        F::Output: Responder + 'static,
    {
        const CONTENT: &str = "application/x-www-form-urlencoded";
        self.line::<Args>(
            path,
            Method::POST,
            Some(CONTENT),
            web::post().guard(Content(CONTENT)).to(guarded(handler)),
        )
    }

    fn json<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Asks + 'static,
        F::Output: Responder + 'static,
    {
        const CONTENT: &str = "application/json";
        self.line::<Args>(
            path,
            Method::POST,
            Some(CONTENT),
            web::post().guard(Content(CONTENT)).to(guarded(handler)),
        )
    }

    fn line<Args: Asks>(
        mut self,
        path: &'static str,
        method: Method,
        content: Option<&'static str>,
        route: Route,
    ) -> Self {
        self.0.entry(path).or_default().push(Line {
            method,
            content,
            is_bare: false,
            tell: Args::tell,
            route,
        });
        self
    }

    fn configure(self, config: &mut web::ServiceConfig, vestibule: &Vestibule) {
        // Literal paths before those with a part to fill in: `/sessions/end-others` is not a session's id.
        let mut paths: Vec<_> = self.0.into_iter().collect();
        paths.sort_by_key(|(path, _)| path.contains('{'));
        for (path, lines) in paths {
            let contents: Vec<_> = lines.iter().filter_map(|line| line.content).collect();
            let mut allowed: Vec<Method> = Vec::new();
            for line in &lines {
                if !allowed.contains(&line.method) {
                    allowed.push(line.method.clone());
                }
            }
            let is_bare = lines.iter().all(|line| line.is_bare);
            let mut resource = web::resource(path).app_data(vestibule.measures.route(path));
            for line in lines {
                resource = resource.route(line.route);
            }
            let resource = resource.default_service(web::to(move |request: HttpRequest| {
                let refusal = refuse(&request, &allowed, &contents);
                async move { Err::<HttpResponse, _>(refusal) }
            }));
            match is_bare {
                true => config.service(resource),
                false => config.service(resource.wrap(flow_state::middleware(vestibule))),
            };
        }
        config.default_service(web::to(|| async { Err::<HttpResponse, _>(Error::NotFound) }));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, web::Data};

    use super::*;
    use crate::config::Config;
    use crate::web::extract::Context;
    use crate::web::frame::frame;

    /// Panics while it is asked for, like an extractor with a fault in it.
    struct Trap;

    impl Asks for Trap {}

    impl FromRequest for Trap {
        type Error = Error;
        type Future = futures_util::future::BoxFuture<'static, Result<Self, Error>>;

        #[expect(clippy::panic, reason = "that is what is tried")]
        fn from_request(_: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
            Box::pin(async { panic!("in an extractor") })
        }
    }

    #[expect(clippy::panic, reason = "that is what is tried")]
    async fn break_down(_: Context) -> HttpResponse {
        panic!("in a handler")
    }

    async fn trap(_: Trap) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[actix_web::test]
    async fn a_handler_that_panics_costs_its_own_request_and_no_other() {
        let dir = std::env::temp_dir().join(format!("vestibule-routes-{}", std::process::id()));
        let mut config = Config::default();
        config.server.data_dir = dir.clone();
        let vestibule = Vestibule::open(config).unwrap();
        let routes = table().get("/broken", break_down).post("/broken", trap).bare("/broken/bare", trap);
        let app = App::new().app_data(Data::new(vestibule.clone())).configure(|config| {
            routes.configure(config, &vestibule);
        });
        let app = init_service(app.wrap(from_fn(frame))).await;

        for _ in 0..20 {
            for (method, path) in
                [(Method::GET, "/broken"), (Method::POST, "/broken"), (Method::GET, "/broken/bare")]
            {
                let request = TestRequest::with_uri(path).method(method);
                let answer = call_service(&app, request.to_request()).await;
                assert_eq!(answer.status(), 500, "{path}");
                let body = actix_web::test::read_body(answer).await;
                assert!(!body.is_empty() && !String::from_utf8_lossy(&body).contains("panic"), "{body:?}");
            }
            let next = call_service(&app, TestRequest::with_uri("/login").to_request()).await;
            assert_eq!(next.status(), 200);
        }
        std::fs::remove_dir_all(dir).unwrap();
    }
}
