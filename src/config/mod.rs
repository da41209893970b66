//! The configuration: a documented struct per section, defaults < file < `.env` < environment < flags.
//!
//! A setting is one field: its doc comment is its entry in the reference, its `Default` the default, its type
//! what a value may be, and `check` of its section what it must be beyond that. The keys, the variables
//! (`VESTIBULE_SECTION__KEY`), the secrets and the reference are asked of the types; no list is kept by hand.
//!
//! [`Config::default`] works as it is; [`load`] is what operators get, and it alone enforces
//! [`Config::check`].

mod account;
mod allow;
mod database;
mod duration;
mod environment;
mod file;
mod flags;
#[cfg(test)]
mod folder;
mod forward_auth;
#[cfg(test)]
mod forward_auth_tests;
mod guarded_host;
mod layer;
mod load;
#[cfg(test)]
mod load_tests;
mod log;
mod mail;
mod metrics;
mod origin;
mod passwords;
mod placeholder;
mod problem;
mod reference;
#[cfg(test)]
mod refusal_tests;
mod registration;
mod rule;
mod schema;
mod second_factor;
mod secret;
mod server;
mod sessions;
mod show;
mod source;
mod text;
mod throttle;
mod tokens;
mod webauthn;

use std::path::Path;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

pub use self::account::AccountConfig;
pub use self::allow::Allow;
pub use self::database::DatabaseConfig;
pub use self::flags::Overrides;
pub use self::forward_auth::ForwardAuthConfig;
pub use self::guarded_host::{GuardedHost, PathRule};
pub use self::load::{Loaded, environment, load};
pub use self::log::{LogConfig, LogFormat, LogLevel};
pub use self::mail::{MailConfig, SmtpTls};
pub use self::metrics::MetricsConfig;
pub use self::passwords::PasswordsConfig;
pub(crate) use self::problem::nearest;
pub use self::problem::{Problem, Problems};
pub use self::reference::reference;
pub use self::registration::{EmailField, RegistrationConfig, RegistrationMode};
pub use self::rule::Rule;
pub use self::second_factor::{Require, SecondFactorConfig};
pub use self::secret::{MASK, Secret, SecretKey};
pub use self::server::ServerConfig;
pub use self::sessions::SessionsConfig;
pub use self::show::{show, to_json};
pub use self::source::{Source, Sources};
pub use self::throttle::ThrottleConfig;
pub use self::tokens::{Algorithm, TokensConfig};
pub use self::webauthn::WebauthnConfig;

/// Everything an operator can set; [`Config::default`] is what an empty folder starts with.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where we listen, and under which address people know us.
    pub server: ServerConfig,
    /// Where the rows are.
    pub database: DatabaseConfig,
    /// How long people stay signed in.
    pub sessions: SessionsConfig,
    /// What access tokens say and how they are signed.
    pub tokens: TokensConfig,
    /// What we ask of a password.
    pub passwords: PasswordsConfig,
    /// Who has to sign in with more than a password.
    pub second_factor: SecondFactorConfig,
    /// Who may make an account.
    pub registration: RegistrationConfig,
    /// What becomes of an account that its owner closes, and of what happened to it.
    pub account: AccountConfig,
    /// Who we write as, and the server that takes our mail.
    pub mail: MailConfig,
    /// How guessing is slowed down.
    pub throttle: ThrottleConfig,
    /// The host that passkeys are for.
    pub webauthn: WebauthnConfig,
    /// The hosts whose reverse proxy asks us who may come in.
    pub forward_auth: ForwardAuthConfig,
    /// What we write about ourselves.
    pub log: LogConfig,
    /// Figures for whoever watches over the server.
    pub metrics: MetricsConfig,
}

