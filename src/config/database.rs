//! `[database]`: where the rows are, and how long we wait for them.

use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::duration;
use super::rule::{Rule, lasts, within};
use super::secret::Secret;

/// Where the rows are, and how long we wait for them.
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`. Unset: SQLite, in the file `vestibule.db` of
    /// the data directory.
    pub url: Option<Secret>,
    /// The most connections to the database held at once.
    pub pool_size: u32,
    /// How long a request waits for a free connection before it is told to come back later.
    #[serde(with = "duration")]
    pub wait_timeout: Duration,
    /// How long SQLite waits for another writer before it gives up.
    #[serde(with = "duration")]
    pub busy_timeout: Duration,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: None,
            pool_size: 8,
            wait_timeout: Duration::from_secs(2),
            busy_timeout: Duration::from_secs(2),
        }
    }
}

impl DatabaseConfig {
    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let range = Duration::from_millis(1)..=Duration::from_mins(1);
        [
            self.url.as_ref().and_then(check_url),
            within("database.pool_size", self.pool_size, 1..=1000, default.pool_size),
            lasts("database.wait_timeout", self.wait_timeout, range.clone(), default.wait_timeout),
            lasts("database.busy_timeout", self.busy_timeout, range, default.busy_timeout),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn check_url(url: &Secret) -> Option<Rule> {
    let is_known = ["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.expose().strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    (!is_known).then(|| {
        Rule::new(
            "database.url",
            "names no database that we know",
            "Write `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`.",
        )
    })
}
