//! `[sessions]`: how long people stay signed in.

use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::duration;
use super::rule::{Rule, lasts, within};

/// How long people stay signed in, and when they are asked for their password again.
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// A session ends this long after signing in, however busy it is.
    #[serde(with = "duration")]
    pub absolute_lifetime: Duration,
    /// The same for who chose to stay signed in, or gives the JSON API `stay_signed_in`: such a session goes on without
    /// a request for as long, too.
    #[serde(with = "duration")]
    pub remembered_lifetime: Duration,
    /// The most sessions of one user at once; one more ends the oldest.
    pub max_per_user: u32,
    /// A page that guards something asks for the password again if the last proof is older than this.
    #[serde(with = "duration")]
    pub reauthenticate_page: Duration,
    /// The action behind such a page still accepts a proof that is no older than this.
    #[serde(with = "duration")]
    pub reauthenticate_action: Duration,
    /// Ended sessions are kept this long, so that people can look back, and then deleted.
    #[serde(with = "duration")]
    pub retention: Duration,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            absolute_lifetime: Duration::from_hours(12),
            remembered_lifetime: Duration::from_hours(30 * 24),
            max_per_user: 20,
            reauthenticate_page: Duration::from_mins(10),
            reauthenticate_action: Duration::from_mins(20),
            retention: Duration::from_hours(30 * 24),
        }
    }
}

impl SessionsConfig {
    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let minute = Duration::from_mins(1);
        let days = |days: u64| Duration::from_hours(days * 24);
        [
            lasts(
                "sessions.absolute_lifetime",
                self.absolute_lifetime,
                minute..=days(30),
                default.absolute_lifetime,
            ),
            lasts(
                "sessions.remembered_lifetime",
                self.remembered_lifetime,
                minute..=days(365),
                default.remembered_lifetime,
            ),
            self.check_memory(),
            within("sessions.max_per_user", self.max_per_user, 1..=1000, default.max_per_user),
            lasts(
                "sessions.reauthenticate_page",
                self.reauthenticate_page,
                minute..=days(1),
                default.reauthenticate_page,
            ),
            lasts(
                "sessions.reauthenticate_action",
                self.reauthenticate_action,
                minute..=days(1),
                default.reauthenticate_action,
            ),
            self.check_patience(),
            lasts("sessions.retention", self.retention, days(1)..=days(3660), default.retention),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whoever asks to stay must not be out sooner.
    fn check_memory(&self) -> Option<Rule> {
        let (usual, remembered) = (self.absolute_lifetime, self.remembered_lifetime);
        (remembered < usual).then(|| {
            Rule::new(
                "sessions.remembered_lifetime",
                format!(
                    "is {}, but must be at least `sessions.absolute_lifetime`, which is {}",
                    duration::print(remembered),
                    duration::print(usual)
                ),
                "Raise it, or lower the other.",
            )
            .because_of("sessions.absolute_lifetime")
        })
    }

    /// A page that was just shown must leave time to fill it in.
    fn check_patience(&self) -> Option<Rule> {
        let (page, action) = (self.reauthenticate_page, self.reauthenticate_action);
        (action < page).then(|| {
            Rule::new(
                "sessions.reauthenticate_action",
                format!(
                    "is {}, but must be at least `sessions.reauthenticate_page`, which is {}",
                    duration::print(action),
                    duration::print(page)
                ),
                "Set it to twice that, so that people have time to fill in the page.",
            )
            .because_of("sessions.reauthenticate_page")
        })
    }
}
