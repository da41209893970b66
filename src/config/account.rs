//! `[account]`: what becomes of an account that its owner closes, and of what happened to it.

use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::duration;
use super::rule::{Rule, lasts};

/// What becomes of an account that its owner closes, and of what happened to it.
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct AccountConfig {
    /// A closed account opens again when its owner signs in within this time; then it is deleted.
    #[serde(with = "duration")]
    pub grace: Duration,
    /// What happened is kept this long, for its owner and for whoever looks into an incident, and then deleted.
    #[serde(with = "duration")]
    pub events_retention: Duration,
}

impl Default for AccountConfig {
    fn default() -> Self {
        Self { grace: Duration::from_hours(7 * 24), events_retention: Duration::from_hours(365 * 24) }
    }
}

impl AccountConfig {
    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let days = |days: u64| Duration::from_hours(days * 24);
        [
            // As long as the right to put a former address back, which a thief must not close away; and at most the 30 days
            // in which people are promised to be forgotten (ASVS 14.2.7).
            lasts("account.grace", self.grace, days(7)..=days(30), default.grace),
            lasts(
                "account.events_retention",
                self.events_retention,
                days(1)..=days(3660),
                default.events_retention,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
