//! What a server says once it listens: where to go, and where everything is.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::{logging, output};
use crate::config::{Config, LogFormat, Source, Sources};
use crate::db::Place;
use crate::flows::set_up;
use crate::secret::OneTimeToken;

/// The facts about an instance.
pub(super) struct Welcome {
    format: LogFormat,
    facts: Vec<(&'static str, String)>,
}

impl Welcome {
    /// The facts about an instance that listens on `address`; with `setup_token`, also the way to its first
    /// administrator.
    pub(super) fn new(
        config: &Config,
        sources: &Sources,
        address: SocketAddr,
        setup_token: Option<&OneTimeToken>,
    ) -> Self {
        let mut facts = vec![("Open", config.public_url())];
        if let Some(token) = setup_token {
            let minutes = set_up::LIFETIME.as_secs() / 60;
            facts.push(("Set up", format!("{}/setup/{}", config.public_url(), token.expose())));
            facts.push(("", format!("makes the first administrator; works for {minutes} minutes and once")));
        }
        facts.extend([
            ("Data", absolute(config.data_dir())),
            (
                "Database",
                Place::parse(&config.database_url()).map(|place| place.to_string()).unwrap_or_default(),
            ),
            ("Mail", mail(config)),
            ("Settings", read_from(sources)),
            ("Listening", address.to_string()),
        ]);
        Self { format: config.log.format, facts }
    }

    /// Says it on standard error, in the form of the log but whatever its level.
    pub(super) fn print(&self) {
        let version = env!("CARGO_PKG_VERSION");
        let _ = match self.format {
            LogFormat::Text => {
                writeln!(io::stderr().lock(), "Vestibule {version}\n\n{}", output::facts(&self.facts))
            }
            LogFormat::Json => {
                let message = format!("Vestibule {version}");
                writeln!(io::stderr().lock(), "{}", self.line(&message))
            }
        };
    }

    fn line(&self, message: &str) -> Value {
        let named = self.facts.iter().filter(|(name, _)| !name.is_empty());
        let facts: serde_json::Map<_, _> = named
            .map(|(name, fact)| (name.to_lowercase().replace(' ', "_"), Value::from(fact.as_str())))
            .collect();
        json!({ "ts": logging::moment(), "level": "info", "target": module_path!(), "message": message, "facts": facts })
    }
}

/// Where mails go.
fn mail(config: &Config) -> String {
    let settings = &config.mail;
    match &settings.smtp_host {
        Some(host) => format!("by {host}, port {}", settings.port()),
        None if config.mail_arrives() => {
            format!("off, no `mail.smtp_host` is set: mails stand on {}/dev/mailbox", config.public_url())
        }
        None => {
            let dir = absolute(&config.data_dir().join("mail"));
            format!("off, no `mail.smtp_host` is set: mails become files in {dir}")
        }
    }
}

/// Where somebody set something.
fn read_from(sources: &Sources) -> String {
    let places: BTreeSet<String> = sources.iter().filter_map(|(_, source)| place(source)).collect();
    if places.is_empty() {
        return "defaults only: there is no vestibule.toml".to_owned();
    }
    places.into_iter().collect::<Vec<_>>().join(", ")
}

fn place(source: &Source) -> Option<String> {
    Some(match source {
        Source::Default => return None,
        Source::File { path, .. } => absolute(path.as_ref()),
        Source::DotEnv { .. } => absolute(".env".as_ref()),
        Source::Environment { .. } => "environment".to_owned(),
        Source::Flag { .. } => "flags".to_owned(),
    })
}

/// `path` from the root on, if there is a working directory to start from.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