impl Config {
    /// What the binary goes by when no flag says otherwise: `vestibule.toml`, `.env` and the environment. For an app that
    /// mounts our pages and may be set up in the same way.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load() -> Result<Self, Problems> {
        load(Overrides::default(), environment()).map(|loaded| loaded.config)
    }

    /// The rules that this configuration breaks; [`load`] lets none pass.
    #[must_use]
    pub fn check(&self) -> Vec<Rule> {
        let mut rules = self.server.check();
        rules.extend(self.database.check());
        rules.extend(self.sessions.check());
        rules.extend(self.tokens.check());
        rules.extend(self.passwords.check());
        rules.extend(self.second_factor.check());
        rules.extend(self.account.check());
        rules.extend(self.mail.check());
        rules.extend(self.throttle.check());
        rules.extend(self.webauthn.check(self.host()));
        rules.extend(self.forward_auth.check(self));
        rules.extend(self.metrics.check(self.server.listen));
        rules.extend(self.check_lifetimes());
        rules
    }

    /// A token must not outlive the session that it proves.
    fn check_lifetimes(&self) -> Option<Rule> {
        let (token, session) = (self.tokens.lifetime, self.sessions.absolute_lifetime);
        (token > session).then(|| {
            let [token, session] = [token, session].map(duration::print);
            Rule::new(
                "tokens.lifetime",
                format!(
                    "is {token}, but must not be longer than `sessions.absolute_lifetime`, which is {session}"
                ),
                format!("Set it to {session} or less."),
            )
            .because_of("sessions.absolute_lifetime")
        })
    }

    /// The address under which browsers reach us, as they write it, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> String {
        match &self.server.public_url {
            Some(url) => origin::parse(url).unwrap_or_else(|_| url.trim_end_matches('/').to_owned()),
            None => format!("http://localhost:{}", self.server.listen.port()),
        }
    }

    /// Where others find the token status list.
    #[must_use]
    pub fn token_status_uri(&self) -> String {
        format!("{}/.well-known/token-status", self.public_url())
    }

    /// The host under which browsers reach us; none, if that is an address.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        origin::host_name(&self.public_url())
    }

    /// The host that passkeys are for; none, if browsers reach us by an address, for which there are no passkeys.
    #[must_use]
    pub fn rp_id(&self) -> Option<String> {
        let host = self.host()?;
        Some(self.webauthn.rp_id.clone().unwrap_or(host))
    }

    /// What browsers send as `Origin` from our own pages.
    #[must_use]
    pub fn origin(&self) -> String {
        self.public_url()
    }

    /// Whether browsers reach us by TLS, and cookies can be `Secure` and `__Host-`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        let scheme = self.server.public_url.as_deref().and_then(|url| url.get(..8));
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
    }

    /// Whether a mail reaches somebody: by a mail server, or on a machine of one's own where a page shows it.
    #[must_use]
    pub fn mail_arrives(&self) -> bool {
        self.mail.smtp_host.is_some() || !self.is_https()
    }

    /// Whether somebody who forgot their password could have a link by mail, if somebody carries it.
    #[must_use]
    pub fn can_reset_by_mail(&self) -> bool {
        self.mail_arrives() && self.registration.email != EmailField::Hidden
    }

    /// The address that our mails come from.
    #[must_use]
    pub fn mail_from(&self) -> String {
        self.mail.from.clone().unwrap_or_else(|| "no-reply@localhost".to_owned())
    }

    /// The `iss` claim of our tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.tokens.issuer.clone().unwrap_or_else(|| self.public_url())
    }

    /// The `aud` claim of our tokens.
    #[must_use]
    pub fn audience(&self) -> String {
        self.tokens.audience.clone().unwrap_or_else(|| self.issuer())
    }

    /// The database to open: the one that is set, else SQLite in the data directory. May hold a password.
    #[must_use]
    pub fn database_url(&self) -> String {
        match &self.database.url {
            Some(url) => url.expose().to_owned(),
            None => format!("sqlite:{}", self.data_dir().join("vestibule.db").display()),
        }
    }

    /// The directory of everything we keep.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.server.data_dir
    }
}
